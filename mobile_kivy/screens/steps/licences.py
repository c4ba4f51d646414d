"""Every driver's original licence, in the hand, not a copy (§ 21 StVG: the keeper answers for who drives)."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from mobile_kivy.desk import Desk
from mobile_kivy.forms import checks
from mobile_kivy.forms.checks import Complaint
from mobile_kivy.forms.contract import Driver
from mobile_kivy.forms.visit import Visit
from mobile_kivy.i18n import text


class DriverCard(BoxLayout):
    """One driver: what to compare, and whether it was seen."""

    desk: Desk = ObjectProperty()
    name = StringProperty("")
    detail = StringProperty("")
    seen = BooleanProperty(False)
    before = BooleanProperty(False)


class LicencesStep(BoxLayout):
    """All drivers of the contract."""

    desk: Desk = ObjectProperty()
    visit: Visit = ObjectProperty()
    nobody = BooleanProperty(False)
    __events__ = ("on_changed",)

    def __init__(self, desk: Desk, visit: Visit, **kwargs: object) -> None:
        super().__init__(desk=desk, visit=visit, **kwargs)
        self.nobody = not visit.job.contract.drivers
        for driver in visit.job.contract.drivers:
            self.ids.drivers.add_widget(self._card(driver))

    def on_changed(self) -> None:
        """For the screen, which saves."""

    def complaints(self) -> list[Complaint]:
        """Whose licence was not seen."""
        return checks.licences(self.visit.form, self.visit.job)

    def _card(self, driver: Driver) -> DriverCard:
        lang = self.desk.lang
        parts = [
            (driver.birth_date, "driver_born"),
            (driver.licence_number, "driver_licence"),
            (driver.licence_class, "driver_class"),
        ]
        detail = "   ".join(text(lang, key, value=value) for value, key in parts if value)
        seen = driver.checked or driver.id in self.visit.form.licences
        card = DriverCard(desk=self.desk, name=driver.name, detail=detail, seen=seen, before=driver.checked)
        card.bind(seen=lambda _card, seen: self._saw(driver.id, seen))
        return card

    def _saw(self, driver_id: str, seen: bool) -> None:
        licences = [known for known in self.visit.form.licences if known != driver_id]
        self.visit.form.licences = [*licences, driver_id] if seen else licences
        self.dispatch("on_changed")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
