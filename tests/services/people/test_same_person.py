"""One person is one driver, however often and in whatever role a booking names them; who differs is another."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from server.errors import InvalidInput
from server.models import Contract, Driver
from server.models.contract import DriverRole
from server.models.customer import CustomerKind
from server.services.acting import Acting
from server.services.changes import drivers
from server.services.people.drivers import DriverDetails
from tests.builders.bench import Bench
from tests.builders.rentals import book, customer
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START, END = at("2026-09-08 09:00"), at("2026-09-11 09:00")
BORN, OTHER = date(1985, 4, 12), date(1950, 1, 1)
THREE_DAYS, FURTHER = 17_700, 1_500
RENTER, CO_RENTER, DRIVER = DriverRole.RENTER, DriverRole.CO_RENTER, DriverRole.DRIVER


def person(first: str = "Anna", last: str = "Beispiel", **more: Any) -> DriverDetails:
    return DriverDetails(first_name=first, last_name=last, **more)


async def booked(shop: Shop, *named: DriverDetails, **who: Any) -> tuple[Contract, list[Driver]]:
    contract = await book(shop, START, END, customer=customer(birth_date=BORN, **who), drivers=named)
    return contract, await shop.bench.all(Driver, contract_id=contract.id)


@pytest.mark.parametrize(
    "named",
    [
        [person(birth_date=BORN, licence_number="B072RRE2I55")],
        [person()],
        [person(role=CO_RENTER)],
        [person(role=RENTER)],
        [person("ANNA ", " beispiel")],
        [person("An\u200bna", "Bei-spiel")],
        [person("Ánna", "BEISPIEL")],
        [person(), person(role=RENTER, licence_number="b072 rre2i55"), person(licence_number="B072RRE2I55")],
    ],
)
async def test_the_renter_among_the_drivers_is_one_driver(bench: Bench, named: list[DriverDetails]) -> None:
    # Given
    shop = await open_shop(bench)

    # When
    contract, stored = await booked(shop, *named)

    # Then
    assert contract.total_cents == THREE_DAYS
    assert [(one.role, one.birth_date) for one in stored] == [(RENTER, BORN)]


async def test_what_both_entries_know_is_kept(bench: Bench) -> None:
    shop = await open_shop(bench)

    _, (stored,) = await booked(shop, person(licence_number="B072RRE2I55", licence_issued=date(2003, 5, 6)))

    assert (stored.licence_number, stored.licence_issued, stored.birth_date) == ("B072RRE2I55", date(2003, 5, 6), BORN)


async def test_the_contact_of_a_company_is_one_driver_too(bench: Bench) -> None:
    shop = await open_shop(bench)

    contract, stored = await booked(shop, person(), kind=CustomerKind.COMPANY, company="Malerei Haberland GmbH")

    assert (contract.total_cents, len(stored)) == (THREE_DAYS, 1)


@pytest.mark.parametrize(
    "other",
    [
        person("Eva"),
        person(last="Beispiel-Meier"),
        person(birth_date=OTHER),  # mother and daughter
        person("กา"),
    ],
)
async def test_somebody_else_is_a_further_driver(bench: Bench, other: DriverDetails) -> None:
    shop = await open_shop(bench)

    contract, stored = await booked(shop, other)

    assert contract.total_cents == THREE_DAYS + FURTHER
    assert sorted(one.role for one in stored) == [DRIVER, RENTER]


async def test_names_that_differ_in_a_vowel_sign_are_two(bench: Bench) -> None:
    shop = await open_shop(bench)

    _, stored = await booked(shop, person("กา"), person("กิ"), person("का"), person("कु"))

    assert len(stored) == 1 + 4


async def test_another_licence_is_another_person(bench: Bench) -> None:
    shop = await open_shop(bench)

    contract, stored = await booked(shop, person(role=RENTER, licence_number="A1"), person(licence_number="B2"))

    assert (contract.total_cents, len(stored)) == (THREE_DAYS + FURTHER, 2)


async def test_of_two_of_one_name_the_renter_is_the_one_of_the_same_birth_date(bench: Bench) -> None:
    shop = await open_shop(bench)

    _, stored = await booked(shop, person(birth_date=OTHER), person(birth_date=BORN))

    assert sorted((one.role, one.birth_date) for one in stored) == [(DRIVER, OTHER), (RENTER, BORN)]


async def test_a_further_driver_who_is_named_twice_pays_once(bench: Bench) -> None:
    shop = await open_shop(bench)

    contract, stored = await booked(shop, person("Eva"), person("Eva", role=CO_RENTER, birth_date=OTHER))

    assert contract.total_cents == THREE_DAYS + FURTHER
    assert sorted((one.first_name, one.role) for one in stored) == [("Anna", RENTER), ("Eva", CO_RENTER)]


async def test_a_first_name_that_is_missing_needs_the_birth_date(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)

    _, alike = await booked(shop, person(birth_date=BORN), first_name=None)
    _, unknown = await booked(shop, person(), first_name=None)

    assert [len(alike), len(unknown)] == [1, 2]


async def test_who_may_drive_already_is_not_added_again(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract, _ = await booked(shop)

    async def add(entry: DriverDetails) -> None:
        now = await bench.contract(contract.id)
        await drivers.add(bench.outside, Acting(bench.now, shop.somebody()), contract.id, now.version, entry)

    # When
    with pytest.raises(InvalidInput) as said:
        await add(person("anna"))

    # Then
    assert said.value.field == ["driver"]
    unchanged = await bench.contract(contract.id)
    assert (unchanged.version, unchanged.total_cents) == (contract.version, THREE_DAYS)
    assert await bench.counts(Driver) == [1]
    await add(person(birth_date=OTHER))
    assert (await bench.contract(contract.id)).total_cents == THREE_DAYS + FURTHER
