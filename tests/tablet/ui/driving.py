"""Drives the running app in the test's own thread: real touches through the real window, every frame on demand."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kivy.base import EventLoop
from kivy.core.window import Window
from kivy.tests.common import UnitTestTouch
from kivy.uix.scrollview import ScrollView
from kivy.uix.widget import Widget

from mobile_kivy.app import YardApp

Point = tuple[float, float]


_BEGINNINGS = itertools.count(1000.0, 1000.0)


class Finger:
    """Taps, drags and looks, as a person in front of the tablet would."""

    def __init__(self, app: YardApp) -> None:
        self.app = app
        # Later than in any test before: rows of lists are used again, and know when they were tapped last.
        self.moment = next(_BEGINNINGS)

    def frames(self, count: int = 2) -> None:
        for _ in range(count):
            EventLoop.idle()

    def wait(self, condition: Callable[[], object], what: str, patience: float = 20) -> None:
        """Until it is so; what stands in the failure's message."""
        end = time.monotonic() + patience
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"waited for: {what}; screen {self.app.root.current}")
            EventLoop.idle()
            time.sleep(0.002)

    @property
    def screen(self) -> Any:
        return self.app.root.current_screen

    def top(self) -> Widget:
        """What lies on top: a dialog, or the screens."""
        return Window.children[0]

    def walk(self, root: Widget | None = None) -> Iterator[Widget]:
        """Everything that is visible below, in the current screen only."""
        stack = [root or self.top()]
        while stack:
            widget = stack.pop(0)
            if widget.opacity == 0 or (widget.disabled and not widget.children and not hasattr(widget, "on_tap")):
                continue
            yield widget
            if widget is self.app.root:
                stack = [widget.current_screen, *stack]
            else:
                stack = list(reversed(widget.children)) + stack

    def find(self, kind: str = "", root: Widget | None = None, **wanted: object) -> Any:
        for widget in self.walk(root):
            if kind and type(widget).__name__ != kind:
                continue
            if all(getattr(widget, name, None) == value for name, value in wanted.items()):
                return widget
        raise LookupError(f"{kind} {wanted}")

    def has(self, kind: str = "", **wanted: object) -> bool:
        try:
            self.find(kind, **wanted)
        except LookupError:
            return False
        return True

    def button(self, label: str) -> Any:
        """A button, a choice or a tile by its words."""
        for widget in self.walk():
            if hasattr(widget, "on_tap") and label in {
                getattr(widget, "label", None),
                getattr(widget, "caption", None),
                getattr(widget, "name", None),
            }:
                return widget
        raise LookupError(label)

    def reach(self, widget: Widget) -> None:
        """Scrolls to it, as a finger would before it taps."""
        parent = widget.parent
        while parent is not None and parent is not Window:
            if hasattr(parent, "viewclass"):
                return
            if isinstance(parent, ScrollView):
                # While a layout is under way, scrolling is put off by a frame or two.
                for _ in range(10):
                    parent.scroll_to(widget, padding=4, animate=False)
                    self.frames(2)
                    y = widget.to_window(*widget.center)[1]
                    bottom = parent.to_window(*parent.pos)[1]
                    # Below the edge of the list lies another button.
                    if bottom < y < bottom + parent.height:
                        return
                return
            parent = parent.parent if parent.parent is not parent else None

    def tap(self, widget: Widget | str, at: Point | None = None, after: float = 1.0) -> None:
        """In the widget's middle, or at a point of the window; `after` the last one on the app's own clock."""
        target = self.button(widget) if isinstance(widget, str) else widget
        self.reach(target)
        self.moment += after
        x, y = at if at is not None else target.to_window(*target.center)
        if not (0 <= x <= Window.width and 0 <= y <= Window.height):
            raise AssertionError(f"{target} is out of the window: {x}, {y}")
        touch = UnitTestTouch(x, y)
        touch.touch_down()
        self.frames(1)
        touch.touch_up()
        self.frames(2)

    def drag(self, points: Sequence[Point]) -> None:
        touch = UnitTestTouch(*points[0])
        touch.touch_down()
        for point in points[1:]:
            touch.touch_move(*point)
        touch.touch_up()
        self.frames(2)

    def type_digits(self, digits: str) -> None:
        for digit in digits:
            self.tap(self.find("PadKey", key=digit), after=0.2)

    def sign(self, pad: Widget) -> None:
        x, y = pad.to_window(*pad.pos)
        wave = [
            (x + pad.width * (0.1 + step / 40), y + pad.height * (0.3 + 0.4 * (step % 4) / 4)) for step in range(30)
        ]
        self.drag(wave)

    def texts(self) -> list[str]:
        return [w.text for w in self.walk() if isinstance(getattr(w, "text", None), str) and w.text.strip()]

    def photograph(self, path: Path) -> None:
        """The window as a PNG."""
        Window.canvas.ask_update()
        self.frames(3)
        made = Window.screenshot(name=str(path.with_name("tmp.png")))
        Path(made).replace(path)
