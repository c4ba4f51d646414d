"""Whether there is anything to be seen in a text."""

from __future__ import annotations

import unicodedata

_NOTHING_SHOWN = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159")
"""Letters and symbols without ink: the Hangul fillers, the braille pattern without dots, the null note head, and the
place of an object that is not there."""
_NO_INK = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp", "Mn", "Me"})
"""Controls, marks that only join or turn, what is not assigned, blanks, and accents: alone they stand on nothing."""


def is_blank(text: str | None) -> bool:
    """Whether nothing in a text can be seen: no letter, digit, mark or picture that has ink of its own (Unicode's
    general categories, and the letters that are defined to show nothing).
    """
    return all(char in _NOTHING_SHOWN or unicodedata.category(char) in _NO_INK for char in text or "")


def seen(text: str | None) -> str | None:
    """A text without blanks around it, or None if there is nothing in it to be seen."""
    return None if text is None or is_blank(text) else text.strip()
