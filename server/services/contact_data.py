"""How people and companies are reached: checks of mail addresses, phone numbers and postal addresses."""

from __future__ import annotations

import re

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from server.errors import InvalidInput, Path, Sentence
from server.models.composing import composed
from server.models.customer import LONGEST_EMAIL
from server.models.recipient import PostalAddress
from server.services import validation

_POSTCODES = {
    "DE": r"\d{5}",
    "AT": r"\d{4}",
    "CH": r"\d{4}",
    "FR": r"\d{5}",
    "NL": r"\d{4} ?[A-Z]{2}",
    "PL": r"\d{2}-\d{3}",
}
_WITHOUT_POSTCODES = (
    "AE AG AO AW BF BI BJ BO BQ BS BW BZ CD CF CG CI CK CM CW DJ DM ER FJ GA GD GH GM GQ GY HK IE JM KI KM KN KP LY ML"
    " MO MR NR NU PA QA RW SB SC SL SO SR ST SX SY TD TG TK TL TO TV UG VU YE ZW"
)
"""Where letters are delivered without one (Universal Postal Union). Ireland has them; addresses rarely show them."""
_PREFIXES = {
    "AT": "A", "BE": "B", "BG": "BG", "CH": "CH", "CZ": "CZ", "DE": "D", "DK": "DK", "EE": "EE|EST", "ES": "E",
    "FI": "FI|FIN", "FR": "F", "GR": "GR", "HR": "HR", "HU": "H", "IS": "IS", "IT": "I", "LI": "FL", "LU": "L",
    "NL": "NL", "NO": "N", "PL": "PL", "PT": "P", "RO": "RO", "SE": "S", "SI": "SLO", "SK": "SK",
}  # fmt: skip
"""What is written before a postcode in letters from abroad (A-1010); in Latvia or Lithuania it is part of it."""


def email(value: str, field: Path) -> str:
    """One mail address, as typed but trimmed."""
    typed = composed(value.strip(), LONGEST_EMAIL)
    try:
        if len(typed) > LONGEST_EMAIL:
            raise EmailNotValidError("longer than any address")
        checked = validate_email(typed, check_deliverability=False, allow_smtputf8=True, test_environment=True)
    except (EmailNotValidError, UnicodeError) as error:
        raise InvalidInput(
            Sentence(
                "This is not a mail address; it should look like name@example.de.",
                "Das ist keine E-Mail-Adresse; sie sollte aussehen wie name@example.de.",
            ),
            field=field,
        ) from error
    return checked.normalized


def phone(value: str | None, field: Path, country: str) -> str | None:
    """A phone number in international form (+49 30 1234567); without a prefix such as +49 it is one of the country."""
    cleaned = validation.optional_text(value, field, longest=40)
    if cleaned is None:
        return None
    try:
        number = phonenumbers.parse(cleaned, country)
    except phonenumbers.NumberParseException as error:
        raise InvalidInput(
            Sentence(
                "This is not a phone number; it should look like +49 30 1234567.",
                "Das ist keine Telefonnummer; sie sollte aussehen wie +49 30 1234567.",
            ),
            field=field,
        ) from error
    if not phonenumbers.is_possible_number(number):
        raise InvalidInput(
            Sentence(
                "This phone number has too few or too many digits.",
                "Diese Telefonnummer hat zu wenige oder zu viele Ziffern.",
            ),
            field=field,
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def country(value: str, field: Path) -> str:
    """An ISO 3166 code of two letters."""
    code = value.strip().upper()
    if not re.fullmatch(r"[A-Z]{2}", code) or code not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidInput(
            Sentence(
                "This is not a country; give its code of two letters, for example DE.",
                "Das ist kein Land; nötig ist sein Kürzel aus zwei Buchstaben, zum Beispiel DE.",
            ),
            field=field,
        )
    return code


def postcode(value: str, country_code: str, field: Path) -> str:
    """A postcode, without the country before it; checked where the country's form is known, empty where it has none."""
    typed = validation.optional_text(value, field, longest=16)
    if typed is None and country_code in _WITHOUT_POSTCODES.split():
        return ""
    cleaned = validation.text(_without_country(typed or "", country_code), field, longest=12)
    pattern = _POSTCODES.get(country_code)
    if pattern and not re.fullmatch(pattern, cleaned, re.ASCII):
        raise InvalidInput(
            Sentence(
                f"This is not a postcode of {country_code}.", f"Das ist keine gültige Postleitzahl für {country_code}."
            ),
            field=field,
        )
    return cleaned


def _without_country(typed: str, country_code: str) -> str:
    upper, sign = typed.upper(), _PREFIXES.get(country_code)
    return re.sub(rf"^({country_code}|{sign})[\s–-]*(?=\d)", "", upper) if sign else upper


def address(given: PostalAddress, field: Path) -> PostalAddress:
    """A postal address: street, postcode (where there are any), city, country."""
    country_code = country(given.country, [*field, "country"])
    return PostalAddress(
        street=validation.text(given.street, [*field, "street"]),
        postcode=postcode(given.postcode, country_code, [*field, "postcode"]),
        city=validation.text(given.city, [*field, "city"]),
        country=country_code,
    )
