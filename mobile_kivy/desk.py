"""What a screen may ask for. Whoever builds a screen hands it a desk: the app is one, and a test has a smaller one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from mobile_kivy.api import StationRef
from mobile_kivy.forms.contract import Vehicle
from mobile_kivy.forms.day import Day, Job
from mobile_kivy.forms.photo_place import PhotoPlace
from mobile_kivy.forms.visit import Visit
from mobile_kivy.shift import Shift
from mobile_kivy.standing import Standing
from mobile_kivy.store import OutboxItem, Person, Store

JobStates = Mapping[tuple[str, str], str]
"""By contract and kind, how the protocol stands on this device; nothing if there is none."""


class DayWork(Protocol):
    """The day's work: which jobs there are, how they stand, and what is done about them."""

    def jobs(self) -> list[Job]:
        """The day's jobs, and those whose forms were begun and are no longer on the server's list."""

    def job_states(self) -> JobStates:
        """How the protocols stand."""

    def cars_out(self, states: JobStates) -> frozenset[str]:
        """The ids of cars that are to come back and are not back yet, as far as the device knows."""

    def set_aside(self) -> int:
        """How many forms could not be read, and lie aside."""

    def spare_vehicles(self) -> Sequence[Vehicle]:
        """Cars that are free."""

    def open_job(self, contract_id: str, kind: str) -> None:
        """Shows the form where it was left, or says how its protocol stands."""

    def can_correct(self, item: OutboxItem) -> bool:
        """Whether a refused protocol can be opened once more."""

    def correct(self, item: OutboxItem) -> None:
        """Shows a form with what a refused protocol said."""

    def take_photo(self, place: PhotoPlace, keep: Callable[[str], None], nothing: Callable[[], None]) -> None:
        """One photo. Later, `keep` gets its hash, or `nothing` is called when there is none.

        If the form is not on the screen any more by then, the photo goes into its draft, and neither is called.
        """

    def submit(self, visit: Visit) -> None:
        """Puts a finished form into the outbox."""


class Desk(Protocol):
    """Language and room, who works with which day, what the device keeps, and the way to other screens.

    Rules in `.kv` files follow the values that change, where the desk is one whose properties Kivy can observe.
    """

    lang: str
    """The staff's language: `de` or `en`."""
    wide: bool
    """Whether the window is wider than high."""
    window_width: float
    """In pixels."""
    server: str
    """The server's address."""
    person: Person | None
    """Who works here; None while the device is locked."""
    person_name: str
    station_name: str
    day: Day | None
    """The station's day as the device knows it; None before it was fetched once."""
    sync_tone: str
    sync_icon: str
    sync_words: str
    """How the outbox stands, as the field at the top right shows it."""
    standing: Standing
    """What is said about it, at more length."""
    store: Store
    shift: Shift
    work: DayWork

    def now(self) -> datetime:
        """An aware instant."""

    def local(self, instant: datetime) -> datetime:
        """The instant by the station's clock."""

    def today(self) -> date:
        """The day at the station, by the server's clock."""

    def could_write(self, written: bool) -> None:
        """Whether the form could be written to the disk just now: if not, somebody has to make room."""

    def go(self, screen: str) -> None:
        """Shows another screen, by its name."""

    def show_outbox(self) -> None:
        """Shows the outbox, from any screen."""

    def leave_outbox(self) -> None:
        """Goes back to the screen from which the outbox was opened."""

    def begin_shift(self, person: Person, station: StationRef) -> None:
        """Somebody works here from now on."""

    def change_person(self) -> None:
        """Locks; the next person says a PIN."""

    def change_language(self) -> None:
        """Changes to the next language that the app speaks."""

    def use_server(self, address: str) -> None:
        """Works with another server from now on."""

    def refresh(self) -> None:
        """Asks the server for the day now, and says so."""

    def send_now(self) -> None:
        """Sends what waits, without waiting for the next turn."""
