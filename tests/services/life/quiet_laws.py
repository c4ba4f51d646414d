"""What holds when every job that is due is done and the outcome of every payment is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from server.models import Contract, Document, Payment
from server.models.contract import ContractState
from server.models.document import DocumentType
from server.models.email import EmailState, EmailTemplate
from server.models.payment import DepositState, PaymentKind, PaymentState
from server.paper import notation
from server.paper.e_invoice_amounts import paid_cents
from server.paper.views import InvoiceView
from server.services.billing.invoice import PAID_BY_HAND
from tests.services.life.laws import KINDS, written
from tests.services.life.sight import Sight
from tests.services.life.world import World

OVER = frozenset({ContractState.BILLED, ContractState.CANCELLED, ContractState.NO_SHOW})
ENDED = frozenset({DepositState.EXPIRED, DepositState.FAILED})
"""It ended by itself; FAILED if it was to be renewed for a damage."""
MONEY = frozenset({PaymentKind.SALE, PaymentKind.CAPTURE, PaymentKind.REFUND})


def no_payment_stays_unknown(_world: World, now: Sight) -> None:
    assert not now.unresolved, now.unresolved


def the_books_agree_to_the_line(_world: World, now: Sight) -> None:
    """Of what refers to an earlier payment, the provider keeps no line where it has refused it."""
    first = {PaymentKind.SALE, PaymentKind.HOLD}
    for contract in now.contracts:
        made = [one for one in now.payments_of(contract.id) if one.kind is not PaymentKind.EXTERNAL]
        done = [one for one in made if one.state is PaymentState.SUCCEEDED]
        refused = [one for one in made if one.state is PaymentState.DECLINED and one.kind in first]
        mine = Counter([(*written(one), "done") for one in done] + [(*written(one), "declined") for one in refused])
        lines = [line for line in now.books[contract.id] if line[2] != "failed"]
        kinds = {KINDS[kind] for kind in first}
        theirs = Counter(
            (kind, amount, "declined" if state == "declined" else "done")
            for kind, amount, state in lines
            if state != "declined" or kind in kinds
        )
        assert mine == theirs, (contract.number, mine - theirs, theirs - mine)


def what_the_documents_ask_for_is_paid_open_or_waits_for_a_person(world: World, now: Sight) -> None:
    for contract in now.contracts:
        if contract.state not in OVER or contract.billing_block in PAID_BY_HAND:
            continue
        asked, hand = now.payable_cents(contract.id), world.by_hand.get(contract.id, 0)
        there = contract.paid_cents + now.claimed_cents(contract.id) + now.open_cents(contract.id) - hand
        assert asked == there, (contract.number, asked, contract.paid_cents, now.open_cents(contract.id), hand)


def what_e_invoices_call_due_adds_up_to_what_moves_because_of_documents(_world: World, now: Sight) -> None:
    """Nothing but an advance has moved before its document: whatever else one calls paid, another one has called due,
    and what stays of one that is taken back is paid for the next.
    """
    for contract in now.contracts:
        if contract.state not in OVER or contract.billing_block in PAID_BY_HAND:
            continue
        issued = now.documents_of(contract.id)
        due = sum(one.payable_cents - paid_cents(InvoiceView.of_json(one.view or {})) for one in issued)
        advances = sum(one.payable_cents for one in issued if one.type is DocumentType.ADVANCE_INVOICE)
        assert due == now.payable_cents(contract.id) - advances, (contract.number, due, advances)


def nobody_waits_in_a_state_that_a_job_should_have_ended(_world: World, now: Sight) -> None:
    for contract in now.contracts:
        if contract.state is ContractState.HELD:
            assert contract.held_until is not None, contract.number
            assert contract.held_until > now.now, contract.number
        if contract.state is ContractState.RETURNED:
            assert contract.billing_block is not None, contract.number


def a_hold_is_lifted_when_it_is_not_needed_any_more(_world: World, now: Sight) -> None:
    for contract in now.contracts:
        if contract.state not in OVER or now.damaged(contract.id):
            continue
        made = now.payments_of(contract.id)
        over = {one.refers_to_id for one in made if one.kind in {PaymentKind.CAPTURE, PaymentKind.RELEASE}}
        holds = [one for one in made if one.kind is PaymentKind.HOLD and one.state is PaymentState.SUCCEEDED]
        left = [one for one in holds if one.id not in over]
        assert not left or now.deposit(contract.id).state in ENDED, (contract.number, left)


def whoever_paid_or_was_paid_has_a_mail_that_says_so(_world: World, now: Sight) -> None:
    for payment in now.payments:
        contract = now.contract(payment.contract_id)
        is_told = contract.state is not ContractState.HELD  # the customer stands at the payment page
        if is_told and payment.kind in MONEY and payment.state is PaymentState.SUCCEEDED:
            mails = [one for one in now.mails[contract.id] if one.template is not EmailTemplate.STATION_NOTICE]
            named = _names(payment, contract, now.documents)
            said = " ".join(mail.text + " ".join(file.name for file in mail.attachments) for mail in mails)
            assert any(name in said.replace("\u00a0", " ") for name in named), (contract.number, payment, named)


def _names(payment: Payment, contract: Contract, documents: list[Document]) -> list[str]:
    amount = notation.money(payment.amount_cents, "de" if contract.language.value == "DE" else "en")
    numbers = [one.number for one in documents if one.id == payment.document_id]
    return [*numbers, *([] if numbers else [amount.replace("\u00a0", " ")])]


def whatever_was_away_is_back_and_nothing_was_given_up(world: World, now: Sight) -> None:
    """However long the mail server was away: what had to be sent has arrived, once."""
    assert [contract.number for contract in now.contracts if contract.effects_failed] == []
    arrived = Counter(mail.message_id for mail in world.postbox.sent)
    assert [one for one, times in arrived.items() if times > 1] == []
    sent = {f"<{mail.id}@{world.bench.outside.mail_domain}>" for mail in now.emails if mail.state is EmailState.SENT}
    assert sent == set(arrived)
    waits = [mail for mail in now.emails if mail.state is EmailState.QUEUED and mail.tries > 0]
    assert waits == []


WHEN_QUIET: tuple[Callable[[World, Sight], None], ...] = (
    no_payment_stays_unknown,
    the_books_agree_to_the_line,
    what_the_documents_ask_for_is_paid_open_or_waits_for_a_person,
    what_e_invoices_call_due_adds_up_to_what_moves_because_of_documents,
    nobody_waits_in_a_state_that_a_job_should_have_ended,
    a_hold_is_lifted_when_it_is_not_needed_any_more,
    whoever_paid_or_was_paid_has_a_mail_that_says_so,
    whatever_was_away_is_back_and_nothing_was_given_up,
)
