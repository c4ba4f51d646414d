"""What holds after every step, whatever the step was. Each law is a function whose name says it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from uuid import UUID

from server.models import Document, Payment
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.customer import CustomerDetails
from server.models.damage import DamageLiability
from server.models.document import DocumentType
from server.models.payment import PaymentKind, PaymentState
from server.paper.e_invoice import xml_of
from server.paper.views import InvoiceView
from tests.rendering.rules import Figures
from tests.services.life.sight import Line, Sight
from tests.services.samples import multiplies_out

KINDS = {
    PaymentKind.SALE: "sale",
    PaymentKind.HOLD: "hold",
    PaymentKind.CAPTURE: "capture",
    PaymentKind.REFUND: "refund",
    PaymentKind.RELEASE: "void",
}
"""Our kinds of movements in the provider's words."""
CLAIMED = frozenset(
    {DamageLiability.CLAIMED, DamageLiability.PAID, DamageLiability.DISPUTED, DamageLiability.WRITTEN_OFF}
)
NEVER_HELD = frozenset({ContractState.CANCELLED, ContractState.NO_SHOW})
NOBODY = CustomerDetails(email="").columns | {"kind": None, "language": None}
"""What a contract says of a customer who is erased."""
_MOVED = frozenset({"approved", "voided", "expired"})


def uses_of_a_car_never_overlap(_before: Sight, now: Sight) -> None:
    by_car = defaultdict(list)
    for use in now.occupancies:
        if use.active:
            by_car[use.vehicle_id].append(use)
    for uses in by_car.values():
        for one, following in pairwise(sorted(uses, key=lambda use: use.starts_at)):
            assert one.busy_until <= following.starts_at, (one, following)


def a_car_is_out_for_the_contract_that_has_it(_before: Sight, now: Sight) -> None:
    """And for no other one, unless it went out again before its return has arrived from a tablet without a network, or
    its contract had ended when its hand-over arrived.
    """
    out = {one.id: one.vehicle_id for one in now.contracts if one.state is ContractState.CHECKED_OUT}
    had_by = {car.id: car.out_contract_id for car in now.vehicles if car.out_contract_id is not None}
    for taken, has_it in had_by.items():
        assert has_it is not None, taken
        assert out.get(has_it) == taken or now.went_out_all_the_same(has_it, taken), (taken, has_it)
    for contract_id, car_id in out.items():
        assert car_id is not None, contract_id
        other = had_by.get(car_id)
        assert other == contract_id or now.went_on_meanwhile(car_id, contract_id), (contract_id, car_id, other)


def a_car_is_kept_for_whom_it_is_planned_and_for_nobody_else(_before: Sight, now: Sight) -> None:
    uses = defaultdict(list)
    for use in now.occupancies:
        if use.active and use.contract_id is not None:
            uses[use.contract_id].append(use)
    for contract in now.contracts:
        own = uses[contract.id]
        if contract.state in NEVER_HELD:
            assert own == [], (contract.number, own)
        if contract.state in {ContractState.HELD, ContractState.RESERVED} and contract.vehicle_id is not None:
            assert {use.vehicle_id for use in own} == {contract.vehicle_id}, (contract.number, own)
            assert max((use.ends_at for use in own), default=None) == contract.ends_at, (contract.number, own)
        if contract.state is ContractState.RESERVED and contract.vehicle_id is None:
            assert own == [], (contract.number, own)
        if contract.state is ContractState.CHECKED_OUT:
            current = [use for use in own if use.vehicle_id == contract.vehicle_id]
            assert current, (contract.number, own)
            assert max(use.ends_at for use in current) >= contract.ends_at, (contract.number, own)


def our_ledger_equals_the_providers(_before: Sight, now: Sight) -> None:
    """What succeeded is approved there, and what is approved there is known to have succeeded or is being looked up."""
    for contract in now.contracts:
        ours = now.payments_of(contract.id)
        theirs = Counter(_moved(line) for line in now.books[contract.id] if line[2] in _MOVED)
        by_card = [one for one in ours if one.kind is not PaymentKind.EXTERNAL]
        known = Counter(written(one) for one in by_card if one.state is PaymentState.SUCCEEDED)
        doubtful = Counter(written(one) for one in ours if one.state in {PaymentState.PENDING, PaymentState.UNKNOWN})
        assert not known - theirs, (contract.number, known, theirs)
        if not now.unresolved_pages(contract.id):
            assert not theirs - known - doubtful, (contract.number, known, doubtful, theirs)


def _moved(line: Line) -> tuple[str, str]:
    return line[0], line[1]


def written(payment: Payment) -> tuple[str, str]:
    """A movement as the provider writes it: its kind and amount."""
    cents = payment.amount_cents
    return KINDS[payment.kind], f"{cents // 100}.{cents % 100:02d}"


def nothing_is_charged_beyond_what_is_held_or_paid_back_beyond_what_was_charged(_before: Sight, now: Sight) -> None:
    done = [one for one in now.payments if one.state is PaymentState.SUCCEEDED]
    by_id = {one.id: one for one in done}
    against: dict[UUID, list[Payment]] = defaultdict(list)
    for one in done:
        if one.kind in {PaymentKind.CAPTURE, PaymentKind.REFUND} and one.refers_to_id is not None:
            against[one.refers_to_id].append(one)
    for source, parts in against.items():
        assert sum(one.amount_cents for one in parts) <= by_id[source].amount_cents, (by_id[source], parts)
        captures = [one for one in parts if one.kind is PaymentKind.CAPTURE]
        assert len(captures) <= 1, "a hold is captured once"
    for deposit in now.deposits:
        assert 0 <= deposit.used_cents <= deposit.amount_cents


def what_is_paid_is_what_was_taken_less_what_went_back(_before: Sight, now: Sight) -> None:
    for contract in now.contracts:
        taken = sum(now.for_rent(one) for one in now.payments_of(contract.id))
        assert contract.paid_cents == taken >= 0, (contract.number, contract.paid_cents, taken)


def the_shares_of_a_capture_are_the_whole_of_it(_before: Sight, now: Sight) -> None:
    whole = {one.id: one for one in now.payments}
    divided: dict[UUID, int] = defaultdict(int)
    for share in now.shares:
        divided[share.payment_id] += share.cents
    for payment_id, cents in divided.items():
        assert cents == whole[payment_id].amount_cents, whole[payment_id]
        assert whole[payment_id].kind is PaymentKind.CAPTURE


def a_damage_is_claimed_once_by_a_person_outside_vat(_before: Sight, now: Sight) -> None:
    claims = {one.id: one for one in now.documents if one.type is DocumentType.DAMAGE_CLAIM}
    claimed = [one for one in now.damages if one.claim_document_id is not None]
    gone = {one.refers_to_id for one in now.documents}
    standing = sorted(one for one in claims if one not in gone)
    assert standing == sorted(one.claim_document_id for one in claimed if one.claim_document_id)
    for damage in now.damages:
        assert (damage.liability in CLAIMED) == (damage.claim_document_id is not None), damage
    people = Counter(one.after for one in now.history if one.action is HistoryAction.DAMAGE_CLAIMED)
    for document in claims.values():
        assert (document.vat_cents, people[document.number]) == (0, 1), document.number
        contract = now.contract(document.contract_id)
        lifted = any(one.after == document.number and one.reason for one in now.entries[contract.id])
        assert lifted or document.total_cents <= contract.deductible_cents, document.number
    for damage in claimed:
        if damage.liability is DamageLiability.PAID:
            assert damage.claim_document_id is not None
            paid = sum(now.for_document(one, damage.claim_document_id) for one in now.payments)
            assert paid == claims[damage.claim_document_id].total_cents, damage


def of_a_claim_that_is_taken_back_exactly_what_was_paid_goes_back(_before: Sight, now: Sight) -> None:
    """Neither more nor less, by a mirror outside VAT; never from a payment that was not the claim's own."""
    issued = {one.id: one for one in now.documents}
    sources = {one.id: one for one in now.payments}
    for mirror in now.of_damages:
        if mirror.refers_to_id is None:
            continue
        claim = issued[mirror.refers_to_id]
        assert (mirror.total_cents, mirror.vat_cents) == (-claim.total_cents, 0), mirror.number
        assert mirror.moves_cents == -now.paid_for(claim) <= now.paid_for(mirror) <= 0, mirror.number
        back = Counter[UUID]()
        for refund in now.payments:
            if refund.document_id == mirror.id and refund.refers_to_id is not None:
                back[refund.refers_to_id] -= refund.moved_cents
        for source_id, cents in back.items():
            assert cents <= now.for_document(sources[source_id], claim.id), (mirror.number, sources[source_id])


def documents_are_numbered_without_gaps_chained_and_add_up(_before: Sight, now: Sight) -> None:
    series: dict[tuple[UUID, int], list[Document]] = defaultdict(list)
    for document in now.documents:
        series[document.station_id, document.year].append(document)
        assert sum(line.total_cents for line in document.lines) == document.total_cents, document.number
        assert all(multiplies_out(line) for line in document.lines), document.number
        assert document.net_cents + document.vat_cents == document.total_cents, document.number
        deducted = sum(item["total_cents"] for item in document.advances)
        assert document.payable_cents == document.total_cents - deducted, document.number
    for issued in series.values():
        issued.sort(key=lambda one: one.running_number)
        assert [one.running_number for one in issued] == list(range(1, len(issued) + 1))
        assert [one.previous_hash for one in issued] == [None, *(one.chain_hash for one in issued[:-1])]
        assert all(one.seal() == one.chain_hash for one in issued)


def an_e_invoice_has_the_figures_of_its_document(before: Sight, now: Sight) -> None:
    known = {one.id for one in before.documents}
    for document in now.documents:
        assert (document.xml_key is not None) == document.recipient.is_business, document.number
        if document.xml_key is not None and document.id not in known:
            figures = Figures.of(xml_of(InvoiceView.of_json(document.view or {})))
            figures.assert_it_adds_up()
            assert figures.total == document.payable_cents, document.number


def a_contract_has_one_final_invoice_and_what_is_open_has_its_sign(_before: Sight, now: Sight) -> None:
    gone = {one.refers_to_id for one in now.documents}
    standing = Counter((one.contract_id, one.type) for one in now.documents if one.id not in gone)
    again = [found for found, count in standing.items() if count > 1 and found[1].value.endswith("_INVOICE")]
    assert not [found for found in again if found[1].value != "CANCELLATION_INVOICE"], again
    back = {one.id for one in now.documents if one.moves_cents < 0}
    assert all((item.open_cents <= 0) == (item.document_id in back) or item.open_cents == 0 for item in now.open_items)
    assert not [item for item in now.open_items if item.document_id in gone and item.open_cents]


def versions_grow_and_the_history_is_only_added_to(before: Sight, now: Sight) -> None:
    old = {one.id: one for one in before.contracts}
    for contract in now.contracts:
        was = old.get(contract.id)
        if was is None:
            continue
        assert contract.version >= was.version, contract.number
        agreed = [(one.state, one.starts_at, one.ends_at, one.total_cents, one.payer_json) for one in (was, contract)]
        assert agreed[0] == agreed[1] or contract.version > was.version, agreed
    kept = {one.id: one for one in now.history}
    erased = {one.id for one in now.contracts if one.person_erased_at is not None}
    for entry in before.history:
        known = {"before", "after"} if entry.contract_id in erased else set()
        assert kept[entry.id].model_dump(exclude=known) == entry.model_dump(exclude=known)


def of_who_is_erased_only_papers_and_mails_say_anything(before: Sight, now: Sight) -> None:
    """And nothing is written to them any more."""
    mails = {one.id for one in before.emails}
    for contract in now.contracts:
        if contract.person_erased_at is not None:
            assert contract.customer.columns | {"kind": None, "language": None} == NOBODY, contract.number
            assert contract.search_text == contract.number.casefold()
            assert {one.id for one in now.mails[contract.id]} <= mails, contract.number


def every_change_of_state_is_in_the_history(_before: Sight, now: Sight) -> None:
    for contract in now.contracts:
        states = [one for one in now.entries[contract.id] if one.action.value.startswith("STATE_")]
        last = states[-1].after if states else ContractState.HELD.value
        assert last == contract.state.value, (contract.number, last)
        assert now.entries[contract.id][0].action is HistoryAction.BOOKED


def whoever_reads_on_behind_the_last_change_misses_none(before: Sight, now: Sight) -> None:
    changed = {one.contract_id: one.updated_at for one in now.changes}
    read = max((one.updated_at for one in before.changes), default=None)
    assert len(set(changed.values())) == len(now.contracts)
    for contract in now.contracts:
        if before.everything.get(contract.id) != now.everything[contract.id]:
            assert read is None or changed[contract.id] > read, (contract.number, changed[contract.id], read)


AFTER_EVERY_STEP: tuple[Callable[[Sight, Sight], None], ...] = (
    uses_of_a_car_never_overlap,
    a_car_is_out_for_the_contract_that_has_it,
    a_car_is_kept_for_whom_it_is_planned_and_for_nobody_else,
    our_ledger_equals_the_providers,
    nothing_is_charged_beyond_what_is_held_or_paid_back_beyond_what_was_charged,
    what_is_paid_is_what_was_taken_less_what_went_back,
    the_shares_of_a_capture_are_the_whole_of_it,
    a_damage_is_claimed_once_by_a_person_outside_vat,
    of_a_claim_that_is_taken_back_exactly_what_was_paid_goes_back,
    documents_are_numbered_without_gaps_chained_and_add_up,
    an_e_invoice_has_the_figures_of_its_document,
    a_contract_has_one_final_invoice_and_what_is_open_has_its_sign,
    versions_grow_and_the_history_is_only_added_to,
    of_who_is_erased_only_papers_and_mails_say_anything,
    every_change_of_state_is_in_the_history,
    whoever_reads_on_behind_the_last_change_misses_none,
)
