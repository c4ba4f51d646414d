"""The form, step by step, always saved: where it stands survives a crash and a flat battery."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kivy.app import App
from kivy.clock import Clock
from kivy.lang import Builder
from kivy.properties import BooleanProperty, ListProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.screenmanager import Screen

from mobile_kivy import i18n
from mobile_kivy.screens.steps.care import CareStep
from mobile_kivy.screens.steps.condition import ConditionStep
from mobile_kivy.screens.steps.damages import DamagesStep
from mobile_kivy.screens.steps.licences import LicencesStep
from mobile_kivy.screens.steps.photos import PhotosStep
from mobile_kivy.screens.steps.sign import SignStep
from mobile_kivy.state.checks import Complaint
from mobile_kivy.state.day import Job, Vehicle
from mobile_kivy.state.form import Form
from mobile_kivy.widgets.dialog import ask

STEPS = {
    "condition": ConditionStep,
    "care": CareStep,
    "damages": DamagesStep,
    "photos": PhotosStep,
    "licences": LicencesStep,
    "sign": SignStep,
}
SAVE_AFTER = 0.5
"""Seconds after the last change until the form is saved."""


@dataclass
class Visit:
    """What a step works on."""

    form: Form
    job: Job
    vehicle: Vehicle | None

    @property
    def steps(self) -> list[str]:
        """Licences are looked at when a car leaves."""
        return [name for name in STEPS if name != "licences" or self.form.checks_out]


class HandoverScreen(Screen):
    """Shows one step at a time; the steps know their fields, this knows their order."""

    title = StringProperty("")
    subtitle = StringProperty("")
    steps = ListProperty()
    current = NumericProperty(0)
    error = StringProperty("")
    submitting = BooleanProperty(False)
    visit = ObjectProperty(None, allownone=True)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._save_soon = Clock.create_trigger(lambda _dt: self.save(), SAVE_AFTER)
        self.step: Any = None

    def open(self, visit: Visit) -> None:
        """Goes on at the step where the form was left."""
        self.visit, self.submitting = visit, False
        name = visit.form.step if visit.form.step in visit.steps else visit.steps[0]
        self.relabel()
        self.show(visit.steps.index(name))

    def relabel(self) -> None:
        """All words that are made here, in the present language."""
        if self.visit is None:
            return
        app, visit = App.get_running_app(), self.visit
        plate = visit.vehicle.plate if visit.vehicle else "–"
        self.title = f"{i18n.text(app.lang, visit.form.kind)}  ·  {plate}"
        self.subtitle = "  ·  ".join(
            part for part in (visit.job.contract.customer, visit.job.contract.number, visit.job.contract.phone) if part
        )
        self.steps = [i18n.text(app.lang, f"step_{name}") for name in visit.steps]
        if self.step is not None and self.error:
            self._complain(self.step.complaints())

    def show(self, index: int) -> None:
        """Builds the step: a new one each time, so that nothing of another contract can linger."""
        self.current, self.error = index, ""
        name = self.visit.steps[index]
        self.visit.form.step = name
        body = self.ids.body
        body.clear_widgets()
        self.step = STEPS[name](self.visit)
        self.step.bind(on_changed=self._changed)
        body.add_widget(self.step)
        self.save()

    def _changed(self, *_: object) -> None:
        self.error = ""
        self._save_soon()

    def save(self) -> None:
        """On the device's disk when this returns. Nothing once the form is in the outbox."""
        if self.visit is not None and not self.submitting:
            form = self.visit.form
            App.get_running_app().store.drafts.save(
                form.protocol_id, form.contract_id, form.kind, form.user_id, form.to_json()
            )

    def back(self) -> None:
        """One step back; from the first one to the list. The form stays."""
        if self.submitting:
            return
        self.save()
        if self.current > 0:
            self.show(self.current - 1)
        else:
            self.leave()

    def leave(self) -> None:
        """To the list; the form waits there."""
        self.save()
        self.close()
        App.get_running_app().go("today")

    def close(self) -> None:
        """Lets go of the form."""
        self._save_soon.cancel()
        self.visit, self.step = None, None
        self.ids.body.clear_widgets()

    def next(self) -> None:
        """Only when the step is whole."""
        if self.submitting or self.step is None:
            return
        complaints = self.step.complaints()
        self.save()
        if complaints:
            self._complain(complaints)
        elif self.current + 1 < len(self.visit.steps):
            self.show(self.current + 1)
        else:
            self.submitting = True
            App.get_running_app().work.submit(self.visit)

    def _complain(self, complaints: list[Complaint]) -> None:
        lang = App.get_running_app().lang
        self.error = "  ".join(i18n.text(lang, complaint.key, **complaint.figures) for complaint in complaints)

    def ask_to_drop(self) -> None:
        """Throwing a form away needs a second tap, the harmless one is the last."""
        lang = App.get_running_app().lang
        words = i18n.text(lang, "drop_words")
        answers = [
            (i18n.text(lang, "drop_form"), "danger", self._drop),
            (i18n.text(lang, "keep_form"), "primary", None),
        ]
        ask(i18n.text(lang, "drop_title"), words, answers)

    def _drop(self) -> None:
        app, form = App.get_running_app(), self.visit.form
        self.close()
        app.store.drafts.drop(form.protocol_id)
        app.go("today")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
