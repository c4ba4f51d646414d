"""Calling a booking off: free or with its fee, with documents, money and mail to the cent; the preview agrees."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.errors import DomainError, InvalidTransition, ProblemCode, VersionConflict
from server.models import Document, HistoryEntry, Job, Occupancy, OpenItem
from server.models.contract import ContractState, SettlementState
from server.models.contract_parts import HistoryAction
from server.models.job import JobKind
from server.models.payment import DepositState, PaymentMethod
from server.models.tariff import PriceLineKind
from server.services.acting import Acting
from server.services.billing import collection
from server.services.booking import saga
from server.services.ends import cancellation
from tests.builders.bench import Bench, texts
from tests.builders.rentals import book, check_out, request
from tests.builders.rows import open_shop
from tests.services.ends.called_off import DAY, END, START, cancel, look, mail_of, said, written


async def test_two_days_before_it_is_free_and_all_goes_back(bench: Bench) -> None:
    """D4: the advance of 59.00 is mirrored and refunded, the deposit lifted."""
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    looked = await look(shop, contract)

    # When
    now = await cancel(shop, contract, reason="Kunde braucht es nicht mehr")

    # Then
    assert (looked.fee_cents, looked.moved_cents, looked.after.total_cents) == (0, -5_900, 0)
    assert (now.state, now.settlement_state, now.paid_cents) == (ContractState.CANCELLED, SettlementState.PAID, 0)
    advance, mirror = await bench.all(Document, contract_id=contract.id)
    assert (mirror.total_cents, mirror.net_cents, mirror.vat_cents, mirror.payable_cents) == (
        -5_900,
        -4_958,
        -942,
        -5_900,
    )
    assert (mirror.refers_to_id, mirror.recipient_json) == (advance.id, advance.recipient_json)
    assert [(line.quantity, line.unit_cents, line.total_cents) for line in mirror.lines] == [(-1, 5_900, -5_900)]
    assert await bench.payments(contract.id) == [
        ("SALE", "SUCCEEDED", 5_900),
        ("HOLD", "SUCCEEDED", 30_000),
        ("REFUND", "SUCCEEDED", 5_900),
        ("RELEASE", "SUCCEEDED", 30_000),
    ]
    assert (await bench.deposit(contract.id)).state is DepositState.RELEASED
    assert await bench.all(Occupancy, contract_id=contract.id, active=True) == []
    mail = await mail_of(bench, contract)
    assert "Erstattung: 59,00 € auf Ihre Karte" in said(mail)
    assert f"Stornorechnung: {mirror.number}" in said(mail)
    assert "Die blockierten 300,00 € werden freigegeben." in said(mail)
    assert "Kunde braucht" not in mail.html  # why is the office's affair
    assert [file.name for file in mail.attachments] == [f"Stornorechnung {mirror.number}.pdf", "Miettermin.ics"]
    entry = (await bench.all(HistoryEntry, contract_id=contract.id, action=HistoryAction.STATE_CANCELLED))[0]
    assert entry.reason == "Kunde braucht es nicht mehr"
    # And the car can be booked again
    assert (await book(shop, START, END)).vehicle_id == contract.vehicle_id


@pytest.mark.parametrize(
    ("before", "fee"),
    [
        (timedelta(hours=24, minutes=1), 0),
        (timedelta(hours=24), 5_900),
        (timedelta(hours=1), 5_900),
        (timedelta(hours=-1), 5_900),
    ],
)
async def test_after_the_deadline_it_costs_a_day(bench: Bench, before: timedelta, fee: int) -> None:
    # Given two days for 118.00, of which 59.00 are paid
    shop = await open_shop(bench)
    contract = await book(shop, START, START + 2 * DAY)
    bench.clock.move_to(START - before)
    looked = await look(shop, contract)

    # When
    now = await cancel(shop, contract)

    # Then the fee keeps the advance, or the advance goes back
    assert looked.fee_cents == fee
    assert (looked.moved_cents, now.paid_cents) == (fee - 5_900, fee)
    assert now.settlement_state is SettlementState.PAID
    last = (await bench.all(Document, contract_id=contract.id))[-1]
    assert last.total_cents == (fee or -5_900)
    assert last.payable_cents == fee - 5_900
    assert sum(one.payable_cents for one in await bench.all(Document, contract_id=contract.id)) == now.paid_cents


async def test_a_fee_below_the_advance_gives_the_rest_back(bench: Bench) -> None:
    # Given a fee of 20.00
    shop = await open_shop(bench, tariff_with={"cancellation_fee_cents": 2_000})
    contract = await book(shop, START, END)
    bench.clock.move_to(START - timedelta(hours=2))

    # When
    now = await cancel(shop, contract)

    # Then
    final = (await bench.all(Document, contract_id=contract.id))[-1]
    assert [(line.kind, line.total_cents) for line in final.lines] == [(PriceLineKind.CANCELLATION_FEE, 2_000)]
    assert (final.total_cents, final.net_cents, final.vat_cents, final.payable_cents) == (2_000, 1_681, 319, -3_900)
    assert (now.paid_cents, now.settlement_state) == (2_000, SettlementState.PAID)
    mail = said(await mail_of(bench, contract))
    assert "Stornogebühr: 20,00 €" in mail
    assert "Erstattung: 39,00 € auf Ihre Karte" in mail
    assert f"Rechnung: {final.number}" in mail


async def test_a_fee_above_the_advance_is_charged(bench: Bench) -> None:
    # Given a fee of 80.00, at most the total
    shop = await open_shop(bench, tariff_with={"cancellation_fee_cents": 8_000})
    contract = await book(shop, START, START + 2 * DAY)
    bench.clock.move_to(START - timedelta(hours=2))

    # When
    now = await cancel(shop, contract)

    # Then
    assert (await bench.payments(contract.id))[2:] == [("SALE", "SUCCEEDED", 2_100), ("RELEASE", "SUCCEEDED", 30_000)]
    assert (now.paid_cents, now.settlement_state) == (8_000, SettlementState.PAID)
    mail = said(await mail_of(bench, contract))
    assert "Noch zu zahlen: 21,00 €" in mail
    assert "Den offenen Betrag buchen wir von Ihrer hinterlegten Karte ab." in mail


async def test_a_declined_fee_is_taken_from_the_deposit(bench: Bench) -> None:
    shop = await open_shop(bench, tariff_with={"cancellation_fee_cents": 8_000})
    contract = await book(shop, START, START + 2 * DAY)
    bench.clock.move_to(START - timedelta(hours=2))
    bench.books.script("sale", "decline:51")

    now = await cancel(shop, contract)

    assert (await bench.payments(contract.id))[2:] == [("SALE", "DECLINED", 2_100), ("CAPTURE", "SUCCEEDED", 2_100)]
    assert (now.paid_cents, now.settlement_state) == (8_000, SettlementState.PAID)


async def test_without_a_card_a_fee_is_an_open_item(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(
        shop, START, END, method=PaymentMethod.WAIVED, card_token=None, waiver_reason="zahlt an der Kasse"
    )
    bench.clock.move_to(START - timedelta(hours=2))

    now = await cancel(shop, contract)

    (item,) = await bench.all(OpenItem, contract_id=contract.id)
    assert (item.open_cents, now.settlement_state) == (5_900, SettlementState.OPEN)
    mail = said(await mail_of(bench, contract))
    assert "Bitte überweisen Sie den offenen Betrag bis zum 24.09.2026" in mail
    # And what is free costs nothing and leaves no paper
    free = await book(
        shop, START + 5 * DAY, END + 5 * DAY, method=PaymentMethod.WAIVED, card_token=None, waiver_reason="x"
    )
    done = await cancel(shop, free)
    assert (await bench.all(Document, contract_id=free.id), done.settlement_state) == ([], SettlementState.NONE)
    assert "Es wird Ihnen nichts weiter berechnet." in said(await mail_of(bench, free))


async def test_a_car_that_is_out_is_not_called_off(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    before = await written(bench, contract)

    with pytest.raises(InvalidTransition):
        await cancel(shop, contract)

    assert await written(bench, contract) == before


async def test_a_website_cancels_its_own_before_the_start(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)
    website, other = await shop.website(), await shop.website()
    made = [await saga.book(bench.outside, website, request(shop, START, END)) for _ in range(2)]
    early, late = [await bench.contract(contract_id) for contract_id in made]

    await cancellation.cancel(bench.outside, Acting(bench.now, website), early.id, early.version, None)
    bench.clock.move_to(START)
    before = await written(bench, late)
    for caller, code in ((website, ProblemCode.NOT_ALLOWED), (other, ProblemCode.NOT_FOUND)):
        with pytest.raises(DomainError) as problem:
            await cancellation.cancel(bench.outside, Acting(bench.now, caller), late.id, late.version, None)
        assert problem.value.code is code

    assert (await bench.contract(early.id)).state is ContractState.CANCELLED
    assert await written(bench, late) == before


async def test_twice_is_once(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    await cancel(shop, contract)
    before = await written(bench, contract)

    acting = Acting(bench.now, shop.somebody())
    with pytest.raises(VersionConflict):
        await cancellation.cancel(bench.outside, acting, contract.id, contract.version, None)
    with pytest.raises(InvalidTransition):
        await cancel(shop, contract)
    await saga.drive(bench.outside, contract.id)
    await collection.collect(bench.outside, contract.id)

    assert await written(bench, contract) == before
    assert texts(await bench.all(Job, kind=JobKind.COLLECT), "kind") == [(JobKind.COLLECT,)]
