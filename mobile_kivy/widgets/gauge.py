"""Fuel in eighths or charge in steps of five per cent: tap or drag."""

from __future__ import annotations

import math

from kivy.graphics import Color, Line, RoundedRectangle
from kivy.input import MotionEvent
from kivy.metrics import dp
from kivy.properties import NumericProperty
from kivy.uix.widget import Widget

from mobile_kivy.theme import COLOURS


class Gauge(Widget):
    """`steps` segments of which `value` are full. Every segment is a target of its own; left of the first is empty."""

    value = NumericProperty(8)
    steps = NumericProperty(8)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.bind(pos=self._draw, size=self._draw, value=self._draw, steps=self._draw)
        self._draw()

    def _tone(self) -> str:
        share = self.value / self.steps
        return "error" if share <= 1 / 8 else "warn" if share <= 3 / 8 else "ok"

    def _draw(self, *_: object) -> None:
        self.canvas.clear()
        count, gap = int(self.steps), dp(6 if self.steps <= 8 else 3)
        width = (self.width - gap * (count - 1)) / count
        with self.canvas:
            for index in range(count):
                full = index < self.value
                left, height = self.x + index * (width + gap), self.height * (0.55 + 0.45 * (index + 1) / count)
                Color(*COLOURS[self._tone() if full else "sunken"])
                RoundedRectangle(pos=(left, self.y), size=(width, height), radius=[dp(5)])
                if not full:
                    Color(*COLOURS["outline"])
                    Line(rounded_rectangle=(left, self.y, width, height, dp(5)), width=dp(1))

    def _pick(self, touch: MotionEvent) -> None:
        share = (touch.x - self.x) / max(1.0, self.width)
        self.value = 0 if share < 0.03 else max(0, min(int(self.steps), math.ceil(share * self.steps)))

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """The level is where the finger is."""
        if self.disabled or not self.collide_point(*touch.pos):
            return False
        touch.grab(self)
        self._pick(touch)
        return True

    def on_touch_move(self, touch: MotionEvent) -> bool:
        """The level follows the finger."""
        if touch.grab_current is not self:
            return False
        self._pick(touch)
        return True

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """The level stays where the finger was last."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        return True
