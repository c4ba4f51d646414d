"""A desk for a single screen: no app, no window full of screens, no thread. It notes what it is asked to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from mobile_kivy.api import Client, StationRef
from mobile_kivy.desk import DayWork, Desk, JobStates
from mobile_kivy.forms.contract import Vehicle
from mobile_kivy.forms.day import Day, Job
from mobile_kivy.forms.photo_place import PhotoPlace
from mobile_kivy.forms.visit import Visit
from mobile_kivy.shift import Shift
from mobile_kivy.standing import Standing
from mobile_kivy.store import OutboxItem, Person, Store

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class SmallWork:
    """A day with nothing to do but what is put into it. A photo is there at once."""

    asked: list[str]
    day_jobs: list[Job] = field(default_factory=list)
    spare: Sequence[Vehicle] = ()

    def jobs(self) -> list[Job]:
        return self.day_jobs

    def job_states(self) -> JobStates:
        return {}

    def cars_out(self, states: JobStates) -> frozenset[str]:
        return frozenset()

    def set_aside(self) -> int:
        return 0

    def spare_vehicles(self) -> Sequence[Vehicle]:
        return self.spare

    def open_job(self, contract_id: str, kind: str) -> None:
        self.asked.append(f"open {contract_id} {kind}")

    def can_correct(self, item: OutboxItem) -> bool:
        return True

    def correct(self, item: OutboxItem) -> None:
        self.asked.append(f"correct {item.protocol_id}")

    def take_photo(self, place: PhotoPlace, keep: Callable[[str], None], nothing: Callable[[], None]) -> None:
        self.asked.append(f"photo {place.slot}")
        keep(f"{len(self.asked):064x}")

    def submit(self, visit: Visit) -> None:
        self.asked.append(f"submit {visit.form.contract_id}")


@dataclass
class SmallDesk:
    """In German, in a wide window, at noon."""

    store: Store
    asked: list[str] = field(default_factory=list)
    written: list[bool] = field(default_factory=list)
    lang: str = "de"
    wide: bool = True
    window_width: float = 1280
    server: str = "http://127.0.0.1:9"
    person: Person | None = None
    person_name: str = "Anna"
    station_name: str = "Berlin"
    day: Day | None = None
    sync_tone: str = "ok"
    sync_icon: str = "cloud-check"
    sync_words: str = "Alles gesendet"

    def __post_init__(self) -> None:
        self.standing = Standing(lambda: self.lang, self.local)
        self.small_work = SmallWork(self.asked)
        self.work: DayWork = self.small_work
        self.shift = Shift(self.store, Client(self.server), lambda action: action())

    def now(self) -> datetime:
        return NOON

    def local(self, instant: datetime) -> datetime:
        return instant

    def today(self) -> date:
        return NOON.date()

    def could_write(self, written: bool) -> None:
        self.written.append(written)

    def standing_still(self) -> str:
        return ""

    def sign_in_anew(self) -> bool:
        return False

    def go(self, screen: str) -> None:
        self.asked.append(f"go {screen}")

    def show_outbox(self) -> None:
        self.go("outbox")

    def leave_outbox(self) -> None:
        self.go("back")

    def begin_shift(self, person: Person, station: StationRef) -> None:
        self.asked.append(f"begin {person.name} {station.name}")

    def change_person(self) -> None:
        self.asked.append("change person")

    def change_language(self) -> None:
        self.asked.append("change language")

    def use_server(self, address: str) -> None:
        self.asked.append(f"use {address}")

    def refresh(self) -> None:
        self.asked.append("refresh")

    def send_now(self) -> None:
        self.asked.append("send")


def is_a_desk(desk: SmallDesk) -> Desk:
    """Checked by mypy: a desk that lacks something does not pass."""
    return desk
