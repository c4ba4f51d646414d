"""What a value must look like. Each check returns its stored form or raises InvalidInput with the field."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from server.errors import InvalidInput, Path, Sentence
from server.models.blank import is_blank
from server.models.composing import composed
from server.models.contract import ChosenExtra
from server.models.money import cents_of
from server.models.plate import latin
from server.models.unset import UNSET, Maybe

T = TypeVar("T")

_GERMAN_PLATE = re.compile(r"^([A-ZÄÖÜ]{1,3})[ .-]+([A-Z]{1,2})[ .-]*([1-9][0-9]{0,3})[ .-]*([EH]?)$")
_VIN = re.compile(r"^[A-HJ-NPR-Z0-9]{17}$")
_CODE = re.compile(r"^[A-Z0-9][A-Z0-9-]{0,31}$")
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
HIGHEST_CENTS = 10_000_000_00


def text(value: str, field: Path, *, longest: int = 200, multiline: bool = False) -> str:
    """Text that is not empty, without control characters, in Unicode NFC."""
    cleaned = optional_text(value, field, longest=longest, multiline=multiline)
    if not cleaned:
        raise InvalidInput(Sentence("This must not be empty.", "Das darf nicht leer sein."), field=field)
    return cleaned


def optional_text(value: str | None, field: Path, *, longest: int = 200, multiline: bool = False) -> str | None:
    """Text that may be missing; what has nothing in it to be seen counts as missing."""
    if value is None:
        return None
    cleaned = composed(value.strip(), longest).strip()
    if multiline:
        cleaned = cleaned.replace("\r\n", "\n")  # as forms in a browser send it
    allowed = "\n\t" if multiline else ""
    if any(_is_unprintable(char) and char not in allowed for char in cleaned):
        raise InvalidInput(
            Sentence(
                "This contains characters that cannot be printed.",
                "Der Text enthält Zeichen, die sich nicht drucken lassen.",
            ),
            field=field,
        )
    if len(cleaned) > longest:
        raise InvalidInput(
            Sentence(
                f"This is too long: at most {longest} characters.", f"Das ist zu lang: höchstens {longest} Zeichen."
            ),
            field=field,
        )
    return None if is_blank(cleaned) else cleaned


def _is_unprintable(char: str) -> bool:
    # The last two code points of every plane are no characters: no XML may contain them.
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or ord(char) & 0xFFFE == 0xFFFE


def token(value: str | None, field: Path) -> str:
    """What a gateway calls a card: printable ASCII."""
    cleaned = (value or "").strip()
    if not re.fullmatch(r"[!-~]{1,100}", cleaned):
        raise InvalidInput(
            Sentence(
                "A stored card needs its token, as the payment page gave it.",
                "Zu einer hinterlegten Karte gehört das Token, das die Zahlungsseite geliefert hat.",
            ),
            field=field,
        )
    return cleaned


def kept(value: Maybe[T | None], stored: T, field: Path) -> T:
    """What a change makes of a value that can be left out (then it stays), but not emptied."""
    if value is UNSET:
        return stored
    if value is None:
        raise cannot_be_emptied(field)
    return value


def cannot_be_emptied(field: Path) -> InvalidInput:
    """The refusal of null for something that every row has."""
    return InvalidInput(
        Sentence(
            "This cannot be emptied; leave it out to keep it as it is.",
            "Das lässt sich nicht leeren; wird es weggelassen, bleibt es, wie es ist.",
        ),
        field=field,
    )


def plate(value: str, field: Path) -> str:
    """A number plate: German ones in their usual form (`hh-zu101` becomes `HH-ZU 101`), others in capitals. Letters of
    other alphabets that look like Latin ones become those: a car is known by what can be read on it.
    """
    cleaned = re.sub(r"\s+", " ", text(latin(value), field, longest=15)).rstrip(" .-")
    if german := _GERMAN_PLATE.match(cleaned):
        return f"{german[1]}-{german[2]} {german[3]}{german[4]}"
    if not re.fullmatch(r"[0-9A-ZÀ-ÖØ-Þ][0-9A-ZÀ-ÖØ-Þ .-]*", cleaned) or not re.search(r"[0-9]", cleaned):
        raise InvalidInput(
            Sentence(
                "This is not a number plate; it should look like B-EW 1234.",
                "Das ist kein Kennzeichen; es sollte aussehen wie B-EW 1234.",
            ),
            field=field,
        )
    return cleaned


def vin(value: str | None, field: Path) -> str | None:
    """A vehicle identification number: 17 characters without I, O and Q (ISO 3779); blanks and hyphens between them are
    left out. The check digit is not looked at: European makers need not have one.
    """
    cleaned = optional_text(value, field, longest=40)
    if cleaned is None:
        return None
    cleaned = re.sub(r"[\s.-]", "", latin(cleaned))
    if not _VIN.match(cleaned):
        raise InvalidInput(
            Sentence(
                "A VIN has 17 letters and digits, without I, O and Q.",
                "Eine Fahrgestellnummer hat 17 Buchstaben und Ziffern, ohne I, O und Q.",
            ),
            field=field,
        )
    return cleaned


def noted_plate(value: str | None, field: Path) -> str | None:
    """The plate of a car that is not ours, as a remark: in the usual form if it fits, else as it was typed."""
    return _noted(value, field, plate)


def noted_vin(value: str | None, field: Path) -> str | None:
    """The VIN of a car that is not ours, as a remark: those of old cars are shorter than 17 characters."""
    return _noted(value, field, vin)


def _noted(value: str | None, field: Path, check: Callable[[str, Path], str | None]) -> str | None:
    typed = optional_text(value, field, longest=40)
    try:
        return typed and check(typed, field)
    except InvalidInput:
        return typed


def code(value: str, field: Path, *, longest: int = 32) -> str:
    """A short code in capitals, digits and hyphens."""
    cleaned = value.strip().upper()
    if not _CODE.match(cleaned) or len(cleaned) > longest:
        raise InvalidInput(
            Sentence(
                f"A code has 1 to {longest} capital letters, digits or hyphens.",
                f"Ein Kürzel hat 1 bis {longest} Großbuchstaben, Ziffern oder Bindestriche.",
            ),
            field=field,
        )
    return cleaned


def sha256(value: str, field: Path) -> str:
    """A SHA-256 as 64 hexadecimal digits."""
    cleaned = value.strip().lower()
    if not _SHA256.match(cleaned):
        raise InvalidInput(
            Sentence("A sha256 has 64 hexadecimal digits.", "Ein sha256 hat 64 Hexadezimalziffern."), field=field
        )
    return cleaned


def same_file(content: bytes, wanted: str) -> None:
    """InvalidInput if a file is not the one of that SHA-256. Takes a while for a large one."""
    if hashlib.sha256(content).hexdigest() != wanted:
        raise InvalidInput(
            Sentence(
                "The file is not the one that this sha256 belongs to; send it again.",
                "Die Datei passt nicht zu diesem sha256; bitte noch einmal senden.",
            ),
            field=["sha256"],
        )


def cents(value: Decimal, field: Path, *, lowest: int = 0) -> int:
    """An amount in cents."""
    try:
        amount = cents_of(value)
    except (ValueError, ArithmeticError) as error:
        raise InvalidInput(
            Sentence(
                "An amount has at most two decimals, for example 59.00.",
                "Ein Betrag hat höchstens zwei Nachkommastellen, zum Beispiel 59.00.",
            ),
            field=field,
        ) from error
    if not lowest <= amount <= HIGHEST_CENTS:
        raise InvalidInput(
            Sentence(
                f"This amount must lie between {lowest / 100:.2f} and {HIGHEST_CENTS / 100:.2f}.",
                f"Dieser Betrag muss zwischen {lowest / 100:.2f} und {HIGHEST_CENTS / 100:.2f} liegen.",
            ),
            field=field,
        )
    return amount


def optional_cents(value: Decimal | None, field: Path) -> int | None:
    """An amount in cents, or nothing."""
    return None if value is None else cents(value, field)


def number(value: int, field: Path, *, lowest: int, highest: int) -> int:
    """A whole number within bounds."""
    if not lowest <= value <= highest:
        raise InvalidInput(
            Sentence(
                f"This must lie between {lowest} and {highest}.", f"Das muss zwischen {lowest} und {highest} liegen."
            ),
            field=field,
        )
    return value


def optional_number(value: int | None, field: Path, *, lowest: int, highest: int) -> int | None:
    """A whole number within bounds, or nothing."""
    return None if value is None else number(value, field, lowest=lowest, highest=highest)


def extras(asked: Sequence[ChosenExtra], field: Path) -> tuple[ChosenExtra, ...]:
    """Extras with their quantities, each code once: what is asked for several times is added up and then looked at."""
    pieces: dict[str, int] = {}
    for index, extra in enumerate(asked):
        own = [*field, str(index), "quantity"]
        one = number(extra.quantity, own, lowest=1, highest=99)
        pieces[extra.code] = number(pieces.get(extra.code, 0) + one, own, lowest=1, highest=99)
    return tuple(ChosenExtra(code, quantity) for code, quantity in pieces.items())


def time_zone(value: str, field: Path) -> str:
    """An IANA time zone."""
    if value not in available_timezones():
        raise InvalidInput(
            Sentence(
                "This is not a time zone; it should look like Europe/Berlin.",
                "Das ist keine Zeitzone; sie sollte aussehen wie Europe/Berlin.",
            ),
            field=field,
        )
    return ZoneInfo(value).key


def birth_date(value: date | None, field: Path, today: date) -> date | None:
    """A date of birth that a living person can have."""
    if value is not None and not date(today.year - 120, 1, 1) <= value <= today:
        raise InvalidInput(Sentence("This cannot be a date of birth.", "Das kann kein Geburtsdatum sein."), field=field)
    return value


def period(start: datetime, end: datetime, field: Path) -> None:
    """A period must end after it starts."""
    if end <= start:
        raise InvalidInput(
            Sentence("The end must lie after the start.", "Das Ende muss nach dem Beginn liegen."),
            field=[*field, "end"],
        )


def as_uuid(value: str | UUID | None) -> UUID | None:
    """An id as the API writes it; anything else is the id of nothing."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value) if value else None
    except ValueError:
        return None
