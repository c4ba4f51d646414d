"""The form, step by step, always saved: where it stands survives a crash and a flat battery."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from kivy.clock import Clock
from kivy.lang import Builder
from kivy.properties import BooleanProperty, ListProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.screenmanager import Screen

from mobile_kivy import i18n
from mobile_kivy.desk import Desk
from mobile_kivy.forms.checks import Complaint
from mobile_kivy.forms.day import Day
from mobile_kivy.forms.protocol import keep_signed
from mobile_kivy.forms.visit import Visit
from mobile_kivy.handover import words_of
from mobile_kivy.screens.steps.care import CareStep
from mobile_kivy.screens.steps.condition import ConditionStep
from mobile_kivy.screens.steps.customer import CustomerStep
from mobile_kivy.screens.steps.damages import DamagesStep
from mobile_kivy.screens.steps.licences import LicencesStep
from mobile_kivy.screens.steps.photos import PhotosStep
from mobile_kivy.screens.steps.sign import SignStep
from mobile_kivy.store import CannotWrite
from mobile_kivy.widgets.dialog import ask, tell

Step = ConditionStep | CareStep | DamagesStep | PhotosStep | CustomerStep | LicencesStep | SignStep
BUILD: dict[str, Callable[[Desk, Visit], Step]] = {
    "condition": ConditionStep,
    "care": CareStep,
    "damages": DamagesStep,
    "photos": PhotosStep,
    "customer": CustomerStep,
    "licences": LicencesStep,
    "sign": SignStep,
}
log = logging.getLogger(__name__)
SAVE_AFTER = 0.5
"""Seconds after the last change until the form is saved."""


class HandoverScreen(Screen):
    """Shows one step at a time; the steps know their fields, this knows their order."""

    desk: Desk = ObjectProperty()
    title = StringProperty("")
    subtitle = StringProperty("")
    steps = ListProperty()
    current = NumericProperty(0)
    error = StringProperty("")
    submitting = BooleanProperty(False)
    visit: Visit | None = ObjectProperty(None, allownone=True)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._save_soon = Clock.create_trigger(lambda _dt: self.save(), SAVE_AFTER)
        self.step: Step | None = None

    def open(self, visit: Visit) -> None:
        """Goes on at the step where the form was left."""
        self.visit, self.submitting = visit, False
        name = visit.form.step if visit.form.step in visit.steps else visit.steps[0]
        self.relabel()
        self.show(visit.steps.index(name))

    def relabel(self) -> None:
        """Says anew, in the present language, what no rule says."""
        if self.visit is None:
            return
        visit = self.visit
        self._name_car()
        self.subtitle = "  ·  ".join(
            part for part in (visit.job.contract.customer, visit.job.contract.number, visit.job.contract.phone) if part
        )
        self.steps = [i18n.text(self.desk.lang, f"step_{name}") for name in visit.steps]
        if self.step is not None and self.error:
            self._complain(self.step.complaints())

    def _name_car(self) -> None:
        visit = self.visit
        if visit is None:
            return
        plate = visit.vehicle.plate if visit.vehicle else "–"
        self.title = f"{i18n.text(self.desk.lang, visit.form.kind)}  ·  {plate}"

    def _open_visit(self) -> Visit:
        if self.visit is None:
            raise LookupError("no form is open")
        return self.visit

    def show(self, index: int) -> None:
        """Builds the step: a new one each time, so that nothing of another contract can linger."""
        self.current, self.error = index, ""
        visit = self._open_visit()
        name = visit.steps[index]
        visit.form.step = name
        body = self.ids.body
        body.clear_widgets()
        self.step = BUILD[name](self.desk, visit)
        self.step.bind(on_changed=self._changed)
        body.add_widget(self.step)
        self.save()

    def _changed(self, *_: object) -> None:
        self.error = ""
        self._name_car()
        self._save_soon()

    def save(self) -> bool:
        """On the device's disk if this is true. Nothing is done once the form is in the outbox.

        A form that cannot be written stays in memory, and on the screen.
        """
        self._save_soon.cancel()  # what it would write is written now, and later the store may be closed
        if self.visit is None or self.submitting:
            return True
        form = self.visit.form
        if not keep_signed(form, words_of(self.visit.job)):
            tell(self.desk.lang, "signed_changed_title", "signed_changed")
        try:
            self.desk.store.drafts.save(form.protocol_id, form.contract_id, form.kind, form.user_id, form.to_json())
        except CannotWrite as error:
            log.warning("the form could not be written: %s", error)
            self.desk.could_write(False)
            return False
        self.desk.could_write(True)
        return True

    def back(self) -> None:
        """One step back; from the first one to the list. The form stays."""
        if self.submitting:
            return
        if self.current > 0:
            self.show(self.current - 1)
        else:
            self.leave()

    def show_again(self) -> None:
        """The same step anew, with what came from outside of it."""
        self.show(int(self.current))

    def finished(self, protocol_id: str) -> bool:
        """This form is in the outbox: it is closed if it is still the one that is open; returns whether it was."""
        shown = self.visit is not None and self.visit.form.protocol_id == protocol_id
        if shown:
            self.close()
        return shown

    def try_again(self, protocol_id: str) -> bool:
        """This form could not be finished, and stays open, if it is still the one that is; returns whether it is."""
        if self.visit is None or self.visit.form.protocol_id != protocol_id:
            return False
        self.submitting = False
        self.show_again()
        return True

    def goes_on_for(self, user_id: str) -> bool:
        """Whether a form is still open that could not be written; from now on it is this person's."""
        if self.visit is None:
            return False
        self.visit.form.pass_on_to(user_id)
        self.show_again()
        return True

    def compare(self, before: Day | None, day: Day | None) -> None:
        """The day was fetched anew: says so if the open form's contract is another one now, or not on the list any
        more. What was entered stays. `before` is the same day as it was known; None if it was another one.
        """
        visit = self.visit
        if visit is None or day is None or self.submitting:
            return
        job = day.job(visit.form.contract_id, visit.form.kind)
        if job is None:
            if before is not None and before.job(visit.form.contract_id, visit.form.kind) is not None:
                tell(self.desk.lang, "contract_gone_title", "contract_gone")
            return
        if job.contract.answer.get("version") == visit.form.contract.get("version"):
            return
        visit.job, visit.form.contract = job, dict(job.contract.answer)
        self.relabel()
        self.show_again()
        tell(self.desk.lang, "contract_changed_title", "contract_changed")

    def leave(self) -> None:
        """To the list; the form waits there. One that could not be written is not let go of."""
        if not self.save():
            self.error = i18n.text(self.desk.lang, "trouble_DISK")
            return
        self.close()
        self.desk.go("today")

    def close(self) -> None:
        """Lets go of the form."""
        self._save_soon.cancel()
        self.visit, self.step = None, None
        self.ids.body.clear_widgets()

    def next(self) -> None:
        """To the next step, after the last one into the outbox; nowhere while something is missing."""
        if self.submitting or self.step is None:
            return
        complaints = self.step.complaints()
        self.save()  # before the next step is built: a signature that does not hold any more must be gone by then
        if complaints:
            self._complain(complaints)
        elif self.current + 1 < len(self._open_visit().steps):
            self.show(self.current + 1)
        else:
            self.submitting = True
            self.desk.work.submit(self._open_visit())

    def _complain(self, complaints: list[Complaint]) -> None:
        lang = self.desk.lang
        self.error = "  ".join(i18n.text(lang, complaint.key, **complaint.figures) for complaint in complaints)

    def ask_to_discard(self) -> None:
        """Throwing a form away needs a second tap, the harmless one is the last."""
        lang = self.desk.lang
        words = i18n.text(lang, "discard_form_words")
        answers = [
            (i18n.text(lang, "discard_form"), "danger", self._discard),
            (i18n.text(lang, "keep_form"), "primary", None),
        ]
        ask(i18n.text(lang, "discard_form_title"), words, answers)

    def _discard(self) -> None:
        form = self._open_visit().form
        self.close()
        self.desk.store.drafts.discard(form.protocol_id)
        self.desk.go("today")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
