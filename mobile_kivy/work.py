"""What staff do on a device: open a job, take photos, finish, correct what was refused."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from kivy.clock import mainthread

from mobile_kivy import handover
from mobile_kivy.desk import Desk
from mobile_kivy.device.camera import PhotoSource
from mobile_kivy.forms.contract import Vehicle
from mobile_kivy.forms.day import Job
from mobile_kivy.forms.form import Form, open_form
from mobile_kivy.forms.protocol import form_of
from mobile_kivy.forms.visit import Visit
from mobile_kivy.imaging import NotAPhoto
from mobile_kivy.store import OutboxItem, State

_SHOWN = frozenset(State) - {State.DISCARDED}
log = logging.getLogger(__name__)


class Floor(Desk, Protocol):
    """Where the work is done: the desk, the camera, and what becomes of the form on the screen."""

    camera: PhotoSource

    def tell(self, title: str, words: str) -> object:
        """Shows a message that can only be acknowledged; title and words are keys of the app's texts."""

    def open_form(self, visit: Visit) -> None:
        """Shows the form at the step where it was left."""

    def form_is_kept(self) -> None:
        """The form is in the outbox: back to the list."""

    def form_is_not_kept(self, reason: str) -> None:
        """The form could not be written, and stays open; `reason` is a key of the app's texts."""


class Work:
    """Stands between the screens and the store; what takes long happens in threads of its own."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def job_states(self) -> dict[tuple[str, str], str]:
        """How each contract's protocol stands on this device; DRAFT while somebody is filling it in."""
        states = {key: state.value for key, state in self._floor.store.outbox.states().items() if state in _SHOWN}
        # A draft beside a protocol corrects it.
        return states | {(draft.contract_id, draft.kind): "DRAFT" for draft in self._floor.store.drafts.all()}

    def jobs(self) -> list[Job]:
        """The day's, and those of forms that were begun and are no longer on the server's list."""
        known = list(self._floor.day.jobs) if self._floor.day else []
        keys = {job.key for job in known}
        left = [draft for draft in self._floor.store.drafts.all() if (draft.contract_id, draft.kind) not in keys]
        return known + [Form.from_json(draft.data).job() for draft in left]

    def spare_vehicles(self) -> Sequence[Vehicle]:
        """Cars that are free."""
        return self._floor.day.spare_vehicles if self._floor.day else ()

    def open_job(self, contract_id: str, kind: str) -> None:
        """The form where it was left, or how its protocol stands."""
        job = next((job for job in self.jobs() if job.key == (contract_id, kind)), None)
        state = self.job_states().get((contract_id, kind), "")
        if state not in {"", "DRAFT"}:
            self._floor.tell(f"state_{state}", f"told_{state}")
            return
        if job is None or self._floor.person is None:
            return
        saved = self._floor.store.drafts.get(contract_id, kind)
        form = Form.from_json(saved) if saved else open_form(job, self._floor.person.user_id, self._floor.now())
        form.user_id = self._floor.person.user_id
        self._floor.open_form(Visit(form, job, form.car()))

    def can_correct(self, item: OutboxItem) -> bool:
        """Whether the job of a refused protocol is still on the list."""
        return item.state is State.REFUSED and any(job.key == (item.contract_id, item.kind) for job in self.jobs())

    def correct(self, item: OutboxItem) -> None:
        """Opens the form with what was sent; the refused protocol waits until the new one is finished."""
        store, person = self._floor.store, self._floor.person
        saved, sent = store.drafts.get(item.contract_id, item.kind), store.outbox.payload(item.protocol_id)
        job = next((job for job in self.jobs() if job.key == (item.contract_id, item.kind)), None)
        if job is None or person is None:
            return
        if saved is not None:
            form = Form.from_json(saved)
        elif sent is not None:
            form = form_of(sent, open_form(job, person.user_id, self._floor.now()))
        else:
            return
        form.user_id = person.user_id
        self._floor.open_form(Visit(form, job, form.car()))

    def take_photo(self, slot: str, keep: Callable[[str], None], nothing: Callable[[], None]) -> None:
        """One photo; scaling and writing it to the disk happen in the background."""

        def work(taken: bytes) -> None:
            try:
                sha256 = handover.keep_photo(self._floor.store, taken)
            except NotAPhoto:
                self._no_photo("not_a_photo", nothing)
            except OSError:
                log.exception("the photo could not be written")
                self._no_photo("disk_full", nothing)
            else:
                mainthread(keep)(sha256)

        def on_nothing(reason: str) -> None:
            if reason:
                self._no_photo(reason, nothing)
            else:
                nothing()

        def on_photo(taken: bytes) -> None:
            threading.Thread(target=work, args=(taken,), name="photo", daemon=True).start()

        self._floor.camera.take(slot, on_photo, on_nothing)

    @mainthread
    def _no_photo(self, reason: str, nothing: Callable[[], None]) -> None:
        self._floor.tell("no_photo", reason)
        nothing()

    def submit(self, visit: Visit) -> None:
        """Into the outbox, in the background; the list comes back when it is on the disk."""
        now, vehicle = self._floor.now(), visit.car()

        def work() -> None:
            try:
                handover.submit(self._floor.store, visit.form, visit.job, vehicle, now)
            except (OSError, sqlite3.Error):
                log.exception("the protocol could not be written")
                mainthread(self._floor.form_is_not_kept)("disk_full")
            except Exception:
                log.exception("the protocol has failed")
                mainthread(self._floor.form_is_not_kept)("unexpected")
            else:
                mainthread(self._floor.form_is_kept)()

        threading.Thread(target=work, name="submit", daemon=True).start()
