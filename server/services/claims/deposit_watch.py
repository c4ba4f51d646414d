"""A deposit that is kept for a damage: renewed while people decide; a station hears when that fails."""

from __future__ import annotations

from uuid import UUID

from server.database import SYSTEM
from server.errors import Sentence
from server.models import Deposit
from server.models.payment import DepositState, PaymentKind
from server.services.contract import contracts
from server.services.mail import notices
from server.services.mail.notices import Notice
from server.services.outside import Outside
from server.services.payments import attempts, deposits

_GONE = Sentence(
    "The deposit could not be renewed while a damage is not decided: nothing is blocked any more. A claim will be"
    " charged to the stored card.",
    "Die Kaution ließ sich nicht erneuern, während ein Schaden noch nicht entschieden ist: Nichts ist mehr blockiert."
    " Eine Forderung wird der hinterlegten Karte belastet.",
)


async def place(outside: Outside, contract_id: UUID) -> None:
    """Places or renews the hold, and tells the station if it is gone. Safe to repeat."""
    await deposits.place(outside, contract_id)
    await look(outside, contract_id)


async def look(outside: Outside, contract_id: UUID) -> None:
    """Tells the station, once, of a deposit that is gone although a damage of a contract that is over needs it."""
    async with outside.database.transaction(SYSTEM) as session:
        deposit = await session.by_id(Deposit, contract_id)
        gone = deposit is not None and deposit.state is DepositState.FAILED
        if not gone or not await deposits.awaits_decision(session, contract_id):
            return
        contract = await contracts.lock(session, contract_id)
        made = await attempts.of_contract(session, contract_id)
        holds = [one for one in made if one.kind is PaymentKind.HOLD]
        if contract.state not in deposits.LIVE and holds:
            await notices.tell_station(session, contract, Notice(holds[-1].id, _GONE), now=outside.clock.now())
