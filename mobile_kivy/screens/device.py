"""This device: which server, which language, who is known here."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from kivy.app import App
from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.screenmanager import Screen

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

    message = StringProperty("")
    locked = BooleanProperty(False)

    def on_pre_enter(self, *_: object) -> None:
        """Reads the settings."""
        app = App.get_running_app()
        self.ids.address.text, self.message = app.server, ""
        self.locked = app.store.outbox.waiting().count > 0
        self._list_people()

    def save_address(self) -> None:
        """A whole address, or an explanation."""
        app, address = App.get_running_app(), self.ids.address.text.strip().rstrip("/")
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            self.ids.address.error = text(app.lang, "address_wrong")
            return
        self.ids.address.error = ""
        app.use_server(address)
        self.message = text(app.lang, "address_saved")

    def _list_people(self) -> None:
        app = App.get_running_app()
        self.ids.people.clear_widgets()
        for person in app.store.people.all():
            row = KnownPerson(name=f"{person.name}  ·  {person.email}")
            row.bind(on_forget=lambda _row, person=person: self._ask_to_forget(person))
            self.ids.people.add_widget(row)

    def _ask_to_forget(self, person: Person) -> None:
        lang = App.get_running_app().lang
        answers = [
            (text(lang, "forget"), "danger", lambda: self._forget(person)),
            (text(lang, "keep"), "primary", None),
        ]
        ask(text(lang, "forget_title", name=person.name), text(lang, "forget_words"), answers)

    def _forget(self, person: Person) -> None:
        app = App.get_running_app()
        try:
            app.shift.forget(person)
        except StillWaiting as waiting:
            self.message = text(app.lang, "forget_waiting", count=waiting.count)
        self._list_people()


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
