"""Keys of API clients: made, replaced with an overlap, ended. They live by the machine's clock, like sessions."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from server import security
from server.database import Session
from server.errors import InvalidInput, Sentence
from server.models import ApiClient, ApiKey

MOST_OVERLAP_HOURS = 2160
"""Ninety days: whoever needs longer has not changed the key."""
MOST_KEYS = 5
"""Good at a time, of one client."""
SHOWN_AFTER_THE_END = timedelta(days=30)
"""How long a key that has ended is still listed; then it is deleted."""
_PREFIX_LENGTH = 9


async def add(session: Session, client: ApiClient, *, now: datetime) -> str:
    """A new key of a client that is stored already; the key itself is stored nowhere."""
    key = security.new_token(security.API_KEY)
    client.key_prefix = key[:_PREFIX_LENGTH]
    row = ApiKey(client_id=client.id, prefix=client.key_prefix, key_hash=security.token_hash(key), created_at=now)
    await session.store(client, row)
    await session.write("delete from api_key where expires_at < :before", {"before": now - SHOWN_AFTER_THE_END})
    return key


async def replace(session: Session, client: ApiClient, overlap_hours: int, *, now: datetime) -> str:
    """A new key; those before it end after the overlap, or when they would have ended, whichever is sooner."""
    if not client.active:
        message = Sentence(
            "This API client was ended; create another one.",
            "Dieser API-Zugang ist beendet; bitte einen neuen anlegen.",
        )
        raise InvalidInput(message, field=["id"])
    if not 0 <= overlap_hours <= MOST_OVERLAP_HOURS:
        message = Sentence(
            f"The overlap is 0 to {MOST_OVERLAP_HOURS} hours.",
            f"Die Überschneidung ist 0 bis {MOST_OVERLAP_HOURS} Stunden.",
        )
        raise InvalidInput(message, field=["overlap_hours"])
    await end(session, client.id, at=now + timedelta(hours=overlap_hours))
    good = await session.value(
        "select count(*) from api_key where client_id = :client and expires_at > :now",
        {"client": client.id, "now": now},
    )
    if good >= MOST_KEYS:
        message = Sentence(
            f"{MOST_KEYS} keys of this client are good already: wait until one ends, or end all with an overlap of 0.",
            f"{MOST_KEYS} Schlüssel dieses Zugangs gelten schon: bitte warten, bis einer endet, oder mit einer"
            " Überschneidung von 0 alle beenden.",
        )
        raise InvalidInput(message, field=["overlap_hours"])
    return await add(session, client, now=now)


async def end(session: Session, client_id: UUID, *, at: datetime) -> None:
    """Every key of a client ends then, if it does not end before."""
    await session.write(
        "update api_key set expires_at = :at where client_id = :client and (expires_at is null or expires_at > :at)",
        {"at": at, "client": client_id},
    )
