"""Touch: pressed at once, tapped once."""

from __future__ import annotations

from kivy.clock import Clock
from kivy.input import MotionEvent
from kivy.properties import BooleanProperty, NumericProperty
from kivy.uix.widget import Widget

now = Clock.get_time
"""Seconds; tests put a clock of their own here."""


class Tappable(Widget):
    """A touch behaviour of our own (Kivy's changes between versions 2 and 3) with a guard against double taps.

    Feedback does not wait for the action: `pressed` changes the picture in the next frame, and where the device can,
    the app answers with a short vibration.
    """

    pressed = BooleanProperty(False)
    min_interval = NumericProperty(0.35)
    __events__ = ("on_tap",)
    feedback = staticmethod(lambda: None)

    def __init__(self, **kwargs: object) -> None:
        self._last_tap = float("-inf")
        super().__init__(**kwargs)

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Takes the touch if it is ours."""
        if super().on_touch_down(touch):
            return True
        if getattr(touch, "is_mouse_scrolling", False) or self.disabled or not self.collide_point(*touch.pos):
            return False
        touch.grab(self)
        self.pressed = True
        Tappable.feedback()
        return True

    def on_touch_move(self, touch: MotionEvent) -> bool:
        """Leaving the widget takes the press back."""
        if touch.grab_current is self:
            self.pressed = self.collide_point(*touch.pos)
            return True
        return bool(super().on_touch_move(touch))

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """A tap, unless the last one was only a moment ago."""
        if touch.grab_current is not self:
            return bool(super().on_touch_up(touch))
        touch.ungrab(self)
        was_pressed, self.pressed = self.pressed, False
        moment = now()
        if was_pressed and not self.disabled and moment - self._last_tap >= self.min_interval:
            self._last_tap = moment
            self.dispatch("on_tap")
        return True

    def on_tap(self) -> None:
        """Bound by whoever uses the widget."""
