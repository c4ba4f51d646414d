"""A signature as it was written: strokes with time, on a pad of a known size, so that it is never stretched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mobile_kivy.reading import Fields, Unreadable

Sample = tuple[int, int, int]
"""Points of the pad from its left and top edge, and milliseconds since the first touch."""
Stroke = Sequence[Sample]
POINTS_PER_INCH = 160
"""Of Android's density-independent points, in which pads are measured."""
MOST_SAMPLES = 6_000
"""A minute and a half of writing; more is not kept: two of them fit into one request."""
MOST_STROKES = 500
"""More are dots by accident."""
FEWEST_SAMPLES = 8
"""A signature of fewer samples is a touch by accident."""
_VERSION = 1
_LONGEST_PAD = 20_000
_BEYOND = 10**8
_ROW = re.compile(r"-?\d{1,8}( -?\d{1,8})*", re.ASCII)
_LONGEST_STROKE = 27 * MOST_SAMPLES


@dataclass(frozen=True)
class Signature:
    """`width` and `height` are the pad's in points; `at` is the instant of the first touch in ISO 8601."""

    width: int
    height: int
    at: str
    strokes: tuple[tuple[Sample, ...], ...] = ()

    @property
    def is_one(self) -> bool:
        """Whether there is more than a touch by accident."""
        return sum(len(stroke) for stroke in self.strokes) >= FEWEST_SAMPLES

    def to_json(self) -> dict[str, Any]:
        """As it is kept and sent: each stroke one text (a list of numbers would be too long for the API), its first
        sample and then differences, eight characters a sample.
        """
        return {
            "v": _VERSION,
            "w": self.width,
            "h": self.height,
            "dpi": POINTS_PER_INCH,
            "at": self.at,
            "s": [_packed(stroke) for stroke in self.strokes],
        }

    @classmethod
    def of(cls, kept: Any) -> Signature:
        """From what `to_json` gave. `Unreadable` for anything else."""
        fields = Fields(kept, "signature")
        width, height = fields.whole("w"), fields.whole("h")
        if fields.whole("v") != _VERSION or not (0 < width < _LONGEST_PAD and 0 < height < _LONGEST_PAD):
            raise Unreadable("signature", "a pad of a known version and size")
        strokes = tuple(fields.items("s", _unpacked))
        if len(strokes) > MOST_STROKES or sum(len(stroke) for stroke in strokes) > MOST_SAMPLES:
            raise Unreadable("signature.s", "fewer samples")
        return cls(width, height, fields.text("at"), strokes)


def _packed(stroke: Stroke) -> str:
    row: list[int] = list(stroke[0])
    for before, after in pairwise(stroke):
        row += [new - old for old, new in zip(before, after, strict=True)]
    return " ".join(map(str, row))


def _unpacked(text: Any, place: str) -> tuple[Sample, ...]:
    if not isinstance(text, str) or len(text) > _LONGEST_STROKE or not _ROW.fullmatch(text):
        raise Unreadable(place, "whole numbers in threes")
    row = [int(part) for part in text.split(" ")]
    if len(row) % 3 or any(abs(part) >= _BEYOND for part in row):
        raise Unreadable(place, "whole numbers in threes")
    x = y = at = 0
    samples = []
    for place_in_row in range(0, len(row), 3):
        x, y, at = x + row[place_in_row], y + row[place_in_row + 1], at + row[place_in_row + 2]
        samples.append((x, y, at))
    return tuple(samples)
