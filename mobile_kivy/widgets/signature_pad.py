"""A pad to sign on. What was written keeps its aspect and its times, however the pad is turned or resized."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from kivy.graphics import Color, Line
from kivy.input import MotionEvent
from kivy.lang import Builder
from kivy.metrics import dp
from kivy.properties import ObjectProperty, StringProperty
from kivy.uix.widget import Widget

from mobile_kivy.forms.signature import MOST_SAMPLES, MOST_STROKES, Sample, Signature
from mobile_kivy.theme import COLOURS


class SignaturePad(Widget):
    """`signature` is what was written, or None. Its points are those of the pad on which it was begun."""

    signature = ObjectProperty(None, allownone=True)
    hint = StringProperty("")
    now: Callable[[], datetime] = staticmethod(lambda: datetime.now(UTC))
    """The device's clock, asked at the first touch."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._began = 0.0
        self._room = MOST_SAMPLES
        self._growing: Signature | None = None
        self.bind(pos=self._draw, size=self._draw, signature=self._draw)

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Begins a stroke."""
        if self.disabled or not self.collide_point(*touch.pos):
            return False
        touch.grab(self)
        self._growing = self.signature or self._empty()
        self._room = MOST_SAMPLES - sum(len(stroke) for stroke in self._growing.strokes)
        if self._room <= 0 or len(self._growing.strokes) >= MOST_STROKES:
            return True
        touch.ud["stroke"] = [self._sample(touch, self._growing)]
        with self.canvas.after:
            Color(*COLOURS["ink"])
            touch.ud["line"] = Line(points=[*touch.pos], width=dp(1.8), joint="round", cap="round")
        return True

    def on_touch_move(self, touch: MotionEvent) -> bool:
        """Only the growing line is drawn, not the whole pad: no point is lost however fast the hand is."""
        if touch.grab_current is not self or self._growing is None or "stroke" not in touch.ud:
            return False
        if len(touch.ud["stroke"]) < self._room:
            touch.ud["stroke"].append(self._sample(touch, self._growing))
        x, y = min(self.right, max(self.x, touch.x)), min(self.top, max(self.y, touch.y))
        touch.ud["line"].points += [x, y]
        return True

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """Keeps the stroke."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        if self._growing is not None and "stroke" in touch.ud:
            known = self.signature or self._growing
            self.signature = replace(known, strokes=(*known.strokes, tuple(touch.ud["stroke"])))
        return True

    def clear(self) -> None:
        """Wipes it off."""
        self.signature = None

    def _empty(self) -> Signature:
        self._began = monotonic()
        return Signature(max(1, round(self.width / dp(1))), max(1, round(self.height / dp(1))), self.now().isoformat())

    def _place(self, signature: Signature) -> tuple[float, float, float]:
        """Pixels for a point of the signature, and where its left and top edge lie: whole, centred, never stretched."""
        scale = max(1e-6, min(self.width / signature.width, self.height / signature.height))
        left = self.x + (self.width - signature.width * scale) / 2
        top = self.top - (self.height - signature.height * scale) / 2
        return scale, left, top

    def _sample(self, touch: MotionEvent, signature: Signature) -> Sample:
        scale, left, top = self._place(signature)
        x, y = round((touch.x - left) / scale), round((top - touch.y) / scale)
        # Gone on with after the app was killed, its strokes do not go back in time.
        last = signature.strokes[-1][-1][2] if signature.strokes else 0
        at = max(last, round((monotonic() - self._began) * 1000)) if self._began else last
        return min(signature.width, max(0, x)), min(signature.height, max(0, y)), at

    def _draw(self, *_: object) -> None:
        self.canvas.after.clear()
        signature = self.signature
        if signature is None:
            return
        scale, left, top = self._place(signature)
        with self.canvas.after:
            Color(*COLOURS["ink"])
            for stroke in signature.strokes:
                points = [part for x, y, _ in stroke for part in (left + x * scale, top - y * scale)]
                Line(points=points, width=dp(1.8), joint="round", cap="round")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
