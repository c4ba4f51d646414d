"""The look at a contract that erases what its clocks have come to, and comes back for the next one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from server.database import RETENTION, Session
from server.jobs import TryLater
from server.models import Contract, HistoryEntry, StoredCard
from server.models.contract_parts import HistoryAction
from server.services.acting import SYSTEM_NAME
from server.services.outside import Outside
from server.services.retention import people, standing
from server.services.retention.clocks import Part, due
from server.services.retention.parts import ERASERS, Erasure

LOOK_AGAIN = timedelta(days=30)
"""When a contract of which something is open is looked at once more."""
LOOK_AGAIN_WHEN_ASKED = timedelta(days=1)
"""The same where the customer has asked to be erased."""


async def look(outside: Outside, contract_id: UUID) -> None:
    """Erases what is due of a contract. Raises TryLater until nothing is left to be erased, and GatewayError while the
    gateway cannot be told to forget a card. Safe to repeat.
    """
    now = outside.clock.now()
    await _forget_card(outside, contract_id)
    async with outside.database.transaction(RETENTION) as session:
        contract = await session.by_id(Contract, contract_id, lock=True)
        if contract is None:
            return
        facts = (await standing.of(session, [contract], now=now))[contract.id]
        clocks = due(facts)
        customer_id, erasure = contract.customer_id, Erasure(uuid4(), contract, now)
        await _erase(session, erasure, [part for part in ERASERS if part in clocks and clocks[part] <= now])
        await people.erase_if_nobody_needs_them(session, customer_id, now=now)
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


async def _forget_card(outside: Outside, contract_id: UUID) -> None:
    """The gateway first: once the token is erased here nobody could tell it which card to forget."""
    now = outside.clock.now()
    async with outside.database.transaction(RETENTION) as session:
        contract = await session.by_id(Contract, contract_id)
        card = await session.by_id(StoredCard, contract_id)
        if contract is None or card is None:
            return
        clocks = due((await standing.of(session, [contract], now=now))[contract.id])
        ends = min((at for part, at in clocks.items() if part in (Part.CARD, Part.WHOLE)), default=None)
        token = card.token
        others = await session.value(
            "select count(*) from stored_card where token = :token and contract_id <> :contract",
            {"token": token, "contract": contract_id},
        )
    if ends is not None and ends <= now and not others:
        await outside.gateway.forget_card(token)
