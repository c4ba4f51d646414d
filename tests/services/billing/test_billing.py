"""The final invoice: what a rental comes to by its facts, with the advance deducted by subtraction, never taxed anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from server.database import SYSTEM
from server.errors import DomainError
from server.models import Contract, Document, Job, Vehicle
from server.models.contract import ContractKind
from server.models.contract_attention import BillingBlock
from server.models.document import DocumentType
from server.models.fleet import Cleanliness, Energy
from server.models.job import JobKind
from server.models.money import VatSplit
from server.models.recipient import PostalAddress, Recipient
from server.services.acting import Acting
from server.services.billing import invoice, settlements
from server.services.billing.settlements import SettlementAction
from tests.builders.bench import Bench, texts
from tests.builders.rentals import book, check_in, check_out, rented
from tests.builders.rows import open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
PAYER = Recipient(name="Versicherung AG", address=PostalAddress(street="Allee 3", postcode="10115", city="Berlin"))
WAITING_FOR_SIZE = BillingBlock.VEHICLE_SIZE


async def final_of(bench: Bench, contract: Contract) -> Document:
    (found,) = await bench.all(Document, contract_id=contract.id, type=DocumentType.FINAL_INVOICE)
    document: Document = found
    return document


def sums(document: Document) -> VatSplit:
    return VatSplit(document.total_cents, document.net_cents, document.vat_cents)


def remaining(document: Document) -> VatSplit:
    """What is left after the advances."""
    taken = [VatSplit(one["total_cents"], one["net_cents"], one["vat_cents"]) for one in document.advances]
    left = sums(document)
    for one in taken:
        left = left.minus(one)
    return left


@pytest.mark.parametrize(
    ("late_minutes", "km", "fuel", "total", "due"),
    [
        (0, 120, 8, VatSplit(5_900, 4_958, 942), VatSplit(0, 0, 0)),
        (60, 120, 8, VatSplit(5_900, 4_958, 942), VatSplit(0, 0, 0)),
        (61, 120, 8, VatSplit(11_800, 9_916, 1_884), VatSplit(5_900, 4_958, 942)),
        (0, 120, 7, VatSplit(8_713, 7_322, 1_391), VatSplit(2_813, 2_364, 449)),
        (0, 210, 8, VatSplit(7_400, 6_218, 1_182), VatSplit(1_500, 1_260, 240)),
    ],
)
async def test_a_day_with_its_advance_deducted(
    bench: Bench, late_minutes: int, km: int, fuel: int, total: VatSplit, due: VatSplit
) -> None:
    shop = await open_shop(bench)
    back = START + DAY + timedelta(minutes=late_minutes)
    contract = await rented(shop, START, START + DAY, km=km, back=back, back_with={"fuel": fuel})

    await invoice.bill(bench.outside, contract.id)

    final = await final_of(bench, contract)
    assert (sums(final), remaining(final), final.payable_cents) == (total, due, due.gross)
    assert final.number == f"{shop.station.code}-2026-000002"
    assert [one["number"] for one in final.advances] == [f"{shop.station.code}-2026-000001"]
    billed = await bench.contract(contract.id)
    assert billed.state.value == "BILLED"
    assert billed.settlement_state.value == ("PAID" if due.gross == 0 else "OPEN")


async def test_billed_once_however_often_it_is_asked_for(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, START + DAY)

    for _ in range(3):
        await invoice.bill(bench.outside, contract.id)

    kinds = texts(await bench.all(Document, contract_id=contract.id), "type")
    assert kinds == [(DocumentType.ADVANCE_INVOICE,), (DocumentType.FINAL_INVOICE,)]
    assert len(await bench.all(Job, kind=JobKind.RELEASE_DEPOSIT)) == 1


async def test_a_courtesy_car_pays_for_kilometres_alone(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, START + DAY, km=230, kind=ContractKind.COURTESY)

    await invoice.bill(bench.outside, contract.id)

    # 80 km more than a day has, at 0.25.
    final = await final_of(bench, contract)
    assert (sums(final), final.advances) == (VatSplit(2_000, 1_681, 319), [])


async def test_an_electric_car_pays_for_missing_charge(bench: Bench) -> None:
    shop = await open_shop(bench, cars=0, group_with={"energy": Energy.ELECTRIC})
    await shop.add_car(tank_litres=None, battery_wh=58_000)
    full, less = {"fuel": None, "charge": 80}, {"fuel": None, "charge": 55}
    contract = await rented(shop, START, START + DAY, out=full, back_with=less)

    await invoice.bill(bench.outside, contract.id)

    # 25 % of 58 kWh at 0.69 is 10.005, half up; and the charging service.
    assert (await final_of(bench, contract)).total_cents == 5_900 + 1_001 + 1_000


async def test_the_kilometres_decide_about_packages_in_the_preview_and_on_the_invoice(bench: Bench) -> None:
    # Given five days that were quoted day by day
    shop = await open_shop(bench)
    start = START + DAY
    contract = await book(shop, start, start + 5 * DAY)
    assert (contract.total_cents, contract.price.included_km) == (29_500, 750)
    bench.clock.move_to(start)
    await check_out(shop, contract)
    bench.clock.move_to(start + 5 * DAY)
    planned = settlements.PlannedReturn(bench.now, None, 11_350, 8, None, Cleanliness.CLEAN, Cleanliness.CLEAN)
    async with bench.outside.database.transaction(SYSTEM) as session:
        preview = await settlements.preview(session, contract.id, planned)
    # When they come back with 1,350 km
    await check_in(shop, contract, km=11_350)
    await invoice.bill(bench.outside, contract.id)
    # Then
    final = await final_of(bench, contract)
    assert final.lines == preview.price.lines
    assert [(line.kind.value, line.total_cents) for line in final.lines] == [("RENTAL", 31_900), ("EXTRA_KM", 7_500)]
    assert final.lines[0].explanation == (
        "5 Tage: 1 Woche 319,00; 1 Woche mit 1.050 km ist günstiger als 5 Tage und 600 Mehrkilometer"
    )
    assert (final.payable_cents, preview.due.gross) == (33_500, 33_500)
    assert (await bench.contract(contract.id)).price.included_km == 1_050


async def test_without_the_size_of_the_tank_a_person_has_to_look(bench: Bench) -> None:
    shop = await open_shop(bench, cars=0)
    car = await shop.add_car(tank_litres=None)
    contract = await rented(shop, START, START + DAY, back_with={"fuel": 6})

    await invoice.bill(bench.outside, contract.id)

    waiting = await bench.contract(contract.id)
    assert (waiting.state.value, waiting.billing_block) == ("RETURNED", WAITING_FOR_SIZE)
    assert await bench.all(Document, type=DocumentType.FINAL_INVOICE) == []
    # Released before the size is entered: refused, and nothing has changed.
    async with bench.outside.database.transaction(SYSTEM) as session:
        with pytest.raises(DomainError) as raised:
            await invoice.release_block(session, waiting.id, waiting.version, Acting(bench.now, shop.somebody()))
    assert raised.value.code.value == "BILLING_BLOCKED"
    assert (await bench.contract(contract.id)).billing_block == WAITING_FOR_SIZE

    async with bench.owned() as session:
        await session.write("update vehicle set tank_litres = 50 where id = :id", {"id": car.id})
        blocked = await bench.contract(contract.id)
        await invoice.release_block(session, blocked.id, blocked.version, Acting(bench.now, shop.somebody()))
    await invoice.bill(bench.outside, contract.id)
    # 12.5 litres at 2.10 and 15.00 service.
    assert (await final_of(bench, contract)).total_cents == 5_900 + 2_625 + 1_500
    assert await bench.counts(Vehicle) == [1]


@pytest.mark.parametrize(
    ("more", "km", "action", "due"),
    [
        ({}, 100, SettlementAction.NOTHING, 0),
        ({}, 210, SettlementAction.CHARGE, 1_500),
        ({"payer": PAYER}, 210, SettlementAction.OPEN_ITEM, 7_400),
    ],
)
async def test_the_preview_is_what_billing_then_does(
    bench: Bench, more: dict[str, Any], km: int, action: SettlementAction, due: int
) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, START + DAY, km=km, **more)
    planned = settlements.PlannedReturn(
        START + DAY, shop.station.id, 10_000 + km, 8, None, Cleanliness.CLEAN, Cleanliness.CLEAN
    )

    async with bench.outside.database.transaction(SYSTEM) as session:
        seen = await settlements.preview(session, contract.id, planned)
    await invoice.bill(bench.outside, contract.id)

    assert (seen.action, seen.due.gross) == (action, due)
    assert (await final_of(bench, contract)).payable_cents == due


def kinds_of(contract: Contract) -> list[str]:
    return [line.kind.value for line in contract.price.lines]


async def test_staff_who_come_early_or_stay_late_cost_nothing(bench: Bench) -> None:
    # Given: open from seven to seven; out two minutes before, back an hour after
    shop = await open_shop(bench, turnaround_minutes=0)
    opens = at("2026-09-08 07:00")
    early, late = opens - timedelta(minutes=2), opens + DAY + timedelta(hours=13)
    contract = await book(shop, opens, opens + DAY + timedelta(hours=12))
    bench.clock.move_to(early)
    await check_out(shop, contract)
    bench.clock.move_to(late)
    await check_in(shop, contract)
    # When
    await invoice.bill(bench.outside, contract.id)
    # Then
    billed = await bench.contract(contract.id)
    assert (kinds_of(billed), billed.total_cents) == (["RENTAL"], contract.total_cents)


@pytest.mark.parametrize(("hour", "kinds"), [(18, ["RENTAL"]), (22, ["RENTAL", "AFTER_HOURS"])])
async def test_a_key_drop_when_nobody_is_there_costs_the_fee(bench: Bench, hour: int, kinds: list[str]) -> None:
    shop = await open_shop(bench, after_hours_return=True)
    contract = await book(shop, START, START + DAY)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    dropped = at(f"2026-09-08 {hour}:00")
    bench.clock.move_to(START + DAY)
    await check_in(shop, contract, key_drop_at=dropped)

    await invoice.bill(bench.outside, contract.id)

    assert kinds_of(await bench.contract(contract.id)) == kinds


async def test_the_fee_that_was_agreed_is_owed_though_the_car_comes_earlier(bench: Bench) -> None:
    shop = await open_shop(bench, after_hours_return=True)
    contract = await rented(shop, START, at("2026-09-09 22:00"), back=at("2026-09-09 18:00"))
    assert kinds_of(contract) == ["RENTAL", "AFTER_HOURS"]

    await invoice.bill(bench.outside, contract.id)

    assert kinds_of(await bench.contract(contract.id)) == ["RENTAL", "AFTER_HOURS"]


async def test_back_before_it_was_to_begin(bench: Bench) -> None:
    # Given: out the evening before, and the customer has changed his mind after two hours
    shop = await open_shop(bench)
    went_out = at("2026-09-07 16:00")
    contract = await book(shop, START, START + DAY)
    bench.clock.move_to(went_out)
    await check_out(shop, contract)
    bench.clock.move_to(went_out + timedelta(hours=2))
    await check_in(shop, contract)
    # When
    await invoice.bill(bench.outside, contract.id)
    # Then
    document = await final_of(bench, contract)
    assert (document.service_from, document.service_until) == (went_out, went_out + timedelta(hours=2))
    assert (document.total_cents, (await bench.contract(contract.id)).price.days) == (5_900, 1)
