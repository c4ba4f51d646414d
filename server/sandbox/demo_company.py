"""The sandbox's dealer group: an invented company and its stations.

Here and in the files beside it, names, numbers and addresses are made up: phone numbers lie in ranges that the
Bundesnetzagentur keeps free for films, mail addresses in `.example`, the bank does not exist (check digits of IBAN and
VAT id are right all the same). Every function returns fresh values with the keys of the API's inputs, which the
services may change.
"""

from __future__ import annotations

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from server.models.station import Weekday

Values = dict[str, Any]
MAIL_DOMAIN = "autohaus-sonnenfeld.example"
TIME_ZONE = "Europe/Berlin"
BER, POT, HVL = "BER", "POT", "HVL"
KLEIN, KOMPAKT, KOMBI, ELEKTRO = "KLEIN", "KOMPAKT", "KOMBI", "ELEKTRO"


def company() -> Values:
    """The legal data that stand on every invoice."""
    return {
        "name": "Autohaus Sonnenfeld GmbH",
        "address": address("Am Juliusturm 112", "13599", "Berlin"),
        "tax_number": "29/999/12345",
        "vat_id": "DE999123455",
        "register_entry": "Amtsgericht Charlottenburg, HRB 999123 B",
        "bank": "Musterbank Havelland",
        "iban": "DE37999999990123456789",
        "email": f"rechnung@{MAIL_DOMAIN}",
        "phone": "030 23125 100",
        "website": f"https://{MAIL_DOMAIN}",
    }


def stations() -> list[Values]:
    """Three stations; Falkensee closes for lunch, Potsdam has a key drop."""
    return [
        _station(
            BER,
            "Autohaus Sonnenfeld Berlin-Spandau",
            address("Am Juliusturm 112", "13599", "Berlin"),
            "030 23125 110",
            holiday_region="DE-BE",
            turnaround_minutes=60,
            hours=_week([(time(7), time(18, 30))], [(time(8), time(14))]),
        ),
        _station(
            POT,
            "Autohaus Sonnenfeld Potsdam",
            address("Großbeerenstraße 240", "14480", "Potsdam"),
            "030 23125 220",
            holiday_region="DE-BB",
            turnaround_minutes=60,
            after_hours_return=True,
            hours=_week([(time(7), time(18, 30))], [(time(8), time(14))]),
        ),
        _station(
            HVL,
            "Autohaus Sonnenfeld Falkensee",
            address("Spandauer Straße 91", "14612", "Falkensee"),
            "030 23125 330",
            holiday_region="DE-BB",
            turnaround_minutes=90,
            hours=_week([(time(7, 30), time(12, 30)), (time(13, 30), time(18))], [(time(9), time(13))]),
        ),
    ]


def address(street: str, postcode: str, city: str, country: str = "DE") -> Values:
    """As `AddressInput`."""
    return {"street": street, "postcode": postcode, "city": city, "country": country}


def _station(
    code: str,
    name: str,
    address: Values,
    phone: str,
    *,
    holiday_region: str,
    turnaround_minutes: int,
    hours: list[Values],
    after_hours_return: bool = False,
) -> Values:
    return {
        "code": code,
        "name": name,
        "address": address,
        "phone": phone,
        "email": f"{address['city'].lower()}@{MAIL_DOMAIN}",
        "time_zone": ZoneInfo(TIME_ZONE).key,
        "turnaround_minutes": turnaround_minutes,
        "after_hours_return": after_hours_return,
        "holiday_region": holiday_region,
        "opening_hours": hours,
        "opening_exceptions": [],
    }


def _week(workdays: list[tuple[time, time]], saturday: list[tuple[time, time]]) -> list[Values]:
    days = [(day, workdays) for day in list(Weekday)[:5]] + [(Weekday.SATURDAY, saturday)]
    return [{"weekday": day, "opens": opens, "closes": closes} for day, windows in days for opens, closes in windows]
