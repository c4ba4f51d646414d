"""This device: which server, which language, who is known here."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.screenmanager import Screen

from mobile_kivy.api import is_safe
from mobile_kivy.desk import Desk
from mobile_kivy.i18n import text
from mobile_kivy.store import Person, StillWaiting
from mobile_kivy.widgets.dialog import ask


class KnownPerson(BoxLayout):
    """A name with a way to forget it."""

    name = StringProperty("")
    __events__ = ("on_forget",)

    def on_forget(self) -> None:
        """Bound by the screen."""


class DeviceScreen(Screen):
    """The address can only be changed while nothing waits to be sent to the old one."""

    desk: Desk = ObjectProperty()
    message = StringProperty("")
    locked = BooleanProperty(False)

    def on_pre_enter(self, *_: object) -> None:
        """Reads the settings."""
        self.ids.address.text, self.message = self.desk.server, ""
        self.locked = self.desk.store.outbox.waiting().count > 0
        self._list_people()

    def back(self) -> None:
        """To where it was opened from."""
        self.desk.go("today" if self.desk.person is not None else "sign_in")

    def save_address(self) -> None:
        """Takes a whole address, and says what is wrong with anything else."""
        address = self.ids.address.text.strip().rstrip("/")
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            self.ids.address.error = text(self.desk.lang, "address_wrong")
            return
        if not is_safe(address):
            self.ids.address.error = text(self.desk.lang, "address_needs_https")
            return
        self.ids.address.error = ""
        self.desk.use_server(address)
        self.message = text(self.desk.lang, "address_saved")

    def _list_people(self) -> None:
        self.ids.people.clear_widgets()
        for person in self.desk.store.people.all():
            row = KnownPerson(name=f"{person.name}  ·  {person.email}")
            row.bind(on_forget=lambda _row, person=person: self._ask_to_forget(person))
            self.ids.people.add_widget(row)

    def _ask_to_forget(self, person: Person) -> None:
        lang = self.desk.lang
        answers = [
            (text(lang, "forget"), "danger", lambda: self._forget(person)),
            (text(lang, "keep"), "primary", None),
        ]
        ask(text(lang, "forget_title", name=person.name), text(lang, "forget_words"), answers)

    def _forget(self, person: Person) -> None:
        try:
            self.desk.shift.forget(person)
        except StillWaiting as waiting:
            self.message = text(self.desk.lang, "forget_waiting", count=waiting.count)
        self._list_people()


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
