"""Pictures of every depth and palette in eight bits a channel, which can be scaled."""

from __future__ import annotations

from PIL import Image

_SIXTEEN_BITS = range(1 << 16)


def in_true_colour(picture: Image.Image) -> Image.Image:
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
