"""The car from six sides: known damages grey, new ones red, numbered. A tap on a side marks a damage there.

The sides are the drawings that the protocol's PDF uses, so a mark sits in the same place on the paper.
"""

from __future__ import annotations

import math
from typing import Any

from kivy.core.image import Image as CoreImage
from kivy.core.text import Label as CoreLabel
from kivy.graphics import Color, Ellipse, Line, Rectangle
from kivy.input import MotionEvent
from kivy.metrics import dp, sp
from kivy.properties import DictProperty, ListProperty, NumericProperty, StringProperty
from kivy.uix.widget import Widget

from mobile_kivy.car_pictures import DEFAULT_BODY, picture
from mobile_kivy.theme import COLOURS

SHEET = (880, 620)
"""The sheet's size in the drawings' own units."""
SIDES = {
    # side: (left, top, width, height) on the sheet
    "LEFT": (0, 24, 520, 160),
    "INTERIOR": (550, 24, 320, 178),
    "FRONT": (0, 234, 160, 160),
    "TOP": (180, 222, 520, 200),
    "REAR": (720, 234, 160, 160),
    "RIGHT": (0, 456, 520, 160),
}
REACH = 24
"""How far from a mark's middle a tap still means that mark, in dp."""


class CarDrawing(Widget):
    """`marks` are dicts of view, x, y (fractions from the view's top left), new; `chosen` is an index of them or -1.
    `body` is the shape in which the car is drawn: marks lie in the same place on all of them.
    """

    body = StringProperty(DEFAULT_BODY)
    marks = ListProperty()
    chosen = NumericProperty(-1)
    names = DictProperty()
    __events__ = ("on_mark", "on_choose")

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._textures: dict[str, Any] = {}
        self._labels: dict[tuple[str, float, bool], Any] = {}
        self.bind(pos=self._draw, size=self._draw, names=self._draw, marks=self._draw_marks, chosen=self._draw_marks)
        self.bind(body=self._dress)
        self._dress()

    @property
    def scale(self) -> float:
        """Pixels for one unit of the sheet."""
        return max(0.01, min(self.width / SHEET[0], self.height / SHEET[1]))

    def box(self, side: str) -> tuple[float, float, float, float]:
        """Where a side stands on the screen: left, bottom, width, height in pixels."""
        left, top, width, height = (part * self.scale for part in SIDES[side])
        origin_x = self.center_x - SHEET[0] * self.scale / 2
        origin_top = self.center_y + SHEET[1] * self.scale / 2
        return origin_x + left, origin_top - top - height, width, height

    def place(self, side: str, x: float, y: float) -> tuple[float, float]:
        """The pixel of a fraction of a side."""
        left, bottom, width, height = self.box(side)
        return left + x * width, bottom + (1 - y) * height

    def find(self, x: float, y: float) -> tuple[str, float, float] | None:
        """The side and the fraction of a pixel; None beside the car."""
        for side in SIDES:
            left, bottom, width, height = self.box(side)
            if left <= x <= left + width and bottom <= y <= bottom + height:
                return side, round((x - left) / width, 4), round(1 - (y - bottom) / height, 4)
        return None

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """On a mark: chooses it. On a side: a new mark. Beside: nothing."""
        if self.disabled or not self.collide_point(*touch.pos):
            return False
        near = [(math.dist(touch.pos, self.place(m["view"], m["x"], m["y"])), i) for i, m in enumerate(self.marks)]
        if near and min(near)[0] <= dp(REACH):
            self.dispatch("on_choose", min(near)[1])
        elif (found := self.find(*touch.pos)) is not None:
            self.dispatch("on_mark", *found)
        return True

    def on_mark(self, side: str, x: float, y: float) -> None:
        """Bound by whoever uses the widget."""

    def on_choose(self, index: int) -> None:
        """Bound by whoever uses the widget."""

    def _dress(self, *_: object) -> None:
        self._textures = {side: CoreImage(str(picture(side, self.body)), mipmap=True).texture for side in SIDES}
        self._draw()

    def _draw(self, *_: object) -> None:
        self.canvas.clear()
        with self.canvas:
            for side, texture in self._textures.items():
                left, bottom, width, height = self.box(side)
                Color(1, 1, 1, 1)
                Rectangle(texture=texture, pos=(left, bottom), size=(width, height))
                name = self._label(self.names.get(side, ""), 14, bold=False)
                Color(*COLOURS["ink2"])
                Rectangle(texture=name, pos=(left, bottom + height + dp(1)), size=name.size)
        self._draw_marks()

    def _draw_marks(self, *_: object) -> None:
        self.canvas.after.clear()
        with self.canvas.after:
            for index, mark in enumerate(self.marks):
                x, y = self.place(mark["view"], mark["x"], mark["y"])
                radius = dp(19 if index == self.chosen else 15)
                Color(*COLOURS["error" if mark["new"] else "outline"])
                Ellipse(pos=(x - radius, y - radius), size=(2 * radius, 2 * radius))
                Color(*COLOURS["ink" if index == self.chosen else "surface"])
                Line(circle=(x, y, radius), width=dp(2.4 if index == self.chosen else 1.6))
                number = self._label(str(index + 1), 17, bold=True)
                Color(*COLOURS["on_dark"])
                Rectangle(texture=number, pos=(x - number.width / 2, y - number.height / 2), size=number.size)

    def _label(self, words: str, size: float, *, bold: bool) -> Any:
        key = (words, sp(size), bold)
        if key not in self._labels:
            label = CoreLabel(text=words or " ", font_size=sp(size), bold=bold, color=(1, 1, 1, 1))
            label.refresh()
            self._labels[key] = label.texture
        return self._labels[key]
