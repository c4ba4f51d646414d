"""Bookings that nobody picks up: by a clerk, by the clock, and taken up again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from server.errors import InvalidInput, InvalidTransition, PeriodConflict, ProblemCode, Refused
from server.models import Contract, Document, Email, Job, Occupancy
from server.models.contract import ContractKind, ContractState, SettlementState
from server.models.document import DocumentType
from server.models.email import EmailTemplate
from server.models.job import JobKind
from server.models.payment import DepositState, PaymentMethod
from server.models.staff import Role
from server.models.tariff import PriceLineKind
from server.services.acting import Acting
from server.services.billing import collection
from server.services.changes import period
from server.services.changes.period import PeriodChange
from server.services.ends import no_show
from server.services.payments import deposits
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
END = START + 3 * DAY


async def mark(shop: Shop, contract: Contract) -> Contract:
    now = await shop.bench.contract(contract.id)
    await no_show.mark(shop.bench.outside, Acting(shop.bench.now, shop.somebody()), contract.id, now.version)
    return await settled(shop, contract)


async def settled(shop: Shop, contract: Contract) -> Contract:
    await collection.collect(shop.bench.outside, contract.id)
    await deposits.release(shop.bench.outside, contract.id)
    return await shop.bench.contract(contract.id)


async def undo(shop: Shop, contract: Contract) -> Contract:
    now = await shop.bench.contract(contract.id)
    acting = Acting(shop.bench.now, shop.somebody(Role.MANAGER))
    await no_show.undo(shop.bench.outside, acting, contract.id, now.version, "Stau auf der A10")
    await collection.collect(shop.bench.outside, contract.id)
    await deposits.place(shop.bench.outside, contract.id)
    return await shop.bench.contract(contract.id)


async def test_a_day_is_kept_and_the_rest_is_free_again(bench: Bench) -> None:
    """D5: the final invoice of 59.00 less the advance of 59.00."""
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START + 2 * HOUR)

    # When
    now = await mark(shop, contract)

    # Then
    assert (now.state, now.settlement_state, now.paid_cents) == (ContractState.NO_SHOW, SettlementState.PAID, 5_900)
    final = (await bench.all(Document, contract_id=contract.id))[-1]
    assert (final.type, final.total_cents, final.vat_cents, final.payable_cents) == (
        DocumentType.FINAL_INVOICE, 5_900, 942, 0,
    )  # fmt: skip
    assert [(line.kind, line.total_cents) for line in final.lines] == [(PriceLineKind.NO_SHOW_FEE, 5_900)]
    assert (await bench.deposit(contract.id)).state is DepositState.RELEASED
    assert await bench.all(Occupancy, contract_id=contract.id, active=True) == []
    (mail,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CANCELLATION)
    assert "wurde nicht abgeholt" in mail.subject
    assert "Gebühr: 59,00 €" in mail.text.replace("\u00a0", " ")
    assert "Es wird Ihnen nichts weiter berechnet." in mail.text


async def test_before_two_hours_the_customer_may_still_come(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START + 2 * HOUR - timedelta(seconds=1))

    with pytest.raises(Refused) as said:
        await mark(shop, contract)

    assert said.value.code is ProblemCode.NOT_ALLOWED
    assert "11:00" in said.value.message.de
    assert (await bench.contract(contract.id)).version == contract.version


@pytest.mark.parametrize(("end", "expected"), [(END, START + 8 * DAY), (START + 4 * HOUR, START + 8 * DAY)])
async def test_the_clock_says_so_when_no_tablet_can_bring_it_any_more(
    bench: Bench, end: datetime, expected: datetime
) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, end)
    (job,) = await bench.all(Job, kind=JobKind.MARK_NO_SHOW)
    assert job.due_at == expected

    # When it looks too early, nothing happens; at its time it says so, once
    bench.clock.move_to(expected - timedelta(seconds=1))
    await no_show.mark_by_itself(bench.outside, contract.id)
    assert (await bench.contract(contract.id)).state is ContractState.RESERVED
    bench.clock.move_to(expected)
    for _ in range(2):
        await no_show.mark_by_itself(bench.outside, contract.id)

    # Then
    assert (await bench.contract(contract.id)).state is ContractState.NO_SHOW
    assert len(await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CANCELLATION)) == 1


async def test_a_booking_that_was_moved_is_looked_at_later(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    moved = PeriodChange(START + 7 * DAY, END + 7 * DAY)
    await period.change(bench.outside, Acting(bench.now, shop.somebody()), contract.id, contract.version, moved)

    bench.clock.move_to(START + 8 * DAY)
    await no_show.mark_by_itself(bench.outside, contract.id)

    assert (await bench.contract(contract.id)).state is ContractState.RESERVED
    assert sorted(job.due_at for job in await bench.all(Job, kind=JobKind.MARK_NO_SHOW))[-1] == START + 15 * DAY


async def test_where_the_dealer_has_no_car_nobody_is_charged_by_the_clock(bench: Bench) -> None:
    # Given the car is still out with somebody else
    shop = await open_shop(bench)
    first = await book(shop, at("2026-09-07 12:00"), at("2026-09-07 18:00"))
    contract = await book(shop, START, END)
    bench.clock.move_to(at("2026-09-07 12:00"))
    await check_out(shop, first)

    # When
    bench.clock.move_to(START + 8 * DAY)
    await no_show.mark_by_itself(bench.outside, contract.id)

    # Then
    assert (await bench.contract(contract.id)).state is ContractState.RESERVED


async def test_taken_up_again_the_advance_stands_and_the_deposit_is_placed_anew(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START + 2 * HOUR)
    await mark(shop, contract)

    # When
    now = await undo(shop, contract)

    # Then
    assert (now.state, now.settlement_state, now.paid_cents) == (ContractState.RESERVED, SettlementState.NONE, 5_900)
    assert now.total_cents == contract.total_cents
    kinds = [
        (one.type, one.total_cents, one.payable_cents) for one in await bench.all(Document, contract_id=contract.id)
    ]
    assert kinds == [
        (DocumentType.ADVANCE_INVOICE, 5_900, 5_900),
        (DocumentType.FINAL_INVOICE, 5_900, 0),
        (DocumentType.CANCELLATION_INVOICE, -5_900, 0),
    ]
    assert (await bench.deposit(contract.id)).state is DepositState.ACTIVE
    assert len(await bench.all(Occupancy, contract_id=contract.id, active=True)) == 1
    (mail,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CHANGE)
    assert "neu gilt wieder" in mail.text
    # And it goes out, and comes to a second end
    bench.clock.move_to(START + DAY)
    await check_out(shop, now)


async def test_taken_up_again_what_was_refunded_is_charged_again(bench: Bench) -> None:
    # Given a fee of 20.00, so that 39.00 went back
    shop = await open_shop(bench, tariff_with={"no_show_fee_cents": 2_000})
    contract = await book(shop, START, END)
    bench.clock.move_to(START + 2 * HOUR)
    assert (await mark(shop, contract)).paid_cents == 2_000

    # When
    now = await undo(shop, contract)

    # Then
    assert now.paid_cents == 5_900
    made = await bench.payments(contract.id)
    assert [one for one in made if one[0] in {"SALE", "REFUND"}] == [
        ("SALE", "SUCCEEDED", 5_900),
        ("REFUND", "SUCCEEDED", 3_900),
        ("SALE", "SUCCEEDED", 3_900),
    ]


async def test_whoever_was_taken_up_again_has_until_the_end_and_hears_of_a_second_one(bench: Bench) -> None:
    # Given a booking without money, ended by the clock and taken up again
    shop = await open_shop(bench)
    waived: dict[str, Any] = {"method": PaymentMethod.WAIVED, "card_token": None, "waiver_reason": "Stammkunde"}
    later = START + 10 * DAY
    contract = await book(shop, START, later, kind=ContractKind.COURTESY, **waived)
    bench.clock.move_to(START + 8 * DAY)
    await no_show.mark_by_itself(bench.outside, contract.id)
    await undo(shop, contract)

    # Then a job waits for the planned end
    waiting = [job.due_at for job in await bench.all(Job, kind=JobKind.MARK_NO_SHOW)]
    assert sorted(waiting) == [START + 8 * DAY, later]
    # And when nobody comes again, the customer hears of it again
    bench.clock.move_to(later)
    await no_show.mark_by_itself(bench.outside, contract.id)
    assert (await bench.contract(contract.id)).state is ContractState.NO_SHOW
    assert len(await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CANCELLATION)) == 2


async def test_while_money_is_under_way_nothing_is_undone(bench: Bench) -> None:
    shop = await open_shop(bench, tariff_with={"no_show_fee_cents": 2_000})
    contract = await book(shop, START, END)
    bench.clock.move_to(START + 2 * HOUR)
    bench.books.script("refund", "lost")
    before = await mark(shop, contract)

    with pytest.raises(Refused) as said:
        await undo(shop, contract)

    assert said.value.code is ProblemCode.PAYMENT_UNRESOLVED
    assert (await bench.contract(contract.id)).version == before.version


async def test_a_car_that_was_lent_meanwhile_and_is_back_will_do(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START + 2 * HOUR)
    await mark(shop, contract)
    lent = await book(shop, START + 3 * HOUR, START + 5 * HOUR)
    bench.clock.move_to(START + 3 * HOUR)
    await check_out(shop, lent)
    bench.clock.move_to(START + 5 * HOUR)
    await check_in(shop, lent)

    bench.clock.move_to(START + 8 * HOUR)
    assert (await undo(shop, contract)).vehicle_id == contract.vehicle_id


async def test_it_is_not_taken_up_again_without_a_car_or_after_its_period(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START + 2 * HOUR)
    await mark(shop, contract)
    taken = await book(shop, START + 4 * HOUR, START + DAY)
    before = await bench.contract(contract.id)

    with pytest.raises(PeriodConflict) as said:
        await undo(shop, contract)
    bench.clock.move_to(END)
    with pytest.raises(InvalidInput):
        await undo(shop, contract)

    assert [use.contract_id for use in said.value.conflicts] == [taken.id]
    now = await bench.contract(contract.id)
    assert (now.version, now.state) == (before.version, ContractState.NO_SHOW)
    with pytest.raises(InvalidTransition):
        await mark(shop, contract)
