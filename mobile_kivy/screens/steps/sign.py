"""What is written down, in the customer's language, and the two signatures below it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from mobile_kivy.desk import Desk
from mobile_kivy.forms import checks
from mobile_kivy.forms.checks import Complaint
from mobile_kivy.forms.visit import Visit
from mobile_kivy.handover import language_of
from mobile_kivy.i18n import LANGUAGES
from mobile_kivy.screens.steps.summary import summary
from mobile_kivy.widgets.basics import Card
from mobile_kivy.widgets.fold import Hideable


class SummaryRow(BoxLayout):
    """Name and value."""

    name = StringProperty("")
    value = StringProperty("")
    new = BooleanProperty(False)


class SignCard(Hideable, Card):
    """A pad with its buttons."""

    share = NumericProperty(1)


class SignStep(BoxLayout):
    """The summary speaks the customer's language whatever the staff's is."""

    desk: Desk = ObjectProperty()
    visit: Visit = ObjectProperty()
    language = StringProperty("de")
    missing = BooleanProperty(False)
    compact = BooleanProperty(False)
    __events__ = ("on_changed",)

    def __init__(self, desk: Desk, visit: Visit, **kwargs: object) -> None:
        super().__init__(desk=desk, visit=visit, language=language_of(visit.job), **kwargs)
        form = visit.form
        self.ids.customer.strokes, self.ids.staff.strokes = list(form.customer_strokes), list(form.staff_strokes)
        self.ids.reason.text = form.signature_missing_reason
        self.missing = bool(form.signature_missing_reason)
        self.show()
        self.ids.customer.bind(strokes=lambda _pad, strokes: self._set("customer_strokes", strokes))
        self.ids.staff.bind(strokes=lambda _pad, strokes: self._set("staff_strokes", strokes))
        self.ids.reason.bind(text=lambda _field, words: self._set("signature_missing_reason", words))

    def on_changed(self) -> None:
        """For the screen, which saves."""

    def on_language(self, *_: object) -> None:
        """The customer reads another one better."""
        if self.ids:
            self.show()

    def other_language(self) -> None:
        """The next language that the app speaks."""
        self.language = LANGUAGES[(LANGUAGES.index(self.language) + 1) % len(LANGUAGES)]

    def show(self) -> None:
        """The summary's rows, in the customer's language."""
        rows = self.ids.rows
        rows.clear_widgets()
        for name, value, new in summary(self.visit, self.language, self.desk.now()):
            rows.add_widget(SummaryRow(name=name, value=value, new=new))

    def _set(self, name: str, value: Any) -> None:
        setattr(self.visit.form, name, value if isinstance(value, str) else [list(stroke) for stroke in value])
        self.dispatch("on_changed")

    def cannot_sign(self) -> None:
        """A reason in the signature's place, or the pad again."""
        self.missing = not self.missing
        if self.missing:
            self.ids.customer.strokes = []
        else:
            self.ids.reason.text = ""

    def complaints(self) -> list[Complaint]:
        """Both signatures, or the reason why the customer's is missing."""
        found = checks.signatures(self.visit.form)
        if found:
            self.ids.which.value = found[0].where
        return found


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
