"""The look at a contract that erases what its clocks have come to, and comes back for the next one."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from server.database import RETENTION, Session
from server.gateways.payment import GatewayError
from server.jobs import TryLater
from server.models import Contract, HistoryEntry, StoredCard
from server.models.contract_parts import HistoryAction
from server.services.acting import SYSTEM_NAME
from server.services.outside import Outside
from server.services.retention import people, standing
from server.services.retention.clocks import Part, due
from server.services.retention.parts import ERASERS, Erasure

_WITH_CARD = (Part.CARD, Part.WHOLE)
LOOK_AGAIN = timedelta(days=30)
"""When a contract of which something is open is looked at once more."""
LOOK_AGAIN_WHEN_ASKED = timedelta(days=1)
"""The same where the customer has asked to be erased."""


async def look(outside: Outside, contract_id: UUID) -> None:
    """Erases what is due of a contract. Raises TryLater until nothing is left to be erased, and GatewayError where the
    gateway cannot be told to forget a card: then its token is kept, and all else has gone. Safe to repeat.
    """
    now = outside.clock.now()
    told, refusal = False, None
    try:
        told = await _told_to_forget(outside, contract_id)
    except GatewayError as error:
        refusal = error
    async with outside.database.transaction(RETENTION) as session:
        contract = await session.by_id(Contract, contract_id, lock=True)
        if contract is None:
            return
        facts = (await standing.of(session, [contract], now=now))[contract.id]
        clocks = due(facts)
        parts = [part for part in ERASERS if part in clocks and clocks[part] <= now]
        if refusal is not None:
            parts = [part for part in parts if part not in _WITH_CARD]
        elif Part.CARD in parts and not told:
            await _require_another(session, contract_id, now)
        customer_id = contract.customer_id
        await _erase(session, Erasure(uuid4(), contract, now), parts)
        await people.erase_if_nobody_needs_them(session, customer_id, now=now)
    if refusal is not None:
        raise refusal
    ahead = [at for at in clocks.values() if at > now]
    if facts.closed_at is None:
        ahead.append(now + (LOOK_AGAIN_WHEN_ASKED if facts.is_restricted else LOOK_AGAIN))
    if ahead:
        raise TryLater(min(ahead))


async def _erase(session: Session, erasure: Erasure, parts: list[Part]) -> None:
    erased = [part for part in parts if await ERASERS[part](session, erasure)]
    if erased and Part.WHOLE not in erased:
        entry = HistoryEntry(
            contract_id=erasure.contract.id,
            station_id=erasure.contract.station_id,
            at=erasure.now,
            actor=SYSTEM_NAME,
            action=HistoryAction.DATA_ERASED,
            after=", ".join(erased),
        )
        await session.store(entry)


async def _told_to_forget(outside: Outside, contract_id: UUID) -> bool:
    """Has the gateway forget the card of a contract, if it is time and nobody else uses it. The gateway first: once the
    token is erased here nobody could tell it which card to forget.
    """
    now = outside.clock.now()
    async with outside.database.transaction(RETENTION) as session:
        contract = await session.by_id(Contract, contract_id)
        card = await session.by_id(StoredCard, contract_id)
        if contract is None or card is None:
            return False
        clocks = due((await standing.of(session, [contract], now=now))[contract.id])
        ends, token = clocks.get(Part.CARD), card.token
        is_time = ends is not None and ends <= now and not await _others_use(session, card)
    if is_time:
        await outside.gateway.forget_card(token)
    return is_time


async def _others_use(session: Session, card: StoredCard) -> bool:
    others = "select 1 from stored_card where token = :token and contract_id <> :contract limit 1"
    return await session.value(others, {"token": card.token, "contract": card.contract_id}) is not None


async def _require_another(session: Session, contract_id: UUID, now: datetime) -> None:
    """Of two contracts with one card that end at the same time, each sees the other's: the last one comes again, and
    has the gateway told.
    """
    card = await session.by_id(StoredCard, contract_id)
    if card is None:
        return
    await session.rows("select pg_advisory_xact_lock(hashtextextended(:token, 0))", {"token": f"card:{card.token}"})
    if not await _others_use(session, card):
        raise TryLater(now)
