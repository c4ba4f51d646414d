"""When a station is open: the week, exceptions, holidays, midnight, clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.models.opening_times import MIDNIGHT, Weekday, Window
from server.models.station import Station
from server.services.fleet.opening import OpeningRules, opening_rules
from tests.services.samples import BERLIN, at

WEEKDAYS = list(Weekday)[:5]
OFFICE = (time(7), time(18, 30))
WEEK: dict[Weekday, tuple[Window, ...]] = {
    **dict.fromkeys(WEEKDAYS, (OFFICE,)),
    Weekday.SATURDAY: ((time(8), time(14)),),
}


def rules(
    weekly: dict[Weekday, tuple[Window, ...]] | None = None,
    exceptions: dict[date, tuple[Window, ...]] | None = None,
    region: str | None = None,
    zone: ZoneInfo = BERLIN,
) -> OpeningRules:
    return OpeningRules(zone, WEEK if weekly is None else weekly, exceptions or {}, region)


class TestTheWeek:
    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-11-23 06:59", False),
            ("2026-11-23 07:00", True),
            ("2026-11-23 12:00", True),
            ("2026-11-23 18:30", True),  # the closing minute counts
            ("2026-11-23 18:31", False),
            ("2026-11-28 14:00", True),
            ("2026-11-28 14:01", False),
            ("2026-11-29 12:00", False),
        ],
    )
    def test_is_open(self, moment: str, is_open: bool) -> None:
        assert rules().is_open(at(moment)) is is_open

    @pytest.mark.parametrize(
        ("moment", "upcoming"),
        [
            ("2026-11-23 12:00", "2026-11-23 12:00"),
            ("2026-11-23 18:30", "2026-11-23 18:30"),
            ("2026-11-23 18:31", "2026-11-24 07:00"),
            ("2026-11-23 03:00", "2026-11-23 07:00"),
            ("2026-11-27 20:00", "2026-11-28 08:00"),
            ("2026-11-28 20:00", "2026-11-30 07:00"),  # A7: across Sunday
        ],
    )
    def test_next_open(self, moment: str, upcoming: str) -> None:
        assert rules().next_open(at(moment)) == at(upcoming)

    def test_a_lunch_break(self) -> None:
        two: dict[Weekday, tuple[Window, ...]] = {Weekday.MONDAY: ((time(8), time(12)), (time(13, 30), time(18)))}
        station = rules(two)
        assert [station.is_open(at(f"2026-11-23 {t}")) for t in ("12:00", "12:01", "13:29", "13:30")] == [
            True,
            False,
            False,
            True,
        ]
        assert station.next_open(at("2026-11-23 12:30")) == at("2026-11-23 13:30")
        assert station.next_open(at("2026-11-23 18:01")) == at("2026-11-30 08:00")
        assert len(station.windows_on(date(2026, 11, 23))) == 2

    def test_the_zone_of_the_instant_does_not_matter(self) -> None:
        moment = at("2026-11-23 00:30").astimezone(ZoneInfo("America/New_York"))  # still Sunday there
        assert rules().next_open(moment) == at("2026-11-23 07:00")

    def test_in_the_station_s_own_zone(self) -> None:
        lisbon = rules(zone=ZoneInfo("Europe/Lisbon"))
        assert not lisbon.is_open(datetime(2026, 11, 23, 6, 59, tzinfo=UTC))
        assert lisbon.is_open(datetime(2026, 11, 23, 7, 0, tzinfo=UTC))


class TestNoHoursKept:
    def test_nothing_is_refused(self) -> None:
        free = rules({})
        for hours in range(0, 24 * 8, 3):
            moment = at("2026-11-23 00:00") + timedelta(hours=hours)
            assert free.is_open(moment)
            assert free.next_open(moment) == moment

    def test_an_exception_still_closes(self) -> None:
        free = rules({}, {date(2026, 12, 24): ()})
        assert not free.is_open(at("2026-12-24 12:00"))
        assert free.next_open(at("2026-12-24 12:00")) == at("2026-12-25 00:00")


class TestExceptions:
    def test_closed_all_day(self) -> None:
        station = rules(exceptions={date(2026, 11, 24): ()})
        assert not station.is_open(at("2026-11-24 12:00"))
        assert station.next_open(at("2026-11-24 12:00")) == at("2026-11-25 07:00")

    def test_shorter_day(self) -> None:
        station = rules(exceptions={date(2026, 12, 24): ((time(8), time(12)),)})
        assert [station.is_open(at(f"2026-12-24 {t}")) for t in ("07:30", "08:00", "12:00", "12:01")] == [
            False,
            True,
            True,
            False,
        ]

    def test_a_sunday_that_is_open(self) -> None:
        station = rules(exceptions={date(2026, 11, 29): ((time(10), time(16)),)})
        assert station.next_open(at("2026-11-28 20:00")) == at("2026-11-29 10:00")

    def test_never_again(self) -> None:
        closed: dict[date, tuple[Window, ...]] = {date(2026, 11, 23) + timedelta(days=n): () for n in range(400)}
        station = rules(exceptions=closed)
        assert station.next_open(at("2026-11-23 12:00")) is None
        assert rules({Weekday.MONDAY: ()}).next_open(at("2026-11-23 12:00")) is None


class TestHolidays:
    @pytest.mark.parametrize(
        ("day", "bavaria", "berlin", "brandenburg"),
        [
            ("2026-01-06", False, True, True),  # Heilige Drei Könige
            ("2027-03-08", True, False, True),  # Frauentag
            ("2026-04-03", False, False, False),  # Karfreitag
            ("2026-04-06", False, False, False),  # Ostermontag
            ("2026-05-01", False, False, False),
            ("2026-05-14", False, False, False),  # Christi Himmelfahrt
            ("2026-06-04", False, True, True),  # Fronleichnam
            ("2026-10-03", False, False, False),
            ("2026-10-31", True, True, False),  # Reformationstag, a Saturday
            ("2027-11-01", False, True, True),  # Allerheiligen
            ("2026-12-24", True, True, True),  # not a public holiday
            ("2026-12-25", False, False, False),
            ("2026-12-28", True, True, True),
        ],
    )
    def test_by_land(self, day: str, bavaria: bool, berlin: bool, brandenburg: bool) -> None:
        noon = at(f"{day} 12:00")
        assert rules(region="DE-BY").is_open(noon) is bavaria
        assert rules(region="DE-BE").is_open(noon) is berlin
        assert rules(region="DE-BB").is_open(noon) is brandenburg
        assert rules().is_open(noon)

    def test_an_exception_opens_on_a_holiday(self) -> None:
        station = rules(exceptions={date(2027, 3, 8): ((time(9), time(13)),)}, region="DE-BE")
        assert station.is_open(at("2027-03-08 10:00"))
        assert not station.is_open(at("2027-03-08 14:00"))

    def test_next_open_over_easter_and_christmas(self) -> None:
        berlin = rules(region="DE-BE")
        assert berlin.next_open(at("2026-04-02 19:00")) == at("2026-04-04 08:00")
        assert berlin.next_open(at("2026-04-04 15:00")) == at("2026-04-07 07:00")
        assert berlin.next_open(at("2026-12-24 19:00")) == at("2026-12-28 07:00")
        assert berlin.next_open(at("2026-12-31 19:00")) == at("2027-01-02 08:00")


LATE: dict[Weekday, tuple[Window, ...]] = {Weekday.FRIDAY: ((time(18), MIDNIGHT),)}


class TestMidnight:
    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-11-27 17:59", False),
            ("2026-11-27 18:00", True),
            ("2026-11-27 23:59", True),
            ("2026-11-28 00:00", True),  # the closing minute
            ("2026-11-28 00:01", False),
            ("2026-11-27 00:00", False),
        ],
    )
    def test_is_the_end_of_the_day(self, moment: str, is_open: bool) -> None:
        assert rules(LATE).is_open(at(moment)) is is_open

    def test_around_the_clock(self) -> None:
        always = rules(dict.fromkeys(Weekday, ((MIDNIGHT, MIDNIGHT),)))
        [(opens, closes)] = always.windows_on(date(2026, 10, 25))
        assert closes - opens == timedelta(hours=25)
        for quarter in range(0, 26 * 4):
            assert always.is_open(at("2026-10-25 00:00").astimezone(UTC) + timedelta(minutes=15 * quarter))


NIGHT: dict[Weekday, tuple[Window, ...]] = {
    Weekday.FRIDAY: ((time(8), time(12)), (time(20), time(2))),
    Weekday.SATURDAY: ((time(9), time(14)),),
}


class TestPastMidnight:
    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-11-27 01:00", False),  # the night before is Thursday's
            ("2026-11-27 19:59", False),
            ("2026-11-27 20:00", True),
            ("2026-11-28 00:00", True),
            ("2026-11-28 02:00", True),
            ("2026-11-28 02:01", False),
            ("2026-11-28 09:00", True),
        ],
    )
    def test_a_window_goes_on_into_the_next_day(self, moment: str, is_open: bool) -> None:
        assert rules(NIGHT).is_open(at(moment)) is is_open

    def test_the_next_opening_after_the_night(self) -> None:
        night = rules(NIGHT)
        assert night.next_open(at("2026-11-28 01:30")) == at("2026-11-28 01:30")
        assert night.next_open(at("2026-11-28 02:01")) == at("2026-11-28 09:00")
        assert night.next_open(at("2026-11-27 13:00")) == at("2026-11-27 20:00")

    def test_it_belongs_to_the_day_on_which_it_begins(self) -> None:
        friday, saturday = date(2026, 11, 27), date(2026, 11, 28)
        assert [(opens, closes) for opens, closes in rules(NIGHT).windows_on(friday)] == [
            (at("2026-11-27 08:00"), at("2026-11-27 12:00")),
            (at("2026-11-27 20:00"), at("2026-11-28 02:00")),
        ]
        # Closed on Friday: no night either. Closed on Saturday: Friday's night stays.
        assert not rules(NIGHT, {friday: ()}).is_open(at("2026-11-28 01:00"))
        assert rules(NIGHT, {saturday: ()}).is_open(at("2026-11-28 01:00"))
        assert not rules(NIGHT, {saturday: ()}).is_open(at("2026-11-28 09:00"))

    def test_an_exception_that_ends_past_midnight(self) -> None:
        party = rules(exceptions={date(2026, 12, 31): ((time(18), time(4)),)}, region="DE-BE")
        assert party.is_open(at("2027-01-01 03:59"))
        assert not party.is_open(at("2027-01-01 10:00"))

    def test_in_the_nights_of_the_clock_changes(self) -> None:
        nights = rules({Weekday.SATURDAY: ((time(22), time(4)),)})
        for day, hours in ((date(2027, 3, 27), 5), (date(2026, 10, 24), 7)):
            [(opens, closes)] = nights.windows_on(day)
            assert closes - opens == timedelta(hours=hours)


class TestClockChanges:
    def test_opening_hours_follow_the_wall_clock(self) -> None:
        [(before, _)] = rules().windows_on(date(2027, 3, 27))
        [(after, _)] = rules().windows_on(date(2027, 3, 29))
        assert before == datetime(2027, 3, 27, 7, tzinfo=UTC)
        assert after == datetime(2027, 3, 29, 5, tzinfo=UTC)
        assert rules().next_open(at("2027-03-27 15:00")) == after
        assert rules().next_open(at("2026-10-24 15:00")) == datetime(2026, 10, 26, 6, tzinfo=UTC)

    def test_an_opening_in_the_hour_that_is_missing_or_twice(self) -> None:
        sunday = rules({Weekday.SUNDAY: ((time(2, 30), time(6)),)})
        assert sunday.windows_on(date(2027, 3, 28))[0][0] == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
        assert sunday.windows_on(date(2026, 10, 25))[0][0] == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
        assert sunday.next_open(at("2026-10-25 02:30")) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_read_from_the_station_s_row() -> None:
    # Given
    hours: list[dict[str, Any]] = [
        {"weekday": "MONDAY", "opens": "08:00", "closes": "12:00"},
        {"weekday": "MONDAY", "opens": "13:00", "closes": "00:00"},
    ]
    exceptions: list[dict[str, Any]] = [
        {"date": "2026-12-24", "windows": [{"opens": "09:00", "closes": "11:00"}], "note": "Heiligabend"},
        {"date": "2026-12-31", "windows": [], "note": None},
    ]
    station = Station(
        code="BER",
        name="Spandau",
        street="",
        postcode="",
        city="",
        time_zone="Europe/Berlin",
        holiday_region="DE-BE",
        opening_hours_json=hours,
        opening_exceptions_json=exceptions,
        created_at=at("2026-01-01 00:00"),
    )
    # When / Then
    assert opening_rules(station) == OpeningRules(
        BERLIN,
        {Weekday.MONDAY: ((time(8), time(12)), (time(13), MIDNIGHT))},
        {date(2026, 12, 24): ((time(9), time(11)),), date(2026, 12, 31): ()},
        "DE-BE",
        {date(2026, 12, 24): "Heiligabend"},
    )
