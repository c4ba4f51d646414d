"""One shift as the screens drive the core, without a window; what a screen would call "unexpected" is noted."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from mobile_kivy.api import ApiError, Client, Patience
from mobile_kivy.forms.day import Day
from mobile_kivy.forms.form import GUIDED_SLOTS, open_form
from mobile_kivy.forms.protocol import sign
from mobile_kivy.forms.saved import form_of
from mobile_kivy.forms.signature import Signature
from mobile_kivy.handover import keep_photo, submit, words_of
from mobile_kivy.reading import Unreadable
from mobile_kivy.shift import Shift
from mobile_kivy.store import State, Store
from mobile_kivy.sync import Sync
from tests.tablet.fuzz.right_server import JOBS, RightServer

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
SHORT = Patience(connect=0.5, silence=0.5, whole=0.5)
HAND = Signature(900, 300, NOON.isoformat(), (tuple((place * 20, 90, place * 9) for place in range(12)),))
_Answer = TypeVar("_Answer")


def _photo(shade: int) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (96, 72), (shade, 90, 90)).save(held, "JPEG")
    return held.getvalue()


PHOTOS = [_photo(shade) for shade in (60, 120, 180)]


class Heard(logging.Handler):
    """What the sync's catch-all swallows: it logs it, and would go on failing."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.faults: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.faults.append(_cause(record.exc_info[1]) if record.exc_info else record.getMessage())


def _cause(error: BaseException | None) -> str:
    frames = [f for f in traceback.extract_tb(error.__traceback__ if error else None) if "mobile_kivy" in f.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else "?"
    return f"{type(error).__name__} in {place}"


class ShiftOfCalls:
    """An app's core with a store of its own. `faults` are those that somebody would have seen."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._url = folder, url
        self.faults: list[str] = []
        self.made: list[str] = []
        self.start()

    def start(self) -> None:
        """As the app starts."""
        self.store = Store(self._folder, lambda: NOON)
        self.client = Client(self._url, SHORT)
        self.sync = Sync(self.store, self.client, now=lambda: NOON, random=lambda: 0.0)
        self.shift = Shift(self.store, self.client, lambda action: action())

    def restart(self) -> None:
        """By somebody who thinks that this helps."""
        self.store.close()
        self.start()

    def sign_in(self) -> None:
        try:
            session = self.client.sign_in("yard@example.com", "x")
        except ApiError:
            return
        self._ui("sign in", lambda: self.store.people.remember(session, None))

    def turn(self) -> None:
        if self.store.people.all():
            self.sync.watch("u1", "s1")
        self.sync.turn()

    def look(self) -> Day | None:
        """The list, each job's search words, and each form as it opens."""
        day = self._ui("the day", lambda: self.shift.day("s1", NOON))
        for job in day.jobs if day else ():
            self._ui("the search", lambda job=job: job.matches("anna hh"))
            self._ui("a form", lambda job=job: open_form(job, "u1", NOON).car())
        for draft in self._ui("the drafts", self.store.drafts.all) or ():
            self._ui("a draft", lambda draft=draft: self._open_draft(draft.protocol_id, draft.data))
        self._ui("the outbox", self.store.outbox.items)
        return day

    def _open_draft(self, protocol_id: str, data: Any) -> None:
        try:
            form_of(data).job()
        except Unreadable:
            self.store.drafts.set_aside(protocol_id)

    def work(self, day: Day | None) -> None:
        """One form is left as a draft, all others are finished."""
        for place, job in enumerate(day.jobs if day else ()):
            form = open_form(job, "u1", NOON)
            form.odometer, form.licences = "10050", [driver.id for driver in job.contract.drivers]
            form.skipped = dict.fromkeys(GUIDED_SLOTS[1:], "dark")
            self._ui(
                "saving", lambda f=form: self.store.drafts.save(f.protocol_id, f.contract_id, f.kind, "u1", f.to_json())
            )
            vehicle = job.contract.vehicle
            if place == 0 or vehicle is None:
                continue
            form.take("FRONT", keep_photo(self.store, PHOTOS[place % 3]), NOON)
            for who in ("customer", "staff"):
                sign(form, who, HAND, words_of(job))
            if self._ui("finishing", lambda f=form, j=job, v=vehicle: submit(self.store, f, j, v, NOON)):
                self.made.append(form.protocol_id)

    def _ui(self, what: str, action: Callable[..., _Answer]) -> _Answer | None:
        try:
            return action()
        except Exception as error:
            self.faults.append(f"{what}: {_cause(error)}")
            return None

    def unwell(self, server: RightServer) -> list[str]:
        """What is not as it should be once all answers are right again."""
        day = self.look()
        found = list(self.faults)
        if day is None or len(day.jobs) != JOBS or day.unreadable:
            found.append(f"{len(day.jobs) if day else 'no'} jobs of {JOBS}")
        left = [item for item in self.store.outbox.items() if item.state is not State.SENT]
        found += [f"outbox: {item.state} {item.problem_code or item.last_error or ''}" for item in left]
        found += [f"lost: {name}" for name in self.made if not server.protocols[name]]
        return found + [f"never finished: {name}" for name in server.protocols if name not in self.made]
