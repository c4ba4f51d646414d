"""How clean it is, what belongs to it, and anything else."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ObjectProperty
from kivy.uix.boxlayout import BoxLayout

from mobile_kivy.desk import Desk
from mobile_kivy.forms.checks import Complaint
from mobile_kivy.forms.form import CLEANLINESS
from mobile_kivy.forms.visit import Visit
from mobile_kivy.i18n import accessory, text
from mobile_kivy.widgets.basics import Counter


class CareStep(BoxLayout):
    """Cleanliness, accessories and remarks."""

    desk: Desk = ObjectProperty()
    visit: Visit = ObjectProperty()
    __events__ = ("on_changed",)

    def __init__(self, desk: Desk, visit: Visit, **kwargs: object) -> None:
        super().__init__(desk=desk, visit=visit, **kwargs)
        form = visit.form
        self.ids.outside.value, self.ids.inside.value = form.cleanliness_outside, form.cleanliness_inside
        self.ids.remarks.text = form.remarks
        self.ids.outside.bind(value=lambda _w, value: self._set("cleanliness_outside", value))
        self.ids.inside.bind(value=lambda _w, value: self._set("cleanliness_inside", value))
        self.ids.remarks.bind(text=lambda _w, value: self._set("remarks", value))
        self._list_accessories()

    def on_changed(self) -> None:
        """For the screen, which saves."""

    def grades(self, lang: str) -> list[tuple[str, str]]:
        """The grades with their names."""
        return [(grade, text(lang, f"clean_{grade}")) for grade in CLEANLINESS]

    def complaints(self) -> list[Complaint]:
        """Everything here has a value already."""
        return []

    def _set(self, name: str, value: str) -> None:
        setattr(self.visit.form, name, value)
        self.dispatch("on_changed")

    def _list_accessories(self) -> None:
        form, lang = self.visit.form, self.desk.lang
        for name, present in form.accessories.items():
            expected = form.expected.get(name, present)
            short = text(lang, "expected", count=expected)
            row = Counter(label=accessory(lang, name), value=present, expected=expected, missing_text=short)
            row.bind(value=lambda _row, value, name=name: self._count(name, int(value)))
            self.ids.accessories.add_widget(row)

    def _count(self, name: str, present: int) -> None:
        self.visit.form.accessories[name] = present
        self.dispatch("on_changed")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
