"""Makes the tablet's drawings of cars from the SVGs: those of the protocol, and the corners, which only the tablet
shows. `--write` brings them up to date, without it the differences are named.

What is seen from the right is what is seen from the left in a mirror.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typst
from PIL import Image, ImageChops, ImageOps

from mobile_kivy.car_pictures import BODIES, PICTURES, picture
from tests.driving import ROOT

PAPER = ROOT / "server" / "paper" / "templates" / "documents" / "car"
SIDES: Final = ("LEFT", "FRONT", "REAR", "TOP")
CORNERS: Final = ("FRONT_LEFT", "REAR_LEFT")
MIRRORED: Final = {"LEFT": "RIGHT", "FRONT_LEFT": "FRONT_RIGHT", "REAR_LEFT": "REAR_RIGHT"}
SIDES_SCALE, CORNERS_SCALE = 2.5, 1.5
"""Pixels of the picture for one unit of the drawing."""
TOLERANCE = 8
"""Of 255: what another processor may round otherwise."""
_PAGE = b"""#set page(width: auto, height: auto, margin: 0pt, fill: none)
#image(bytes(sys.inputs.svg), format: "svg")"""


def pictures() -> Iterator[tuple[Path, Image.Image]]:
    """Every picture of the tablet, as its SVG says now."""
    yield picture("INTERIOR", ""), _drawn(PAPER / "interior.svg", SIDES_SCALE)
    for body in BODIES:
        for view in CORNERS:
            yield from _both(view, body, _drawn(picture(view, body).with_suffix(".svg"), CORNERS_SCALE))
        for view in SIDES:
            yield from _both(view, body, _drawn(PAPER / body.lower() / f"{view.lower()}.svg", SIDES_SCALE))


def _both(view: str, body: str, made: Image.Image) -> Iterator[tuple[Path, Image.Image]]:
    yield picture(view, body), made
    if view in MIRRORED:
        yield picture(MIRRORED[view], body), ImageOps.mirror(made)


def differences() -> list[str]:
    """The pictures that are not what their SVGs say, and those that no SVG makes."""
    made = dict(pictures())
    odd = [path for path, image in made.items() if not path.exists() or not _alike(Image.open(path), image)]
    odd += [path for path in PICTURES.rglob("*.png") if path not in made]
    return sorted(path.relative_to(ROOT).as_posix() for path in odd)


def _drawn(source: Path, scale: float) -> Image.Image:
    """The SVG on nothing, so that whatever it lies on is seen around it. Its units are those of CSS, 96 to the inch."""
    made = typst.compile(_PAGE, format="png", ppi=96 * scale, sys_inputs={"svg": source.read_text(encoding="utf-8")})
    return Image.open(io.BytesIO(made)).convert("RGBA")


def _alike(one: Image.Image, other: Image.Image) -> bool:
    if one.mode != other.mode or one.size != other.size:
        return False
    seen = ImageChops.difference(one, other).point(lambda value: 255 if value > TOLERANCE else 0)
    return seen.getbbox(alpha_only=False) is None


def main() -> int:
    """What it found, or wrote."""
    if "--write" in sys.argv:
        for path, image in pictures():
            path.parent.mkdir(exist_ok=True)
            image.save(path, optimize=True)
        return 0
    found = differences()
    for name in found:
        print(f"{name} is not what its SVG says: make pictures")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
