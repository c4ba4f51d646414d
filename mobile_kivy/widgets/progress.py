"""Where in the form one is, and how the outbox stands."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ListProperty, NumericProperty, OptionProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label

from mobile_kivy.widgets.tappable import Tappable


class Stepper(BoxLayout):
    """Names of the steps with the present one marked; where it is narrow, only that one has its name."""

    steps = ListProperty()
    current = NumericProperty(0)
    narrow = BooleanProperty(False)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.bind(steps=self._build, current=self._build, narrow=self._build)

    def _build(self, *_: object) -> None:
        self.clear_widgets()
        for index, name in enumerate(self.steps):
            state = "done" if index < self.current else "now" if index == self.current else "todo"
            named = not self.narrow or state == "now"
            dot = StepDot(text=name if named else "", number=str(index + 1), state=state)
            dot.size_hint_x = 1 if named else 0.22
            self.add_widget(dot)


class StepDot(BoxLayout):
    """One step."""

    text = StringProperty("")
    number = StringProperty("")
    state = OptionProperty("todo", options=("done", "now", "todo"))


class SyncPill(Tappable, Label):
    """How much is not sent yet, always in sight. A tap opens the list."""

    tone = OptionProperty("ok", options=("ok", "warn", "error"))
    icon = StringProperty("cloud-check")
    words = StringProperty("")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
