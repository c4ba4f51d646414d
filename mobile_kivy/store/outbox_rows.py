"""What the outbox tells about its protocols."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from mobile_kivy.store.database import Row, instant_of
from mobile_kivy.store.sealing import SealBroken, SealedTexts, about


class State(StrEnum):
    """Where a protocol on its way to the server stands."""

    WAITING = "WAITING"
    """It will be sent when there is a network."""
    SIGN_IN = "SIGN_IN"
    """It will be sent when the person who made it has signed in again."""
    SENT = "SENT"
    """The server keeps it."""
    CONFLICT = "CONFLICT"
    """The server keeps it, and has flagged the contract: it had changed meanwhile."""
    REFUSED = "REFUSED"
    """The server does not take it as it is: a person has to decide."""
    DISCARDED = "DISCARDED"
    """A person has decided that it is not to be sent; it is still on the device."""


OWN_CODES = frozenset({"FILE_MISSING", "FILE_DAMAGED", "PHOTO_NOT_KEPT", "TOO_LARGE", "UNSENDABLE", "APPROVAL_ENDED"})
"""Problem codes of refused protocols that the tablet gives, beside the API's."""


_TO_APPROVE = frozenset({"DEPOSIT_MISSING", "DRIVER_NOT_ELIGIBLE", "APPROVAL_ENDED"})
"""Problem codes of what a manager may allow with a reason."""


@dataclass(frozen=True)
class Finished:
    """A protocol that a person has finished. `payload` is the API's input; `photos` are the hashes of all that it
    names, signature and damages included; `form` is what it was made from, to correct it.
    With `instead_of` it corrects a refused one.
    """

    protocol_id: str
    kind: str
    contract_id: str
    user_id: str
    payload: dict[str, Any]
    photos: Sequence[str]
    title: str
    instead_of: str | None = None
    form: dict[str, Any] | None = None


@dataclass(frozen=True)
class OutboxItem:
    """A protocol in the outbox, for people: `title` is the plate and the customer, empty once it is forgotten."""

    protocol_id: str
    kind: str
    contract_id: str
    user_id: str
    title: str
    queued_at: datetime
    state: State
    problem_code: str | None
    message: str | None
    field: tuple[str, ...]
    photos_total: int
    photos_sent: int
    tries: int
    last_error: str | None

    @property
    def can_be_approved(self) -> bool:
        """Whether a manager may allow what the server has refused; also when it refused the approval itself."""
        refused_itself = self.problem_code == "NOT_ALLOWED" and self.field == ("input", "approvedBy")
        return self.state is State.REFUSED and (self.problem_code in _TO_APPROVE or refused_itself)


@dataclass(frozen=True)
class Waiting:
    """How many protocols have not left yet, and since when the oldest of them waits."""

    count: int
    oldest: datetime | None


@dataclass(frozen=True)
class Parcel:
    """What is sent next: a protocol, its frozen payload, and of each photo (in order) whether it was confirmed.

    `approved_by` is the user id of the manager whose token goes with it, or None.
    """

    protocol_id: str
    kind: str
    contract_id: str
    user_id: str
    payload: dict[str, Any]
    photos: tuple[tuple[str, bool], ...]
    photo_rounds: int
    approved_by: str | None = None


def item_of(row: Row, texts: SealedTexts) -> OutboxItem:
    """The item of a row of the outbox's view."""
    return OutboxItem(
        protocol_id=row["protocol_id"],
        kind=row["kind"],
        contract_id=row["contract_id"],
        user_id=row["user_id"],
        title=_readable(texts, row, "title") or "",
        queued_at=instant_of(row["queued_at"]),
        state=state_of(row),
        problem_code=row["problem_code"],
        message=_readable(texts, row, "message"),
        field=tuple(json.loads(row["field"])),
        photos_total=row["photos_total"],
        photos_sent=row["photos_sent"],
        tries=row["tries"],
        last_error=row["last_error"],
    )


def _readable(texts: SealedTexts, row: Row, column: str) -> str | None:
    """One row that somebody has changed must not hide the others."""
    try:
        return texts.unseal(about("protocol", row["protocol_id"], column), row[column])
    except SealBroken:
        return None


def state_of(row: Row) -> State:
    """Where the protocol of such a row stands."""
    signed_out = row["state"] == State.WAITING and not row["signed_in"]
    return State.SIGN_IN if signed_out else State(row["state"])
