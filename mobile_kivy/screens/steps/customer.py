"""What is missing about the customer: above 250 EUR the invoice needs a postal address (§ 14 Abs. 4 Nr. 1 UStG)."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ObjectProperty
from kivy.uix.boxlayout import BoxLayout

from mobile_kivy.desk import Desk
from mobile_kivy.forms import checks
from mobile_kivy.forms.checks import Complaint
from mobile_kivy.forms.visit import Visit

PARTS = ("street", "postcode", "city", "country")


class CustomerStep(BoxLayout):
    """The customer's address, typed in at the counter."""

    desk: Desk = ObjectProperty()
    visit: Visit = ObjectProperty()
    __events__ = ("on_changed",)

    def __init__(self, desk: Desk, visit: Visit, **kwargs: object) -> None:
        super().__init__(desk=desk, visit=visit, **kwargs)
        for part in PARTS:
            field = self.ids[part]
            field.text = getattr(visit.form.address, part)
            field.bind(text=lambda _field, value, part=part: self._say(part, value))

    def on_changed(self) -> None:
        """For the screen, which saves."""

    def complaints(self) -> list[Complaint]:
        """What the address still lacks."""
        return checks.address(self.visit.form)

    def _say(self, part: str, value: str) -> None:
        setattr(self.visit.form.address, part, value.upper() if part == "country" else value)
        self.dispatch("on_changed")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
