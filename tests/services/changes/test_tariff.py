"""The tariff of one contract edited: priced anew, kept with who and why, told, billed; the preview says the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from server.errors import DomainError, InvalidInput, InvalidTransition, VersionConflict
from server.models import Contract, Document, Email, HistoryEntry, Tariff
from server.models.contract import ContractKind, ContractState
from server.models.contract_parts import HistoryAction
from server.models.document import DocumentType
from server.models.email import EmailTemplate
from server.models.tariff import PriceLineKind
from server.services.acting import Acting
from server.services.billing import invoice
from server.services.changes import edit, tariff
from server.services.changes.tariff import EditRequest
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out, rented
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
END = START + 3 * DAY


def clerk(shop: Shop) -> Acting:
    return Acting(shop.bench.now, shop.somebody())


def because(reason: str = "Kulanz", **what: Any) -> EditRequest:
    return EditRequest(reason=reason, **what)


async def edited(shop: Shop, contract: Contract, asked: EditRequest) -> Contract:
    bench = shop.bench
    now = await bench.contract(contract.id)
    await tariff.change(bench.outside, clerk(shop), contract.id, now.version, asked)
    return await bench.contract(contract.id)


async def written(bench: Bench, contract: Contract) -> tuple[object, ...]:
    now = await bench.contract(contract.id)
    mails = await bench.all(Email, contract_id=contract.id)
    entries = await bench.all(HistoryEntry, contract_id=contract.id)
    return now.version, now.total_cents, now.terms, now.edits, len(mails), len(entries)


async def told(bench: Bench, contract: Contract) -> list[str]:
    mails = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CHANGE)
    return [" ".join(mail.text.replace("\u00a0", " ").split()) for mail in mails]


async def test_a_discount_is_priced_kept_and_told(bench: Bench) -> None:
    # Given a day for 59.00
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)

    # When E22: 7.5 per cent off
    now = await edited(shop, contract, because("Stammkunde", discount_percent=Decimal("7.5")))

    # Then
    assert (now.total_cents, now.price.net_cents, now.price.vat_cents) == (5457, 4586, 871)
    assert (now.prepay_cents, now.paid_cents, now.version) == (5900, 5900, contract.version + 1)
    (made,) = now.edits
    who = clerk(shop).name
    assert (made.field, made.before, made.after) == ("discount_percent", "–", "7.5")
    assert (made.reason, made.by, made.at) == ("Stammkunde", who, bench.now)
    entry = (await bench.all(HistoryEntry, contract_id=contract.id))[-1]
    assert (entry.action, entry.reason) == (HistoryAction.TARIFF_EDITED, "Stammkunde")
    assert (entry.before, entry.after) == ("discount_percent: –", "discount_percent: 7.5")
    (mail,) = await told(bench, contract)
    assert "Nachlass: neu: 7,5 %" in mail
    assert "Gesamtpreis: bisher 59,00 € neu 54,57 €" in mail


async def test_the_tariff_changes_and_other_contracts_stay(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench, cars=2)
    contract, other = await book(shop, START, END), await book(shop, START, END)
    # When
    now = await edited(shop, contract, because(day_price=Decimal("49.00"), included_km_per_day=200))
    # Then
    assert (now.total_cents, now.price.included_km) == (14_700, 600)
    assert (await bench.contract(other.id)).total_cents == 17_700
    (row,) = await bench.all(Tariff, id=shop.tariff.id)
    assert row.terms.day.price_cents == 5_900
    assert [one.field for one in now.edits] == ["day_price", "included_km_per_day"]


async def test_a_waiver_of_what_only_the_return_brings_is_on_the_invoice(bench: Bench) -> None:
    # Given a car that comes back with an eighth less, and fuel was waived while it was reserved
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)
    now = await edited(shop, contract, because("Tankuhr defekt", waive_line=PriceLineKind.FUEL))
    assert now.total_cents == 5_900
    assert "Wird nicht berechnet: neu: fehlender Kraftstoff" in (await told(bench, contract))[0]
    bench.clock.move_to(START)
    await check_out(shop, contract)
    bench.clock.move_to(START + DAY)
    await check_in(shop, contract, fuel=7)
    # When
    await invoice.bill(bench.outside, contract.id)
    # Then
    (final,) = await bench.all(Document, contract_id=contract.id, type=DocumentType.FINAL_INVOICE)
    lines = [(line.kind.value, line.total_cents) for line in final.lines]
    assert lines == [("RENTAL", 5900), ("FUEL", 1313), ("FUEL", 1500), ("WAIVER", -2813)]
    assert final.lines[-1].explanation == "Tankuhr defekt"
    assert (final.total_cents, final.payable_cents) == (5_900, 0)
    assert final.tariff_hash == now.tariff_hash != contract.tariff_hash


async def test_a_discount_ends_at_the_line_when_the_final_price_is_lower(bench: Bench) -> None:
    # Given three days and 100.00 off; the car comes back after one
    shop = await open_shop(bench)
    contract = await rented(shop, START, END, back=START + DAY)
    now = await edited(shop, contract, because(discount_amount=Decimal("100.00")))
    assert now.state is ContractState.RETURNED
    # When
    await invoice.bill(bench.outside, contract.id)
    # Then
    (final,) = await bench.all(Document, contract_id=contract.id, type=DocumentType.FINAL_INVOICE)
    assert [(line.kind.value, line.total_cents) for line in final.lines] == [("RENTAL", 5900), ("DISCOUNT", -5900)]
    assert (final.total_cents, final.payable_cents) == (0, -5_900)


async def test_a_cheaper_day_later_limits_an_earlier_discount(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)
    await edited(shop, contract, because(discount_amount=Decimal("40.00")))
    now = await edited(shop, contract, because(day_price=Decimal("30.00")))
    assert (now.total_cents, [line.total_cents for line in now.price.lines]) == (0, [3000, -3000])


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"discount_amount": Decimal("177.01")}, ["input", "discount_amount"]),
    ({"discount_percent": Decimal("100.01")}, ["input", "discount_percent"]),
    ({"discount_percent": Decimal("50"), "discount_amount": Decimal("88.51")}, ["input", "discount_amount"]),
    ({"discount_percent": Decimal("7.555")}, ["input", "discount_percent"]),
    ({"discount_percent": Decimal(-1)}, ["input", "discount_percent"]),
    ({"discount_percent": Decimal("NaN")}, ["input", "discount_percent"]),
    ({"day_price": Decimal("-0.01")}, ["input", "day_price"]),
    ({"extra_km": Decimal("0.001")}, ["input", "extra_km"]),
    ({"included_km_per_day": -1}, ["input", "included_km_per_day"]),
    ({"waive_line": PriceLineKind.DISCOUNT}, ["input", "waive_line"]),
    ({"waive_line": PriceLineKind.DAMAGE}, ["input", "waive_line"]),
    ({"charge_line": PriceLineKind.WAIVER}, ["input", "charge_line"]),
    ({"reason": "  ", "day_price": Decimal(1)}, ["input", "reason"]),
    ({}, ["input"]),
    ({"day_price": Decimal("59.00")}, ["input"]),
    ({"charge_line": PriceLineKind.FUEL}, ["input"]),
]


@pytest.mark.parametrize(("what", "field"), REFUSED)
async def test_what_is_refused_by_its_field_changes_nothing(
    bench: Bench, what: dict[str, Any], field: list[str]
) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    before, asked = await written(bench, contract), because(**what)
    # When
    prospect = await edit.preview(bench.outside, clerk(shop), contract.id, partial(tariff.look_at, asked=asked))
    with pytest.raises(InvalidInput) as said:
        await tariff.change(bench.outside, clerk(shop), contract.id, contract.version, asked)
    # Then
    assert list(said.value.field or []) == field
    assert [list(problem.field or []) for problem in prospect.problems] == [field]
    assert await written(bench, contract) == before


async def test_the_whole_line_may_go(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    now = await edited(shop, contract, because(discount_percent=Decimal(50), discount_amount=Decimal("88.50")))
    assert now.total_cents == 0


async def test_a_courtesy_car_has_nothing_to_discount_but_kilometres_to_give(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END, kind=ContractKind.COURTESY)
    with pytest.raises(InvalidInput):
        await edited(shop, contract, because(discount_amount=Decimal("0.01")))
    now = await edited(shop, contract, because(included_km_per_day=300))
    assert (now.total_cents, now.price.included_km) == (0, 900)


@pytest.mark.parametrize(
    "asked",
    [
        because(day_price=Decimal("49.00")),
        because(discount_percent=Decimal(10), waive_line=PriceLineKind.EXTRA_KM),
        because(waive_line=PriceLineKind.RENTAL),
        because(included_km_per_day=0, extra_km=Decimal("0.10")),
    ],
)
async def test_the_preview_is_what_is_agreed_then(bench: Bench, asked: EditRequest) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    before = await written(bench, contract)
    # When
    prospect = await edit.preview(bench.outside, clerk(shop), contract.id, partial(tariff.look_at, asked=asked))
    # Then
    assert await written(bench, contract) == before
    assert (prospect.before, list(prospect.problems), prospect.moved_cents) == (contract.price, [], 0)
    assert (await edited(shop, contract, asked)).price == prospect.after


async def test_two_clerks_edit_and_the_second_is_told(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    await edited(shop, contract, because(day_price=Decimal("49.00")))
    before, second = await written(bench, contract), because(day_price=Decimal("39.00"))
    # When
    with pytest.raises(VersionConflict):
        await tariff.change(bench.outside, clerk(shop), contract.id, contract.version, second)
    # Then
    assert await written(bench, contract) == before


async def test_what_is_billed_is_edited_no_more(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await rented(shop, START, END)
    await invoice.bill(bench.outside, contract.id)
    before = await written(bench, contract)
    # When
    with pytest.raises(DomainError) as said:
        await edited(shop, contract, because(day_price=Decimal("49.00")))
    # Then
    assert isinstance(said.value, InvalidTransition)
    assert await written(bench, contract) == before


async def test_other_edits_keep_the_edited_terms(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    now = await edited(shop, contract, because(discount_percent=Decimal(10)))
    # When
    again = await edited(shop, contract, because("noch einmal", extra_km=Decimal("0.10")))
    # Then
    assert (now.total_cents, again.total_cents) == (15_930, 15_930)
    assert again.terms.discounts == now.terms.discounts
    assert replace(again.terms, extra_km_cents=25) == now.terms
    assert [one.field for one in again.edits] == ["discount_percent", "extra_km"]
