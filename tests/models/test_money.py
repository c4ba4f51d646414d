"""VAT and rounding, to the cent: domain 3.7, 4.5 and 4.7."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.models.money import Money, VatSplit, cents_of, divide_half_up, split_vat, spread_net

CENTS = st.integers(-10_000_000_00, 10_000_000_00)
RATES = st.integers(0, 5_000)


class TestSplitVat:
    @pytest.mark.parametrize(
        ("gross", "net", "vat"),
        [
            (1995, 1676, 319),
            (1, 1, 0),
            (-1, -1, 0),
            (0, 0, 0),
            (5900, 4958, 942),
            (-5900, -4958, -942),
            (11800, 9916, 1884),
            (-11800, -9916, -1884),
            (31900, 26807, 5093),
            (12900, 10840, 2060),
            (21750, 18277, 3473),
            (8713, 7322, 1391),
            (7400, 6218, 1182),
            (2000, 1681, 319),
            (16675, 14013, 2662),
            (5457, 4586, 871),
            (-443, -372, -71),
            (119, 100, 19),
            (1_000_000_000, 840_336_134, 159_663_866),
        ],
    )
    def test_at_nineteen_per_cent(self, gross: int, net: int, vat: int) -> None:
        assert split_vat(gross, 1900) == VatSplit(gross, net, vat)

    @pytest.mark.parametrize(
        ("gross", "rate", "net", "vat"),
        [(107, 700, 100, 7), (1995, 700, 1864, 131), (1995, 0, 1995, 0), (3, 10_000, 2, 1), (-3, 10_000, -2, -1)],
    )
    def test_at_other_rates(self, gross: int, rate: int, net: int, vat: int) -> None:
        assert split_vat(gross, rate) == VatSplit(gross, net, vat)

    @given(CENTS, RATES)
    def test_parts_add_up(self, gross: int, rate: int) -> None:
        split = split_vat(gross, rate)
        assert split.net + split.vat == split.gross == gross

    @given(CENTS, RATES)
    def test_a_cancellation_mirrors_its_original(self, gross: int, rate: int) -> None:
        original, mirror = split_vat(gross, rate), split_vat(-gross, rate)
        assert (mirror.net, mirror.vat) == (-original.net, -original.vat)

    @given(CENTS, RATES)
    def test_net_is_the_nearest_cent(self, gross: int, rate: int) -> None:
        exact = Decimal(gross) * 10_000 / (10_000 + rate)
        assert abs(split_vat(gross, rate).net - exact) <= Decimal("0.5")

    def test_e17_the_rest_is_subtracted_not_computed_anew(self) -> None:
        rest = split_vat(7400, 1900).minus(split_vat(5900, 1900))
        assert rest == VatSplit(1500, 1260, 240)
        assert split_vat(1500, 1900) == VatSplit(1500, 1261, 239)


class TestRounding:
    @pytest.mark.parametrize(
        ("numerator", "denominator", "rounded"),
        [(1, 2, 1), (-1, 2, -1), (3, 2, 2), (5, 2, 3), (-5, 2, -3), (1, 3, 0), (2, 3, 1), (-2, 3, -1), (0, 7, 0)],
    )
    def test_divide(self, numerator: int, denominator: int, rounded: int) -> None:
        assert divide_half_up(numerator, denominator) == rounded

    @given(st.integers(-(10**15), 10**15), st.integers(1, 10**6))
    def test_divide_rounds_like_decimal(self, numerator: int, denominator: int) -> None:
        # When / Then: exact halves included, because the quotient is compared as a fraction
        rounded = divide_half_up(numerator, denominator)
        rest = abs(2 * numerator - 2 * rounded * denominator)
        assert rest <= denominator
        if rest == denominator:
            assert abs(rounded) * denominator > abs(numerator)


class TestCentsOf:
    @pytest.mark.parametrize(
        ("amount", "cents"),
        [
            ("59", 5900),
            ("59.0", 5900),
            ("59.00", 5900),
            ("59.000", 5900),
            ("0.01", 1),
            ("-0.01", -1),
            ("1E+2", 10000),
            ("0", 0),
            ("-0", 0),
            ("9999999.99", 999999999),
        ],
    )
    def test_exact(self, amount: str, cents: int) -> None:
        assert cents_of(Decimal(amount)) == cents

    @pytest.mark.parametrize("amount", ["0.001", "59.005", "-1.999", "1E-3", "NaN", "sNaN", "Infinity", "-Infinity"])
    def test_refused(self, amount: str) -> None:
        with pytest.raises(ValueError, match="two decimals"):
            cents_of(Decimal(amount))

    @given(CENTS)
    def test_there_and_back(self, cents: int) -> None:
        assert cents_of(Money(cents).amount) == cents


class TestMoney:
    @pytest.mark.parametrize(
        ("cents", "amount"), [(0, "0.00"), (1, "0.01"), (5900, "59.00"), (-5900, "-59.00"), (100_000_000, "1000000.00")]
    )
    def test_always_two_decimals(self, cents: int, amount: str) -> None:
        assert str(Money(cents).amount) == amount

    def test_currency(self) -> None:
        assert Money(1).currency == "EUR"


class TestSpreadNet:
    @pytest.mark.parametrize(
        ("gross", "parts"),
        [
            ([17700, 4050], [14874, 3403]),  # 14873.95 and 3403.36
            ([5900], [4958]),
            ([100, 100, 100], [84, 84, 84]),  # 252.10 together, 84.03 each
            ([1995, 1995, 1995], [1677, 1676, 1676]),  # the first of equals
            ([5900, -443], [4958, -372]),
            ([-17700, -4050], [-14874, -3403]),
            ([119, -119], [100, -100]),
            ([0, 5900, 0], [0, 4958, 0]),
            ([], []),
        ],
    )
    def test_at_nineteen_per_cent(self, gross: list[int], parts: list[int]) -> None:
        assert spread_net(gross, split_vat(sum(gross), 1900).net, 1900) == parts

    @given(st.lists(CENTS, max_size=30), RATES)
    def test_the_parts_are_the_net_sum_and_each_is_within_a_cent(self, gross: list[int], rate: int) -> None:
        net = split_vat(sum(gross), rate).net
        parts = spread_net(gross, net, rate)
        assert sum(parts) == net
        for line, part in zip(gross, parts, strict=True):
            assert abs(Decimal(line) * 10_000 / (10_000 + rate) - part) < 1
            assert part * line >= 0

    @given(st.lists(CENTS, max_size=30), RATES)
    def test_a_cancellation_mirrors_every_line(self, gross: list[int], rate: int) -> None:
        net = split_vat(sum(gross), rate).net
        if net:
            mirror = spread_net([-line for line in gross], -net, rate)
            assert mirror == [-part for part in spread_net(gross, net, rate)]

    @given(CENTS)
    def test_the_vat_is_within_a_cent_of_that_of_the_net_sum(self, gross: int) -> None:
        """What EN 16931 computes (BR-CO-17), against what is left of an agreed gross sum."""
        split = split_vat(gross, 1900)
        assert abs(split.vat - divide_half_up(split.net * 19, 100)) <= 1
