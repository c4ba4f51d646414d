"""Vehicle groups and price lists of the sandbox."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

from server.models.fleet import Energy
from server.models.station import Weekday
from server.models.tariff import BundleUnit, EarlyReturnPolicy
from server.sandbox.demo_company import ELEKTRO, KLEIN, KOMBI, KOMPAKT, Values


def groups() -> list[Values]:
    """Four classes of cars."""
    return [
        _group(KLEIN, "Kleinwagen", "EDMR", deposit="200.00", deductible="750.00"),
        _group(KOMPAKT, "Kompaktklasse", "CDMR", deposit="300.00", deductible="1000.00", licence_months=12),
        _group(KOMBI, "Kombi", "IWMR", deposit="400.00", deductible="1000.00", age=21, licence_months=12),
        _group(
            ELEKTRO,
            "Elektroauto",
            "CDAE",
            deposit="500.00",
            deductible="1000.00",
            age=21,
            licence_months=24,
            energy=Energy.ELECTRIC,
        ),
    ]


def tariffs() -> list[Values]:
    """The price list. KOMPAKT-2026 is the reference tariff that the documentation calculates with."""
    more_extras = [
        _per_rental("AFTER_HOURS", "Rückgabe außerhalb der Öffnungszeiten", "19.00"),
        _per_day("CHILD_SEAT", "Kindersitz", "4.00", "28.00"),
        _per_day("BOOSTER", "Sitzerhöhung", "2.00", "14.00"),
        _per_rental("SNOW_CHAINS", "Schneeketten", "25.00"),
    ]
    return [
        _tariff(
            KLEIN,
            "Kleinwagen 2026",
            [
                _bundle(BundleUnit.DAY, 1, "45.00", 150),
                _bundle(BundleUnit.WEEK, 7, "239.00", 1050),
                _bundle(BundleUnit.MONTH, 30, "749.00", 3000),
                _weekend("99.00", 450),
            ],
            extra_km="0.22",
            extras=[*_usual_extras(), *more_extras],
        ),
        _tariff(
            KOMPAKT,
            "Kompaktklasse 2026",
            [
                _bundle(BundleUnit.DAY, 1, "59.00", 150),
                _bundle(BundleUnit.WEEK, 7, "319.00", 1050),
                _bundle(BundleUnit.MONTH, 30, "999.00", 3000),
                _weekend("129.00", 450),
            ],
            extra_km="0.25",
            extras=_usual_extras(),
        ),
        _tariff(
            KOMBI,
            "Kombi 2026",
            [
                _bundle(BundleUnit.DAY, 1, "75.00", 200),
                _bundle(BundleUnit.WEEK, 7, "399.00", 1400),
                _bundle(BundleUnit.MONTH, 30, "1249.00", 4000),
                _weekend("159.00", 600),
            ],
            extra_km="0.29",
            extras=[*_usual_extras(), *more_extras, _per_day("ROOF_BOX", "Dachbox", "7.00", "49.00")],
        ),
        _tariff(
            ELEKTRO,
            "Elektroauto 2026",
            [
                _bundle(BundleUnit.DAY, 1, "69.00", 200),
                _bundle(BundleUnit.WEEK, 7, "369.00", 1400),
                _bundle(BundleUnit.MONTH, 30, "1099.00", None),
                _weekend("149.00", 600),
            ],
            extra_km="0.25",
            energy=("0.69", "10.00"),
            extras=[*_usual_extras(), *more_extras],
        ),
    ]


def _usual_extras() -> list[Values]:
    return [
        _per_day("ADDITIONAL_DRIVER", "Zusatzfahrer", "5.00", "35.00"),
        _per_rental("ONE_WAY", "Einwegmiete", "49.00"),
    ]


def _group(
    code: str,
    name: str,
    acriss: str,
    *,
    deposit: str,
    deductible: str,
    age: int = 18,
    licence_months: int = 0,
    energy: Energy = Energy.COMBUSTION,
) -> Values:
    return {
        "code": code,
        "name": name,
        "acriss": acriss,
        "minimum_age": age,
        "minimum_licence_months": licence_months,
        "deposit": Decimal(deposit),
        "deductible": Decimal(deductible),
        "energy": energy,
    }


def _tariff(
    group: str,
    name: str,
    bundles: list[Values],
    *,
    extra_km: str,
    extras: list[Values],
    energy: tuple[str, str] = ("0.00", "0.00"),
) -> Values:
    """As `TariffInput`, with the code of the group as `group_code`: whoever creates it puts `group_id` in its place."""
    return {
        "code": f"{group}-2026",
        "name": name,
        "group_code": group,
        "valid_from": date(2026, 1, 1),
        "valid_until": None,
        "vat_rate": Decimal("0.19"),
        "bundles": bundles,
        "grace_minutes": 60,
        "extra_km": Decimal(extra_km),
        "fuel_per_litre": Decimal("2.10"),
        "fuel_service": Decimal("15.00"),
        "energy_per_kwh": Decimal(energy[0]),
        "charging_service": Decimal(energy[1]),
        "cleaning_heavy": Decimal("49.00"),
        "cleaning_special": Decimal("149.00"),
        "extras": extras,
        "early_return": EarlyReturnPolicy.RECALCULATE,
    }


def _bundle(unit: BundleUnit, days: int, price: str, included_km: int | None) -> Values:
    return {"unit": unit, "days": days, "price": Decimal(price), "included_km": included_km}


def _weekend(price: str, included_km: int) -> Values:
    return {
        **_bundle(BundleUnit.WEEKEND, 3, price, included_km),
        "window_start": {"weekday": Weekday.FRIDAY, "time": time(16)},
        "window_end": {"weekday": Weekday.MONDAY, "time": time(9)},
    }


def _per_day(code: str, name: str, price: str, maximum: str | None = None) -> Values:
    most = None if maximum is None else Decimal(maximum)
    return {"code": code, "name": name, "per_day": Decimal(price), "maximum": most, "per_rental": None}


def _per_rental(code: str, name: str, price: str) -> Values:
    return {"code": code, "name": name, "per_day": None, "maximum": None, "per_rental": Decimal(price)}
