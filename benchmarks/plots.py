"""Small pictures as SVG: bars beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, LABELS, ROW, HEAD = 860, 250, 22, 46
COLOURS = ("#1f6f8b", "#99a8b2", "#c8553d", "#588b4c", "#8d6a9f", "#b59b3b")
_FONT = 'font-family="Helvetica, Arial, sans-serif" font-size="12"'


def bars(title: str, unit: str, rows: Sequence[tuple[str, float]]) -> str:
    """A bar for each row, as long as its value; the first one is ours."""
    longest = max((value for _, value in rows), default=1.0) or 1.0
    height = HEAD + ROW * len(rows) + 12
    drawn = [_head(height, f"{title} ({unit})")]
    for number, (label, value) in enumerate(rows):
        y = HEAD + ROW * number
        length = (WIDTH - LABELS - 90) * value / longest
        colour = COLOURS[min(number, len(COLOURS) - 1)]
        drawn += [
            f'<text x="{LABELS - 8}" y="{y + 15}" text-anchor="end">{escape(label)}</text>',
            f'<rect x="{LABELS}" y="{y + 3}" width="{max(length, 1):.1f}" height="{ROW - 6}" fill="{colour}"/>',
            f'<text x="{LABELS + length + 6:.1f}" y="{y + 15}">{number_of(value)}</text>',
        ]
    return "\n".join([*drawn, "</svg>", ""])


def number_of(value: float) -> str:
    """As many places as say something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _head(height: int, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" {_FONT}>'
        f'<rect width="100%" height="100%" fill="white"/>'
        f'<text x="12" y="26" font-size="15" font-weight="bold">{escape(title)}</text>'
    )
