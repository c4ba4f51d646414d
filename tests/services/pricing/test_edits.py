"""Edited terms: what they change of a price, that nothing falls below zero, and that longer never costs less."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.models.contract import ContractKind
from server.models.fleet import Cleanliness
from server.models.money import spread_net
from server.models.tariff import PriceLineKind, TariffTerms, snapshot_of, terms_of
from server.paper.e_invoice_amounts import net_price
from server.services.pricing import fees
from server.services.pricing.edits import WAIVABLE, TermsEdit, differences, edited
from server.services.pricing.price import Facts, LegUse, breakdown
from tests.services.samples import BERLIN, KOMPAKT, at, facts, multiplies_out

MONDAY, TUESDAY, THURSDAY = "2026-11-23 08:00", "2026-11-24 08:00", "2026-11-26 08:00"
ONE_DAY = facts(MONDAY, TUESDAY)
EIGHTH_LESS = LegUse(fuel_out=8, fuel_in=7, tank_litres=50)


def after(*edits: TermsEdit, terms: TariffTerms = KOMPAKT) -> TariffTerms:
    for edit in edits:
        terms = edited(terms, edit)
    return terms


def because(**what: Any) -> TermsEdit:
    return TermsEdit(reason="Kulanz", **what)


def said(terms: TariffTerms, of: Facts = ONE_DAY) -> list[tuple[str, int]]:
    return [(line.kind.value, line.total_cents) for line in breakdown(terms, of).lines]


def test_e22_half_a_cent_of_a_discount_is_a_cent() -> None:
    price = breakdown(after(because(discount_basis_points=750)), replace(ONE_DAY, language="de"))
    discount = price.lines[1]
    assert (price.total_cents, price.net_cents, price.vat_cents) == (5457, 4586, 871)
    assert (discount.kind, discount.total_cents) == (PriceLineKind.DISCOUNT, -443)
    assert (discount.quantity, discount.unit_cents) == (Decimal(-1), 443)
    assert (discount.text, discount.explanation) == ("Nachlass", "7,5 % von 59,00: Kulanz")


def test_an_amount_comes_after_a_share_and_ends_at_the_line() -> None:
    both = after(because(discount_basis_points=5_000), because(discount_cents=9_900))
    assert said(both) == [("RENTAL", 5900), ("DISCOUNT", -2950), ("DISCOUNT", -2950)]
    assert breakdown(both, ONE_DAY).lines[2].explanation == "at most 29.50: Kulanz"


def test_a_discount_takes_the_place_of_the_one_before_and_zero_ends_it() -> None:
    assert said(after(because(discount_cents=500), because(discount_cents=700)))[1:] == [("DISCOUNT", -700)]
    assert said(after(because(discount_cents=500), because(discount_cents=0)))[1:] == []


def test_a_waiver_takes_off_what_a_discount_has_left() -> None:
    terms = after(because(discount_cents=900), because(waive=PriceLineKind.RENTAL))
    assert said(terms) == [("RENTAL", 5900), ("DISCOUNT", -900), ("WAIVER", -5000)]


def test_what_only_billing_brings_is_waived_there_with_all_its_lines() -> None:
    terms = after(because(waive=PriceLineKind.FUEL))
    used = replace(ONE_DAY, driven_km=100, legs=(EIGHTH_LESS, EIGHTH_LESS), language="de")
    assert said(terms) == [("RENTAL", 5900)]
    assert said(terms, used) == [("RENTAL", 5900), *[("FUEL", 1313), ("FUEL", 1500)] * 2, ("WAIVER", -5626)]
    waiver = breakdown(terms, used).lines[-1]
    assert (waiver.text, waiver.explanation) == ("Erlassen: Fehlender Kraftstoff, Tankservice", "Kulanz")


def test_what_was_waived_is_charged_again() -> None:
    terms = after(because(waive=PriceLineKind.RENTAL), because(charge=PriceLineKind.RENTAL))
    assert terms == KOMPAKT


def test_the_days_price_and_kilometres_replace_those_of_the_packages() -> None:
    # Given: three days, 612 km; 150 km a day are included (E10a)
    driven = facts(MONDAY, THURSDAY, driven_km=612)
    assert breakdown(KOMPAKT, driven).total_cents == 21750
    # Then
    assert said(after(because(day_price_cents=4_900)), driven) == [("RENTAL", 14700), ("EXTRA_KM", 4050)]
    assert said(after(because(included_km_per_day=200)), driven) == [("RENTAL", 17700), ("EXTRA_KM", 300)]
    assert said(after(because(extra_km_cents=10)), driven) == [("RENTAL", 17700), ("EXTRA_KM", 1620)]
    assert [b.included_km for b in after(because(included_km_per_day=200)).bundles] == [200, 1400, 6000, 600]


def test_a_courtesy_car_gets_the_edited_kilometres() -> None:
    courtesy = facts(MONDAY, THURSDAY, driven_km=350, kind=ContractKind.COURTESY)
    assert said(after(because(included_km_per_day=100)), courtesy) == [("RENTAL", 0), ("EXTRA_KM", 1250)]


def test_fuel_and_energy_have_their_edited_price() -> None:
    terms = after(because(fuel_per_litre_cents=100, energy_per_kwh_cents=50))
    electric = LegUse(charge_out=80, charge_in=55, battery_wh=58_000)
    used = replace(ONE_DAY, driven_km=0, legs=(EIGHTH_LESS, electric))
    assert said(terms, used)[1:] == [("FUEL", 625), ("FUEL", 1500), ("ENERGY", 725), ("ENERGY", 1000)]


def test_a_waived_fee_costs_nothing() -> None:
    terms = after(because(waive=PriceLineKind.CANCELLATION_FEE), because(waive=PriceLineKind.NO_SHOW_FEE))
    assert fees.cancellation_fee(terms, 5900, at(MONDAY), at(MONDAY)) == 0
    assert fees.no_show_fee(terms, 5900) == 0


@pytest.mark.parametrize(
    ("edit", "change"),
    [
        (because(day_price_cents=4_900), ("day_price", "59.00", "49.00")),
        (because(extra_km_cents=10), ("extra_km", "0.25", "0.10")),
        (because(discount_basis_points=750), ("discount_percent", "–", "7.5")),
        (because(discount_basis_points=1_000), ("discount_percent", "–", "10")),
        (because(discount_cents=500), ("discount_amount", "–", "5.00")),
        (
            because(included_km_per_day=200),
            ("included_km_per_day", "DAY 150, WEEK 1050, MONTH 3000, WEEKEND 450", "200"),
        ),
        (because(waive=PriceLineKind.EXTRA_KM), ("waive_line", "–", "EXTRA_KM")),
    ],
)
def test_what_an_edit_changed_is_readable(edit: TermsEdit, change: tuple[str, str, str]) -> None:
    (found,) = differences(KOMPAKT, after(edit))
    assert (found.term, found.before, found.after) == change


cents = st.none() | st.integers(0, 60_000)
kinds = st.none() | st.sampled_from(sorted(WAIVABLE))
an_edit = st.builds(
    TermsEdit,
    reason=st.just("Kulanz"),
    day_price_cents=cents,
    extra_km_cents=st.none() | st.integers(0, 300),
    discount_basis_points=st.none() | st.integers(0, 10_000),
    discount_cents=cents,
    included_km_per_day=st.none() | st.integers(0, 1_000),
    fuel_per_litre_cents=st.none() | st.integers(0, 500),
    energy_per_kwh_cents=st.none() | st.integers(0, 500),
    waive=kinds,
    charge=kinds,
)
edits = st.lists(an_edit, max_size=4).map(lambda given: after(*given))
asked = st.lists(st.tuples(st.sampled_from(["CHILD_SEAT", "SNOW_CHAINS"]), st.integers(1, 3)), max_size=2).map(tuple)
kinds_of_rental = st.sampled_from(list(ContractKind))
legs = st.builds(
    LegUse,
    fuel_out=st.integers(0, 8),
    fuel_in=st.integers(0, 8),
    tank_litres=st.integers(20, 120),
    charge_out=st.integers(0, 100),
    charge_in=st.integers(0, 100),
    battery_wh=st.integers(8_000, 120_000),
    inside_in=st.sampled_from(Cleanliness),
)


@given(terms=edits, days=st.integers(1, 60), extras=asked, kind=kinds_of_rental, km=st.integers(0, 9_000), leg=legs)
def test_no_price_of_edited_terms_is_negative_and_every_line_multiplies_out(
    terms: TariffTerms, days: int, extras: tuple[tuple[str, int], ...], kind: ContractKind, km: int, leg: LegUse
) -> None:
    start = at(MONDAY)
    used = Facts(kind, start, start + timedelta(days=days), BERLIN, extras=extras, drivers=3, driven_km=km, legs=(leg,))
    price = breakdown(terms, used)
    assert price.total_cents >= 0
    assert price.net_cents >= 0
    for line in price.lines:
        reduces = line.kind in {PriceLineKind.DISCOUNT, PriceLineKind.WAIVER}
        assert (line.total_cents < 0) is reduces or line.total_cents == 0
        assert multiplies_out(line)
    # An e-invoice says the same lines in net prices: they share the net sum and multiply out, too.
    nets = spread_net([line.total_cents for line in price.lines], price.net_cents, terms.vat_rate_bp)
    assert sum(nets) == price.net_cents
    for line, net in zip(price.lines, nets, strict=True):
        product = line.quantity * net_price(line.quantity, net) * 100
        assert product.quantize(Decimal(1), ROUND_HALF_UP) == net
    last = [line.kind for line in price.lines if line.kind in {PriceLineKind.DISCOUNT, PriceLineKind.WAIVER}]
    assert last == sorted(last), "discounts, then waivers"


@given(terms=edits, hours=st.integers(1, 1_500), extras=asked, more=st.integers(1, 72))
def test_longer_never_costs_less_whatever_was_edited(
    terms: TariffTerms, hours: int, extras: tuple[tuple[str, int], ...], more: int
) -> None:
    start = at("2026-11-27 17:00")

    def costs(elapsed: int) -> int:
        until = start + timedelta(hours=elapsed)
        return breakdown(terms, Facts(ContractKind.RENTAL, start, until, BERLIN, extras=extras)).total_cents

    assert costs(hours) <= costs(hours + more)


@given(terms=edits)
def test_edited_terms_are_frozen_and_read(terms: TariffTerms) -> None:
    assert terms_of(snapshot_of(terms)) == terms
