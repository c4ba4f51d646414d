"""The same key gets the first answer, in parallel too.

What was refused before anything was written may be asked anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from server.database import SYSTEM, Session
from server.errors import DomainError, InvalidInput, PaymentDeclined, ProblemCode, Refused, Sentence
from server.models.columns import Json
from server.services.outside import Outside

WAIT_SECONDS = 8.0
_POLL_SECONDS = 0.05


_FIND = """select request_hash, contract_id, finished, unresolved, refusal from idempotency_record
where principal = :owner and key = :key"""
SHAPE = "4"
"""The version of a request's shape. Raise it with every change of its fields, or one sent again looks like another."""


def hash_of(request: Any) -> str:
    """The shape and the SHA-256 of a request's content, whatever the order of its fields."""
    content = orjson.dumps(asdict(request), option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
    return f"{SHAPE}:{hashlib.sha256(content).hexdigest()}"


class Known(NamedTuple):
    """What is known of a key."""

    request_hash: str
    contract_id: UUID | None
    finished: bool
    unresolved: bool
    refusal: Json | None


async def find(outside: Outside, owner: str, key: UUID, request_hash: str) -> Known | None:
    """What is known of a key. IDEMPOTENCY_CONFLICT if it was used for something else."""
    found = await outside.database.look_up(SYSTEM, _FIND, {"owner": owner, "key": key})
    record = Known(*found[0]) if found else None
    if record is not None and _differs(record.request_hash, request_hash):
        message = Sentence(
            "This key was used for another booking already; a new booking needs a new key.",
            "Dieser idempotencyKey gehört schon zu einer anderen Buchung; eine neue Buchung braucht einen neuen.",
        )
        raise Refused(ProblemCode.IDEMPOTENCY_CONFLICT, message, field=["input", "idempotency_key"])
    return record


def _differs(before: str, now: str) -> bool:
    """Whether something else was asked. Shapes cannot be compared: a key used before an upgrade gets its answer."""
    return before.rpartition(":")[0] == now.rpartition(":")[0] and before != now


async def begin(session: Session, owner: str, key: UUID, request_hash: str, *, now: datetime) -> bool:
    """Claims a key in the booking's own transaction; waits for one that is being claimed. False if it is taken."""
    claimed = await session.write(
        "insert into idempotency_record (principal, key, request_hash, finished, unresolved, created_at)"
        " values (:owner, :key, :hash, false, false, :now) on conflict do nothing",
        {"owner": owner, "key": key, "hash": request_hash, "now": now},
    )
    return claimed == 1


async def attach(session: Session, owner: str, key: UUID, contract_id: UUID) -> None:
    """Ties a key to its contract."""
    await session.write(
        "update idempotency_record set contract_id = :contract where principal = :owner and key = :key",
        {"contract": contract_id, "owner": owner, "key": key},
    )


async def finish(session: Session, contract_id: UUID, *, refusal: DomainError | None = None) -> None:
    """Stores the final answer of the booking behind a contract. The first one stands, but a booking whose page was
    open is refused after all when its time is over.
    """
    stored = None
    if refusal is not None:
        reason = getattr(refusal, "reason", None)
        said = {"code": refusal.code, "message": refusal.message._asdict(), "field": refusal.field, "reason": reason}
        stored = orjson.dumps(said).decode()
    await session.write(
        "update idempotency_record set finished = true, unresolved = false, refusal = cast(:refusal as jsonb)"
        " where contract_id = :contract"
        " and (not finished or (refusal is null and cast(:refusal as jsonb) is not null))",
        {"refusal": stored, "contract": contract_id},
    )


def _stored_refusal(stored: Json) -> DomainError:
    message = stored["message"]
    # Version 0.1 stored it in English only.
    said = Sentence(message, message) if isinstance(message, str) else Sentence(message["en"], message["de"])
    # Before there was a code, only a payment could be refused after the hold.
    if stored.get("code") == ProblemCode.INVALID_INPUT:
        return InvalidInput(said, field=stored["field"])
    return PaymentDeclined(said, reason=stored.get("reason"))


async def mark_unresolved(session: Session, contract_id: UUID) -> None:
    """Lets callers who wait for the answer go with PAYMENT_UNRESOLVED."""
    await session.write(
        "update idempotency_record set unresolved = true where contract_id = :contract and not finished",
        {"contract": contract_id},
    )


async def answer(outside: Outside, owner: str, key: UUID, request_hash: str) -> UUID:
    """The contract of the first answer, or its refusal. Waits a while for a first call that is still running."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        record = await find(outside, owner, key, request_hash)
        if record is not None and record.finished:
            if record.refusal is not None:
                raise _stored_refusal(record.refusal)
            if record.contract_id is not None:
                return record.contract_id
        if record is None or record.unresolved or time.monotonic() > deadline:
            message = Sentence(
                "The outcome of the payment is not known yet; ask again with the same key in a moment.",
                "Der Ausgang der Zahlung ist noch nicht bekannt; bitte gleich mit demselben idempotencyKey fragen.",
            )
            raise Refused(ProblemCode.PAYMENT_UNRESOLVED, message)
        await asyncio.sleep(_POLL_SECONDS)


async def forget(session: Session, *, asked_before: datetime, most: int) -> int:
    """Deletes keys that were first used before an instant, so many at most; returns how many. While the booking behind
    a key is HELD, what becomes of it is open, and the key is kept.
    """
    return await session.write(
        "delete from idempotency_record where (principal, key) in (select r.principal, r.key from idempotency_record r"
        " where r.created_at < :before"
        " and not exists (select from contract c where c.id = r.contract_id and c.state = 'HELD')"
        " order by r.created_at limit :most for update skip locked)",
        {"before": asked_before, "most": most},
    )
