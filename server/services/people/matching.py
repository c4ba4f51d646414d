"""Whether a booking is by the person that is stored under its mail address (domain 4.9)."""

from __future__ import annotations

import unicodedata

from server.models import Customer
from server.models.composing import composed
from server.models.customer import CustomerDetails, CustomerKind

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "æ": "ae", "ø": "oe", "œ": "oe"})
_LONGEST = 200
"""Characters that a name may have."""


def is_same(stored: Customer, named: CustomerDetails) -> bool:
    """Kind and names agree, and the birth dates where both are known. A name that is missing on one side does not."""
    names = ["company"] if named.kind is CustomerKind.COMPANY else []
    names += ["first_name", "last_name"]
    both_born = stored.birth_date is not None and named.birth_date is not None
    return (
        stored.kind is named.kind
        and all(agree(getattr(stored, name), getattr(named, name)) for name in names)
        and (not both_born or stored.birth_date == named.birth_date)
    )


def is_proven(stored: Customer, named: CustomerDetails) -> bool:
    """Whether the birth date proves it: then what has changed may be written over what is stored."""
    return named.birth_date is not None and stored.birth_date == named.birth_date


def agree(stored: str | None, named: str | None) -> bool:
    """Whether two names are one, written by different hands: MUELLER, Müller and müller, René and Rene."""
    if stored is None or named is None:
        return stored is named
    return _folded(stored) == _folded(named) or _spelt_out(stored) == _spelt_out(named)


def _folded(name: str) -> str:
    """Without case, accents, hyphens and blanks: Müller as muller."""
    plain = composed(name.casefold(), _LONGEST, "NFKD")
    return "".join(char for char in plain if char.isalnum() or _is_vowel_sign(char))


def _is_vowel_sign(char: str) -> bool:
    """A mark that is no accent: the vowels of Thai or Hindi are, and without them กา and กิ would be one."""
    return unicodedata.category(char).startswith("M") and not "\u0300" <= char <= "\u036f"


def _spelt_out(name: str) -> str:
    """The same with umlauts as two letters: Müller as mueller."""
    return _folded(composed(name.casefold(), _LONGEST).translate(_UMLAUTS))
