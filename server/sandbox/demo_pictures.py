"""Drawn pictures for the sandbox: a car from all sides, a dashboard, a scratch, a signature. Real JPEG and PNG."""

from __future__ import annotations

import io
import math
import random
import zlib

from PIL import Image, ImageDraw, ImageFont

from server.models.protocol import PhotoSlot

Colour = tuple[int, int, int]
ALL_AROUND: tuple[PhotoSlot, ...] = (
    PhotoSlot.FRONT,
    PhotoSlot.FRONT_LEFT,
    PhotoSlot.LEFT,
    PhotoSlot.REAR_LEFT,
    PhotoSlot.REAR,
    PhotoSlot.RIGHT,
    PhotoSlot.DASHBOARD,
    PhotoSlot.INTERIOR,
)
"""The eight pictures of a careful hand-over."""
_SIZE = (1280, 960)
_PAINTS: tuple[Colour, ...] = ((214, 216, 220), (72, 78, 88), (150, 32, 38), (36, 70, 130), (238, 238, 234))
_GLASS, _TYRE, _DARK = (60, 74, 88), (26, 26, 28), (18, 18, 20)
# Seen from a corner, a car is shorter than from the side.
_LENGTHS = {PhotoSlot.LEFT: 980, PhotoSlot.RIGHT: 980}


def photo(slot: PhotoSlot, plate: str, caption: str = "") -> bytes:
    """A picture of one side as a JPEG. The same car has the same paint in all its pictures."""
    paint = _PAINTS[zlib.crc32(plate.encode()) % len(_PAINTS)]
    if slot in {PhotoSlot.DASHBOARD, PhotoSlot.INTERIOR}:
        picture = _dashboard(caption)
    else:
        picture = _yard()
        draw = ImageDraw.Draw(picture)
        if slot in {PhotoSlot.FRONT, PhotoSlot.REAR}:
            _from_the_end(draw, paint, plate, rear=slot is PhotoSlot.REAR)
        else:
            _from_the_side(draw, paint, _LENGTHS.get(slot, 760), to_the_right="RIGHT" in slot.value)
    _label(picture, f"{plate}   {slot.value.replace('_', ' ').lower()}   {caption}".rstrip())
    return _jpeg(picture)


def scratch(plate: str, caption: str) -> bytes:
    """A close view of a scratch in the paint, with a ruler beside it, as a JPEG."""
    paint = _PAINTS[zlib.crc32(plate.encode()) % len(_PAINTS)]
    picture = Image.new("RGB", _SIZE, paint)
    draw = ImageDraw.Draw(picture)
    draw.arc((-700, -200, 1700, 1900), 225, 320, fill=tuple(max(0, part - 40) for part in paint), width=14)
    chance = random.Random(plate)
    for track in range(5):
        points = [(260 + 70 * i, 430 + 22 * track + 9 * i + chance.randint(-9, 9)) for i in range(11 - track)]
        draw.line(points, fill=(225, 224, 218) if track % 2 else (96, 92, 90), width=5 - track // 2)
    draw.rectangle((240, 690, 1040, 760), fill=(246, 220, 110), outline=_DARK, width=3)
    for mark in range(33):
        draw.line((240 + 25 * mark, 690, 240 + 25 * mark, 725 if mark % 4 else 745), fill=_DARK, width=3)
    _label(picture, f"{plate}   {caption}")
    return _jpeg(picture)


def signature(name: str) -> bytes:
    """A scribble that differs from name to name, as a PNG."""
    picture = Image.new("RGB", (640, 200), "white")
    draw = ImageDraw.Draw(picture)
    chance = random.Random(name)
    height, points = 100.0, []
    for step in range(220):
        height += chance.uniform(-7, 7) + (100 - height) * 0.05
        points.append((50 + step * 2.4, height + 34 * math.sin(step / 5 + len(name)) * (1 - step / 260)))
    draw.line(points, fill=(16, 28, 96), width=4, joint="curve")
    draw.line((60, 168, 570, 158), fill=(16, 28, 96), width=2)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _yard() -> Image.Image:
    picture = Image.new("RGB", _SIZE, (196, 212, 226))
    draw = ImageDraw.Draw(picture)
    for row in range(300):
        draw.line((0, row, _SIZE[0], row), fill=(150 + row // 6, 180 + row // 8, 214 + row // 12))
    draw.rectangle((0, 300, *_SIZE), fill=(132, 132, 130))
    draw.rectangle((80, 130, 560, 420), fill=(206, 202, 194))
    draw.rectangle((120, 180, 520, 330), fill=(120, 146, 164))
    for x in range(-200, 1400, 320):
        draw.line((x, 960, x + 180, 640), fill=(226, 226, 220), width=10)
    return picture


def _from_the_side(draw: ImageDraw.ImageDraw, paint: Colour, length: int, *, to_the_right: bool) -> None:
    left, right, floor = 640 - length // 2, 640 + length // 2, 740
    bonnet = right - length // 4 if to_the_right else left + length // 4
    draw.ellipse((left - 10, floor + 20, right + 10, floor + 80), fill=(100, 100, 98))
    draw.rounded_rectangle((left, 540, right, floor), 60, fill=paint, outline=_DARK, width=4)
    cabin = [(left + length * part // 100, height) for part, height in ((16, 545), (28, 420), (66, 420), (80, 545))]
    draw.polygon(cabin, fill=paint, outline=_DARK)
    for begins, ends in ((22, 46), (48, 72)):
        window = [(left + length * part // 100, y) for part, y in ((begins, 540), (begins + 7, 440), (ends - 3, 440))]
        draw.polygon([*window, (left + length * ends // 100, 540)], fill=_GLASS)
    draw.line((bonnet, 560, bonnet, 720), fill=_DARK, width=2)
    draw.line((left + length * 47 // 100, 545, left + length * 47 // 100, 715), fill=_DARK, width=3)
    for centre in (left + length // 5, right - length // 5):
        draw.ellipse((centre - 78, 656, centre + 78, 812), fill=_TYRE)
        draw.ellipse((centre - 44, 690, centre + 44, 778), fill=(176, 178, 182))
    lamp = right - 40 if to_the_right else left + 10
    draw.ellipse((lamp, 580, lamp + 30, 620), fill=(250, 240, 200))


def _from_the_end(draw: ImageDraw.ImageDraw, paint: Colour, plate: str, *, rear: bool) -> None:
    draw.ellipse((330, 770, 950, 850), fill=(100, 100, 98))
    for x in (370, 830):
        draw.rounded_rectangle((x, 700, x + 80, 820), 16, fill=_TYRE)
    draw.rounded_rectangle((340, 500, 940, 770), 70, fill=paint, outline=_DARK, width=4)
    draw.polygon([(400, 510), (470, 370), (810, 370), (880, 510)], fill=paint, outline=_DARK)
    draw.polygon([(430, 505), (488, 388), (792, 388), (850, 505)], fill=_GLASS)
    lamps = (190, 24, 30) if rear else (250, 244, 214)
    for x in (370, 810):
        draw.rounded_rectangle((x, 560, x + 100, 610), 18, fill=lamps, outline=_DARK, width=3)
    draw.rectangle((520, 660, 760, 715), fill="white", outline=_DARK, width=3)
    draw.rectangle((520, 660, 545, 715), fill=(20, 60, 160))
    draw.text((655, 687), plate, fill=_DARK, font=ImageFont.load_default(38), anchor="mm")


def _dashboard(caption: str) -> Image.Image:
    picture = Image.new("RGB", _SIZE, (34, 34, 38))
    draw = ImageDraw.Draw(picture)
    for centre in (400, 880):
        draw.ellipse((centre - 210, 250, centre + 210, 670), outline=(210, 210, 214), width=8)
        for mark in range(11):
            angle = math.radians(150 + mark * 24)
            inner = (centre + 170 * math.cos(angle), 460 + 170 * math.sin(angle))
            draw.line((*inner, centre + 200 * math.cos(angle), 460 + 200 * math.sin(angle)), fill="white", width=5)
        draw.line((centre, 460, centre - 120, 520), fill=(230, 70, 40), width=8)
    draw.rounded_rectangle((440, 700, 840, 800), 14, fill=(12, 40, 34))
    draw.text((640, 750), caption or "km", fill=(150, 245, 200), font=ImageFont.load_default(54), anchor="mm")
    return picture


def _label(picture: Image.Image, text: str) -> None:
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 900, _SIZE[0], _SIZE[1]), fill=(20, 20, 22))
    draw.text((30, 930), text, fill=(240, 240, 236), font=ImageFont.load_default(32), anchor="lm")


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82)
    return out.getvalue()
