"""The card of a contract and its deposit: placed once more after it failed, or moved to another card."""

from __future__ import annotations

from uuid import UUID

from server.database import SYSTEM, Session
from server.database.conflicts import tried_again
from server.errors import PaymentDeclined, ProblemCode, Refused, Sentence
from server.models import Contract, Deposit, Payment, payment_reasons
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.payment import DepositState, PaymentKind, Purpose
from server.services.acting import Acting
from server.services.billing import settlements
from server.services.changes import edit
from server.services.contract import history
from server.services.outside import Outside
from server.services.payments import attempts, deposits, hosted_page, new_card
from server.services.payments.new_card import Page

_POSSIBLE = (ContractState.RESERVED, ContractState.CHECKED_OUT)
_AGAIN = frozenset({DepositState.FAILED, DepositState.EXPIRED})
MOST_PAGES = 8
"""How many payment pages may be opened for another card of one contract."""
_NOT_NEEDED = Sentence(
    "Only a deposit that has failed or expired is placed once more.",
    "Noch einmal platziert wird nur eine Kaution, die fehlgeschlagen oder abgelaufen ist.",
)
_NO_CARD = Sentence(
    "No card is stored for this contract: open a payment page with `replaceCard`.",
    "Zu diesem Vertrag ist keine Karte hinterlegt: bitte mit `replaceCard` eine Zahlungsseite öffnen.",
)
_DECLINED = Sentence("The card was refused; nothing is blocked.", "Die Karte wurde abgelehnt; es ist nichts blockiert.")
_TOO_OFTEN = Sentence(
    f"{MOST_PAGES} payment pages were opened for this contract already.",
    f"Zu diesem Vertrag wurden schon {MOST_PAGES} Zahlungsseiten geöffnet.",
)
_NOT_KNOWN_YET = Sentence(
    "The outcome is not known yet: it is being looked up. Please read the contract again in a minute.",
    "Wie es ausging, ist noch nicht bekannt und wird geklärt. Bitte den Vertrag in einer Minute noch einmal ansehen.",
)


async def place_deposit(outside: Outside, acting: Acting, contract_id: UUID | None, version: int) -> UUID:
    """Places the deposit on the stored card once more, now. Returns the contract's id.

    Raises NotFound, VersionConflict, InvalidTransition, NOT_ALLOWED, PaymentDeclined, PAYMENT_UNRESOLVED.
    """
    async with edit.editing(outside, acting, contract_id, version) as (session, contract):
        edit.require_state(contract, *_POSSIBLE)
        deposit = await session.by_id(Deposit, contract.id, lock=True)
        if deposit is None or deposit.state not in _AGAIN or deposit.amount_cents == 0:
            raise Refused(ProblemCode.NOT_ALLOWED, _NOT_NEEDED, field=["contract_id"])
        if not await settlements.has_card(session, contract):
            raise Refused(ProblemCode.NOT_ALLOWED, _NO_CARD, field=["contract_id"])
        deposit.state, deposit.due_at = DepositState.NONE, acting.now
        await session.store(deposit)
        contract.version += 1
        await session.store(contract)
        await history.record(session, contract, HistoryAction.DEPOSIT_ASKED, acting)
        await deposits.schedule(session, contract, now=acting.now)
        done = contract.id
    await deposits.place(outside, done, asked=True)
    await _refuse_unless_held(outside, done)
    return done


async def _refuse_unless_held(outside: Outside, contract_id: UUID) -> None:
    async with outside.database.transaction(SYSTEM) as session:
        deposit = await session.by_id(Deposit, contract_id)
        made = await attempts.of_contract(session, contract_id)
    holds = [one for one in made if one.kind is PaymentKind.HOLD and one.purpose is Purpose.DEPOSIT]
    hold = holds[-1] if holds else None
    if hold is None or hold.state in attempts.UNRESOLVED:
        raise Refused(ProblemCode.PAYMENT_UNRESOLVED, _NOT_KNOWN_YET)
    if deposit is None or deposit.state is not DepositState.ACTIVE:
        words = payment_reasons.said(hold.reason)
        raise PaymentDeclined(_DECLINED, reason=words.en if words else None, field=["contract_id"])


@tried_again
async def replace(outside: Outside, acting: Acting, contract_id: UUID | None, version: int, page: Page) -> UUID:
    """Opens a payment page for another card; nothing else changes before the customer has entered it there.

    Raises NotFound, VersionConflict, InvalidTransition, InvalidInput for an address that is none, NOT_ALLOWED after
    too many pages.
    """
    hosted_page.check_urls(page.success_url, page.failure_url, ())
    async with edit.editing(outside, acting, contract_id, version) as (session, contract):
        edit.require_state(contract, *_POSSIBLE)
        await _refuse_too_often(session, contract)
        await new_card.open_page(session, contract, page, now=acting.now)
        contract.version += 1
        await session.store(contract)
        await history.record(session, contract, HistoryAction.CARD_ASKED, acting)
        return contract.id


async def _refuse_too_often(session: Session, contract: Contract) -> None:
    made: list[Payment] = await attempts.of_contract(session, contract.id)
    opened = [one for one in made if one.purpose is Purpose.CARD and one.kind is PaymentKind.HOLD]
    if len(opened) >= MOST_PAGES:
        raise Refused(ProblemCode.NOT_ALLOWED, _TOO_OFTEN, field=["contract_id"])
