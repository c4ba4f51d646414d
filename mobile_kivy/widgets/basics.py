"""Text, pictograms, buttons, choices and fields."""

from __future__ import annotations

from pathlib import Path

from kivy.core.text import LabelBase
from kivy.lang import Builder
from kivy.properties import (
    BooleanProperty,
    ColorProperty,
    ListProperty,
    NumericProperty,
    ObjectProperty,
    OptionProperty,
    StringProperty,
)
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label

from mobile_kivy.theme import BUTTONS, COLOURS, TYPE
from mobile_kivy.widgets.icons import ICONS
from mobile_kivy.widgets.tappable import Tappable

LabelBase.register("Icons", str(Path(__file__).parent.parent / "assets" / "icons.ttf"))


class Txt(Label):
    """Words that wrap in the width that they are given."""

    role = OptionProperty("body", options=tuple(TYPE))
    tone = StringProperty("ink")


class Icon(Label):
    """A pictogram by its name."""

    name = StringProperty("")
    tone = StringProperty("ink")

    def on_name(self, *_: object) -> None:
        """The font has glyphs, not names."""
        self.text = ICONS[self.name] if self.name else ""


class Card(BoxLayout):
    """A white ground for what belongs together."""

    fill = ColorProperty(COLOURS["surface"])


class Btn(Tappable, Label):
    """A button: its label wraps, and its height follows."""

    label = StringProperty("")
    icon = StringProperty("")
    kind = OptionProperty("primary", options=tuple(BUTTONS))
    type_size = NumericProperty(TYPE["label"])
    least_height = NumericProperty(56)

    def colours(self, kind: str, pressed: bool) -> tuple[object, object, object]:
        """Ground, text and line; called by the rule with what it depends on."""
        ground, down, words, line = BUTTONS[kind]
        return COLOURS[down if pressed else ground], COLOURS[words], COLOURS[line]


class Choice(Tappable, Label):
    """One of several; the chosen one is filled and ticked."""

    label = StringProperty("")
    icon = StringProperty("")
    active = BooleanProperty(False)
    value = ObjectProperty(None, allownone=True)


class Choices(BoxLayout):
    """Several choices of which one is taken. `options` are pairs of value and label."""

    options = ListProperty()
    value = ObjectProperty(None, allownone=True)
    columns = NumericProperty(0)

    def on_options(self, *_: object) -> None:
        """Made anew, for instance in another language."""
        grid = self.ids.grid
        grid.clear_widgets()
        grid.cols = int(self.columns) or max(1, len(self.options))
        for value, label in self.options:
            choice = Choice(label=label, value=value, active=value == self.value)
            choice.bind(on_tap=self._take)
            grid.add_widget(choice)

    def on_value(self, *_: object) -> None:
        """Shows which one it is."""
        for choice in self.ids.grid.children:
            choice.active = choice.value == self.value

    def _take(self, choice: Choice) -> None:
        self.value = choice.value


class Field(BoxLayout):
    """A labelled field. The line for its error is always there: an error must not push keys away under a finger."""

    label = StringProperty("")
    text = StringProperty("")
    hint = StringProperty("")
    error = StringProperty("")
    password = BooleanProperty(False)
    multiline = BooleanProperty(False)
    input_type = StringProperty("text")
    big = BooleanProperty(False)
    read_only = BooleanProperty(False)
    quiet = BooleanProperty(False)


class Counter(BoxLayout):
    """A number with minus and plus."""

    label = StringProperty("")
    value = NumericProperty(0)
    expected = NumericProperty(0)
    most = NumericProperty(99)
    missing_text = StringProperty("")

    def step(self, by: int) -> None:
        """Stays between none and `most`."""
        self.value = max(0, min(self.most, self.value + by))


class NumPad(BoxLayout):
    """Keys of our own: no soft keyboard over the form, the same on every device."""

    target = ObjectProperty(None, allownone=True)
    longest = NumericProperty(7)
    leading_zero = BooleanProperty(False)

    def press(self, key: str) -> None:
        """`<` takes the last digit away."""
        if self.target is None:
            return
        if key == "<":
            self.target.text = self.target.text[:-1]
        elif len(self.target.text) < self.longest:
            typed = self.target.text + key
            self.target.text = typed if self.leading_zero else typed.lstrip("0") or "0"


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
