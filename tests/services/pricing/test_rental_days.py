"""Day counts and packages against independent oracles, on every clock change of five years and in random tariffs."""

import os
import time as clock
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.models.contract import ContractKind
from server.models.local_time import wall_clock
from server.models.opening_times import Weekday
from server.models.tariff import Bundle, BundleUnit, TariffTerms, WeekMoment
from server.services.pricing.bundle_choice import BundleChoice, choose
from server.services.pricing.price import Facts, breakdown
from server.services.pricing.rental_days import _last_before, count_days
from tests.services.samples import BERLIN, DAY, KOMPAKT, MONTH, WEEK, WEEKEND, at
from tests.thoroughness import tried

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def last_sunday(year: int, month: int) -> date:
    day = date(year, month, 31)
    return day - timedelta(days=(day.weekday() + 1) % 7)


CHANGES = [last_sunday(year, month) for year in range(2026, 2031) for month in (3, 10)]


def berlin_utc(local: datetime) -> datetime:
    """Berlin's wall clock in UTC by the rule of the directive 2000/84/EC, without any time-zone data.

    The later reading of 02:00 to 03:00 is winter time, in spring (missing) as in autumn (twice).
    """
    starts = datetime.combine(last_sunday(local.year, 3), time(3))
    ends = datetime.combine(last_sunday(local.year, 10), time(2))
    return (local - (2 * HOUR if starts <= local < ends else HOUR)).replace(tzinfo=UTC)


def days_by_hand(start: datetime, end: datetime, grace: int) -> int:
    """Count one calendar day after the other."""
    local = start.astimezone(BERLIN).replace(tzinfo=None)
    days = 1
    while berlin_utc(local + timedelta(days=days)) + grace * MINUTE < end:
        days += 1
    return days


class TestWallClock:
    @pytest.mark.parametrize(
        ("day", "at_", "utc"),
        [
            (date(2026, 11, 23), time(8), "2026-11-23T07:00+00:00"),
            (date(2026, 7, 1), time(8), "2026-07-01T06:00+00:00"),
            (date(2027, 3, 28), time(1, 59), "2027-03-28T00:59+00:00"),
            (date(2027, 3, 28), time(2, 0), "2027-03-28T01:00+00:00"),  # missing: 03:00 summer time
            (date(2027, 3, 28), time(2, 30), "2027-03-28T01:30+00:00"),  # missing: 03:30 summer time
            (date(2027, 3, 28), time(3, 0), "2027-03-28T01:00+00:00"),
            (date(2026, 10, 25), time(1, 59), "2026-10-24T23:59+00:00"),
            (date(2026, 10, 25), time(2, 30), "2026-10-25T01:30+00:00"),  # twice: winter time
            (date(2026, 10, 25), time(3, 0), "2026-10-25T02:00+00:00"),
        ],
    )
    def test_the_later_reading(self, day: date, at_: time, utc: str) -> None:
        assert wall_clock(day, at_, BERLIN) == datetime.fromisoformat(utc)

    @given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 12, 31)))  # noqa: DTZ001
    def test_like_the_directive(self, local: datetime) -> None:
        assert wall_clock(local.date(), local.time(), BERLIN) == berlin_utc(local)


class TestCountDays:
    @pytest.mark.parametrize(
        ("start", "end", "grace", "days"),
        [
            ("2026-11-23 08:00", "2026-11-23 08:01", 60, 1),
            ("2026-11-23 08:00", "2026-11-24 08:00", 0, 1),
            ("2026-11-23 08:00", "2026-11-24 08:01", 0, 2),
            ("2026-11-23 08:00", "2026-11-24 09:00", 60, 1),
            ("2026-11-23 08:00", "2026-11-24 09:01", 60, 2),
            ("2026-11-23 08:00", "2026-11-25 09:00", 60, 2),
            ("2026-11-23 23:30", "2026-11-26 11:30", 720, 2),
            ("2026-11-23 23:30", "2026-11-26 11:31", 720, 3),
            ("2028-02-28 10:00", "2028-03-01 10:00", 60, 2),
            ("2027-02-28 10:00", "2027-03-01 10:00", 60, 1),
            ("2026-11-23 08:00", "2027-11-23 08:00", 60, 365),
            ("2027-11-23 08:00", "2028-11-23 08:00", 60, 366),
            ("2027-03-27 02:30", "2027-03-28 03:30", 0, 1),  # 02:30 does not exist: counted as 03:30
            ("2027-03-27 02:30", "2027-03-28 03:31", 0, 2),
        ],
    )
    def test_edges(self, start: str, end: str, grace: int, days: int) -> None:
        assert count_days(at(start), at(end), BERLIN, grace) == days

    @pytest.mark.parametrize(("end_fold", "grace", "days"), [(0, 0, 1), (1, 0, 1)])
    def test_an_ambiguous_boundary_is_the_later_one(self, end_fold: int, grace: int, days: int) -> None:
        start = at("2026-10-24 02:30")
        assert count_days(start, at("2026-10-25 02:30", fold=end_fold), BERLIN, grace) == days
        assert count_days(start, at("2026-10-25 02:31", fold=end_fold), BERLIN, grace) == 1 + end_fold

    def test_the_zone_of_the_instants_does_not_matter(self) -> None:
        start, end = at("2026-10-24 10:00"), at("2026-10-25 11:00")
        kiritimati = ZoneInfo("Pacific/Kiritimati")
        for given_zone in (UTC, kiritimati, ZoneInfo("America/New_York")):
            assert count_days(start.astimezone(given_zone), end.astimezone(given_zone), BERLIN, 60) == 1

    @pytest.mark.parametrize("change", CHANGES, ids=str)
    @pytest.mark.parametrize("grace", [0, 60])
    def test_every_clock_change(self, change: date, grace: int) -> None:
        """A wall-clock day is one day, from any quarter of an hour of the days around the change."""
        midnight = datetime.combine(change, time())
        for quarter in range(-2 * 96, 2 * 96):
            local = midnight + quarter * 15 * MINUTE
            # Given: both instants that may be meant where the hour occurs twice
            for start in {local.replace(tzinfo=BERLIN, fold=fold).astimezone(UTC) for fold in (0, 1)}:
                again = start.astimezone(BERLIN).replace(tzinfo=None)
                for days in (1, 2, 7):
                    boundary = berlin_utc(again + timedelta(days=days)) + grace * MINUTE
                    # Then
                    assert count_days(start, boundary, BERLIN, grace) == days
                    assert count_days(start, boundary + MINUTE, BERLIN, grace) == days + 1

    @tried(300)
    @given(
        st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1)),  # noqa: DTZ001
        st.integers(1, 400 * 1440),
        st.integers(0, 720),
    )
    def test_like_counting_by_hand(self, local: datetime, minutes: int, grace: int) -> None:
        start = berlin_utc(local)
        end = start + minutes * MINUTE
        assert count_days(start, end, BERLIN, grace) == days_by_hand(start, end, grace)


@st.composite
def bundles(draw: st.DrawFn, *, weekends: bool = True) -> tuple[Bundle, ...]:
    """A tariff's packages; round prices and kilometres so that ties are frequent."""
    km = st.none() | st.integers(0, 6).map(lambda hundreds: hundreds * 100)
    prices = st.integers(1, 12).map(lambda tens: tens * 1000)
    lengths = draw(st.lists(st.integers(2, 9), max_size=3))
    found = [Bundle(BundleUnit.DAY, 1, draw(prices), draw(km))]
    found += [Bundle(BundleUnit.WEEK, days, draw(prices), draw(km)) for days in lengths]
    if weekends:
        moments = st.builds(
            WeekMoment, st.sampled_from(Weekday), st.integers(0, 95).map(lambda q: time(q // 4, q % 4 * 15))
        )
        for _ in range(draw(st.integers(0, 2))):
            found.append(Bundle(BundleUnit.WEEKEND, 3, draw(prices), draw(km), draw(moments), draw(moments)))
    return tuple(draw(st.permutations(found)))


def by_enumeration(packages: tuple[Bundle, ...], days: int) -> tuple[int, float, int]:
    """The best price, kilometres and number of packages among all combinations that cover the days."""
    counts = [range(-(-days // bundle.days) + 1) for bundle in packages]
    ranked = []
    for combination in product(*counts):
        chosen = list(zip(packages, combination, strict=True))
        if sum(bundle.days * count for bundle, count in chosen) < days:
            continue
        km = sum((float("inf") if b.included_km is None else b.included_km) * count for b, count in chosen if count)
        ranked.append((sum(bundle.price_cents * count for bundle, count in chosen), -km, sum(combination)))
    total, negative_km, number = min(ranked)
    return total, -negative_km, number


class TestBundleChoice:
    def choose(self, packages: tuple[Bundle, ...], days: int) -> BundleChoice:
        return choose(packages, [], days, None).choice

    @tried(400)
    @given(bundles(weekends=False), st.integers(1, 10))
    def test_like_trying_everything(self, packages: tuple[Bundle, ...], days: int) -> None:
        choice = self.choose(packages, days)
        km = float("inf") if choice.included_km is None else choice.included_km
        assert (choice.price_cents, km, sum(count for _, count in choice.bundles)) == by_enumeration(packages, days)
        assert choice.price_cents == sum(bundle.price_cents * count for bundle, count in choice.bundles)
        assert sum(bundle.days * count for bundle, count in choice.bundles) >= days
        lengths = [bundle.days for bundle, _ in choice.bundles]
        assert lengths == sorted(lengths, reverse=True)

    @pytest.mark.parametrize(
        ("other", "chosen"),
        [
            (Bundle(BundleUnit.WEEK, 2, 11800, 400), [(2, 1)]),  # more kilometres
            (Bundle(BundleUnit.WEEK, 2, 11800, 200), [(1, 2)]),  # fewer kilometres
            (Bundle(BundleUnit.WEEK, 2, 11800, 300), [(2, 1)]),  # as many: fewer packages
            (Bundle(BundleUnit.WEEK, 2, 11800, None), [(2, 1)]),  # unlimited is most
            (Bundle(BundleUnit.WEEK, 2, 11801, None), [(1, 2)]),  # but the price comes first
        ],
    )
    def test_ties(self, other: Bundle, chosen: list[tuple[int, int]]) -> None:
        choice = self.choose((DAY, other), 2)
        assert [(bundle.days, count) for bundle, count in choice.bundles] == chosen

    def test_twice_unlimited_is_not_more_than_once(self) -> None:
        day = Bundle(BundleUnit.DAY, 1, 5000, None)
        choice = self.choose((day, Bundle(BundleUnit.WEEK, 2, 10000, None)), 2)
        assert [(bundle.days, count) for bundle, count in choice.bundles] == [(2, 1)]
        assert choice.included_km is None

    def test_a_year(self) -> None:
        choice = self.choose((DAY, WEEK, MONTH), 365)
        assert [(bundle.unit.value, count) for bundle, count in choice.bundles] == [("MONTH", 12), ("DAY", 5)]
        assert choice.price_cents == 12 * 99900 + 5 * 5900


@st.composite
def rentals(draw: st.DrawFn) -> tuple[TariffTerms, datetime, int]:
    terms = replace(KOMPAKT, bundles=draw(bundles()), grace_minutes=draw(st.sampled_from([0, 29, 59, 60, 150, 720])))
    start = datetime(2026, 1, 1, tzinfo=UTC) + draw(st.integers(0, 3 * 366 * 1440)) * MINUTE
    return terms, start, draw(st.integers(1, 12 * 1440))


def priced(terms: TariffTerms, start: datetime, minutes: int, **more: object) -> int:
    given_facts = Facts(ContractKind.RENTAL, start, start + minutes * MINUTE, BERLIN, **more)  # type: ignore[arg-type]
    return breakdown(terms, given_facts).total_cents


def just_closed(terms: TariffTerms, start: datetime) -> bool:
    """Whether a weekend window has ended so shortly before that a return would still count as inside it."""
    ends = (bundle.window_end for bundle in terms.bundles if bundle.window_end is not None)
    return any(start - _last_before(end, start, BERLIN) < terms.grace_minutes * MINUTE for end in ends)


class TestNeverCheaperForLonger:
    @tried(300)
    @given(rentals(), st.integers(1, 3 * 1440))
    def test_any_two_lengths(self, rental: tuple[TariffTerms, datetime, int], longer: int) -> None:
        terms, start, minutes = rental
        assert priced(terms, start, minutes) <= priced(terms, start, minutes + longer)

    @tried(150)
    @given(rentals(), st.integers(1, 3 * 1440))
    def test_an_earlier_start(self, rental: tuple[TariffTerms, datetime, int], earlier: int) -> None:
        # The weekend window must not make an earlier pick-up cheaper either; whole days, as the wall clock shifts.
        terms, start, minutes = rental
        if just_closed(terms, start):
            return  # the grace is for returns: whoever starts in it is outside, who started before it is still inside
        before = start - earlier * MINUTE
        if count_days(before, start + minutes * MINUTE, BERLIN, terms.grace_minutes) < count_days(
            start, start + minutes * MINUTE, BERLIN, terms.grace_minutes
        ):
            return  # across a clock change the earlier wall-clock time can be the shorter rental
        assert priced(terms, start, minutes) <= priced(terms, before, minutes + earlier)

    def test_every_minute_around_a_weekend(self) -> None:
        # Given: every quarter of an hour from Friday 15:00 to Saturday noon
        for quarter in range(84):
            start = at("2026-11-27 15:00") + quarter * 15 * MINUTE
            # When: returned at any of the minutes around the end of the window and of each day
            ends = sorted(
                {
                    *(at("2026-11-30 09:00") + minute * MINUTE for minute in range(-2, 63)),
                    *(start + timedelta(days=d, minutes=m) for d in range(1, 12) for m in (-1, 0, 1, 59, 60, 61)),
                }
            )
            prices = [breakdown(KOMPAKT, Facts(ContractKind.RENTAL, start, end, BERLIN)).total_cents for end in ends]
            # Then
            assert prices == sorted(prices)

    def test_price_of_n_days(self) -> None:
        prices = [priced(KOMPAKT, at("2026-11-24 08:00"), days * 1440) for days in range(1, 100)]
        assert prices == sorted(prices)

    @tried(150)
    @given(rentals(), st.integers(1, 3 * 1440), st.integers(1, 4), st.integers(0, 3))
    def test_extras_included(
        self, rental: tuple[TariffTerms, datetime, int], longer: int, drivers: int, seats: int
    ) -> None:
        terms, start, minutes = rental
        extras = (("CHILD_SEAT", seats),) if seats else ()
        shorter = priced(terms, start, minutes, drivers=drivers, extras=extras)
        assert shorter <= priced(terms, start, minutes + longer, drivers=drivers, extras=extras)


class TestSums:
    @tried(200)
    @given(rentals(), st.integers(0, 5000), st.integers(1, 4), st.integers(0, 5000))
    def test_add_up(self, rental: tuple[TariffTerms, datetime, int], km: int, drivers: int, rate: int) -> None:
        terms, start, minutes = rental
        given_facts = Facts(
            ContractKind.RENTAL, start, start + minutes * MINUTE, BERLIN, drivers=drivers, one_way=True, driven_km=km
        )
        result = breakdown(replace(terms, vat_rate_bp=rate), given_facts)
        assert result.net_cents + result.vat_cents == result.total_cents
        assert sum(line.total_cents for line in result.lines) == result.total_cents
        assert all(line.total_cents >= 0 and line.explanation and line.text for line in result.lines)


class TestServerTimeZone:
    @pytest.fixture(params=["America/New_York", "Pacific/Kiritimati", "Asia/Kathmandu", "UTC"])
    def server_zone(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        with monkeypatch.context() as patch:
            patch.setenv("TZ", request.param)
            clock.tzset()
            yield request.param
        clock.tzset()

    def test_does_not_matter(self, server_zone: str) -> None:
        # Given
        assert os.environ["TZ"] == server_zone
        terms = replace(KOMPAKT, bundles=(DAY, WEEKEND))
        for change in CHANGES[:4]:
            midnight = datetime.combine(change, time())
            for quarter in range(-96, 96, 3):
                local = midnight + quarter * 15 * MINUTE
                start, end = berlin_utc(local), berlin_utc(local + timedelta(days=2)) + 61 * MINUTE
                # When / Then
                assert count_days(start, end, BERLIN, 60) == days_by_hand(start, end, 60)
        weekend = Facts(ContractKind.RENTAL, at("2027-03-26 16:00"), at("2027-03-29 10:00"), BERLIN)
        assert breakdown(terms, weekend).total_cents == 12900
        late = Facts(ContractKind.RENTAL, at("2027-03-26 16:00"), at("2027-03-29 10:01"), BERLIN)
        assert breakdown(terms, late).total_cents == 17700
