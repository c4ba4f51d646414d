"""What every end of a booking shares: the car is free, documents and money are put right, the customer hears of it.

With a fee a final invoice deducts the advance; without one the advance is taken back. Where more than the advance goes
back, a final invoice over nothing says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from server.database import Session
from server.errors import Sentence
from server.models import Contract, Deposit, Document, Station
from server.models.contract import ContractState, SettlementState
from server.models.document import DocumentType
from server.models.money import split_vat
from server.models.price import PriceBreakdown, PriceLine
from server.models.tariff import PriceLineKind
from server.paper import notation
from server.services.acting import Acting
from server.services.billing import cancellations, cancelled, collection, documents, open_items, settlements, ways
from server.services.billing.drafts import Deduction, Draft
from server.services.billing.settlements import SettlementAction
from server.services.contract import contracts
from server.services.ends import mails
from server.services.ends.mails import Told
from server.services.fleet import company_data, occupancies, stations
from server.services.mail import parts
from server.services.payments import deposits
from server.services.pricing import fees

_TEXTS = {
    ContractState.CANCELLED: Sentence("Cancellation fee", "Stornogebühr"),
    ContractState.NO_SHOW: Sentence("Fee for a car that was not picked up", "Gebühr für ein nicht abgeholtes Fahrzeug"),
}
_FREE_UNTIL = Sentence("Cancelling was free until {at}.", "Kostenfrei war die Stornierung bis {at}.")
_READY_SINCE = Sentence("The car was kept ready from {at} on.", "Das Fahrzeug stand ab {at} bereit.")
_KINDS = {
    ContractState.CANCELLED: PriceLineKind.CANCELLATION_FEE,
    ContractState.NO_SHOW: PriceLineKind.NO_SHOW_FEE,
}


@dataclass(frozen=True)
class End:
    """How a booking ends: CANCELLED or NO_SHOW, and the gross cents that it costs."""

    state: ContractState
    fee_cents: int

    def price(self, contract: Contract, station: Station) -> PriceBreakdown:
        """What is charged instead of the rental: the fee, or nothing."""
        sums = split_vat(self.fee_cents, contract.terms.vat_rate_bp)
        lines = (self._line(contract, station),) if self.fee_cents else ()
        return PriceBreakdown(lines, sums.gross, sums.net, sums.vat, contract.price.days, contract.price.included_km)

    def _line(self, contract: Contract, station: Station) -> PriceLine:
        language, is_no_show = parts.wording(contract.language), self.state is ContractState.NO_SHOW
        at = contract.starts_at if is_no_show else fees.free_until(contract.terms, contract.starts_at)
        why = _READY_SINCE if is_no_show else _FREE_UNTIL
        explanation = why.within(language).format(at=notation.moment(at, station.time_zone, language))
        text = _TEXTS[self.state].within(language)
        return PriceLine(_KINDS[self.state], text, Decimal(1), self.fee_cents, self.fee_cents, explanation)


async def moved_by(session: Session, contract: Contract, end: End) -> int:
    """Cents that would be charged at once because of an end; negative: refunded. Not yet what somebody transfers."""
    advances = await documents.advances_of(session, contract.id)
    due = await _due(session, contract, end.fee_cents, advances)
    action = await settlements.action_for(session, contract, due)
    return 0 if action is SettlementAction.OPEN_ITEM else due


async def _due(session: Session, contract: Contract, fee_cents: int, advances: list[Document]) -> int:
    """A fee less what was paid and is still here: the advance, and what a rental had cost that was taken back."""
    kept = await cancellations.kept_of_cancelled(session, contract.id)
    return fee_cents - sum(advance.total_cents for advance in advances) - kept


async def close(session: Session, contract: Contract, end: End, acting: Acting) -> None:
    """Ends a locked booking, with its documents and its mail; the money follows in a job."""
    station = await stations.get(session, contract.station_id)
    await occupancies.free_contract(session, contract.id)
    issued, action = await _put_right(session, contract, end.price(contract, station), station, acting)
    due = sum(document.moves_cents for document in issued)
    contract.settlement_state = collection.before_money(due) if issued else SettlementState.NONE
    await contracts.move(session, contract, end.state, acting)
    item = await collection.set_going(session, contract, issued[-1] if issued else None, action, acting.now)
    held = deposits.held_cents(await session.by_id(Deposit, contract.id))
    told = Told(end.state, end.fee_cents, issued, action, due, item)
    await mails.ended(session, contract, told, held, now=acting.now)
    await cancelled.tell_payer(session, contract, issued, now=acting.now)


async def _put_right(
    session: Session, contract: Contract, price: PriceBreakdown, station: Station, acting: Acting
) -> tuple[list[Document], SettlementAction]:
    """The documents of an end, and how what is due because of them moves."""
    advances = await documents.advances_of(session, contract.id)
    due = await _due(session, contract, price.total_cents, advances)
    payable = price.total_cents - sum(advance.total_cents for advance in advances)
    if price.total_cents == 0 and due == payable:
        silent = acting.because(None)  # why staff ended it stands in the history, not on paper
        back = [await cancellations.cancel(session, contract, advance, silent) for advance in advances]
        return back, SettlementAction.REFUND if due else SettlementAction.NOTHING
    action = await settlements.action_for(session, contract, due)
    paid = ways.payment_parts(payable, action, due, open_items.due_on(station, acting.now))
    draft = Draft(
        type=DocumentType.FINAL_INVOICE,
        service_from=contract.starts_at,
        service_until=contract.ends_at,
        lines=price.lines,
        sums=price.sums,
        advances=[Deduction.of(advance) for advance in advances],
        payments=ways.said_elsewhere(paid, await cancellations.kept_elsewhere(session, contract.id)),
        deposit_cents=deposits.held_cents(await session.by_id(Deposit, contract.id)),
        deposit_note=ways.deposit_note(action),
        to_move_cents=due,
    )
    company = await company_data.require(session)
    return [await documents.issue(session, contract, draft, company, station, now=acting.now)], action
