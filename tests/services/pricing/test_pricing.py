"""Prices to the cent: the worked examples of domain 4.7, extras, kilometres, fuel, cleaning, words."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from server.models.contract import ContractKind
from server.models.fleet import Cleanliness
from server.models.money import VatSplit, split_vat
from server.models.price import PriceBreakdown, PriceLine
from server.models.tariff import Bundle, BundleUnit, EarlyReturnPolicy, PriceLineKind
from server.services.pricing.price import (
    FREE_KINDS,
    LegUse,
    UnknownExtra,
    advance_cents,
    breakdown,
)
from tests.services.samples import DAY, KOMPAKT, WEEK, at, facts

MONDAY, TUESDAY = "2026-11-23 08:00", "2026-11-24 08:00"


def totals(result: PriceBreakdown) -> tuple[int, int, int]:
    return result.total_cents, result.net_cents, result.vat_cents


def due(result: PriceBreakdown, paid: int = 5900) -> VatSplit:
    return VatSplit(*totals(result)).minus(split_vat(paid, 1900))


def of(result: PriceBreakdown, kind: PriceLineKind) -> list[PriceLine]:
    return [line for line in result.lines if line.kind is kind]


def only(result: PriceBreakdown, kind: PriceLineKind) -> PriceLine:
    [line] = of(result, kind)
    return line


class TestWorkedExamples:
    def test_e01_one_day(self) -> None:
        result = breakdown(KOMPAKT, facts(MONDAY, TUESDAY, driven_km=120))
        assert totals(result) == (5900, 4958, 942)
        assert (result.days, result.included_km, len(result.lines)) == (1, 150, 1)
        assert due(result) == VatSplit(0, 0, 0)

    def test_e02_within_grace(self) -> None:
        assert totals(breakdown(KOMPAKT, facts(MONDAY, "2026-11-24 09:00"))) == (5900, 4958, 942)

    def test_e03_a_minute_beyond_grace(self) -> None:
        result = breakdown(KOMPAKT, facts(MONDAY, "2026-11-24 09:01"))
        assert totals(result) == (11800, 9916, 1884)
        assert due(result) == VatSplit(5900, 4958, 942)

    def test_e04b_spring_change(self) -> None:
        result = breakdown(KOMPAKT, facts("2027-03-27 10:00", "2027-03-28 11:00"))
        assert (result.total_cents, result.days) == (5900, 1)
        assert breakdown(KOMPAKT, facts("2027-03-27 10:00", "2027-03-28 11:01")).days == 2

    def test_e05b_autumn_change(self) -> None:
        result = breakdown(KOMPAKT, facts("2026-10-24 10:00", "2026-10-25 11:00"))
        assert (result.total_cents, result.days) == (5900, 1)
        assert breakdown(KOMPAKT, facts("2026-10-24 10:00", "2026-10-25 11:01")).days == 2

    def test_e08_six_days_for_the_price_of_a_week(self) -> None:
        result = breakdown(KOMPAKT, facts(MONDAY, "2026-11-29 08:00"))
        assert totals(result) == (31900, 26807, 5093)
        assert (result.days, result.included_km) == (6, 1050)
        assert due(result) == VatSplit(26000, 21849, 4151)

    def test_e10a_extra_kilometres(self) -> None:
        result = breakdown(KOMPAKT, facts(MONDAY, "2026-11-26 08:00", driven_km=612))
        assert totals(result) == (21750, 18277, 3473)
        line = only(result, PriceLineKind.EXTRA_KM)
        assert (line.quantity, line.unit_cents, line.total_cents) == (Decimal(162), 25, 4050)
        assert due(result) == VatSplit(15850, 13319, 2531)

    def test_e11b_an_eighth_of_fuel_is_rounded_up(self) -> None:
        leg = LegUse(fuel_out=8, fuel_in=7, tank_litres=50)
        result = breakdown(KOMPAKT, facts(MONDAY, TUESDAY, legs=(leg,)))
        assert totals(result) == (8713, 7322, 1391)
        litres, service = of(result, PriceLineKind.FUEL)
        assert (litres.quantity, litres.unit_cents, litres.total_cents) == (Decimal("6.25"), 210, 1313)
        assert (service.quantity, service.unit_cents, service.total_cents) == (Decimal(1), 1500, 1500)
        assert due(result) == VatSplit(2813, 2364, 449)

    def test_e14a_weekend(self) -> None:
        result = breakdown(KOMPAKT, facts("2026-11-27 17:00", "2026-11-30 08:30"))
        assert totals(result) == (12900, 10840, 2060)
        assert (result.days, result.included_km) == (3, 450)
        assert due(result) == VatSplit(7000, 5882, 1118)

    def test_e17_the_rest_by_subtraction(self) -> None:
        result = breakdown(KOMPAKT, facts(MONDAY, TUESDAY, driven_km=210))
        assert totals(result) == (7400, 6218, 1182)
        assert due(result) == VatSplit(1500, 1260, 240)

    def test_e19_courtesy(self) -> None:
        # Given: a tariff whose day has 100 km
        terms = replace(KOMPAKT, bundles=(replace(DAY, included_km=100), WEEK))
        # When
        result = breakdown(terms, facts(MONDAY, TUESDAY, kind=ContractKind.COURTESY, driven_km=180))
        # Then
        assert totals(result) == (2000, 1681, 319)
        rental = only(result, PriceLineKind.RENTAL)
        assert (rental.quantity, rental.unit_cents, rental.total_cents) == (Decimal(1), 0, 0)
        assert due(result, 0) == VatSplit(2000, 1681, 319)

    def test_e21_two_legs(self) -> None:
        legs = (
            LegUse(fuel_out=8, fuel_in=3, tank_litres=50, fuel_waived=True),
            LegUse(fuel_out=8, fuel_in=6, tank_litres=50),
        )
        result = breakdown(KOMPAKT, facts(MONDAY, "2026-11-25 08:00", driven_km=330, legs=legs))
        assert totals(result) == (16675, 14013, 2662)
        assert due(result) == VatSplit(10775, 9055, 1720)

    def test_ev_check(self) -> None:
        leg = LegUse(charge_out=80, charge_in=55, battery_wh=58_000)
        kwh, service = of(breakdown(KOMPAKT, facts(MONDAY, TUESDAY, legs=(leg,))), PriceLineKind.ENERGY)
        assert (kwh.quantity, kwh.unit_cents, kwh.total_cents) == (Decimal("14.5"), 69, 1001)
        assert (service.quantity, service.unit_cents, service.total_cents) == (Decimal(1), 1000, 1000)

    def test_leap_day(self) -> None:
        result = breakdown(KOMPAKT, facts("2028-02-28 10:00", "2028-03-01 10:00"))
        assert (result.days, result.total_cents) == (2, 11800)

    @pytest.mark.parametrize(
        ("days", "total", "km"),
        [
            (1, 5900, 150),
            (5, 29500, 750),
            (6, 31900, 1050),
            (7, 31900, 1050),
            (8, 37800, 1200),
            (12, 61400, 1800),
            (13, 63800, 2100),
            (20, 95700, 3150),
            (21, 95700, 3150),
            (22, 99900, 3000),
            (30, 99900, 3000),
            (31, 105800, 3150),
        ],
    )
    def test_time_price_by_days(self, days: int, total: int, km: int) -> None:
        end = f"2026-12-{days:02d} 12:00"
        result = breakdown(KOMPAKT, facts("2026-11-30 12:00", end))
        assert (result.days, result.total_cents, result.included_km) == (days, total, km)


class TestFreeKinds:
    @pytest.mark.parametrize("kind", sorted(FREE_KINDS))
    def test_only_what_is_used_costs(self, kind: ContractKind) -> None:
        leg = LegUse(fuel_out=8, fuel_in=7, tank_litres=50, inside_in=Cleanliness.HEAVY)
        end = "2026-12-03 08:00"
        result = breakdown(KOMPAKT, facts(MONDAY, end, kind=kind, drivers=2, driven_km=1501, legs=(leg,)))
        assert (result.days, result.included_km) == (10, 1500)
        assert [(line.kind, line.total_cents) for line in result.lines] == [
            (PriceLineKind.RENTAL, 0),
            (PriceLineKind.EXTRA, 3500),
            (PriceLineKind.EXTRA_KM, 25),
            (PriceLineKind.FUEL, 1313),
            (PriceLineKind.FUEL, 1500),
            (PriceLineKind.CLEANING, 4900),
        ]

    def test_unlimited_kilometres_stay_unlimited(self) -> None:
        terms = replace(KOMPAKT, bundles=(replace(DAY, included_km=None),))
        result = breakdown(terms, facts(MONDAY, TUESDAY, kind=ContractKind.TEST_DRIVE, driven_km=99_999))
        assert (result.included_km, result.total_cents) == (None, 0)


class TestAdvance:
    def test_one_day_or_the_total(self) -> None:
        assert advance_cents(KOMPAKT, ContractKind.RENTAL, 31900) == 5900
        assert advance_cents(KOMPAKT, ContractKind.RENTAL, 4000) == 4000
        assert advance_cents(KOMPAKT, ContractKind.RENTAL, 0) == 0

    @pytest.mark.parametrize("kind", sorted(FREE_KINDS))
    def test_nothing_for_a_free_car(self, kind: ContractKind) -> None:
        assert advance_cents(KOMPAKT, kind, 3500) == 0


class TestExtras:
    @pytest.mark.parametrize(
        ("days", "quantity", "piece"),
        [(1, 1, 400), (3, 1, 1200), (7, 1, 2800), (8, 1, 2800), (3, 2, 1200), (20, 3, 2800)],
    )
    def test_per_day_with_a_maximum_for_each_piece(self, days: int, quantity: int, piece: int) -> None:
        end = f"2026-12-{days:02d} 08:00"
        result = breakdown(KOMPAKT, facts("2026-11-30 08:00", end, extras=(("CHILD_SEAT", quantity),)))
        line = only(result, PriceLineKind.EXTRA)
        assert (line.quantity, line.unit_cents, line.total_cents) == (Decimal(quantity), piece, piece * quantity)

    def test_per_day_and_per_rental_together(self) -> None:
        result = breakdown(KOMPAKT, facts(MONDAY, "2026-11-26 08:00", extras=(("SNOW_CHAINS", 2),)))
        line = only(result, PriceLineKind.EXTRA)
        assert (line.unit_cents, line.total_cents) == (1300, 2600)
        assert line.explanation == "2 × (3 days × 1.00 + 10.00 per rental) = 26.00"

    @pytest.mark.parametrize(
        ("more", "kind", "total"),
        [
            ({"drivers": 2}, PriceLineKind.EXTRA, 500),
            ({"drivers": 4}, PriceLineKind.EXTRA, 1500),
            ({"one_way": True}, PriceLineKind.ONE_WAY, 4900),
            ({"after_hours": True}, PriceLineKind.AFTER_HOURS, 2500),
        ],
    )
    def test_facts_bring_their_extras(self, more: dict[str, Any], kind: PriceLineKind, total: int) -> None:
        assert only(breakdown(KOMPAKT, facts(MONDAY, TUESDAY, **more)), kind).total_cents == total

    def test_asked_for_and_found_counts_once(self) -> None:
        result = breakdown(KOMPAKT, facts(MONDAY, TUESDAY, one_way=True, drivers=2, extras=(("ONE_WAY", 1),)))
        assert [line.total_cents for line in result.lines] == [5900, 500, 4900]

    def test_the_same_code_twice_adds_up(self) -> None:
        result = breakdown(KOMPAKT, facts(MONDAY, TUESDAY, extras=(("CHILD_SEAT", 1), ("CHILD_SEAT", 2))))
        assert only(result, PriceLineKind.EXTRA).total_cents == 1200

    def test_facts_cost_nothing_where_the_tariff_has_no_such_extra(self) -> None:
        terms = replace(KOMPAKT, extras=())
        result = breakdown(terms, facts(MONDAY, TUESDAY, drivers=3, one_way=True, after_hours=True))
        assert result.total_cents == 5900

    def test_an_unknown_extra_is_refused(self) -> None:
        with pytest.raises(UnknownExtra, match="no extra “ROOF_BOX”; it has: ADDITIONAL_DRIVER, ONE_WAY") as refused:
            breakdown(KOMPAKT, facts(MONDAY, TUESDAY, extras=(("ROOF_BOX", 1),)))
        assert refused.value.code == "ROOF_BOX"
        with pytest.raises(UnknownExtra, match="it has: none"):
            breakdown(replace(KOMPAKT, extras=()), facts(MONDAY, TUESDAY, extras=(("ROOF_BOX", 1),)))


class TestKilometres:
    @pytest.mark.parametrize(("driven", "total"), [(None, 5900), (0, 5900), (150, 5900), (151, 5925), (350, 10900)])
    def test_beyond_those_included(self, driven: int | None, total: int) -> None:
        assert breakdown(KOMPAKT, facts(MONDAY, TUESDAY, driven_km=driven)).total_cents == total

    def test_unlimited(self) -> None:
        terms = replace(KOMPAKT, bundles=(Bundle(BundleUnit.DAY, 1, 5900, None),))
        result = breakdown(terms, facts(MONDAY, TUESDAY, driven_km=5000))
        assert (result.total_cents, result.included_km) == (5900, None)


class TestFuelAndCharge:
    @pytest.mark.parametrize(
        ("leg", "charged"),
        [
            (LegUse(fuel_out=8, fuel_in=8, tank_litres=50), []),
            (LegUse(fuel_out=4, fuel_in=8, tank_litres=50), []),  # no credit for more
            (LegUse(fuel_out=8, fuel_in=0, tank_litres=50), [10500, 1500]),
            (LegUse(fuel_out=8, fuel_in=6, tank_litres=50), [2625, 1500]),
            (LegUse(fuel_out=8, fuel_in=6, tank_litres=50, fuel_waived=True), []),
            (LegUse(fuel_out=8, fuel_in=None, tank_litres=50), []),
            (LegUse(fuel_out=None, fuel_in=3, tank_litres=50), []),
            (LegUse(fuel_out=8, fuel_in=6), []),
        ],
    )
    def test_fuel(self, leg: LegUse, charged: list[int]) -> None:
        lines = breakdown(KOMPAKT, facts(MONDAY, TUESDAY, legs=(leg,))).lines
        found = [line.total_cents for line in lines if line.kind is PriceLineKind.FUEL]
        assert found == charged

    @pytest.mark.parametrize(
        ("leg", "charged"),
        [
            (LegUse(charge_out=80, charge_in=80, battery_wh=58_000), []),
            (LegUse(charge_out=80, charge_in=100, battery_wh=58_000), []),
            (LegUse(charge_out=100, charge_in=0, battery_wh=58_000), [4002, 1000]),
            (LegUse(charge_out=100, charge_in=99, battery_wh=58_000), [40, 1000]),
            (LegUse(charge_out=80, charge_in=55, battery_wh=58_000, fuel_waived=True), []),
            (LegUse(charge_out=80, charge_in=None, battery_wh=58_000), []),
            (LegUse(charge_out=80, charge_in=55), []),
        ],
    )
    def test_charge(self, leg: LegUse, charged: list[int]) -> None:
        lines = breakdown(KOMPAKT, facts(MONDAY, TUESDAY, legs=(leg,))).lines
        found = [line.total_cents for line in lines if line.kind is PriceLineKind.ENERGY]
        assert found == charged

    def test_the_service_fee_is_once_for_each_leg(self) -> None:
        leg = LegUse(fuel_out=8, fuel_in=7, tank_litres=40)
        lines = breakdown(KOMPAKT, facts(MONDAY, TUESDAY, legs=(leg, leg))).lines
        assert [line.total_cents for line in lines] == [5900, 1050, 1500, 1050, 1500]

    def test_a_hybrid_can_lack_both(self) -> None:
        leg = LegUse(fuel_out=8, fuel_in=7, tank_litres=40, charge_out=100, charge_in=50, battery_wh=10_000)
        lines = breakdown(KOMPAKT, facts(MONDAY, TUESDAY, legs=(leg,))).lines
        assert [line.total_cents for line in lines] == [5900, 1050, 1500, 345, 1000]

    @pytest.mark.parametrize(("tank", "quantity"), [(50, "50"), (80, "80"), (44, "44")])
    def test_quantities_are_written_out(self, tank: int, quantity: str) -> None:
        # "8E+1" would reach customers through the API and the documents
        leg = LegUse(fuel_out=8, fuel_in=0, tank_litres=tank, charge_out=100, charge_in=0, battery_wh=tank * 1000)
        result = breakdown(KOMPAKT, facts(MONDAY, TUESDAY, legs=(leg,)))
        assert str(of(result, PriceLineKind.FUEL)[0].quantity) == quantity
        assert str(of(result, PriceLineKind.ENERGY)[0].quantity) == quantity


class TestCleaning:
    @pytest.mark.parametrize(
        ("states", "fee"),
        [
            ({}, None),
            ({"inside_in": Cleanliness.NORMAL, "outside_in": Cleanliness.NORMAL}, None),
            ({"inside_in": Cleanliness.HEAVY}, 4900),
            ({"outside_in": Cleanliness.HEAVY}, 4900),
            ({"inside_in": Cleanliness.SPECIAL}, 14900),
            ({"inside_in": Cleanliness.HEAVY, "outside_in": Cleanliness.HEAVY}, 4900),
            ({"inside_in": Cleanliness.HEAVY, "outside_in": Cleanliness.SPECIAL}, 14900),
            ({"inside_out": Cleanliness.HEAVY, "inside_in": Cleanliness.HEAVY}, None),
            ({"inside_out": Cleanliness.SPECIAL, "inside_in": Cleanliness.HEAVY}, None),
            ({"inside_out": Cleanliness.HEAVY, "inside_in": Cleanliness.SPECIAL}, 14900),
            (
                {
                    "inside_out": Cleanliness.SPECIAL,
                    "inside_in": Cleanliness.SPECIAL,
                    "outside_in": Cleanliness.HEAVY,
                },
                4900,
            ),
        ],
    )
    def test_once_the_higher_fee_for_what_became_worse(self, states: dict[str, Any], fee: int | None) -> None:
        lines = breakdown(KOMPAKT, facts(MONDAY, TUESDAY, legs=(LegUse(**states),))).lines
        found = [line.total_cents for line in lines if line.kind is PriceLineKind.CLEANING]
        assert found == ([] if fee is None else [fee])

    def test_is_not_waived_with_the_fuel(self) -> None:
        leg = LegUse(fuel_out=8, fuel_in=1, tank_litres=50, fuel_waived=True, inside_in=Cleanliness.HEAVY)
        assert breakdown(KOMPAKT, facts(MONDAY, TUESDAY, legs=(leg,))).total_cents == 5900 + 4900


class TestEarlyReturn:
    PLANNED = "2026-11-27 08:00"

    @pytest.mark.parametrize(
        ("policy", "end", "total"),
        [
            (EarlyReturnPolicy.RECALCULATE, "2026-11-25 08:00", 11800),
            (EarlyReturnPolicy.CHARGE_PLANNED, "2026-11-25 08:00", 23600),
            (EarlyReturnPolicy.CHARGE_PLANNED, "2026-11-27 09:00", 23600),
            (EarlyReturnPolicy.CHARGE_PLANNED, "2026-11-27 09:01", 29500),
            (EarlyReturnPolicy.RECALCULATE, "2026-11-27 09:01", 29500),
        ],
    )
    def test_days_used_or_days_booked(self, policy: EarlyReturnPolicy, end: str, total: int) -> None:
        terms = replace(KOMPAKT, early_return=policy)
        assert breakdown(terms, facts(MONDAY, end, planned_end=at(self.PLANNED))).total_cents == total

    def test_without_a_plan_the_end_counts(self) -> None:
        terms = replace(KOMPAKT, early_return=EarlyReturnPolicy.CHARGE_PLANNED)
        assert breakdown(terms, facts(MONDAY, TUESDAY)).total_cents == 5900


class TestWeekendWindow:
    """Friday 27 November 2026 16:00 to Monday 09:00, with 60 minutes of grace at the end."""

    @pytest.mark.parametrize(
        ("start", "end", "total"),
        [
            ("2026-11-27 16:00", "2026-11-30 09:00", 12900),  # both edges
            ("2026-11-27 16:00", "2026-11-30 10:00", 12900),  # grace, inclusive
            ("2026-11-27 16:00", "2026-11-30 10:01", 17700),  # a minute beyond
            ("2026-11-27 15:59", "2026-11-30 09:00", 17700),  # a minute early; no grace at the start
            ("2026-11-28 07:30", "2026-11-30 10:00", 12900),  # starts on Saturday, three days
            ("2026-11-28 10:00", "2026-11-30 10:00", 11800),  # inside, but two days are cheaper
            ("2026-11-29 08:00", "2026-11-30 08:00", 5900),
            ("2026-11-27 16:00", "2026-12-07 09:00", 49600),  # the Monday after: a week and three days
            ("2027-03-26 16:00", "2027-03-29 10:00", 12900),  # across the change to summer time
            ("2027-03-26 16:00", "2027-03-29 10:01", 17700),
            ("2027-10-29 16:00", "2027-11-01 10:00", 12900),  # across the change to winter time
            ("2027-10-29 15:59", "2027-11-01 10:00", 17700),
        ],
    )
    def test_edges(self, start: str, end: str, total: int) -> None:
        assert breakdown(KOMPAKT, facts(start, end)).total_cents == total

    def test_not_when_it_is_not_cheaper(self) -> None:
        terms = replace(KOMPAKT, bundles=(DAY, replace(KOMPAKT.bundles[-1], price_cents=17700, included_km=2000)))
        result = breakdown(terms, facts("2026-11-27 16:00", "2026-11-30 09:00"))
        assert (result.total_cents, result.included_km) == (17700, 450)

    @pytest.mark.parametrize("turned", [False, True])
    def test_of_two_at_one_price_the_one_with_more_kilometres(self, turned: bool) -> None:
        less, more = KOMPAKT.bundles[-1], replace(KOMPAKT.bundles[-1], included_km=600)
        both = (more, less) if turned else (less, more)
        result = breakdown(replace(KOMPAKT, bundles=(DAY, *both)), facts("2026-11-27 16:00", "2026-11-30 09:00"))
        assert (result.total_cents, result.included_km) == (12900, 600)


class TestWords:
    @pytest.mark.parametrize(
        ("language", "end", "text", "explanation"),
        [
            ("en", "2026-12-01 08:00", "Rental 8 days", "8 days: 1 week 319.00 + 1 day 59.00"),
            ("de", "2026-12-01 08:00", "Miete 8 Tage", "8 Tage: 1 Woche 319,00 + 1 Tag 59,00"),
            ("en", "2026-11-26 08:00", "Rental 3 days", "3 days: 3 × 59.00 = 177.00"),
            ("de", "2026-11-26 08:00", "Miete 3 Tage", "3 Tage: 3 × 59,00 = 177,00"),
            ("en", TUESDAY, "Rental 1 day", "1 day: 59.00"),
            ("de", TUESDAY, "Miete 1 Tag", "1 Tag: 59,00"),
            (
                "de",
                "2027-01-22 08:00",
                "Miete 60 Tage",
                "60 Tage: 2 Monate 1.998,00",
            ),
            ("fr", TUESDAY, "Rental 1 day", "1 day: 59.00"),
        ],
    )
    def test_rental(self, language: str, end: str, text: str, explanation: str) -> None:
        line = breakdown(KOMPAKT, facts(MONDAY, end, language=language)).lines[0]
        assert (line.text, line.explanation) == (text, explanation)

    def test_a_mixture_is_one_piece_and_equal_packages_are_counted(self) -> None:
        mixed = breakdown(KOMPAKT, facts(MONDAY, "2026-12-01 08:00")).lines[0]
        assert (mixed.quantity, mixed.unit_cents, mixed.total_cents) == (Decimal(1), 37800, 37800)
        equal = breakdown(KOMPAKT, facts(MONDAY, "2026-11-26 08:00")).lines[0]
        assert (equal.quantity, equal.unit_cents, equal.total_cents) == (Decimal(3), 5900, 17700)

    @pytest.mark.parametrize(
        ("language", "explanations"),
        [
            (
                "en",
                [
                    "3 days: 1 weekend 129.00",
                    "3 days × 5.00",
                    "2 × (49.00 per rental) = 98.00",
                    "1,612 km driven, 450 km included: 1,162 km × 0.25 = 290.50",
                    "2/8 of 50 l: 12.5 l × 2.10 = 26.25",
                    "once for each car that lacks fuel",
                    "25 % of 58 kWh: 14.5 kWh × 0.69 = 10.01",
                    "once for each car that lacks charge",
                    "inside heavily soiled, at hand-over clean",
                ],
            ),
            (
                "de",
                [
                    "3 Tage: 1 Wochenende 129,00",
                    "3 Tage × 5,00",
                    "2 × (49,00 je Miete) = 98,00",
                    "1.612 km gefahren, 450 km frei: 1.162 km × 0,25 = 290,50",
                    "2/8 von 50 l: 12,5 l × 2,10 = 26,25",
                    "einmal je Fahrzeug, dem Kraftstoff fehlt",
                    "25 % von 58 kWh: 14,5 kWh × 0,69 = 10,01",
                    "einmal je Fahrzeug, dem Ladung fehlt",
                    "innen stark verschmutzt, bei Übergabe sauber",
                ],
            ),
        ],
    )
    def test_every_line_says_how_it_came_about(self, language: str, explanations: list[str]) -> None:
        leg = LegUse(8, 6, 50, 80, 55, 58_000, inside_in=Cleanliness.HEAVY)
        given = facts(
            "2026-11-27 17:00",
            "2026-11-30 08:30",
            drivers=2,
            extras=(("ONE_WAY", 2),),
            driven_km=1612,
            legs=(leg,),
            language=language,
        )
        assert [line.explanation for line in breakdown(KOMPAKT, given).lines] == explanations

    @pytest.mark.parametrize(
        ("language", "explanation"),
        [("en", "10 days × 5.00, at most 35.00"), ("de", "10 Tage × 5,00, höchstens 35,00")],
    )
    def test_a_maximum_that_was_reached(self, language: str, explanation: str) -> None:
        result = breakdown(KOMPAKT, facts(MONDAY, "2026-12-03 08:00", drivers=2, language=language))
        assert only(result, PriceLineKind.EXTRA).explanation == explanation

    @pytest.mark.parametrize(
        ("language", "kind", "explanation"),
        [
            ("en", ContractKind.COURTESY, "1 day: Courtesy car: no rental charge"),
            ("de", ContractKind.COURTESY, "1 Tag: Ersatzwagen: Miete frei"),
            ("de", ContractKind.TEST_DRIVE, "1 Tag: Probefahrt: Miete frei"),
            ("en", ContractKind.INTERNAL, "1 day: Internal trip: no rental charge"),
        ],
    )
    def test_free(self, language: str, kind: ContractKind, explanation: str) -> None:
        result = breakdown(KOMPAKT, facts(MONDAY, TUESDAY, kind=kind, language=language))
        assert result.lines[0].explanation == explanation
