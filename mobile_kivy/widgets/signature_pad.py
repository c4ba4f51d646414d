"""A pad to sign on. Strokes are kept as fractions, so that they survive a turn of the device."""

from __future__ import annotations

from pathlib import Path

from kivy.graphics import Color, Line
from kivy.input import MotionEvent
from kivy.lang import Builder
from kivy.metrics import dp
from kivy.properties import ListProperty, StringProperty
from kivy.uix.widget import Widget

from mobile_kivy.theme import COLOURS


class SignaturePad(Widget):
    """`strokes` are lists of (x, y), fractions from the top left."""

    strokes = ListProperty()
    hint = StringProperty("")

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.bind(pos=self._draw, size=self._draw, strokes=self._draw)

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Begins a stroke."""
        if self.disabled or not self.collide_point(*touch.pos):
            return False
        touch.grab(self)
        touch.ud["stroke"] = [self._fraction(touch)]
        with self.canvas.after:
            Color(*COLOURS["ink"])
            touch.ud["line"] = Line(points=[*touch.pos], width=dp(1.8), joint="round", cap="round")
        return True

    def on_touch_move(self, touch: MotionEvent) -> bool:
        """Only the growing line is drawn, not the whole pad: no point is lost however fast the hand is."""
        if touch.grab_current is not self:
            return False
        touch.ud["stroke"].append(self._fraction(touch))
        x, y = min(self.right, max(self.x, touch.x)), min(self.top, max(self.y, touch.y))
        touch.ud["line"].points += [x, y]
        return True

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """Keeps the stroke."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        self.strokes = [*self.strokes, touch.ud["stroke"]]
        return True

    def _fraction(self, touch: MotionEvent) -> tuple[float, float]:
        x, y = (touch.x - self.x) / max(1, self.width), 1 - (touch.y - self.y) / max(1, self.height)
        return round(min(1.0, max(0.0, x)), 4), round(min(1.0, max(0.0, y)), 4)

    def _draw(self, *_: object) -> None:
        self.canvas.after.clear()
        with self.canvas.after:
            Color(*COLOURS["ink"])
            for stroke in self.strokes:
                points = [part for x, y in stroke for part in (self.x + x * self.width, self.top - y * self.height)]
                Line(points=points, width=dp(1.8), joint="round", cap="round")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
