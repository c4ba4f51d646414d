"""Parts of an answer of `handoverDay`, as small as the app can read them."""

from __future__ import annotations

from typing import Any


def vehicle(number: int = 1, *, electric: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "id": f"v{number}",
        "plate": f"HH-ZU {100 + number}",
        "make": "VW",
        "model": "Golf",
        "colour": "Weiß",
        "odometerKm": 10_000,
        "fuelEighths": None if electric else 7,
        "stateOfChargePercent": 83 if electric else None,
        "group": {"energy": "ELECTRIC" if electric else "COMBUSTION", "name": "Kompakt"},
        "accessories": [{"name": "Schlüssel", "expected": 2}],
        "damages": [],
        **more,
    }


def contract(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"c{number}",
        "number": f"BER-{number:04}",
        "state": "RESERVED",
        "language": "DE",
        "period": {"start": "2026-11-23T09:00:00+01:00", "end": "2026-11-24T09:00:00+01:00"},
        "customer": {"firstName": "Anna", "lastName": f"Groß {number}", "company": None, "phone": None},
        "vehicle": vehicle(number),
        "drivers": [{"id": f"d{number}", "firstName": "Anna", "lastName": "Groß", "checkedAt": None}],
        "flags": [],
        "deposit": None,
        "protocols": [],
        **more,
    }


def went_out(at: str = "2026-11-22T12:00:00+00:00", km: int = 10_000) -> list[dict[str, Any]]:
    condition = {"odometerKm": km, "fuelEighths": 8, "stateOfChargePercent": None}
    accessories = [{"name": "Schlüssel", "present": 1}]
    return [
        {"type": "CHECK_OUT", "voided": False, "occurredAt": at, "condition": condition, "accessories": accessories}
    ]


def day(station_id: str = "s1", **lists: list[dict[str, Any]]) -> dict[str, Any]:
    empty: dict[str, Any] = {"checkOuts": [], "checkIns": [], "overdue": [], "spareVehicles": []}
    station = {"id": station_id, "name": "Berlin"}
    return {"station": station, "generatedAt": "2026-11-23T08:40:00+01:00", **empty, **lists}
