"""Once the kilometres are known, packages are chosen by time and kilometres together: laws, an oracle, words, a bound."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.models.contract import ContractKind
from server.models.price import PriceBreakdown
from server.models.tariff import Bundle, BundleUnit, EarlyReturnPolicy, PriceLineKind, TariffTerms
from server.services.pricing.bundle_choice import BundleChoice, choose
from server.services.pricing.edits import WAIVABLE, TermsEdit, edited
from server.services.pricing.kilometre_search import Use
from server.services.pricing.price import Facts, breakdown
from tests.services.pricing.test_rental_days import MINUTE, bundles, rentals
from tests.services.samples import BERLIN, DAY, KOMPAKT, MONTH, WEEK, at, facts
from tests.thoroughness import tried

MONDAY = "2026-11-23 08:00"
kilometres = st.integers(0, 60).map(lambda fifties: fifties * 50)
each_km = st.integers(0, 40)
unlimited = replace(WEEK, included_km=None)


def after(days: int, km: int | None, terms: TariffTerms = KOMPAKT, **more: Any) -> PriceBreakdown:
    start = at(MONDAY)
    values: dict[str, Any] = {"kind": ContractKind.RENTAL, "zone": BERLIN, "driven_km": km} | more
    return breakdown(terms, Facts(starts_at=start, ends_at=start + timedelta(days=days), **values))


def lines(price: PriceBreakdown) -> list[tuple[str, int]]:
    return [(line.kind.value, line.total_cents) for line in price.lines]


class TestExamples:
    @pytest.mark.parametrize(
        ("days", "km", "rental", "extra"),
        [
            (5, 750, 29500, 0),
            (5, 845, 29500, 2375),
            (5, 846, 29500, 2400),  # as much as a week: 31900
            (5, 847, 31900, 0),
            (5, 1350, 31900, 7500),
            (1, 1192, 5900, 26050),  # a cent below a week and 142 kilometres
            (14, 3000, 63800, 22500),
            (22, 3150, 101600, 0),  # three weeks and a day have more than the month that time alone chooses
            (22, 3000, 99900, 0),
        ],
    )
    def test_the_cheaper_of_time_and_kilometres(self, days: int, km: int, rental: int, extra: int) -> None:
        price = after(days, km)
        assert price.total_cents == rental + extra

    def test_a_quote_does_not_know_the_kilometres(self) -> None:
        assert lines(after(5, None)) == [("RENTAL", 29500)]

    def test_a_package_may_be_taken_for_its_kilometres_alone(self) -> None:
        # Given: a day's price below that of its kilometres
        cheap = edited(KOMPAKT, TermsEdit(reason="Kulanz", day_price_cents=2_000))
        # When: three days, the kilometres of four and a few
        price = after(3, 620, cheap)
        # Then
        assert lines(price) == [("RENTAL", 8000), ("EXTRA_KM", 500)]
        assert (price.days, price.included_km) == (3, 600)

    def test_extras_count_the_days_that_were_used(self) -> None:
        price = after(5, 1350, drivers=2, extras=(("CHILD_SEAT", 1),))
        assert lines(price) == [("RENTAL", 31900), ("EXTRA", 2500), ("EXTRA", 2000), ("EXTRA_KM", 7500)]

    def test_what_is_free_covers_only_days_that_were_used(self) -> None:
        # Given: a day that costs nothing by an edit, and a courtesy car
        free = edited(KOMPAKT, TermsEdit(reason="Kulanz", day_price_cents=0))
        # When / Then: the kilometres of three days, and no more
        assert lines(after(3, 500, free)) == [("RENTAL", 0), ("EXTRA_KM", 1250)]
        assert lines(after(3, 500, kind=ContractKind.COURTESY)) == [("RENTAL", 0), ("EXTRA_KM", 1250)]

    def test_whoever_pays_no_kilometres_or_no_rental_gets_the_usual_packages(self) -> None:
        for waived in (PriceLineKind.EXTRA_KM, PriceLineKind.RENTAL):
            price = after(5, 1350, edited(KOMPAKT, TermsEdit(reason="Kulanz", waive=waived)))
            assert lines(price)[:2] == [("RENTAL", 29500), ("EXTRA_KM", 15000)]

    def test_a_discount_on_the_rental_makes_packages_worth_more(self) -> None:
        half = edited(KOMPAKT, TermsEdit(reason="Kulanz", discount_basis_points=5_000))
        # 5 days 147.50 and 50 kilometres 12.50 are more than the week's 159.50
        assert lines(after(5, 800, half)) == [("RENTAL", 31900), ("DISCOUNT", -15950)]
        assert lines(after(5, 790, half)) == [("RENTAL", 29500), ("EXTRA_KM", 1000), ("DISCOUNT", -14750)]

    @pytest.mark.parametrize(
        ("km", "each", "said"),
        [
            (450, 25, [("RENTAL", 12900)]),
            (1500, 25, [("RENTAL", 12900), ("EXTRA_KM", 26250)]),
            (1500, 40, [("RENTAL", 49600)]),  # a week and three days
        ],
    )
    def test_a_weekend_stands_alone(self, km: int, each: int, said: list[tuple[str, int]]) -> None:
        weekend = facts("2026-11-27 17:00", "2026-11-30 08:30", driven_km=km)
        assert lines(breakdown(replace(KOMPAKT, extra_km_cents=each), weekend)) == said

    def test_an_early_return(self) -> None:
        # Given: five days were booked, three used, with the kilometres of a week
        planned: dict[str, Any] = {"planned_end": at("2026-11-28 08:00")}
        # Then: the days used, or those booked, together with the kilometres
        assert after(3, 1050, **planned).total_cents == 31900
        as_planned = replace(KOMPAKT, early_return=EarlyReturnPolicy.CHARGE_PLANNED)
        assert after(3, 800, as_planned, **planned).total_cents == 29500 + 50 * 25
        assert after(3, 1050, as_planned, **planned).total_cents == 31900

    def test_other_kilometres_a_day(self) -> None:
        more = edited(KOMPAKT, TermsEdit(reason="Kulanz", included_km_per_day=200))
        assert lines(after(5, 1095, more)) == [("RENTAL", 29500), ("EXTRA_KM", 2375)]
        assert lines(after(5, 1097, more)) == [("RENTAL", 31900)]


class TestWords:
    @pytest.mark.parametrize(
        ("language", "days", "km", "explanation"),
        [
            ("en", 5, 1350, "5 days: 1 week 319.00; 1 week with 1,050 km is cheaper than 5 days and 600 extra km"),
            (
                "de",
                5,
                1350,
                "5 Tage: 1 Woche 319,00; 1 Woche mit 1.050 km ist günstiger als 5 Tage und 600 Mehrkilometer",
            ),
            ("en", 5, 846, "5 days: 1 week 319.00; 1 week with 1,050 km costs as much as 5 days and 96 extra km"),
            (
                "de",
                5,
                846,
                "5 Tage: 1 Woche 319,00; 1 Woche mit 1.050 km kostet so viel wie 5 Tage und 96 Mehrkilometer",
            ),
            (
                "en",
                22,
                4000,
                "22 days: 3 weeks 957.00 + 1 day 59.00;"
                " 3 weeks + 1 day with 3,300 km are cheaper than 1 month and 1,000 extra km",
            ),
            (
                "de",
                22,
                4000,
                "22 Tage: 3 Wochen 957,00 + 1 Tag 59,00;"
                " 3 Wochen + 1 Tag mit 3.300 km sind günstiger als 1 Monat und 1.000 Mehrkilometer",
            ),
            ("en", 5, 750, "5 days: 5 × 59.00 = 295.00"),
            ("de", 5, 800, "5 Tage: 5 × 59,00 = 295,00"),
            ("en", 5, None, "5 days: 5 × 59.00 = 295.00"),
        ],
    )
    def test_why_other_packages(self, language: str, days: int, km: int | None, explanation: str) -> None:
        assert after(days, km, language=language).lines[0].explanation == explanation

    @pytest.mark.parametrize(
        ("language", "said"),
        [
            ("en", "1 week with all kilometres is cheaper than 1 day and 1,850 extra km"),
            ("de", "1 Woche mit allen Kilometern ist günstiger als 1 Tag und 1.850 Mehrkilometer"),
        ],
    )
    def test_a_package_without_a_limit(self, language: str, said: str) -> None:
        price = after(1, 2000, replace(KOMPAKT, bundles=(DAY, unlimited)), language=language)
        assert lines(price) == [("RENTAL", 31900)]
        assert price.included_km is None
        assert price.lines[0].explanation.endswith(said)

    @tried(300)
    @given(rentals(), each_km, kilometres)
    def test_what_is_said_is_true(self, rental: tuple[TariffTerms, datetime, int], each: int, km: int) -> None:
        # Given: the packages of time alone, with the kilometres that they leave to pay
        terms, start, minutes = rental
        terms = replace(terms, extra_km_cents=each)
        known = Facts(ContractKind.RENTAL, start, start + minutes * MINUTE, BERLIN, driven_km=km)
        usual, price = breakdown(terms, replace(known, driven_km=None)), breakdown(terms, known)
        extra = 0 if usual.included_km is None else max(0, km - usual.included_km)
        said, otherwise = price.lines[0].explanation, usual.total_cents + extra * each
        # Then
        if " cheaper than " in said:
            assert price.total_cents < otherwise
        elif " as much as " in said:
            assert price.total_cents == otherwise
        else:
            assert price.lines[0] == usual.lines[0]
            assert price.total_cents == otherwise
            return
        assert said.startswith(f"{price.days} day")
        assert said.endswith(f" and {extra:,} extra km")


def tried_out(packages: tuple[Bundle, ...], days: int, use: Use) -> tuple[int, float, int]:
    """Cost, kilometres and number of the best of all sets that cover the days, by going through all of them."""
    counts = []
    for bundle in packages:
        enough = -(-days // bundle.days)
        if bundle.price_cents and bundle.included_km:
            enough = max(enough, -(-use.driven_km // bundle.included_km))
        counts.append(range(enough + 1))
    return min(found for combination in product(*counts) for found in costs_of(packages, combination, days, use))


def costs_of(
    packages: tuple[Bundle, ...], combination: tuple[int, ...], days: int, use: Use
) -> Iterator[tuple[int, float, int]]:
    taken = [bundle for bundle, count in zip(packages, combination, strict=True) for _ in range(count)]
    free = sorted(bundle.days for bundle in taken if not bundle.price_cents)
    if sum(bundle.days for bundle in taken) < days or (free and sum(free[:-1]) >= days):
        return
    km = sum(float("inf") if bundle.included_km is None else bundle.included_km for bundle in taken)
    price = sum(bundle.price_cents for bundle in taken)
    extra = int(max(0, use.driven_km - km))
    yield price * use.paid_share + extra * use.km_cents * 10_000, -km, len(taken)


def found(choice: BundleChoice, use: Use) -> tuple[int, float, int]:
    km = float("inf") if choice.included_km is None else choice.included_km
    return use.cost(choice.price_cents, choice.included_km), -km, choice.count


@st.composite
def small_tariffs(draw: st.DrawFn) -> tuple[Bundle, ...]:
    """Few kinds of few days, with prices and kilometres that are often worth each other; some are free."""
    km, prices = st.none() | st.integers(0, 8), st.integers(0, 12)
    lengths = draw(st.lists(st.integers(2, 5), max_size=2))
    units = [(BundleUnit.DAY, 1), *((BundleUnit.WEEK, days) for days in lengths)]
    return tuple(Bundle(unit, days, draw(prices) * 10, draw(km)) for unit, days in units)


class TestLikeTryingEverything:
    @tried(600)
    @given(small_tariffs(), st.integers(1, 7), st.integers(0, 24), st.integers(1, 40), st.sampled_from([10_000, 5_000]))
    def test_the_cheapest_of_all_sets(
        self, packages: tuple[Bundle, ...], days: int, km: int, each: int, share: int
    ) -> None:
        use = Use(km, each, share)
        choice = choose(packages, [], days, use).choice
        assert found(choice, use) == tried_out(packages, days, use)
        assert choice.price_cents == sum(bundle.price_cents * count for bundle, count in choice.bundles)
        assert sum(bundle.days * count for bundle, count in choice.bundles) >= days

    @tried(300)
    @given(bundles(), st.integers(1, 10), kilometres, st.integers(1, 40))
    def test_or_one_of_the_weekends(self, packages: tuple[Bundle, ...], days: int, km: int, each: int) -> None:
        # Given: a rental inside the windows of all weekends
        weekends = [bundle for bundle in packages if bundle.unit is BundleUnit.WEEKEND]
        others = tuple(bundle for bundle in packages if bundle.unit is not BundleUnit.WEEKEND)
        use = Use(km, each)
        cover = choose(others, [], days, use).choice
        alone = [use.cost(bundle.price_cents, bundle.included_km) for bundle in weekends]
        # When
        choice = choose(others, weekends, days, use).choice
        # Then: never mixed, and only if it is cheaper
        assert found(choice, use)[0] == min([found(cover, use)[0], *alone])
        if choice.bundles[0][0] in weekends:
            assert choice.count == 1
            assert found(choice, use)[0] < found(cover, use)[0]


a_discount = st.one_of(
    st.just(TermsEdit(reason="Kulanz")),
    st.integers(0, 9_999).map(lambda share: TermsEdit(reason="Kulanz", discount_basis_points=share)),
    st.integers(0, 1_000).map(lambda cents: TermsEdit(reason="Kulanz", discount_cents=cents)),
    st.integers(0, 500).map(lambda km: TermsEdit(reason="Kulanz", included_km_per_day=km)),
    st.integers(1, 9_000).map(lambda cents: TermsEdit(reason="Kulanz", day_price_cents=max(cents, 1_000))),
    st.sampled_from(sorted(WAIVABLE - {PriceLineKind.RENTAL})).map(lambda k: TermsEdit(reason="Kulanz", waive=k)),
)
"""Edits that leave something of each package to pay: no package of the tariffs here costs less than 10.00."""


class TestNeverCheaperForLongerOrFurther:
    @tried(500)
    @given(rentals(), a_discount, each_km, kilometres, st.integers(0, 3 * 1440), kilometres, st.booleans())
    def test_total_of_days_and_kilometres(
        self,
        rental: tuple[TariffTerms, datetime, int],
        discount: TermsEdit,
        each: int,
        km: int,
        longer: int,
        further: int,
        planned: bool,
    ) -> None:
        terms, start, minutes = rental
        terms = replace(edited(terms, discount), extra_km_cents=each)
        plan = start + 3 * 1440 * MINUTE if planned else None
        if planned:
            terms = replace(terms, early_return=EarlyReturnPolicy.CHARGE_PLANNED)

        def costs(elapsed: int, driven: int) -> int:
            end = start + elapsed * MINUTE
            known = Facts(ContractKind.RENTAL, start, end, BERLIN, planned_end=plan, drivers=2, driven_km=driven)
            return breakdown(terms, known).total_cents

        assert costs(minutes, km) <= costs(minutes + longer, km)
        assert costs(minutes, km) <= costs(minutes, km + further)

    def test_the_reference_tariff_for_a_hundred_days(self) -> None:
        totals = [[after(days, km).total_cents for km in range(0, 16_000, 800)] for days in range(1, 101)]
        assert all(row == sorted(row) for row in totals)
        assert all(list(column) == sorted(column) for column in zip(*totals, strict=True))

    @tried(200)
    @given(rentals(), each_km, kilometres)
    def test_it_is_never_more_than_what_was_quoted_with_its_kilometres(
        self, rental: tuple[TariffTerms, datetime, int], each: int, km: int
    ) -> None:
        terms, start, minutes = rental
        quote = Facts(ContractKind.RENTAL, start, start + minutes * MINUTE, BERLIN)
        offered = breakdown(replace(terms, extra_km_cents=each), quote)
        extra = 0 if offered.included_km is None else max(0, km - offered.included_km)
        final = breakdown(replace(terms, extra_km_cents=each), replace(quote, driven_km=km))
        assert offered.total_cents <= final.total_cents <= offered.total_cents + extra * each


def steps(work: Callable[[], object]) -> int:
    """How many Python functions are called meanwhile: the same on every machine."""
    called = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal called
        called += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return called


ODD = (
    Bundle(BundleUnit.DAY, 1, 5900, 151),
    Bundle(BundleUnit.WEEK, 7, 31901, 1049),
    Bundle(BundleUnit.WEEK, 14, 59903, 2003),
    Bundle(BundleUnit.MONTH, 30, 99901, 3001),
)
ALIKE = (
    Bundle(BundleUnit.DAY, 1, 3775, 151),
    Bundle(BundleUnit.WEEK, 7, 26225, 1049),
    Bundle(BundleUnit.WEEK, 14, 50075, 2003),
    Bundle(BundleUnit.MONTH, 30, 75025, 3001),
)
"""Each costs exactly what its kilometres would cost: every set is as good as any other. The worst case."""


class TestBound:
    """There are more sets than can be looked at: of the four odd kinds, more than a hundred thousand for a year."""

    @pytest.mark.parametrize(
        ("packages", "days", "most"),
        [
            ((DAY, WEEK, MONTH), 365, 200_000),
            ((DAY, WEEK, MONTH), 731, 400_000),
            (ODD, 365, 400_000),
            (ODD, 731, 700_000),
            (ALIKE, 731, 2_000_000),
        ],
    )
    @pytest.mark.parametrize("share", [10_000, 5_000])
    def test_of_a_year_and_of_one_that_is_as_long_late(
        self, packages: tuple[Bundle, ...], days: int, most: int, share: int
    ) -> None:
        for km in (days * 110, days * 140, 2_000_000):
            use = Use(km, 25, share)
            assert steps(partial(choose, packages, [], days, use)) < most

    def test_nothing_is_searched_where_the_usual_packages_include_what_was_driven(self) -> None:
        quoted = steps(lambda: breakdown(KOMPAKT, facts(MONDAY, "2027-11-23 08:00")))
        billed = steps(lambda: breakdown(KOMPAKT, facts(MONDAY, "2027-11-23 08:00", driven_km=20_000)))
        assert billed < 1.1 * quoted
