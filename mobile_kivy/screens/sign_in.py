"""Who works here: names on a shared device, a PIN to change over, the password once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.screenmanager import Screen

from mobile_kivy.api import StationRef
from mobile_kivy.desk import Desk
from mobile_kivy.i18n import clock, text
from mobile_kivy.store.people import Person, PinLocked
from mobile_kivy.widgets.basics import Btn
from mobile_kivy.widgets.tappable import Tappable

PIN_LENGTH = 4


class PersonTile(Tappable, BoxLayout):
    """A name to tap."""

    name = StringProperty("")
    detail = StringProperty("")
    alarm = BooleanProperty(False)


class SignInScreen(Screen):
    """One of five faces: the names, the PIN, e-mail and password, a new PIN, the station."""

    desk: Desk = ObjectProperty()
    face = StringProperty("people")
    busy = BooleanProperty(False)
    error = StringProperty("")
    person = ObjectProperty(None, allownone=True)
    first_pin = StringProperty("")
    wants_new_pin = BooleanProperty(False)
    for_device = BooleanProperty(False)
    _attempt = 0
    """Counts the attempts to sign in: whoever went back must not be signed in by an answer that comes late."""

    def on_pre_enter(self, *_: object) -> None:
        """Whoever worked here last has to say the PIN again."""
        self._attempt += 1
        self.person, self.error, self.first_pin, self.busy = None, self._why_anew(), "", False
        self.wants_new_pin = self.for_device = False
        self.ids.pin.text = self.ids.password.text = ""
        people = self.desk.store.people.all()
        self._show_people(people)
        self.face = "people" if people else "password"

    def _why_anew(self) -> str:
        """Why everybody has to sign in again, if the server has shut the device out."""
        return text(self.desk.lang, "device_revoked") if self.desk.store.settings.is_revoked else ""

    def _show_people(self, people: list[Person]) -> None:
        box, over = self.ids.people, text(self.desk.lang, "session_over")
        box.clear_widgets()
        for person in people:
            lost = self.desk.store.people.needs_sign_in(person.user_id)
            stations = ", ".join(station.name for station in person.stations[:2])
            tile = PersonTile(name=person.name, detail=over if lost else stations, alarm=lost)
            tile.bind(on_tap=lambda _tile, person=person: self.choose(person))
            box.add_widget(tile)

    def choose(self, person: Person) -> None:
        """A PIN if there is one and the server still knows the session, else the password."""
        self.person, self.error = person, self._why_anew()
        self.ids.pin.text = ""
        if person.has_pin and not self.desk.store.people.needs_sign_in(person.user_id):
            self.face = "pin"
        else:
            self.ids.email.text = person.email
            self.face = "password"

    def forgot_pin(self) -> None:
        """The password opens, too, and then a new PIN is chosen."""
        self.wants_new_pin, self.error = True, ""
        self.ids.email.text = self.person.email
        self.face = "password"

    def other_person(self) -> None:
        """Somebody whom this device does not know yet."""
        self.person, self.error = None, ""
        self.ids.email.text = self.ids.password.text = ""
        self.face = "password"

    def back(self) -> None:
        """To the names."""
        self.on_pre_enter()

    def typed_pin(self, pin: str) -> None:
        """The fourth digit is the answer: no button to look for."""
        if len(pin) < PIN_LENGTH:
            return
        if self.face == "pin":
            self._check_pin(pin)
        elif self.face == "new_pin":
            self._choose_pin(pin)

    def _check_pin(self, pin: str) -> None:
        self.ids.pin.text = ""
        try:
            right = self.desk.store.people.check_pin(self.person.user_id, pin)
        except PinLocked as locked:
            self.error = text(self.desk.lang, "pin_locked", until=clock(locked.until.astimezone()))
            return
        if right:
            self._enter()
        else:
            self.error = text(self.desk.lang, "pin_wrong")

    def _choose_pin(self, pin: str) -> None:
        self.ids.pin.text = ""
        if not self.first_pin:
            self.first_pin, self.error = pin, ""
        elif pin != self.first_pin:
            self.first_pin, self.error = "", text(self.desk.lang, "pin_differs")
        else:
            session = self.desk.store.people.session(self.person.user_id)
            if session is not None:
                self.desk.store.people.remember(session, pin)
            self._enter()

    def sign_in(self) -> None:
        """E-mail and password, which needs the network; the answer comes later."""
        email, password = self.ids.email.text.strip(), self.ids.password.text
        if self.busy or not email or not password:
            self.error = "" if self.busy else text(self.desk.lang, "fill_in_both")
            return
        self.busy, self.error = True, ""
        self._attempt += 1
        attempt = self._attempt
        self.desk.shift.sign_in(
            email,
            password,
            lambda person: self._signed_in(person) if attempt == self._attempt else None,
            lambda message: self._refused(message) if attempt == self._attempt else None,
        )

    def _signed_in(self, person: Person) -> None:
        self.busy, self.person = False, person
        self.ids.password.text = self.ids.pin.text = self.first_pin = ""
        if person.has_pin and not self.wants_new_pin:
            self._enter()
        else:
            self.face = "new_pin"

    def _refused(self, message: str) -> None:
        self.busy, self.error = False, message

    def open_device(self) -> None:
        """The device's settings: for whoever sets it up, later for managers, who say who they are first."""
        if not self.desk.store.people.all():
            self.desk.go("device")
            return
        self.for_device, self.error = True, text(self.desk.lang, "device_locked")

    def _enter(self) -> None:
        if self.for_device:
            self.for_device = False
            if self.person.is_manager:
                self.desk.go("device")
            else:
                self.face, self.error = "people", text(self.desk.lang, "device_refused")
            return
        stations = list(self.person.stations)
        if not stations:
            self.face, self.error = "people", text(self.desk.lang, "no_station")
        elif len(stations) == 1:
            self.desk.begin_shift(self.person, stations[0])
        else:
            self._offer_stations(stations)

    def _offer_stations(self, stations: Sequence[StationRef]) -> None:
        box = self.ids.stations
        box.clear_widgets()
        for station in stations:
            button = Btn(label=f"{station.name} ({station.code})", kind="tonal", icon="map-marker", least_height=72)
            button.bind(on_tap=lambda _b, station=station: self.desk.begin_shift(self.person, station))
            box.add_widget(button)
        self.face = "station"


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
