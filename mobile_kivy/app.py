"""The app: opens the store, starts the sync, and moves between screens."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from kivy.app import App
from kivy.base import ExceptionManager
from kivy.clock import Clock, mainthread
from kivy.core.window import Window
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.screenmanager import NoTransition, ScreenManager

from mobile_kivy import i18n
from mobile_kivy.api import DEFAULT_SERVER, Client, StationRef, identity
from mobile_kivy.device.camera import PhotoSource, photo_source
from mobile_kivy.device.sealed_store import open_store
from mobile_kivy.device.system import System, this_device
from mobile_kivy.device.vibration import tick
from mobile_kivy.forms.day import Day
from mobile_kivy.forms.form import Form
from mobile_kivy.forms.visit import Visit
from mobile_kivy.keep_going import KeepGoing
from mobile_kivy.presence import Presence
from mobile_kivy.screens.anew import close_what_lies_over, say_anew
from mobile_kivy.screens.device import DeviceScreen
from mobile_kivy.screens.handover import HandoverScreen
from mobile_kivy.screens.outbox import OutboxScreen
from mobile_kivy.screens.sign_in import SignInScreen
from mobile_kivy.screens.today import TodayScreen
from mobile_kivy.shift import Shift
from mobile_kivy.standing import Standing
from mobile_kivy.store import Person
from mobile_kivy.sync import Sync, SyncState
from mobile_kivy.theme import COLOURS
from mobile_kivy.widgets.dialog import Dialog, tell
from mobile_kivy.widgets.tappable import Tappable
from mobile_kivy.work import Work


class YardApp(App):
    """The desk at which every screen works, and the floor of the work: language, person, day, store, sync."""

    lang = StringProperty("de")
    wide = BooleanProperty(True)
    window_width = NumericProperty(1280)
    person_name = StringProperty("")
    station_name = StringProperty("")
    server = StringProperty("")
    sync_tone = StringProperty("ok")
    sync_icon = StringProperty("cloud-check")
    sync_words = StringProperty("")
    title = "Ersatzwagen"

    def __init__(
        self,
        folder: Path,
        server: str | None = None,
        camera: str | PhotoSource = "device",
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        base_delay: float = 1.0,
        system: System | None = None,
    ) -> None:
        """`server` overrules the stored address; `now` gives aware instants; `base_delay` is the sync's."""
        super().__init__()
        self.started = time.perf_counter()
        self.now, self._base_delay = now, base_delay
        system = system or this_device()
        self.store, self._key_lost = open_store(folder, now, system.elapsed, system.seal, system.name())
        self.lang = self.store.settings.language
        self.server = server or self.store.settings.get("server") or DEFAULT_SERVER
        self.camera = photo_source(camera, self) if isinstance(camera, str) else camera
        self.person: Person | None = None
        self.station: StationRef | None = None
        self.day: Day | None = None
        self._presence = Presence(self, system)
        self._day_read: tuple[int, date] | None = None
        self._came_from, self._closed = "sign_in", False
        self.standing = Standing(lambda: self.lang, self.local)
        self._keep_going = KeepGoing(self.say_unexpected)

    # Life of the app.

    def build(self) -> ScreenManager:
        """The window's content."""
        Window.clearcolor = COLOURS["bg"]
        Window.softinput_mode = "below_target"
        Window.bind(size=self._resized)
        self._resized(Window, Window.size)
        Tappable.feedback = staticmethod(tick())
        self._connect()
        screens = ScreenManager(transition=NoTransition())
        for screen in (SignInScreen, TodayScreen, HandoverScreen, OutboxScreen, DeviceScreen):
            screens.add_widget(screen(desk=self))
        return screens

    def on_start(self) -> None:
        """The screens are there; now the network may be slow."""
        ExceptionManager.add_handler(self._keep_going)
        self.show_sync(self.sync.state)
        self.sync.start()
        Clock.schedule_once(lambda _dt: self.work.take_in_left_behind())
        for trouble, told in (("store_broken", self.store.set_aside()), ("key_lost", self._key_lost)):
            if told:
                self.tell(f"{trouble}_title", trouble)
        self._presence.begin(self.send_now)

    def on_pause(self) -> bool:
        """Android may kill the app from here on: everything goes to the disk."""
        self.root.get_screen("handover").save()
        self._presence.leave()
        return True

    def on_resume(self) -> None:
        """Back in front, perhaps with a network."""
        self._presence.come_back()
        self.sync.poke()

    def on_stop(self) -> None:
        """Closes in order: form, sync, store."""
        self.root.get_screen("handover").save()
        Window.unbind(size=self._resized)
        self._presence.end()
        self.sync.stop()
        self._closed = True
        ExceptionManager.remove_handler(self._keep_going)
        self.store.close()

    def _connect(self) -> None:
        self.store.people.belong_to(identity(self.server))
        client = Client(self.server)
        self.sync = Sync(self.store, client, self._sync_said, now=self.now, base_delay=self._base_delay)
        self.shift = Shift(self.store, client, mainthread(lambda action: action()))
        self.shift.speak(self.lang)
        self.work = Work(self)

    def use_server(self, address: str) -> None:
        """Another address: nothing waits for the old one (the screen sees to that)."""
        self.could_write(self.store.settings.remember("server", address))
        self.server = address
        self.sync.stop()
        self._connect()
        self.sync.start()

    # Moving about.

    def go(self, screen: str) -> None:
        """Shows a screen."""
        self.root.current = screen

    def show_outbox(self) -> None:
        """Shows the outbox, and remembers from which screen it was opened."""
        if self.root.current != "outbox":
            self._came_from = self.root.current
            self.go("outbox")

    def leave_outbox(self) -> None:
        """Goes back to the screen from which the outbox was opened."""
        self.go(self._came_from)

    def change_person(self) -> None:
        """Locks; the next person says a PIN. A form that is open stays on the device."""
        handover_screen = self.root.get_screen("handover")
        # A form that could not be written is all there is: it stays, for whoever comes next.
        if handover_screen.save():
            handover_screen.close()
        close_what_lies_over(self.root)
        self.sync.watch(None)
        self.person = self.station = self.day = None
        self.person_name = self.station_name = ""
        self.go("sign_in")

    def change_language(self) -> None:
        """German and English; everything that is on the screen follows."""
        self.lang = i18n.LANGUAGES[(i18n.LANGUAGES.index(self.lang) + 1) % len(i18n.LANGUAGES)]
        self.shift.speak(self.lang)
        self.could_write(self.store.settings.remember("language", self.lang))
        self.show_sync(self.sync.state)
        say_anew(self.root.current_screen)

    def begin_shift(self, person: Person, station: StationRef) -> None:
        """Somebody works here now."""
        self.person, self.station = person, station
        self.person_name, self.station_name = person.name, station.name
        # Watched before anything is read: a day that were odd would be fetched anew.
        self.sync.watch(person.user_id, station.id)
        self._presence.shift_begins()
        self._read_day()
        self.go("handover" if self.root.get_screen("handover").goes_on_for(person.user_id) else "today")

    def _resized(self, _window: Any, size: tuple[float, float]) -> None:
        self.wide, self.window_width = size[0] >= size[1], size[0]

    # The day and its work.

    def _read_day(self) -> None:
        version = self.sync.state.day_version
        before = self.day if self._day_read and self._day_read[1] == self.today() else None
        self.day = self.shift.day(self.station.id, self.sync.server_now()) if self.station else None
        self._day_read = (version, self.today())
        self.root.get_screen("handover").compare(before, self.day)

    def refresh(self) -> None:
        """Asks the server now."""
        self.root.get_screen("today").say("refreshing", "ink2")
        self.send_now()

    def send_now(self) -> None:
        """Does not wait for the sync's next turn."""
        self.sync.poke()

    def tell(self, title: str, words: str) -> Dialog:
        """Shows a message that can only be acknowledged."""
        return tell(self.lang, title, words)

    def say_unexpected(self) -> Dialog:
        """Says that a fault of ours has happened. The form was saved at its last change: to write while something is
        wrong could be the next fault.
        """
        return self.tell("unexpected_title", "unexpected")

    # What becomes of a form.

    def open_form(self, visit: Visit) -> None:
        """Opens the form at the step where it was left."""
        self.root.get_screen("handover").open(visit)
        self.go("handover")

    def shown_form(self) -> Form | None:
        """The form on the screen."""
        return getattr(self.root.get_screen("handover").visit, "form", None)

    def form_has_changed(self) -> None:
        """Shows the step anew, with what came from outside of it, and saves."""
        self.root.get_screen("handover").show_again()

    def form_is_kept(self, protocol_id: str) -> None:
        """Goes back to the list, and tells the sync that there is something to send."""
        self.send_now()
        # The device may have locked meanwhile, and somebody else have opened another form.
        if not self.root.get_screen("handover").finished(protocol_id) or self.person is None:
            return
        self.root.get_screen("today").say("saved")
        waiting = self.store.outbox.waiting()
        self.show_sync(replace(self.sync.state, waiting=waiting.count, oldest=waiting.oldest))
        self.go("today")

    def form_is_not_kept(self, protocol_id: str, reason: str) -> None:
        """It can be tried again."""
        if self.root.get_screen("handover").try_again(protocol_id):
            self.tell("not_saved_title", reason)

    # What the sync tells.

    def _sync_said(self, state: SyncState) -> None:
        self._presence.heard_of_sync()  # in the sync's thread: the main one waits until the app is in front
        self._sync_changed(state)

    @mainthread
    def _sync_changed(self, state: SyncState) -> None:
        # What the sync said last may arrive when the store is closed already.
        if self.root is None or self._closed:
            return
        # A report comes with every photo that is sent: only a new day, theirs or the clock's, is worth reading.
        if self.station is not None and self._day_read != (state.day_version, self.today()):
            self._read_day()
        self.show_sync(state)
        self._presence.lock_when_shut_out(state.shut_out)
        if isinstance(screen := self.root.current_screen, TodayScreen | OutboxScreen):
            screen.fill()

    def show_sync(self, state: SyncState) -> None:
        """Fills the field at the top right, which says how the outbox stands."""
        self.standing.heard(state)
        self.sync_tone, self.sync_icon, self.sync_words = self.standing.pill()

    def could_write(self, written: bool) -> None:
        """Whether the form could be written just now."""
        if written != self.standing.writable:
            self.standing.writable = written
            self.show_sync(self.sync.state)

    def today(self) -> date:
        """The day at the station, by the server's clock."""
        return self.local(self.sync.server_now()).date()

    def local(self, instant: datetime) -> datetime:
        """The instant by the station's clock if that is known, else by the device's."""
        return instant.astimezone(self.day.generated_at.tzinfo if self.day else None)
