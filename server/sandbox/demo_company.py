"""The sandbox's dealer group: an invented company and its stations.

Here and in the files beside it, names, numbers and addresses are made up: phone numbers lie in ranges that the
Bundesnetzagentur keeps free for films, mail addresses in `.example`, the bank does not exist (check digits of IBAN and
VAT id are right all the same).
"""

from __future__ import annotations

from datetime import time

from server.models.opening_times import OpeningWindow, Weekday
from server.models.recipient import PostalAddress
from server.services.fleet.company_data import CompanyData
from server.services.fleet.stations import NewStation

MAIL_DOMAIN = "autohaus-sonnenfeld.example"
TIME_ZONE = "Europe/Berlin"
BER, POT, HVL = "BER", "POT", "HVL"
KLEIN, KOMPAKT, KOMBI, ELEKTRO = "KLEIN", "KOMPAKT", "KOMBI", "ELEKTRO"


def company() -> CompanyData:
    """The legal data that stand on every invoice."""
    return CompanyData(
        name="Autohaus Sonnenfeld GmbH",
        address=address("Am Juliusturm 112", "13599", "Berlin"),
        tax_number="29/999/12345",
        vat_id="DE999123455",
        register_entry="Amtsgericht Charlottenburg, HRB 999123 B",
        seat="Berlin",
        managing_directors="Petra Sommer, Jens Feldmann",
        bank="Musterbank Havelland",
        iban="DE37999999990123456789",
        email=f"rechnung@{MAIL_DOMAIN}",
        phone="030 23125 100",
        website=f"https://{MAIL_DOMAIN}",
        terms_url=f"https://{MAIL_DOMAIN}/mietbedingungen",
        privacy_url=f"https://{MAIL_DOMAIN}/datenschutz",
        breakdown_phone="030 23125 190",
        accident_phone="030 23125 191",
    )


def stations() -> list[NewStation]:
    """Three stations; Falkensee closes for lunch, Potsdam has a key drop."""
    all_day = _week([(time(7), time(18, 30))], [(time(8), time(14))])
    with_a_break = _week([(time(7, 30), time(12, 30)), (time(13, 30), time(18))], [(time(9), time(13))])
    return [
        NewStation(
            code=BER,
            name="Autohaus Sonnenfeld Berlin-Spandau",
            address=address("Am Juliusturm 112", "13599", "Berlin"),
            phone="030 23125 110",
            email=f"berlin@{MAIL_DOMAIN}",
            holiday_region="DE-BE",
            opening_hours=all_day,
        ),
        NewStation(
            code=POT,
            name="Autohaus Sonnenfeld Potsdam",
            address=address("Großbeerenstraße 240", "14480", "Potsdam"),
            phone="030 23125 220",
            email=f"potsdam@{MAIL_DOMAIN}",
            holiday_region="DE-BB",
            after_hours_return=True,
            opening_hours=all_day,
        ),
        NewStation(
            code=HVL,
            name="Autohaus Sonnenfeld Falkensee",
            address=address("Spandauer Straße 91", "14612", "Falkensee"),
            phone="030 23125 330",
            email=f"falkensee@{MAIL_DOMAIN}",
            holiday_region="DE-BB",
            turnaround_minutes=90,
            opening_hours=with_a_break,
        ),
    ]


def address(street: str, postcode: str, city: str, country: str = "DE") -> PostalAddress:
    """An address of the sandbox."""
    return PostalAddress(street=street, postcode=postcode, city=city, country=country)


def _week(workdays: list[tuple[time, time]], saturday: list[tuple[time, time]]) -> tuple[OpeningWindow, ...]:
    days = [(day, workdays) for day in list(Weekday)[:5]] + [(Weekday.SATURDAY, saturday)]
    return tuple(OpeningWindow(day, opens, closes) for day, windows in days for opens, closes in windows)
