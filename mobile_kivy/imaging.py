"""Photos on the device: made small, upright and anonymous before they are kept. Never in the thread of the screen."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

_FORMATS = ("JPEG", "PNG", "WEBP")
_MOST_PIXELS = 80_000_000
"""More than any tablet's camera makes; what says it is larger was made to harm."""
_MOST_PIXELS_UNSCALED = 40_000_000
"""Only JPEG can be decoded at a smaller scale; all others take 3 or 4 bytes for each pixel."""
_LOWEST_QUALITY = 45
_INK = (16, 26, 84)
_FINER = 3


class NotAPhoto(ValueError):
    """The bytes are no photo that can be used; `reason` is for people who look for faults."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Jpeg:
    """A JPEG and its size in pixels."""

    content: bytes
    width: int
    height: int


def shrink(source: bytes | Path, longest: int = 1600, quality: int = 80, most_bytes: int = 450_000) -> Jpeg:
    """A JPEG of at most `longest` pixels a side and `most_bytes`, upright, with nothing in it but pixels (no GPS).

    `quality` is JPEG's; it is lowered, and the photo made smaller, until it fits. `NotAPhoto` for all else.
    """
    image = _pixels(source, longest)
    while True:
        content = _jpeg(image, quality)
        if len(content) <= most_bytes:
            return Jpeg(content, image.width, image.height)
        if quality > _LOWEST_QUALITY:
            quality = max(_LOWEST_QUALITY, quality - 10)
            continue
        if max(image.size) <= 16:
            raise NotAPhoto("it cannot be made small enough")
        image.thumbnail((image.width * 4 // 5, image.height * 4 // 5), Image.Resampling.LANCZOS)


def thumbnail(content: bytes | Path, longest: int = 320) -> Jpeg:
    """A small JPEG for lists: the large one would take 8 MB of the screen's memory."""
    image = _pixels(content, longest)
    return Jpeg(_jpeg(image, 75), image.width, image.height)


def signature_png(strokes: Sequence[Sequence[tuple[int, ...]]], pad: tuple[int, int], longest: int = 900) -> bytes:
    """A signature as a PNG, dark ink on white, at the aspect of the pad. Samples begin with x and y, in points of the
    pad from its left and top edge. ValueError if there is not a single point.
    """
    scale = longest / max(pad)
    width, height = (max(1, round(side * scale)) for side in pad)
    drawn = [[_within(sample, pad, scale * _FINER) for sample in stroke] for stroke in strokes]
    if not any(drawn):
        raise ValueError("nobody has signed")
    # Drawn larger and scaled down: Pillow draws hard edges only.
    canvas = Image.new("RGB", (width * _FINER, height * _FINER), "white")
    pen = ImageDraw.Draw(canvas)
    thick = max(2, round(min(height, width) * _FINER / 75))
    for stroke in drawn:
        if len(stroke) > 1:
            pen.line(stroke, fill=_INK, width=thick, joint="curve")
        # Round ends, and the dot on the i, which is a stroke of one point.
        for x, y in stroke[:1] + stroke[-1:]:
            pen.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=_INK)
    out = io.BytesIO()
    canvas.resize((width, height), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _within(sample: tuple[int, ...], pad: tuple[int, int], scale: float) -> tuple[float, float]:
    x, y = (min(side, max(0, place)) * scale for place, side in zip(sample[:2], pad, strict=True))
    return x, y


def _pixels(source: bytes | Path, longest: int) -> Image.Image:
    """The photo as RGB on white, upright, at most `longest` a side, without anything that came along with it."""
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=_FORMATS) as opened:
            _check_size(opened)
            scale = longest / max(opened.size)
            if scale < 1:
                # Decodes at a half, a quarter, an eighth. Only the exact target helps: asked for a square, the
                # decoder keeps all pixels of a 4:3 photo.
                opened.draft("RGB", (int(opened.width * scale), int(opened.height * scale)))
            opened.load()
            upright = _in_true_colour(ImageOps.exif_transpose(opened))
            upright.thumbnail((longest, longest), Image.Resampling.LANCZOS)
            return _on_white(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NotAPhoto("it says that it is far too large") from error
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, KeyError, TypeError) as error:
        # Pillow raises all of these for broken files.
        if isinstance(error, NotAPhoto):
            raise
        raise NotAPhoto(type(error).__name__) from error


def _check_size(opened: Image.Image) -> None:
    most = _MOST_PIXELS if opened.format in {"JPEG", "MPO"} else _MOST_PIXELS_UNSCALED
    if opened.width * opened.height > most:
        raise NotAPhoto(f"it has more than {most // 1_000_000} megapixels")


_SIXTEEN_BITS = range(1 << 16)


def _in_true_colour(picture: Image.Image) -> Image.Image:
    """Grey or colour in eight bits a channel, which can be scaled: Pillow cuts off what is deeper instead of scaling it
    (a grey scan becomes white), and takes the numbers of a palette for colours.
    """
    if picture.mode == "I" or picture.mode.startswith("I;16"):
        return _in_eight_bits(picture)
    if picture.mode == "F":
        lowest, highest = (float(value) for value in picture.getextrema())  # type: ignore[arg-type]  # of one channel
        scale = 255 / (highest - lowest or 1)
        return picture.point(lambda value: value * scale - lowest * scale).convert("L")
    if picture.has_transparency_data:
        return picture if picture.mode in {"LA", "RGBA"} else picture.convert("RGBA")
    return picture if picture.mode in {"L", "RGB"} else picture.convert("RGB")


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    deep, clear = picture.convert("I"), picture.info.get("transparency")
    grey = deep.point([value // 257 for value in _SIXTEEN_BITS], "L")
    if not isinstance(clear, int):
        return grey
    alpha = deep.point([0 if value == clear else 255 for value in _SIXTEEN_BITS], "L")
    return Image.merge("LA", (grey, alpha))


def _on_white(image: Image.Image) -> Image.Image:
    # A new image: Pillow carries comments and XMP of the old one along when it saves.
    clean = Image.new("RGB", image.size, "white")
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        clean.paste(layered.convert("RGB"), mask=layered.getchannel("A"))
    else:
        clean.paste(image.convert("RGB"))
    return clean


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()
