"""What a booking comes to before anything is written, and that nothing is written when it is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from server.errors import DomainError, OutsideOpeningHours
from server.models import Contract, Customer, IdempotencyRecord, Job, Occupancy, Payment
from server.models.contract import ChosenExtra, ContractKind
from server.models.customer import CustomerKind
from server.models.payment import PaymentMethod
from server.models.staff import Role
from server.services.booking import saga
from server.services.booking.plan import WorkshopReference
from server.services.people.drivers import DriverDetails
from tests.builders.bench import Bench
from tests.builders.rentals import book, customer, request
from tests.builders.rows import Shop, open_shop, tariff
from tests.services.samples import KOMPAKT, at

# Tuesday to Wednesday; NOW is Monday, ten o'clock.
START, END = at("2026-09-08 09:00"), at("2026-09-09 09:00")
SUNDAY = at("2026-09-13 10:00")
WRITTEN = (Contract, Customer, Occupancy, Payment, Job, IdempotencyRecord)


async def refusal(shop: Shop, *, role: Role = Role.CLERK, **change: Any) -> DomainError:
    """Why a booking with this change is refused; nothing was written and nothing was moved."""
    wanted = request(shop, change.pop("start", START), change.pop("end", END), **change)
    with pytest.raises(DomainError) as raised:
        await saga.book(shop.bench.outside, shop.somebody(role), wanted)
    assert await shop.bench.counts(*WRITTEN) == [0] * len(WRITTEN)
    assert shop.bench.books.lines() == []
    return raised.value


@pytest.mark.parametrize(
    ("days", "more", "total", "prepaid"),
    [
        (1, {}, 5_900, 5_900),
        (3, {}, 17_700, 5_900),
        (6, {}, 31_900, 5_900),
        (8, {}, 37_800, 5_900),
        (1, {"kind": ContractKind.COURTESY}, 0, 0),
        (1, {"extras": (ChosenExtra("CHILD_SEAT", 2),)}, 6_700, 5_900),
        (1, {"method": PaymentMethod.WAIVED, "card_token": None, "waiver_reason": "goodwill"}, 5_900, 0),
    ],
)
async def test_price_and_advance(bench: Bench, days: int, more: dict[str, Any], total: int, prepaid: int) -> None:
    shop = await open_shop(bench)

    contract = await book(shop, START, START + timedelta(days=days), **more)

    assert (contract.total_cents, contract.prepay_cents) == (total, prepaid)


async def test_the_contract_freezes_what_was_agreed(bench: Bench) -> None:
    shop = await open_shop(bench)

    contract = await book(shop, START, END)
    # The price list changes afterwards: the contract does not.
    await bench.put(tariff(shop.group, replace(KOMPAKT, extra_km_cents=99), valid_from=date(2026, 9, 7)))

    again = await bench.contract(contract.id)
    assert again.tariff_id == shop.tariff.id
    assert again.terms.extra_km_cents == 25
    assert (again.deductible_cents, again.station_code) == (100_000, shop.station.code)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"end": START}, "INVALID_INPUT", ["input", "period", "end"]),
        ({"start": at("2026-09-07 09:44")}, "INVALID_INPUT", ["input", "period", "start"]),
        ({"start": at("2027-09-08 09:00"), "end": at("2027-09-09 09:00")}, "INVALID_INPUT", ["input", "period", "start"]),
        ({"end": at("2027-09-09 09:00")}, "INVALID_INPUT", ["input", "period", "end"]),
        ({"start": SUNDAY, "end": SUNDAY + timedelta(days=1)}, "OUTSIDE_OPENING_HOURS", ["input", "period", "start"]),
        ({"end": SUNDAY}, "OUTSIDE_OPENING_HOURS", ["input", "period", "end"]),
        ({"group_id": uuid4()}, "NOT_FOUND", ["input", "group_id"]),
        ({"station_id": uuid4()}, "NOT_FOUND", ["input", "station_id"]),
        ({"tariff_code": "NO-SUCH"}, "NOT_FOUND", ["input", "tariff_code"]),
        ({"extras": (ChosenExtra("HELICOPTER", 1),)}, "INVALID_INPUT", ["input", "extras"]),
        ({"customer": customer(last_name=None)}, "INVALID_INPUT", ["input", "customer", "last_name"]),
        ({"customer": customer(first_name="\u200b", last_name="\u3164")}, "INVALID_INPUT", ["input", "customer", "last_name"]),
        ({"customer": customer(kind=CustomerKind.COMPANY, company="\u2800")}, "INVALID_INPUT", ["input", "customer", "company"]),
        ({"drivers": (DriverDetails(first_name="\u200b", last_name="X"),)}, "INVALID_INPUT", ["input", "drivers", "0", "first_name"]),
        ({"method": PaymentMethod.WAIVED, "waiver_reason": "\u200b"}, "INVALID_INPUT", ["input", "payment", "waiver_reason"]),
        ({"workshop": WorkshopReference(customer_plate="x" * 41)}, "INVALID_INPUT", ["input", "workshop", "customer_plate"]),
        ({"workshop": WorkshopReference(customer_vin="12\n34")}, "INVALID_INPUT", ["input", "workshop", "customer_vin"]),
        ({"customer": customer(birth_date=date(2015, 1, 1))}, "DRIVER_NOT_ELIGIBLE", ["input", "drivers"]),
        ({"card_token": " "}, "INVALID_INPUT", ["input", "payment", "card_token"]),
        ({"method": PaymentMethod.WAIVED}, "INVALID_INPUT", ["input", "payment", "waiver_reason"]),
    ],
)  # fmt: skip
async def test_a_refusal_names_the_field_and_writes_nothing(
    bench: Bench, change: dict[str, Any], code: str, field: list[str]
) -> None:
    shop = await open_shop(bench)

    said = await refusal(shop, **change)

    assert (said.code.value, said.field) == (code, field)


async def test_the_customers_own_car_is_a_remark(bench: Bench) -> None:
    """It may have no plate yet, or be older than VINs of 17 characters."""
    shop = await open_shop(bench)
    named = WorkshopReference("W-1", None, "B–XY 1234 04/10", "118304852")

    contract = await book(shop, START, END, workshop=named)

    assert (contract.workshop_plate, contract.workshop_vin) == ("B–XY 1234 04/10", "118304852")


async def test_a_quarter_of_an_hour_ago_is_still_now(bench: Bench) -> None:
    shop = await open_shop(bench)

    assert (await book(shop, at("2026-09-07 09:45"), END)).state.value == "RESERVED"


async def test_only_staff_may_waive_the_payment(bench: Bench) -> None:
    shop = await open_shop(bench)

    said = await refusal(shop, role=Role.WEB, method=PaymentMethod.WAIVED, waiver_reason="please")

    assert (said.code.value, said.field) == ("NOT_ALLOWED", ["input", "payment", "method"])


async def test_a_closed_day_names_the_next_possible_instant(bench: Bench) -> None:
    shop = await open_shop(bench)

    said = await refusal(shop, start=SUNDAY, end=SUNDAY + timedelta(days=2))

    assert isinstance(said, OutsideOpeningHours)
    assert said.next_possible == at("2026-09-14 07:00")


async def test_a_key_may_be_dropped_where_the_station_allows_it(bench: Bench) -> None:
    shop = await open_shop(bench, after_hours_return=True)

    contract = await book(shop, at("2026-09-12 09:00"), SUNDAY)

    # A day, and what a return outside opening hours costs.
    assert contract.total_cents == 5_900 + 2_500


async def test_a_station_that_is_not_the_callers_does_not_exist(bench: Bench) -> None:
    mine, other = await open_shop(bench), await open_shop(bench)

    said = await refusal(mine, station_id=other.station.id)

    assert (said.code.value, said.field) == ("NOT_FOUND", ["input", "station_id"])


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ((("CHILD_SEAT", 99),) * 5, "1"),
        ((("CHILD_SEAT", 60), ("SNOW_CHAINS", 99), ("CHILD_SEAT", 40)), "2"),
        ((("CHILD_SEAT", 100),), "0"),
        ((("CHILD_SEAT", 99), ("CHILD_SEAT", -1)), "1"),
    ],
)
async def test_an_extra_is_added_up_before_its_limit(
    bench: Bench, asked: tuple[tuple[str, int], ...], place: str
) -> None:
    shop = await open_shop(bench)

    said = await refusal(shop, extras=tuple(ChosenExtra(*one) for one in asked))

    assert (said.code.value, said.field) == ("INVALID_INPUT", ["input", "extras", place, "quantity"])


async def test_an_extra_that_is_listed_twice_is_kept_once(bench: Bench) -> None:
    shop = await open_shop(bench)
    asked = (ChosenExtra("CHILD_SEAT", 1), ChosenExtra("SNOW_CHAINS", 1), ChosenExtra("CHILD_SEAT", 1))

    contract = await book(shop, START, END, extras=asked)

    assert contract.extras == (ChosenExtra("CHILD_SEAT", 2), ChosenExtra("SNOW_CHAINS", 1))
    # A day, two seats at 4.00, chains at 1.00 a day and 10.00 a rental.
    assert contract.total_cents == 5_900 + 800 + 1_100
