"""Vehicle groups and price lists of the sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

from server.models.fleet import Energy
from server.models.opening_times import Weekday
from server.models.tariff import BundleUnit, WeekMoment
from server.sandbox.demo_company import ELEKTRO, KLEIN, KOMBI, KOMPAKT
from server.services.fleet.groups import NewGroup
from server.services.pricing.tariff_entry import NewBundle, NewExtra, NewTariff

Package = tuple[str, int | None]
"""A package's price in euros, and the kilometres in it; None: unlimited."""


def groups() -> list[NewGroup]:
    """Four classes of cars."""
    return [
        _group(KLEIN, "Kleinwagen", "EDMR", amounts=("200.00", "750.00")),
        _group(KOMPAKT, "Kompaktklasse", "CDMR", amounts=("300.00", "1000.00"), licence_months=12),
        _group(KOMBI, "Kombi", "IWMR", amounts=("400.00", "1000.00"), age=21, licence_months=12),
        _group(
            ELEKTRO,
            "Elektroauto",
            "CDAE",
            amounts=("500.00", "1000.00"),
            age=21,
            licence_months=24,
            energy=Energy.ELECTRIC,
        ),
    ]


def tariffs() -> dict[str, NewTariff]:
    """The price list, by the code of the group. The documentation calculates with KOMPAKT-2026."""
    more_extras = [
        _per_rental("AFTER_HOURS", "Übergabe oder Rückgabe außerhalb der Öffnungszeiten", "19.00"),
        _per_day("CHILD_SEAT", "Kindersitz", "4.00", "28.00"),
        _per_day("BOOSTER", "Sitzerhöhung", "2.00", "14.00"),
        _per_rental("SNOW_CHAINS", "Schneeketten", "25.00"),
    ]
    return {
        KLEIN: _tariff(
            KLEIN,
            "Kleinwagen 2026",
            _bundles(("45.00", 150), ("239.00", 1050), ("749.00", 3000), ("99.00", 450)),
            extra_km="0.22",
            extras=[*_usual_extras(), *more_extras],
        ),
        KOMPAKT: _tariff(
            KOMPAKT,
            "Kompaktklasse 2026",
            _bundles(("59.00", 150), ("319.00", 1050), ("999.00", 3000), ("129.00", 450)),
            extra_km="0.25",
            extras=_usual_extras(),
        ),
        KOMBI: _tariff(
            KOMBI,
            "Kombi 2026",
            _bundles(("75.00", 200), ("399.00", 1400), ("1249.00", 4000), ("159.00", 600)),
            extra_km="0.29",
            extras=[*_usual_extras(), *more_extras, _per_day("ROOF_BOX", "Dachbox", "7.00", "49.00")],
        ),
        ELEKTRO: _tariff(
            ELEKTRO,
            "Elektroauto 2026",
            _bundles(("69.00", 200), ("369.00", 1400), ("1099.00", None), ("149.00", 600)),
            extra_km="0.25",
            energy=("0.69", "10.00"),
            extras=[*_usual_extras(), *more_extras],
        ),
    }


def _usual_extras() -> list[NewExtra]:
    return [
        _per_day("ADDITIONAL_DRIVER", "Zusatzfahrer", "5.00", "35.00"),
        _per_rental("ONE_WAY", "Einwegmiete", "49.00"),
    ]


def _group(
    code: str,
    name: str,
    acriss: str,
    *,
    amounts: tuple[str, str],
    age: int = 18,
    licence_months: int = 0,
    energy: Energy = Energy.COMBUSTION,
) -> NewGroup:
    deposit, deductible = amounts
    return NewGroup(
        code=code,
        name=name,
        acriss=acriss,
        minimum_age=age,
        minimum_licence_months=licence_months,
        deposit=Decimal(deposit),
        deductible=Decimal(deductible),
        energy=energy,
    )


def _tariff(
    group: str,
    name: str,
    bundles: tuple[NewBundle, ...],
    *,
    extra_km: str,
    extras: list[NewExtra],
    energy: tuple[str, str] = ("0.00", "0.00"),
) -> NewTariff:
    return NewTariff(
        code=f"{group}-2026",
        name=name,
        valid_from=date(2026, 1, 1),
        bundles=bundles,
        extra_km=Decimal(extra_km),
        fuel_per_litre=Decimal("2.10"),
        fuel_service=Decimal("15.00"),
        energy_per_kwh=Decimal(energy[0]),
        charging_service=Decimal(energy[1]),
        cleaning_heavy=Decimal("49.00"),
        cleaning_special=Decimal("149.00"),
        extras=tuple(extras),
    )


def _bundles(day: Package, week: Package, month: Package, weekend: Package) -> tuple[NewBundle, ...]:
    friday, monday = WeekMoment(Weekday.FRIDAY, time(16)), WeekMoment(Weekday.MONDAY, time(9))
    return (
        _bundle(BundleUnit.DAY, 1, day),
        _bundle(BundleUnit.WEEK, 7, week),
        _bundle(BundleUnit.MONTH, 30, month),
        replace(_bundle(BundleUnit.WEEKEND, 3, weekend), window_start=friday, window_end=monday),
    )


def _bundle(unit: BundleUnit, days: int, package: Package) -> NewBundle:
    price, included_km = package
    return NewBundle(unit=unit, days=days, price=Decimal(price), included_km=included_km)


def _per_day(code: str, name: str, price: str, maximum: str) -> NewExtra:
    return NewExtra(code=code, name=name, per_day=Decimal(price), maximum=Decimal(maximum))


def _per_rental(code: str, name: str, price: str) -> NewExtra:
    return NewExtra(code=code, name=name, per_rental=Decimal(price))
