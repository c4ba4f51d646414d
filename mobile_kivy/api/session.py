"""What the API's answers become on the tablet: a signed-in person, a confirmed protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mobile_kivy.api.errors import Offline
from mobile_kivy.reading import Fields, Unreadable

CONFLICT_FLAG = "PROTOCOL_CONFLICT"
"""On a contract that had changed before its protocol arrived."""


@dataclass(frozen=True)
class StationRef:
    """A station that the person works at."""

    id: str
    code: str
    name: str


@dataclass(frozen=True)
class ThisDevice:
    """How this installation introduces itself to the server, where it is listed and can be shut out."""

    id: str
    name: str
    app_version: str


@dataclass(frozen=True)
class Session:
    """A person's session. The tokens are kept out of `repr`, and so out of logs.

    `expires_at` is when the access token ends by the server's clock; the tablet's may be wrong, so the session is used
    until the server refuses it.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    user_id: str
    name: str
    email: str
    role: str
    stations: tuple[StationRef, ...]


@dataclass(frozen=True)
class Confirmation:
    """That the server keeps a protocol, and which photos with it.

    `conflict` says that the contract had changed before the protocol arrived: the facts are kept, a clerk looks at it.
    `photo_hashes` are those of the protocol's and its damages' photos; the signature is not among them.
    """

    protocol_id: str
    conflict: bool
    photo_hashes: frozenset[str]
    contract_state: str


def session_of(answer: dict[str, Any]) -> Session:
    """The session in an answer of `signIn` or `refreshSession`; `Offline` if it is not one."""
    try:
        session = Fields(answer, "session")
        viewer = session.part("viewer")
        user = viewer.part("user")
        return Session(
            access_token=session.name("accessToken"),
            refresh_token=session.name("refreshToken"),
            expires_at=session.instant("expiresAt").astimezone(UTC),
            user_id=user.name("id"),
            name=user.name("name"),
            email=user.name("email"),
            role=viewer.name("role"),
            stations=tuple(StationRef(s.name("id"), s.name("code"), s.name("name")) for s in viewer.parts("stations")),
        )
    except Unreadable as error:
        raise Offline("a session that cannot be read") from error


def confirmation_of(answer: dict[str, Any]) -> Confirmation:
    """The confirmation in an answer of `checkOut` or `checkIn`; `Offline` if it is not one."""
    try:
        protocol = Fields(answer, "protocol")
        contract = protocol.part("contract")
        photos = [
            *protocol.parts("photos"),
            *(p for damage in protocol.parts("damages") for p in damage.parts("photos")),
        ]
        return Confirmation(
            protocol_id=protocol.name("id"),
            conflict=CONFLICT_FLAG in contract.texts("flags"),
            photo_hashes=frozenset(photo.name("sha256").lower() for photo in photos),
            contract_state=contract.name("state"),
        )
    except Unreadable as error:
        raise Offline("a confirmation that cannot be read") from error
