"""A car's drawing with its damages marked: the same drawings, and the same places, as on the protocol."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup

from server.office.operations import Answer

_FOLDER = Path(__file__).parent.parent / "paper" / "templates" / "documents" / "car"
_SVG = re.compile(r'<svg[^>]*viewBox="([^"]+)"[^>]*>(.*)</svg>', re.DOTALL)
VIEWS = ("LEFT", "RIGHT", "FRONT", "REAR", "TOP", "INTERIOR")


@dataclass(frozen=True)
class Mark:
    """A damage's place on a drawing, in its units, and the number by which the list names it."""

    x: float
    y: float
    number: int


@dataclass(frozen=True)
class View:
    """One side of the car."""

    name: str
    box: str
    """The drawing's `viewBox`."""
    lines: Markup
    mirrored: str
    """How the left side becomes the right one; empty for the others."""
    marks: Sequence[Mark]
    radius: float


def views(body: str, damages: Sequence[Answer]) -> list[View]:
    """The sides of a car on which there is a damage, with the damages' numbers in the order of the list."""
    found = []
    for name in VIEWS:
        here = [(number, one["position"]) for number, one in enumerate(damages, 1) if one["position"]["view"] == name]
        if not here:
            continue
        box, lines = _drawing(body.lower(), name)
        left, top, width, height = (float(part) for part in box.split())
        marks = [Mark(left + at["x"] * width, top + at["y"] * height, number) for number, at in here]
        mirrored = f"translate({2 * left + width} 0) scale(-1 1)" if name == "RIGHT" else ""
        found.append(View(name, box, lines, mirrored, marks, radius=height / 14))
    return found


@cache
def _drawing(body: str, view: str) -> tuple[str, Markup]:
    if view == "INTERIOR":
        file = _FOLDER / "interior.svg"
    else:
        file = _FOLDER / body / f"{'left' if view == 'RIGHT' else view.lower()}.svg"
    found = _SVG.search(file.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{file.name} is no drawing")
    return found[1], Markup(found[2])  # noqa: S704  # our own file
