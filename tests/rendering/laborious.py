"""Pictures that are small to send and large to read."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from PIL import Image

from server.pictures import MOST_PIXELS

_END = b"\xff\xd9"


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    """A picture as a file."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def of_scans(count: int, size: tuple[int, int] = (5000, 4000)) -> bytes:
    """A grey JPEG that refines its pixels again and again: the last of its scans, repeated."""
    data = encoded(Image.new("L", size, 128), "JPEG", progressive=True, quality=85)
    scans = list(re.finditer(rb"\xff\xda", data))
    last = data[scans[-1].start() : -2]
    return data[:-2] + last * (count - len(scans)) + _END


def _largest(kind: str, mode: str) -> bytes:
    side = int(MOST_PIXELS[kind] ** 0.5)
    return encoded(Image.linear_gradient("L").resize((side, side)).convert(mode), kind)


def _noise(mode: str) -> Image.Image:
    return Image.effect_noise((5000, 4000), 30).convert(mode)


LARGEST: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: _largest("JPEG", "RGB"),
    "JPEG for print": lambda: _largest("JPEG", "CMYK"),
    "progressive JPEG": lambda: encoded(_noise("RGB"), "JPEG", progressive=True, quality=50),
    "PNG with transparency": lambda: _largest("PNG", "RGBA"),
    "PNG with a clear colour": lambda: encoded(Image.new("P", (4000, 3000), 7), "PNG", transparency=7),
    "PNG of sixteen bits": lambda: encoded(Image.new("I;16", (4000, 3000), 7), "PNG"),
    "WebP": lambda: _largest("WEBP", "RGBA"),
}
"""What is taken, at its bound."""
LABORIOUS: dict[str, Callable[[], bytes]] = {
    "as a line": lambda: encoded(Image.new("L", (12_000_000, 1)), "PNG"),
    "as a column": lambda: encoded(Image.new("1", (1, 12_000_000)), "PNG"),
    "for print, in passes": lambda: encoded(Image.new("CMYK", (5000, 4000)), "JPEG", progressive=True),
    "with all its colour, in passes": lambda: encoded(_noise("RGB"), "JPEG", progressive=True, subsampling=0),
    "in too many passes": lambda: of_scans(51),
    "in thousands of passes": lambda: of_scans(5000),
}
"""What is refused before a pixel is decoded."""
