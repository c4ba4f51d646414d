"""What a finger needs and an eye: targets, contrast, nothing cut off, one language at a time, on every screen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kivy.core.window import Window
from kivy.metrics import Metrics, dp, sp
from kivy.uix.label import Label
from kivy.uix.scrollview import ScrollView
from kivy.uix.textinput import TextInput
from kivy.uix.widget import Widget

from mobile_kivy import theme
from mobile_kivy.widgets.signature_pad import SignaturePad
from tests.tablet.ui import work
from tests.tablet.ui.conftest import TALL, WIDE
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.walk import every_screen, words_of
from tests.tablet.ui.yard_day import PIN, YardDay

Start = Callable[..., Finger]
LEAST_TYPE = 18
"""sp: what can be read at arm's length in the sun."""
LEAST = 48
"""dp: WCAG 2.2, 2.5.8 asks for 24, Android's guideline for 48."""


@pytest.fixture
def text_scale() -> Iterator[Callable[[float], None]]:
    def scale(value: float) -> None:
        Metrics.fontscale = value

    yield scale
    Metrics.fontscale = 1.0


def test_every_pair_of_text_and_ground_can_be_read() -> None:
    ratios = {pair: theme.contrast(*pair) for pair in theme.TEXT_ON}
    assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < 4.5} == {}
    assert theme.contrast("ink", "ink") == 1
    for ground, pressed, words, _line in theme.BUTTONS.values():
        assert {(words, ground), (words, pressed)} <= set(theme.TEXT_ON)


@pytest.mark.parametrize(
    ("size", "language", "scale"),
    [(WIDE, "de", 1.0), (TALL, "en", 1.3), (WIDE, "en", 1.3), (TALL, "de", 1.0), ((1024, 600), "de", 1.3)],
    ids=["wide-de", "tall-en-large", "wide-en-large", "tall-de", "small-de-large"],
)
def test_every_screen(
    size: tuple[int, int],
    language: str,
    scale: float,
    open_app: Start,
    device: Path,
    yard_day: YardDay,
    text_scale: Callable[[float], None],
) -> None:
    text_scale(scale)
    finger = open_app("http://127.0.0.1:9", size, now=yard_day.clock)
    if language == "en":
        finger.tap(finger.find("TopBar").ids.language)
    foreign = words_of("de" if language == "en" else "en")
    album = os.environ.get("ERSATZWAGEN_SCREENSHOTS")
    faults: list[str] = []
    for number, name in enumerate(every_screen(finger, yard_day)):
        finger.frames(3)
        if album:
            folder = Path(album) / f"{size[0]}x{size[1]}-{language}-{scale}"
            folder.mkdir(parents=True, exist_ok=True)
            finger.photograph(folder / f"{number:02}_{name}.png")
        faults += [f"{name}: {fault}" for fault in _faults(finger, foreign if name not in CUSTOMERS else set())]
    assert faults == [], "\n".join(dict.fromkeys(faults))


CUSTOMERS = {"sign", "sign_missing", "signed"}
"""Screens that speak the customer's language, too."""


def _faults(finger: Finger, foreign: set[str]) -> Iterator[str]:
    for widget in finger.walk():
        if not _in_sight(widget):
            continue
        if hasattr(widget, "on_tap"):
            if widget.width < dp(LEAST) - 0.5 or widget.height < dp(LEAST) - 0.5:
                yield f"{_name(widget)} is {widget.width:.0f} x {widget.height:.0f}, too small for a finger"
            if not _scrolls(widget) and not _inside_window(widget):
                yield f"{_name(widget)} is not all in the window"
        if isinstance(widget, SignaturePad) and not widget.disabled and widget.height < dp(theme.PAD) - 0.5:
            yield f"a pad is {widget.height:.0f} high, too low for a hand"
        if isinstance(widget, Label) and widget.text.strip() and widget.font_size < sp(LEAST_TYPE) - 0.01:
            yield f"{_name(widget)} is written in {widget.font_size:.0f}, too small for the sun"
        if isinstance(widget, Label) and widget.text.strip():
            yield from _cut_off(widget)
        if isinstance(widget, Label | TextInput):
            words = widget.hint_text if isinstance(widget, TextInput) else widget.text
            yield from (f"{word!r} is of the other language" for word in foreign if word == words.strip())


def _cut_off(label: Any) -> Iterator[str]:
    width, height = label.texture_size
    if not label.shorten and width > label.width + 1:
        yield f"{_name(label)} is cut off: {width} in {label.width:.0f} wide"
    if height > label.height + 1:
        yield f"{_name(label)} is cut off: {height} in {label.height:.0f} high"


def _in_sight(widget: Widget) -> bool:
    """Drawn at all, and not scrolled away."""
    if widget.width <= 1 or widget.height <= 1:
        return False
    x, y = widget.to_window(*widget.center)
    parent: Any = widget.parent
    while parent is not None and parent is not Window and parent.parent is not parent:
        if isinstance(parent, ScrollView):
            left, bottom = parent.to_window(*parent.pos)
            if not (left <= x <= left + parent.width and bottom <= y <= bottom + parent.height):
                return False
        parent = parent.parent
    return True


def _scrolls(widget: Widget) -> bool:
    parent = widget.parent
    while parent is not None and parent is not Window and parent.parent is not parent:
        if isinstance(parent, ScrollView):
            return True
        parent = parent.parent
    return False


def _inside_window(widget: Widget) -> bool:
    x, y = widget.to_window(*widget.pos)
    return bool(x >= -1 and y >= -1 and x + widget.width <= Window.width + 1 and y + widget.height <= Window.height + 1)


def _name(widget: Any) -> str:
    words = getattr(widget, "label", "") or getattr(widget, "caption", "") or getattr(widget, "text", "")
    return f"{type(widget).__name__} {words[:40]!r}"


def _keys(finger: Finger) -> dict[str, tuple[float, float]]:
    keys = [widget for widget in finger.walk() if type(widget).__name__ == "PadKey" and _in_sight(widget)]
    return {key.key: key.to_window(*key.pos) for key in keys}


@pytest.mark.parametrize("size", [WIDE, TALL], ids=["wide", "tall"])
def test_no_key_moves_while_somebody_types(
    size: tuple[int, int], open_app: Start, device: Path, yard_day: YardDay
) -> None:
    # given the pad of the PIN, and that of an odometer
    finger = open_app("http://127.0.0.1:9", size, now=yard_day.clock)
    finger.tap(finger.find("PersonTile"))
    finger.frames(2)
    moved = []
    for wrong in ("0000", "1111"):
        before = _keys(finger)
        for digit in wrong:
            finger.type_digits(digit)
            moved += [(wrong, digit)] if _keys(finger) != before else []
    finger.type_digits(PIN)
    finger.frames(4)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.frames(4)
    before = _keys(finger)
    assert before.keys() >= {"1", "2", "3"}

    # when a reading is typed that is too low, then right, then far too high
    for digit in "9999<<<<10012999":
        key = finger.find("PadKey", key=digit)
        finger.moment += 0.2
        finger.drag([key.to_window(*key.center)] * 2)  # where it lies: nobody scrolls
        moved += [("odometer", digit)] if _keys(finger) != before else []

    # then it was said, and every key is where it was
    assert finger.screen.step.warning
    assert moved == []
