"""Who a booking is by: nothing is overwritten by somebody else, and nothing is shown to who has not dealt with a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from server.models import Contract, Customer, CustomerVersion, Protocol
from server.models.customer import CustomerDetails, CustomerKind
from server.models.payment import PaymentMethod
from server.models.recipient import PostalAddress
from server.security import Principal
from server.services.handover import paper
from server.services.people.matching import agree
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_out, customer
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
BORN = date(1980, 5, 1)
HOME = PostalAddress(street="Gartenweg 3", postcode="10117", city="Berlin")
ELSEWHERE = PostalAddress(street="Allee 1", postcode="50667", city="Köln")
EVA = customer(first_name="Eva", last_name="Müller", email="eva@example.com", birth_date=BORN, address=HOME)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Müller", "MUELLER", True),
        ("Müller", "muller", True),
        ("Mu\u0308ller", "Müller", True),
        ("René", "Rene", True),
        ("Groß", "GROSS", True),
        ("Anna-Lena", "Anna Lena", True),
        ("Meier", "Meyer", False),
        ("Bauer", "Baur", False),
        ("Müller", None, False),
        (None, None, True),
        ("", "Müller", False),
    ],
)
def test_names_that_are_one(one: str | None, other: str | None, same: bool) -> None:
    assert agree(one, other) is same
    assert agree(other, one) is same


async def booked(shop: Shop, who: CustomerDetails, day: int) -> tuple[Contract, Customer]:
    contract = await book(shop, START + day * DAY, START + (day + 1) * DAY, customer=who)
    (stored,) = await shop.bench.all(Customer, id=contract.customer_id)
    return contract, stored


def facts(stored: Customer) -> tuple[Any, ...]:
    return stored.first_name, stored.last_name, stored.birth_date, stored.phone, stored.street, stored.kind


@pytest.mark.parametrize(
    "changes",
    [
        {"first_name": "Max"},
        {"first_name": None},
        {"last_name": "Schmidt"},
        {"birth_date": date(2004, 2, 2)},
        {"kind": CustomerKind.COMPANY, "company": "Müller GmbH"},
        {"phone": "+49 30 7654321", "birth_date": None},
        {"address": ELSEWHERE, "birth_date": None},
        {"address": ELSEWHERE, "birth_date": date(1980, 5, 2)},
    ],
)
async def test_somebody_else_or_an_unproven_change_writes_nothing_over(bench: Bench, changes: dict[str, Any]) -> None:
    # Given
    shop = await open_shop(bench)
    known = replace(EVA, phone="+49 30 1234567")
    _contract, before = await booked(shop, known, 0)
    # When
    named = replace(known, **changes)
    contract, after = await booked(shop, named, 2)
    # Then: the contract has its own copy, the stored person stays, a clerk is asked
    assert facts(after) == facts(before)
    assert (after.id, after.review_needed, contract.customer_review) == (before.id, True, True)
    assert contract.customer == named
    assert await bench.counts(CustomerVersion) == [0]


async def test_a_proven_change_is_written_with_what_was_there_before(bench: Bench) -> None:
    shop = await open_shop(bench)
    await booked(shop, EVA, 0)

    contract, after = await booked(
        shop, replace(EVA, last_name="MUELLER", address=ELSEWHERE, phone="+49 30 7654321"), 2
    )

    assert (after.last_name, after.street, after.phone) == ("Müller", "Allee 1", "+49 30 7654321")
    assert (after.review_needed, contract.customer_review) == (False, False)
    (version,) = await bench.all(CustomerVersion)
    assert (version.changed, version.before["street"]) == (["city", "phone", "postcode", "street"], "Gartenweg 3")


async def test_what_was_empty_is_filled_without_a_birth_date(bench: Bench) -> None:
    shop = await open_shop(bench)
    await booked(shop, replace(EVA, address=None, birth_date=None), 0)

    contract, after = await booked(shop, replace(EVA, birth_date=None), 2)

    assert (after.street, after.review_needed, contract.customer_review) == ("Gartenweg 3", False, False)


async def seen_by(bench: Bench, who: Principal) -> int:
    async with bench.outside.database.transaction(who.scope) as session:
        return len(await session.rows("select id from customer"))


async def test_a_station_sees_what_is_stored_once_a_car_was_handed_over_there(bench: Bench) -> None:
    # Given: known at one station
    here, there = await open_shop(bench), await open_shop(bench)
    await booked(here, EVA, 0)
    clerk = there.somebody()
    assert (await seen_by(bench, here.somebody()), await seen_by(bench, clerk)) == (1, 0)
    # When / Then: bookings elsewhere show nothing, the next after a hand-over does
    first, _stored = await booked(there, EVA, 2)
    await booked(there, EVA, 6)
    assert await seen_by(bench, clerk) == 0
    await check_out(there, first)
    await booked(there, EVA, 9)
    assert await seen_by(bench, clerk) == 1


@pytest.mark.parametrize("method", [PaymentMethod.HOSTED_PAGE, PaymentMethod.STORED_CARD])
@pytest.mark.parametrize("more", [{}, {"birth_date": BORN}], ids=["names", "made-up birth date"])
async def test_bookings_alone_show_nothing_of_a_person_that_is_known_elsewhere(
    bench: Bench, method: PaymentMethod, more: dict[str, Any]
) -> None:
    # Given: somebody whose names and mail address a clerk elsewhere has heard of
    here, there = await open_shop(bench), await open_shop(bench)
    known = replace(EVA, birth_date=None, phone="+49 30 1234567")
    await booked(here, known, 0)
    urls: dict[str, Any] = {"success_url": "https://a.example/ok", "failure_url": "https://a.example/no"}
    paid: dict[str, Any] = {"method": method, **(urls if method is PaymentMethod.HOSTED_PAGE else {})}
    # When: the clerk books again and again, and pays or does not
    for day in (1, 3, 6):
        named = customer(first_name="Eva", last_name="Müller", email="eva@example.com", address=None, **more)
        await book(there, START + day * DAY, START + (day + 1) * DAY, customer=named, **paid)
    # Then
    assert await seen_by(bench, there.somebody()) == 0


async def test_a_strangers_record_is_not_shown_for_handing_a_car_to_somebody_else(bench: Bench) -> None:
    # Given: somebody else with a known person's mail address
    here, there = await open_shop(bench), await open_shop(bench)
    await booked(here, EVA, 0)
    somebody_else = customer(first_name="Hans", last_name="Neugierig", email="eva@example.com")
    contract, _stored = await booked(there, somebody_else, 2)
    # When
    await check_out(there, contract)
    (protocol,) = await bench.all(Protocol, contract_id=contract.id)
    await paper.make(bench.outside, protocol.id)
    # Then
    assert await seen_by(bench, there.somebody()) == 0


async def test_who_types_in_a_strangers_address_learns_nothing_however_often(bench: Bench) -> None:
    here, there = await open_shop(bench), await open_shop(bench)
    await booked(here, EVA, 0)

    for day in (1, 3, 6):
        await booked(there, customer(first_name="Hans", last_name="Neugierig", email="eva@example.com"), day)

    assert await seen_by(bench, there.somebody()) == 0
