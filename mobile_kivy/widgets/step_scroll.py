"""Scrolls only where there is something to scroll, and answers a finger at once all the same."""

from __future__ import annotations

from typing import Any

from kivy.input import MotionEvent
from kivy.lang import Builder
from kivy.uix.scrollview import ScrollView

from mobile_kivy.widgets.tappable import Tappable


class PromptTouch(ScrollView):
    """Kivy's ScrollView holds a touch back for 250 ms, in case it becomes a scroll, and a short tap for longer.

    Here, what is under the finger looks pressed at once, until it is clear that the finger scrolls; a tap is passed on
    in the moment in which the finger leaves; and where all is in sight, a touch is a touch at once.
    """

    _hinted: Any = None

    @property
    def fits(self) -> bool:
        """Whether all of the content is in sight."""
        content = self._viewport
        return content is None or content.height <= self.height + 1

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """To the content at once if it fits, else with a hint that the finger was felt."""
        if self.fits:
            return self.collide_point(*touch.pos) and self.simulate_touch_down(touch)
        taken = bool(super().on_touch_down(touch))
        if self._waits(touch):
            self._hinted = _tappable_at(self, *touch.pos)
            if self._hinted is not None:
                self._hinted.pressed = True
        return taken

    def on_touch_move(self, touch: MotionEvent) -> bool:
        """A finger that scrolls does not press."""
        taken = bool(super().on_touch_move(touch))
        if self._touch is touch and not self._waits(touch):
            self._withdraw(touch)
        return taken

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """A short tap: down is passed on now, and up comes to whoever has taken it."""
        if touch.grab_current is None and self._waits(touch):
            if self.effect_y:
                self.effect_y.cancel()
            touch.ungrab(self)
            self._touch = None
            self.simulate_touch_down(touch)
            return True
        self._withdraw(touch)
        return bool(super().on_touch_up(touch))

    def simulate_touch_down(self, touch: MotionEvent) -> bool:
        """Kivy's name for passing a touch on; from here on, what has taken it looks after itself."""
        taken = bool(super().simulate_touch_down(touch))
        self._withdraw(touch)
        return taken

    def _waits(self, touch: MotionEvent) -> bool:
        """Whether it is not clear yet if this touch scrolls."""
        known = touch.ud.get(self._get_uid())
        return self._touch is touch and known is not None and known["mode"] == "unknown" and not known["user_stopped"]

    def _withdraw(self, touch: MotionEvent) -> None:
        hinted, self._hinted = self._hinted, None
        if hinted is not None and all(taker() is not hinted for taker in touch.grab_list):
            hinted.pressed = False


def _tappable_at(widget: Any, x: float, y: float) -> Any:
    """What would take a tap here, or None."""
    x, y = widget.to_local(x, y)
    for child in widget.children:
        if not child.collide_point(x, y) or child.disabled or not getattr(child, "unfolded", True):
            continue
        found = child if isinstance(child, Tappable) else _tappable_at(child, x, y)
        if found is not None:
            return found
    return None


class StepScroll(PromptTouch):
    """Every list and form but the long ones."""


Builder.load_string(
    """
#:import ScrollEffect kivy.effects.scroll.ScrollEffect
<StepScroll>:
    effect_cls: ScrollEffect  # without a bounce: a form stays where it is when a part of it unfolds
    always_overscroll: False  # what fits is at the top, also when it was longer, and scrolled down, a moment ago
    do_scroll_x: False
    bar_width: dp(6)
    scroll_type: ['bars', 'content']
"""
)
