"""Test cards, tokens that exist from the start, and what each of them does.

The numbers occur in the vendor's test material; what they do here is our own table. Full numbers are never stored.
"""

import hashlib
from dataclasses import dataclass

from server.sandbox.telecash.refusals import Refused


@dataclass(frozen=True)
class TestCard:
    """A card number that the simulator treats specially; `behaviour` is the key to the rules, `does` is for people."""

    number: str
    behaviour: str
    does: str
    does_in_german: str

    def told(self, language: str) -> str:
        """What it does, in the language of a page (de or en)."""
        return self.does_in_german if language == "de" else self.does


@dataclass(frozen=True)
class Card:
    """What the simulator remembers of a card: no number, but a fingerprint to know it again by."""

    masked: str
    brand: str
    month: int
    year: int
    behaviour: str
    fingerprint: str

    def expired(self, year: int, month: int) -> bool:
        """Whether the card's last month is over."""
        return (self.year, self.month) < (year, month)


TEST_CARDS = (
    TestCard("4035874000424977", "approve", "approved", "angenommen"),
    TestCard("5426064000424979", "approve", "approved", "angenommen"),
    TestCard(
        "4704550000000005", "decline:51", "declined 51 (insufficient funds)", "abgelehnt 51 (Deckung reicht nicht)"
    ),
    TestCard(
        "4000300011112220", "decline:05", "declined 05 (do not honour)", "abgelehnt 05 (Bank lehnt ohne Grund ab)"
    ),
    TestCard(
        "5165850000000008",
        "expired",
        "expired (declined 54 whatever expiry is entered)",
        "abgelaufen (abgelehnt 54, was auch als Ablauf eingegeben wird)",
    ),
    TestCard(
        "4147463011110059",
        "challenge",
        "3-D Secure challenge, then approved",
        "3-D Secure mit Rückfrage, dann angenommen",
    ),
    TestCard(
        "5239290700000002",
        "challenge",
        "3-D Secure challenge, then approved",
        "3-D Secure mit Rückfrage, dann angenommen",
    ),
    TestCard(
        "4147463011110091",
        "refuse-3ds",
        "3-D Secure refused without challenge (-5101)",
        "3-D Secure ohne Rückfrage verweigert (-5101)",
    ),
    TestCard(
        "4147463011110083",
        "authenticated",
        "3-D Secure without challenge, then approved",
        "3-D Secure ohne Rückfrage, dann angenommen",
    ),
    TestCard(
        "4147463011110067",
        "lost-answer",
        "lost answer: each sale is processed, then the answer is lost",
        "verlorene Antwort: jede Zahlung wird ausgeführt, dann geht die Antwort verloren",
    ),
    TestCard(
        "5239290700000069",
        "hold-declined",
        "sales approved, holds declined 51",
        "Zahlungen angenommen, Kautionen abgelehnt 51",
    ),
    TestCard(
        "5239290700000044",
        "declined-later",
        "first sale of a booking approved, later sales declined 51",
        "erste Zahlung einer Buchung angenommen, spätere abgelehnt 51",
    ),
)

FIRST_TOKENS = {
    "tok-approved": "4035874000424977",
    "tok-approved-mastercard": "5426064000424979",
    "tok-declined": "4704550000000005",
    "tok-expired": "5165850000000008",
    "tok-lost-answer": "4147463011110067",
    "tok-hold-declined": "5239290700000069",
    "tok-declined-later": "5239290700000044",
}
"""Tokens in the vault from the start, with the card behind each."""

THREE_D_SECURE_CODES = {"challenge": "1", "authenticated": "1", "refuse-3ds": "3"}
"""`response_code_3dsecure` by behaviour; other cards answer "authenticated without value"."""

_BRANDS = {"4": "VISA", "5": "MASTERCARD", "2": "MASTERCARD", "3": "AMEX"}
_BEHAVIOURS = {card.number: card.behaviour for card in TEST_CARDS}


def recognise(number: str, month: int, year: int) -> Card:
    """Turns entered card data into what may be remembered; refuses numbers with a wrong check digit."""
    digits = number.replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and 13 <= len(digits) <= 19 and _luhn(digits)):
        raise Refused("FAILED", "-2303")
    return Card(
        masked=mask(digits),
        brand=brand_of(digits),
        month=month,
        year=year,
        behaviour=_BEHAVIOURS.get(digits, "approve"),
        fingerprint=hashlib.sha256(digits.encode()).hexdigest(),
    )


def check_security_code(brand: str, code: str) -> None:
    """Refuses a security code of the wrong length: four digits for American Express, else three."""
    if len(code) != (4 if brand == "AMEX" else 3) or not code.isdigit():
        raise Refused("FAILED", "-2305")


def brand_of(digits: str) -> str:
    """The brand by the first digit."""
    return _BRANDS.get(digits[:1], "OTHER")


def mask(digits: str) -> str:
    """Six digits, dots, four digits: as the gateway itself shows card numbers."""
    return f"{digits[:6]}...{digits[-4:]}"


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
