"""Bars as SVG: places and lengths are computed here, colours are the style sheet's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, ROW, LABEL, VALUE = 640, 26, 150, 90
"""Units of the drawing: its width, a row's height, the room for the label and that for the value."""


@dataclass(frozen=True)
class Bar:
    """One bar of a chart."""

    label: str
    value: float
    shown: str
    """The value as people read it."""
    tone: str = ""
    y: int = 0
    length: float = 0


@dataclass(frozen=True)
class Chart:
    """A chart of bars that lie."""

    title: str
    bars: Sequence[Bar]
    height: int


def bars(title: str, rows: Sequence[tuple[str, float, str]], *, full: float | None = None) -> Chart:
    """A chart of labels, values and their texts; `full`: the value of a whole length, else the largest one is."""
    most = full or max((abs(value) for _label, value, _shown in rows), default=0) or 1
    room = WIDTH - LABEL - VALUE
    drawn = [
        Bar(label, value, shown, "bad" if value < 0 else "", number * ROW, round(room * min(1, abs(value) / most), 1))
        for number, (label, value, shown) in enumerate(rows)
    ]
    return Chart(title, drawn, ROW * len(drawn))
