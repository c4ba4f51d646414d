"""Numbers of companies that stand on invoices for ever: IBAN and VAT id, checked by form and, as far as it has them, by
check digits. Whether they exist is not asked: a booking must not wait for a bank or a tax office.
"""

from __future__ import annotations

import re

import phonenumbers

from server.errors import InvalidInput, Path, Sentence
from server.models.plate import latin
from server.services import validation

_IBAN_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20"
    " EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30"
    " KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23"
    " PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26"
    " UA29 VA22 VG24 XK20 YE30"
)
"""How long an account number is in each country that has IBANs (SWIFT's IBAN registry, ISO 13616)."""
_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBAN_LENGTHS.split()}
_BRITISH = r"\d{9}|\d{12}|(GD|HA)\d{3}"
_VAT_IDS = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"[1-9]\d{8}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"\d{9}|\d{12}",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"\d{9}B\d{2}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"[1-9]\d{1,9}",
    "SE": r"\d{10}01",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": _BRITISH,
    "GB": _BRITISH,
    "CH": r"E\d{9}(MWST|TVA|IVA)?",
    "NO": r"\d{9}(MVA)?",
}
"""What follows the country's letters: the member states and Northern Ireland as the EU's VIES describes them, and three
neighbours."""
_ELSEWHERE = re.compile(r"(?=(.*\d){4})[A-Z0-9]{5,18}")


def iban(value: str | None, field: Path) -> str | None:
    """An IBAN in its electronic form, without blanks: the country's length, and check digits (ISO 13616, modulo 97)."""
    typed = validation.optional_text(value, field, longest=50)
    if typed is None:
        return None
    compact = re.sub(r"[\s.-]", "", latin(typed)).removeprefix("IBAN").lstrip(":")
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]+", compact, re.ASCII) or _LENGTHS.get(compact[:2]) != len(compact):
        message = Sentence(
            "This is not an IBAN: it begins with a country's letters and has the length of that country's (DE: 22).",
            "Das ist keine IBAN: Sie beginnt mit den Buchstaben eines Landes und hat dessen Länge (DE: 22).",
        )
        raise InvalidInput(message, field=field)
    if int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 != 1:
        message = Sentence(
            "The check digits of this IBAN do not fit: there is a typing mistake in it.",
            "Die Prüfziffern dieser IBAN passen nicht: Sie enthält einen Tippfehler.",
        )
        raise InvalidInput(message, field=field)
    return compact


def vat_id(value: str | None, field: Path) -> str | None:
    """A VAT id with its country's letters, without blanks and dots, in the form that it has there; Greece is EL."""
    typed = validation.optional_text(value, field, longest=30)
    if typed is None:
        return None
    compact = re.sub(r"[\s./-]", "", latin(typed))
    if compact.startswith("GR"):
        compact = f"EL{compact[2:]}"
    place, number = compact[:2], compact[2:]
    form = _VAT_IDS.get(place)
    if form is not None and re.fullmatch(form, number, re.ASCII):
        return compact
    if form is None and place in phonenumbers.SUPPORTED_REGIONS and _ELSEWHERE.fullmatch(number):
        return compact
    raise InvalidInput(
        Sentence(
            "This is not a VAT id; it begins with the country's letters, as in DE123456789 or ATU12345678.",
            "Das ist keine USt-IdNr.; sie beginnt mit den Buchstaben des Landes, wie DE123456789 oder ATU12345678.",
        ),
        field=field,
    )
