"""Scrolls only where there is something to scroll."""

from __future__ import annotations

from kivy.input import MotionEvent
from kivy.lang import Builder
from kivy.uix.scrollview import ScrollView


class StepScroll(ScrollView):
    """Kivy's waits for 55 ms whether a touch becomes a scroll. Where all is in sight, a touch is a touch at once."""

    @property
    def fits(self) -> bool:
        """Whether all of the content is in sight."""
        content = self._viewport
        return content is None or content.height <= self.height + 1

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """To the content at once, if it fits."""
        if not self.fits:
            return bool(super().on_touch_down(touch))
        return self.collide_point(*touch.pos) and self.simulate_touch_down(touch)


Builder.load_string(
    """
<StepScroll>:
    do_scroll_x: False
    bar_width: dp(6)
    scroll_type: ['bars', 'content']
"""
)
