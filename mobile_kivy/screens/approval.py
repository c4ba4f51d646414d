"""A manager who has signed in on this device allows, with PIN and reason, what the server has refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ListProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from mobile_kivy.desk import Desk
from mobile_kivy.i18n import clock, text
from mobile_kivy.store import OutboxItem, PinLocked
from mobile_kivy.widgets.dialog import Dialog, ask


class Approval(BoxLayout):
    """Who, why, and the PIN. Everything stays as it was typed until all three are right."""

    desk: Desk = ObjectProperty()
    people = ListProperty()
    error = StringProperty("")
    __events__ = ("on_approved",)

    def on_approved(self) -> None:
        """Bound by whoever opens it."""

    def approve(self) -> None:
        """The button; the PIN is looked at last, so that nothing else costs a try."""
        user_id, reason, pin = self.ids.who.value, self.ids.reason.text.strip(), self.ids.pin.text
        missing = "approval_who" if user_id is None else "" if reason else "approval_reason_missing"
        self.error = text(self.desk.lang, missing) if missing else self._against(user_id, pin)
        self.ids.pin.text = "" if not missing else pin
        if not self.error:
            self.dispatch("on_approved")

    def _against(self, user_id: str, pin: str) -> str:
        try:
            right = self.desk.store.people.check_pin(user_id, pin)
        except PinLocked as locked:
            return text(self.desk.lang, "pin_locked", until=clock(locked.until.astimezone()))
        return "" if right else text(self.desk.lang, "pin_wrong")


def ask_for_approval(desk: Desk, item: OutboxItem, done: Callable[[], None]) -> Dialog:
    """Opens the question. `done` is called when the protocol waits to be sent again."""
    people = desk.store.people.approvers()
    cancel = (text(desk.lang, "cancel"), "plain", None)
    if not people:
        return ask(text(desk.lang, "approve"), text(desk.lang, "approval_nobody"), [cancel])
    dialog = ask(text(desk.lang, "approve"), text(desk.lang, "approval_words", title=item.title), [cancel])
    form = Approval(desk=desk, people=[(person.user_id, person.name) for person in people])
    form.ids.who.value = people[0].user_id if len(people) == 1 else None

    def approved(_form: Approval) -> None:
        dialog.dismiss(animation=False)
        desk.store.outbox.approve(item.protocol_id, form.ids.who.value, form.ids.reason.text.strip())
        done()

    form.bind(on_approved=approved)
    dialog.ids.body.add_widget(form)
    return dialog


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
