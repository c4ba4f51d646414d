"""A part of a screen that is there or not."""

from __future__ import annotations

from kivy.input import MotionEvent
from kivy.lang import Builder
from kivy.properties import BooleanProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget


class Hideable(Widget):
    """Takes no touch while it is hidden: Kivy would let what is hidden swallow those of what is in sight."""

    unfolded = BooleanProperty(True)

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Passes a touch on only while it is open."""
        return self.unfolded and bool(super().on_touch_down(touch))

    def on_touch_move(self, touch: MotionEvent) -> bool:
        """Passes a touch on only while it is open."""
        return self.unfolded and bool(super().on_touch_move(touch))

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """Passes a touch on only while it is open."""
        return self.unfolded and bool(super().on_touch_up(touch))


class Fold(Hideable, BoxLayout):
    """Shown with all its height, or not at all: folded it takes back the gap that its box leaves beside it."""

    @staticmethod
    def gap(parent: Widget | None) -> float:
        """The box's spacing in pixels."""
        return float(parent.spacing) if isinstance(parent, BoxLayout) else 0.0


Builder.load_string(
    """
<Fold>:
    orientation: 'vertical'
    size_hint_y: None
    height: self.minimum_height if self.unfolded else -self.gap(self.parent)
    opacity: 1 if self.unfolded else 0
"""
)
