"""A phone number is read as it is dialled where its address is, wherever one is entered."""

from __future__ import annotations

from typing import Any

import pytest

from server.database import ADMINISTRATION
from server.errors import InvalidInput
from server.models import Station
from server.models.recipient import PostalAddress
from server.services.fleet import company_data, stations
from server.services.fleet.company_data import CompanyData
from server.services.fleet.stations import NewStation, StationChange
from tests.builders.bench import Bench
from tests.builders.rentals import book, customer
from tests.builders.rows import open_shop, station
from tests.services.samples import at

START, END = at("2026-09-08 09:00"), at("2026-09-09 09:00")
VIENNA = PostalAddress(street="Ring 1", postcode="1010", city="Wien", country="AT")
ZURICH = PostalAddress(street="Bahnhofstrasse 1", postcode="8001", city="Zürich", country="CH")


async def change(bench: Bench, row: Station, **what: Any) -> Station:
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        return await stations.update(session, row.id, row.version, StationChange(**what))


@pytest.mark.parametrize(
    ("what", "phone"),
    [
        ({"phone": "01 58858 0"}, "+43 1 588580"),
        ({"phone": "01 58858 0", "name": "Wien 2"}, "+43 1 588580"),
        ({"phone": "044 211 12 34", "address": ZURICH}, "+41 44 211 12 34"),
        ({"phone": "+49 30 1234567"}, "+49 30 1234567"),
        ({"phone": None}, None),
        ({"address": ZURICH}, "+43 1 5130000"),
    ],
)
async def test_a_station(bench: Bench, what: dict[str, Any], phone: str | None) -> None:
    # Given
    vienna = station(street="Ring 1", postcode="1010", city="Wien", country="AT", phone="+43 1 5130000")
    await bench.put(vienna)

    # When
    changed = await change(bench, vienna, **what)

    # Then
    assert changed.phone == phone


async def test_a_number_that_the_country_does_not_have_changes_nothing(bench: Bench) -> None:
    vienna = station(street="Ring 1", postcode="1010", city="Wien", country="AT", phone="+43 1 5130000")
    await bench.put(vienna)

    with pytest.raises(InvalidInput) as said:
        await change(bench, vienna, phone="1")

    assert said.value.field == ["input", "phone"]
    assert [(row.phone, row.version) for row in await bench.all(Station)] == [("+43 1 5130000", 1)]


async def test_a_new_station_and_the_company(bench: Bench) -> None:
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        made = await stations.create(
            session, NewStation(code="W", name="Wien", address=VIENNA, phone="01 58858 0"), now=bench.now
        )
        data = CompanyData(name="Autohaus", address=ZURICH, vat_id="CHE116281710", phone="044 211 12 34")
        company = await company_data.update(session, data)

    assert (made.phone, company.phone) == ("+43 1 588580", "+41 44 211 12 34")


@pytest.mark.parametrize(
    ("address", "typed", "phone"),
    [
        (None, "01 58858 0", "+43 1 588580"),
        (VIENNA, "0664 1234567", "+43 664 1234567"),
        (ZURICH, "044 211 12 34", "+41 44 211 12 34"),
        (None, "0049 30 1234567", "+49 30 1234567"),
    ],
)
async def test_a_customer_dials_as_at_home_else_as_at_the_station(
    bench: Bench, address: PostalAddress | None, typed: str, phone: str
) -> None:
    shop = await open_shop(bench, street="Ring 1", postcode="1010", city="Wien", country="AT")

    contract = await book(shop, START, END, customer=customer(address=address, phone=typed))

    assert contract.customer.phone == phone
