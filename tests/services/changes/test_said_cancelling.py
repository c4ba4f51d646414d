"""Calling off follows from start and price: what an edit changes of that stands in its mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from server.models import Contract, Email
from server.models.contract import ContractKind
from server.models.customer import Language
from server.services.acting import Acting
from server.services.changes import drivers, tariff
from server.services.changes.tariff import EditRequest
from server.services.people.drivers import DriverDetails
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_out, customer
from tests.builders.rows import open_shop
from tests.services.changes.periods import DAY, HOUR, START, change
from tests.services.samples import KOMPAKT, at

NEXT = at("2026-09-10 09:00")


async def told(bench: Bench, contract: Contract) -> str:
    """What the last mail about a change names as other than before."""
    mail = (await bench.all(Email, contract_id=contract.id, template="CHANGE"))[-1]
    text = " ".join(mail.text.replace("\u00a0", " ").split())
    return text.split("anders als bisher: " if mail.language is Language.DE else "has changed: ")[1].split(
        " Das gilt jetzt " if mail.language is Language.DE else " What is agreed now "
    )[0]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (
            Language.DE,
            "Kostenfrei stornieren: bisher bis 09.09.2026, 09:00 Uhr neu bis 10.09.2026, 09:00 Uhr",
        ),
        (Language.EN, "Cancelling free of charge: before: until 9 Sept 2026, 09:00 now: until 10 Sept 2026, 09:00"),
    ],
)
async def test_a_start_that_moves_moves_the_end_of_free_cancelling(bench: Bench, language: Language, line: str) -> None:
    # Given
    contract = await book(shop := await open_shop(bench), NEXT, NEXT + DAY, customer=customer(language=language))
    # When
    await change(shop, contract, NEXT + DAY, NEXT + 2 * DAY)
    # Then
    assert (await told(bench, contract)).endswith(line)


async def test_a_start_that_comes_nearer_ends_it(bench: Bench) -> None:
    contract = await book(shop := await open_shop(bench), NEXT, NEXT + DAY)

    await change(shop, contract, bench.now + 2 * HOUR, bench.now + 2 * HOUR + DAY)

    line = (
        "Kostenfrei stornieren: bisher bis 09.09.2026, 09:00 Uhr"
        " neu nicht mehr möglich; eine Stornierung kostet 59,00 €"
    )
    assert (await told(bench, contract)).endswith(line)


async def test_a_start_that_moves_away_makes_it_free_again(bench: Bench) -> None:
    contract = await book(shop := await open_shop(bench), bench.now + HOUR, bench.now + HOUR + DAY)

    await change(shop, contract, NEXT, NEXT + DAY)

    line = (
        "Kostenfrei stornieren: bisher nicht mehr möglich; eine Stornierung kostet 59,00 €"
        " neu bis 09.09.2026, 09:00 Uhr"
    )
    assert (await told(bench, contract)).endswith(line)


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (NEXT, {"kind": ContractKind.COURTESY}),  # it is always free
        (at("2026-09-07 12:00"), {}),  # it was not free before, and is not now
    ],
)
async def test_what_stays_is_not_named(bench: Bench, start: Any, more: dict[str, Any]) -> None:
    contract = await book(shop := await open_shop(bench), start, start + DAY, **more)

    await change(shop, contract, start + HOUR, start + DAY + HOUR)

    text = await told(bench, contract)
    assert "storn" not in text.lower()
    assert "Gebühr" not in text


async def test_once_the_car_is_out_there_is_nothing_to_call_off(bench: Bench) -> None:
    shop = await open_shop(bench, terms=replace(KOMPAKT, cancellation_fee_cents=20_000, no_show_fee_cents=20_000))
    contract = await book(shop, START, START + DAY)
    bench.clock.move_to(START)
    await check_out(shop, contract)

    await change(shop, contract, START, START + 2 * DAY)

    assert "ebühr" not in await told(bench, contract)


FEES = replace(KOMPAKT, cancellation_fee_cents=20_000, no_show_fee_cents=20_000)
"""More than a day costs: the whole price is the fee."""


async def test_a_fee_that_follows_the_price_is_named_with_it(bench: Bench) -> None:
    contract = await book(shop := await open_shop(bench, terms=FEES), NEXT, NEXT + DAY)

    await change(shop, contract, NEXT, NEXT + 2 * DAY)

    text = await told(bench, contract)
    assert "Stornogebühr: bisher 59,00 € neu 118,00 €" in text
    assert "Gebühr bei Nichtabholung: bisher 59,00 € neu 118,00 €" in text
    assert "Kostenfrei" not in text


async def test_another_price_and_one_driver_more_change_it_too(bench: Bench) -> None:
    # Given
    contract = await book(shop := await open_shop(bench, terms=FEES), NEXT, NEXT + DAY)
    acting = Acting(bench.now, shop.somebody())
    # When
    asked = EditRequest(reason="Kulanz", day_price=Decimal("50.00"))
    await tariff.change(bench.outside, acting, contract.id, contract.version, asked)
    # Then
    assert "Stornogebühr: bisher 59,00 € neu 50,00 €" in await told(bench, contract)
    # When
    version = (await bench.contract(contract.id)).version
    await drivers.add(bench.outside, acting, contract.id, version, DriverDetails(first_name="Eva", last_name="Zwei"))
    # Then
    assert "Gebühr bei Nichtabholung: bisher 50,00 € neu 55,00 €" in await told(bench, contract)


async def test_a_price_of_nothing_makes_it_free(bench: Bench) -> None:
    contract = await book(shop := await open_shop(bench), NEXT, NEXT + timedelta(days=1))
    asked = EditRequest(reason="Kulanz", discount_percent=Decimal(100))

    await tariff.change(bench.outside, Acting(bench.now, shop.somebody()), contract.id, contract.version, asked)

    text = await told(bench, contract)
    assert "Kostenfrei stornieren: bisher bis 09.09.2026, 09:00 Uhr neu bis zur Abholung" in text
    assert "Stornogebühr: entfällt: 59,00 €" in text
