"""Numbers of companies that stand on invoices for ever: IBAN, VAT id and Leitweg-ID, checked by form and, as far as
they have them, by check digits. Whether they exist is not asked: a booking must not wait for a bank or a tax office.
"""

from __future__ import annotations

import re

import phonenumbers
from stdnum.ch import uid as swiss_uid
from stdnum.de import leitweg
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import InvalidChecksum, InvalidFormat, ValidationError
from stdnum.gb import vat as gb_vat
from stdnum.no import orgnr as norwegian_number

from server.errors import InvalidInput, Path, Sentence
from server.models.customer import CustomerKind
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
VAT_IDS = {
    "AT": "ATU12345675",
    "BE": "BE0123456749",
    "BG": "BG175074752",
    "CY": "CY10259033P",
    "CZ": "CZ25123891",
    "DE": "DE136695976",
    "DK": "DK13585628",
    "EE": "EE100931558",
    "EL": "EL094259216",
    "ES": "ESB58378431",
    "FI": "FI20774740",
    "FR": "FR40303265045",
    "HR": "HR33392005961",
    "HU": "HU12892312",
    "IE": "IE6433435F",
    "IT": "IT00743110157",
    "LT": "LT119511515",
    "LU": "LU15027442",
    "LV": "LV40003521600",
    "MT": "MT11679112",
    "NL": "NL004495445B01",
    "PL": "PL8567346215",
    "PT": "PT501964843",
    "RO": "RO18547290",
    "SE": "SE123456789701",
    "SI": "SI50223054",
    "SK": "SK2022749619",
    "XI": "XI980780684",
    "GB": "GB980780684",
    "CH": "CHE116281710MWST",
    "NO": "NO995525828MVA",
}
"""Whose VAT ids have check digits, which are looked at, and what one looks like: the member states, Northern Ireland,
Great Britain, Switzerland and Norway."""
_REGISTERED = {
    "CH": (r"CHE\d{9}(MWST|TVA|IVA)?", swiss_uid.validate),
    "NO": (r"NO\d{9}(MVA)?", lambda compact: norwegian_number.validate(compact[2:])),
}
"""Where it is a company's number in a register, perhaps with a word behind it: its form, and who checks the number."""
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
    """A VAT id with its country's letters, without blanks and dots, in the form that it has there, and with check
    digits that fit where the country has them (all of the EU do); Greece is EL.
    """
    typed = validation.optional_text(value, field, longest=30)
    if typed is None:
        return None
    compact = re.sub(r"[\s./-]", "", latin(typed))
    if compact.startswith("GR"):
        compact = f"EL{compact[2:]}"
    place, number = compact[:2], compact[2:]
    if place in VAT_IDS and compact.isascii():
        return _with_check_digits(compact, field)
    is_elsewhere = place in phonenumbers.SUPPORTED_REGIONS and place not in VAT_IDS
    if is_elsewhere and _ELSEWHERE.fullmatch(number):
        return compact
    raise InvalidInput(
        Sentence(
            "This is not a VAT id; it begins with the country's letters, as in DE136695976 or ATU12345675.",
            "Das ist keine USt-IdNr.; sie beginnt mit den Buchstaben des Landes, wie DE136695976 oder ATU12345675.",
        ),
        field=field,
    )


def _with_check_digits(compact: str, field: Path) -> str:
    place = compact[:2]
    try:
        if place in _REGISTERED:
            return _registered(compact)
        return f"GB{gb_vat.validate(compact)}" if place == "GB" else eu_vat.validate(compact)
    except InvalidChecksum as error:
        message = Sentence(
            "The check digits of this VAT id do not fit: there is a typing mistake in it.",
            "Die Prüfziffern dieser USt-IdNr. passen nicht: Sie enthält einen Tippfehler.",
        )
        raise InvalidInput(message, field=field) from error
    except ValidationError as error:
        example = VAT_IDS[place]
        message = Sentence(
            f"This is not a VAT id of {place}; one from there looks like {example}.",
            f"Das ist keine USt-IdNr. aus {place}; eine von dort sieht aus wie {example}.",
        )
        raise InvalidInput(message, field=field) from error


def _registered(compact: str) -> str:
    form, check = _REGISTERED[compact[:2]]
    if not re.fullmatch(form, compact, re.ASCII):
        raise InvalidFormat
    check(re.sub("[A-Z]+$", "", compact))
    return compact


def buyer_reference_of(kind: CustomerKind, value: str | None, field: Path) -> str | None:
    """A customer's Leitweg-ID; a person has none."""
    named = (*field, "buyer_reference")
    found = buyer_reference(value, named)
    if found is not None and kind is CustomerKind.PERSON:
        message = Sentence(
            "Only a company or an authority (kind COMPANY) has a Leitweg-ID.",
            "Eine Leitweg-ID hat nur eine Firma oder Behörde (kind COMPANY).",
        )
        raise InvalidInput(message, field=named)
    return found


def buyer_reference(value: str | None, field: Path) -> str | None:
    """A Leitweg-ID, by which an authority's invoices find their way to it: up to twelve digits, which begin with the
    Land or 99 for the federation, perhaps up to thirty letters and digits, two check digits (ISO 7064, modulo 97-10).
    """
    typed = validation.optional_text(value, field, longest=60)
    if typed is None:
        return None
    compact = re.sub(r"\s", "", latin(typed))
    try:
        return leitweg.validate(compact if compact.isascii() else "")
    except InvalidChecksum as error:
        message = Sentence(
            "The check digits of this Leitweg-ID do not fit: there is a typing mistake in it.",
            "Die Prüfziffern dieser Leitweg-ID passen nicht: Sie enthält einen Tippfehler.",
        )
        raise InvalidInput(message, field=field) from error
    except ValidationError as error:
        message = Sentence(
            "This is not a Leitweg-ID; it looks like 04011000-1234512345-06 or 991-03730-19.",
            "Das ist keine Leitweg-ID; sie sieht aus wie 04011000-1234512345-06 oder 991-03730-19.",
        )
        raise InvalidInput(message, field=field) from error
