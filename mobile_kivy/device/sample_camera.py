"""A camera that draws: for trying the app out and for its tests. Every photo is another one."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import count

from PIL import Image, ImageDraw

from mobile_kivy.car_pictures import DEFAULT_BODY, picture
from mobile_kivy.forms.photo_place import PhotoPlace


class SampleCamera:
    """Draws the slot's side of a car on a grey yard with a running number."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def take(self, place: PhotoPlace, on_photo: Callable[[bytes], None], _on_nothing: Callable[[str], None]) -> None:
        """Answers at once."""
        slot, number = place.slot, next(self._numbers)
        photo = Image.new("RGB", (1600, 1200), (150 + number * 7 % 60, 165, 170))
        draw = ImageDraw.Draw(photo)
        draw.rectangle((0, 760, 1600, 1200), fill=(104, 108, 112))
        outline = picture(slot, DEFAULT_BODY)
        if outline.exists():
            drawing = Image.open(outline)
            car = drawing.resize((1200, int(1200 * drawing.height / drawing.width)))
            photo.paste(car, (200, max(20, 1000 - car.height)), car)
        draw.text((40, 40), f"{slot} {number}", fill=(255, 255, 255), font_size=64)
        out = io.BytesIO()
        photo.save(out, "JPEG", quality=85)
        on_photo(out.getvalue())

    def left_behind(self) -> None:
        """Nothing: it answers before anybody could kill the app."""
