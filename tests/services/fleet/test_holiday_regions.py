"""Regions with holidays: ISO 3166-2, the Catholic places of three Länder, Augsburg; and what is refused."""

from __future__ import annotations

from datetime import date

import pytest

from server.database import ADMINISTRATION
from server.errors import InvalidInput
from server.models import Station
from server.models.recipient import PostalAddress
from server.services.fleet import holiday_regions, stations
from server.services.fleet.opening import OpeningRules
from server.services.fleet.stations import NewStation, StationChange
from tests.builders.bench import Bench
from tests.builders.rows import station
from tests.services.samples import BERLIN, at

FIELD = ("input", "holiday_region")
GERMAN = (
    "DE, DE-BB, DE-BE, DE-BW, DE-BY, DE-BY-AUGSBURG, DE-BY-CATHOLIC, DE-HB, DE-HE, DE-HH, DE-MV, DE-NI, DE-NW, DE-RP,"
    " DE-SH, DE-SL, DE-SN, DE-SN-CATHOLIC, DE-ST, DE-TH, DE-TH-CATHOLIC"
)
CORPUS_CHRISTI, PEACE, ASSUMPTION = date(2028, 6, 15), date(2028, 8, 8), date(2028, 8, 15)


@pytest.mark.parametrize(
    ("region", "kept"),
    [
        ("DE-BY", {CORPUS_CHRISTI}),
        ("DE-BY-CATHOLIC", {CORPUS_CHRISTI, ASSUMPTION}),
        ("DE-BY-AUGSBURG", {CORPUS_CHRISTI, PEACE, ASSUMPTION}),
        ("DE-SN", set()),
        ("DE-SN-CATHOLIC", {CORPUS_CHRISTI}),
        ("DE-TH", set()),
        ("DE-TH-CATHOLIC", {CORPUS_CHRISTI}),
        ("DE-SL", {CORPUS_CHRISTI, ASSUMPTION}),
        ("DE-BE", set()),
        ("DE", set()),
        ("DE-Augsburg", {CORPUS_CHRISTI, PEACE, ASSUMPTION}),  # as version 0.1 took it
    ],
)
def test_the_days_of_a_region(region: str, kept: set[date]) -> None:
    asked = {CORPUS_CHRISTI, PEACE, ASSUMPTION}
    assert asked & holiday_regions.holidays_of(region, 2028).keys() == kept
    rules = OpeningRules(BERLIN, {}, {}, region)
    assert {day for day in asked if not rules.is_open(at(f"{day} 12:00"))} == kept


@pytest.mark.parametrize(
    ("region", "country", "stored"),
    [
        ("DE-BY", "DE", "DE-BY"),
        (" de-by-catholic ", "DE", "DE-BY-CATHOLIC"),
        ("DE-BY-AUGSBURG", "DE", "DE-BY-AUGSBURG"),
        ("DE", "DE", "DE"),
        ("AT-9", "AT", "AT-9"),
        ("CH-ZH", "DE", "CH-ZH"),
        ("AT", "DE", "AT"),
        ("BE", "BE", "BE"),  # Belgium, for a station there
        ("BY", "BY", "BY"),
        ("", "DE", None),
        (None, "DE", None),
    ],
)
def test_what_is_taken(region: str | None, country: str, stored: str | None) -> None:
    assert holiday_regions.checked(region, country, FIELD) == stored


@pytest.mark.parametrize(
    ("region", "country", "listed"),
    [
        ("BY", "DE", GERMAN),  # Belarus or Bavaria
        ("be", "DE", GERMAN),  # Belgium or Berlin
        ("SN", "DE", GERMAN),  # Senegal or Saxony
        ("TH", "DE", GERMAN),  # Thailand or Thuringia
        ("BE", "CH", "CH, CH-AG, CH-AI,"),  # Belgium or Bern
        ("NW", "DE", GERMAN),
        ("DE-XX", "DE", GERMAN),
        ("DE-BE-CATHOLIC", "DE", GERMAN),
        ("DE-AUGSBURG", "DE", GERMAN),
        ("Bayern", "DE", GERMAN),
        ("AT-10", "DE", "AT, AT-1, AT-2, AT-3, AT-4, AT-5, AT-6, AT-7, AT-8, AT-9"),
        ("XX", "ZZ", GERMAN),
        ("DE-", "DE", GERMAN),
    ],
)
def test_what_is_refused_lists_what_is_possible(region: str, country: str, listed: str) -> None:
    with pytest.raises(InvalidInput) as said:
        holiday_regions.checked(region, country, FIELD)

    assert said.value.field == list(FIELD)
    assert f"Possible: {listed}" in said.value.message.en
    assert f"Möglich sind: {listed}" in said.value.message.de


async def test_a_station_keeps_its_region_when_another_is_refused(bench: Bench) -> None:
    # Given
    munich = PostalAddress(street="Marienplatz 1", postcode="80331", city="München")
    new = NewStation(code="M", name="München", address=munich, holiday_region="DE-BY-CATHOLIC")
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        made = await stations.create(session, new, now=bench.now)

    # When
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        with pytest.raises(InvalidInput) as said:
            await stations.update(session, made.id, made.version, StationChange(holiday_region="BY"))
        await session.rollback()

    # Then
    assert said.value.field == list(FIELD)
    assert [(row.holiday_region, row.version) for row in await bench.all(Station)] == [("DE-BY-CATHOLIC", 1)]


async def test_a_country_is_not_ambiguous_where_it_is(bench: Bench) -> None:
    brussels = station(country="BE", time_zone="Europe/Brussels")
    await bench.put(brussels)

    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        change = StationChange(holiday_region="BE")
        changed = await stations.update(session, brussels.id, brussels.version, change)

    assert changed.holiday_region == "BE"
