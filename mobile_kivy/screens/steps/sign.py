"""What is written down, in the customer's language, and the two signatures below it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.modalview import ModalView

from mobile_kivy.desk import Desk
from mobile_kivy.forms import checks
from mobile_kivy.forms.checks import Complaint
from mobile_kivy.forms.protocol import sign
from mobile_kivy.forms.signature import Signature
from mobile_kivy.forms.visit import Visit
from mobile_kivy.handover import language_of, words_of
from mobile_kivy.i18n import LANGUAGES, text
from mobile_kivy.screens.steps.summary import summary
from mobile_kivy.widgets.signature_pad import SignaturePad


class SummaryRow(BoxLayout):
    """Name and value."""

    name = StringProperty("")
    value = StringProperty("")
    new = BooleanProperty(False)


class SignPad(SignaturePad):
    """A pad in the step, where there is room for a hand; else it only keeps what was written on the whole screen."""

    inline = BooleanProperty(True)


class SigningView(ModalView):
    """A pad over the whole screen. What is written on it is written into the step's pad at once."""

    words = StringProperty("")
    language = StringProperty("de")

    def __init__(self, pad: SignaturePad, **kwargs: object) -> None:
        super().__init__(**kwargs)
        mine = self.ids.pad
        mine.hint, mine.now, mine.signature = pad.hint, pad.now, pad.signature
        mine.bind(signature=pad.setter("signature"))


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
        for who, pad in self._pads():
            pad.now, pad.signature = desk.now, getattr(form, f"{who}_signature")
        self.ids.reason.text = form.signature_missing_reason
        self.missing = bool(form.signature_missing_reason)
        self.show()
        for who, pad in self._pads():
            pad.bind(signature=partial(self._signed, who))
        self.ids.reason.bind(text=self._reasoned)

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

    def _pads(self) -> Iterator[tuple[str, SignaturePad]]:
        yield "customer", self.ids.customer
        yield "staff", self.ids.staff

    def _signed(self, who: str, _pad: SignaturePad, signature: Signature | None) -> None:
        form = self.visit.form
        if who == "customer":
            form.shown_language = self.language
        sign(form, who, signature, words_of(self.visit.job))
        self.dispatch("on_changed")

    def _reasoned(self, _field: object, words: str) -> None:
        self.visit.form.signature_missing_reason = words
        self.dispatch("on_changed")

    def cannot_sign(self) -> None:
        """A reason in the signature's place, or the pad again."""
        self.missing = not self.missing
        if self.missing:
            self.ids.customer.clear()
        else:
            self.ids.reason.text = ""

    def open(self, who: str) -> None:
        """The whole screen to sign on."""
        language = self.language if who == "customer" else self.desk.lang
        words = text(language, "sign_words" if who == "customer" else "signature_mine")
        SigningView(self.ids[who], language=language, words=words).open(animation=False)

    def complaints(self) -> list[Complaint]:
        """Both signatures, or the reason why the customer's is missing."""
        return checks.signatures(self.visit.form)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
