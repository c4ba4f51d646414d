"""Unicode's normal forms of texts that somebody sent: the only place that asks for them.

Putting a run of combining marks in order takes as long as the square of its length: 240 KB of them stop a server for
eleven seconds. So a text is cut before it is put in order, and a run that no writing has is broken up.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
_MOST_PARTS = 4
"""No letter is composed of more (Unicode 15, stability policy: U+1F82 and its like)."""
_MOST_MARKS = 30
"""In a row: more than any language needs, and what UAX #15, 13 (Stream-Safe Text Format) allows."""
_JOINER = "\u034f"
"""COMBINING GRAPHEME JOINER: nothing to be seen, and the end of a run for every normal form."""
_SHORT = 500
"""Characters that are put in order in well under a millisecond, whatever they are."""


def composed(text: str, longest: int, form: Form = "NFC") -> str:
    """A text in a normal form, cut where it is certain to be longer than `longest` characters: whoever looks at its
    length afterwards finds it too long, as without the cut.
    """
    cut = text[: longest * _MOST_PARTS + 1]
    if cut.isascii():
        return cut
    return unicodedata.normalize(form, cut if len(cut) <= _SHORT else _with_short_runs(cut))


def _with_short_runs(text: str) -> str:
    """Unicode's Stream-Safe Text Process (UAX #15, D4)."""
    pieces, run = list[str](), 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run > _MOST_MARKS:
            pieces.append(_JOINER)
            run = 1
        pieces.append(char)
    return "".join(pieces)
