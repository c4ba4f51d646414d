"""Whether somebody is in front of the device: touches, rests, the lock, and what happens while the app is away."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any, Protocol

from kivy.clock import Clock
from kivy.core.window import Window

from mobile_kivy import i18n
from mobile_kivy.device.system import System
from mobile_kivy.screens.no_screen_lock import NoScreenLock
from mobile_kivy.screens.way_back import go_back
from mobile_kivy.store import Person, Store

LOCK_AFTER = 600.0
"""Seconds without a touch until the PIN is asked for again, in front or in the background."""
REST, LONG_REST = 3.0, 10.0
"""Seconds without a touch after which nobody is waiting for the app, and after which the person has gone."""
_BACK = 27
"""The key that Android's back gesture is, and Escape on a desktop."""


class Guarded(Protocol):
    """The app, as far as it has to be locked."""

    root: Any
    lang: str
    person: Person | None
    store: Store

    def change_person(self) -> None:
        """Locks; the next person says a PIN. A form that is open stays on the device."""


class Presence:
    """Counts by the device's own seconds: no clock that is set, and no sleep, prolongs the time until the lock."""

    def __init__(self, app: Guarded, system: System) -> None:
        self._app, self._system = app, system
        self._last_touch = system.elapsed()
        self._away = self._shut_out = False
        self._no_screen_lock: NoScreenLock | None = None

    def begin(self, network_is_back: Callable[[], None]) -> None:
        """The window is there. `network_is_back` may be called in any thread."""
        Window.bind(on_touch_down=self._touched, on_keyboard=self._key, size=self._resized)
        self._system.protect_window()
        self._system.fit_window()
        self._system.watch_network(network_is_back)
        Clock.schedule_interval(self._lock_when_left, 15)
        Clock.schedule_interval(self._tidy_when_left, 1)
        self._look_at_screen_lock()

    def end(self) -> None:
        """The window is no longer ours."""
        self._away = False
        Window.unbind(on_touch_down=self._touched, on_keyboard=self._key, size=self._resized)
        Clock.unschedule(self._lock_when_left)
        Clock.unschedule(self._tidy_when_left)
        self._system.stop_sending()

    def leave(self) -> None:
        """The app goes to the background. If something can be sent, Android is asked to let the sync go on."""
        self._away = True
        if self._app.store.outbox.next_parcel() is not None:
            waiting = self._app.store.outbox.waiting().count
            words = i18n.text(self._app.lang, "sending_words" if waiting > 1 else "sending_words_one", count=waiting)
            self._system.keep_sending(i18n.text(self._app.lang, "sending_title"), words)

    def come_back(self) -> None:
        """The app is in front again, perhaps after a night, perhaps turned, perhaps without a screen lock."""
        self._away = False
        self._system.stop_sending()
        self._system.fit_window()
        self._lock_when_left(0)
        self._look_at_screen_lock()

    def heard_of_sync(self) -> None:
        """In the sync's thread, which alone goes on in the background: what is sent needs no service any more."""
        if self._away and self._app.store.outbox.next_parcel() is None:
            self._system.stop_sending()

    def lock_when_shut_out(self, shut_out: bool) -> None:
        """The server has revoked this device: whoever is here has to go. An open form is not saved, it goes as well."""
        if shut_out and not self._shut_out:
            self._app.root.get_screen("handover").close()
            if self._app.root.current == "sign_in":
                self._app.root.current_screen.back()
            self._app.change_person()
            self._app.store.shut_out.go_on()
        self._shut_out = shut_out

    def shift_begins(self) -> None:
        """Somebody is here whose protocols may have to be sent from the background."""
        self._system.ask_for_notifications()

    def _look_at_screen_lock(self) -> None:
        """A device that anybody can open is not worked with: the key of what is sealed is as good as its lock."""
        shown = self._no_screen_lock
        if self._system.has_screen_lock():
            if shown is not None:
                shown.dismiss(animation=False)
            self._no_screen_lock = None
        elif shown is None:
            self._app.change_person()
            self._no_screen_lock = NoScreenLock(lang=self._app.lang)
            self._no_screen_lock.open(animation=False)

    def _lock_when_left(self, _dt: float) -> None:
        if self._app.person is not None and self._system.elapsed() - self._last_touch > LOCK_AFTER:
            self._app.change_person()

    def _tidy_when_left(self, _dt: float) -> None:
        # Old screens are garbage in cycles, which Python, left to itself, collects in the middle of a tap, for half a
        # second. Once in each rest is enough. With a form open it waits longer: what is alive is looked at as well.
        rest = LONG_REST if self._app.root.current == "handover" else REST
        if rest < self._system.elapsed() - self._last_touch <= rest + 1:
            gc.collect()

    def _touched(self, *_: object) -> None:
        self._last_touch = self._system.elapsed()

    def _resized(self, *_: object) -> None:
        self._system.fit_window()

    def _key(self, _window: object, key: int, *_: object) -> bool:
        """True: nobody else does anything with it. Kivy would put the app away, or end it."""
        if key != _BACK:
            return False
        self._touched()
        go_back(self._app.root)
        return True
