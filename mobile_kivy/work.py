"""What staff do on a device: open a job, take pictures, finish, correct what was refused."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from kivy.clock import mainthread

from mobile_kivy import handover, i18n
from mobile_kivy.imaging import NotAPicture
from mobile_kivy.screens.handover import Visit
from mobile_kivy.state.day import Job, Vehicle
from mobile_kivy.state.form import Form, open_form
from mobile_kivy.state.protocol import form_of
from mobile_kivy.store import OutboxItem, State
from mobile_kivy.widgets.dialog import ask

_SHOWN = frozenset(State) - {State.DISCARDED}
log = logging.getLogger(__name__)


class Work:
    """Stands between the screens and the store; what takes long happens in threads of its own."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def job_states(self) -> dict[tuple[str, str], str]:
        """How each contract's protocol stands on this device; DRAFT while somebody is filling it in."""
        states = {key: state.value for key, state in self._app.store.outbox.states().items() if state in _SHOWN}
        # A draft beside a protocol corrects it.
        return states | {(draft.contract_id, draft.kind): "DRAFT" for draft in self._app.store.drafts.all()}

    def jobs(self) -> list[Job]:
        """The day's, and those of forms that were begun and are no longer on the server's list."""
        known = list(self._app.day.jobs) if self._app.day else []
        keys = {job.key for job in known}
        left = [draft for draft in self._app.store.drafts.all() if (draft.contract_id, draft.kind) not in keys]
        return known + [Form.from_json(draft.data).job() for draft in left]

    def spare_vehicles(self) -> Sequence[Vehicle]:
        """Cars that are free."""
        return self._app.day.spare_vehicles if self._app.day else ()

    def open_job(self, contract_id: str, kind: str) -> None:
        """The form where it was left, or how its protocol stands."""
        job = next((job for job in self.jobs() if job.key == (contract_id, kind)), None)
        state = self.job_states().get((contract_id, kind), "")
        if state not in {"", "DRAFT"}:
            ask(i18n.text(self._app.lang, f"state_{state}"), i18n.text(self._app.lang, f"told_{state}"), self._app.ok())
            return
        if job is None or self._app.person is None:
            return
        saved = self._app.store.drafts.get(contract_id, kind)
        form = Form.from_json(saved) if saved else open_form(job, self._app.person.user_id, self._app.now())
        form.user_id = self._app.person.user_id
        self._open(form, job)

    def _open(self, form: Form, job: Job) -> None:
        self._app.root.get_screen("handover").open(Visit(form, job, form.car()))
        self._app.go("handover")

    def can_correct(self, item: OutboxItem) -> bool:
        """Whether the job of a refused protocol is still on the list."""
        return item.state is State.REFUSED and any(job.key == (item.contract_id, item.kind) for job in self.jobs())

    def correct(self, item: OutboxItem) -> None:
        """Opens the form with what was sent; the refused protocol waits until the new one is finished."""
        app = self._app
        job = next(job for job in self.jobs() if job.key == (item.contract_id, item.kind))
        saved, sent = app.store.drafts.get(item.contract_id, item.kind), app.store.outbox.payload(item.protocol_id)
        if saved is None and sent is None:
            return
        form = Form.from_json(saved) if saved else form_of(sent, open_form(job, app.person.user_id, app.now()))
        form.user_id = app.person.user_id
        self._open(form, job)

    def take_photo(self, slot: str, keep: Callable[[str], None], nothing: Callable[[], None]) -> None:
        """One picture; scaling and writing it to the disk happen in the background."""

        def work(taken: bytes) -> None:
            try:
                sha256 = handover.keep_picture(self._app.store, taken)
            except NotAPicture:
                self._no_photo("no_picture", nothing)
            except OSError:
                log.exception("the picture could not be written")
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

        self._app.camera.take(slot, on_photo, on_nothing)

    @mainthread
    def _no_photo(self, reason: str, nothing: Callable[[], None]) -> None:
        ask(i18n.text(self._app.lang, "no_photo"), i18n.text(self._app.lang, reason), self._app.ok())
        nothing()

    def submit(self, visit: Visit) -> None:
        """Into the outbox, in the background; the list comes back when it is on the disk."""
        now, vehicle = self._app.now(), visit.vehicle
        if vehicle is None:
            raise LookupError("a form without a vehicle passed its first step")

        def work() -> None:
            try:
                handover.submit(self._app.store, visit.form, visit.job, vehicle, now)
            except (OSError, sqlite3.Error):
                log.exception("the protocol could not be written")
                self._not_submitted("disk_full")
            except Exception:
                log.exception("the protocol has failed")
                self._not_submitted("unexpected")
            else:
                self._submitted()

        threading.Thread(target=work, name="submit", daemon=True).start()

    @mainthread
    def _submitted(self) -> None:
        self._app.root.get_screen("handover").close()
        today = self._app.root.get_screen("today")
        today.say(i18n.text(self._app.lang, "saved"))
        waiting = self._app.store.outbox.waiting()
        self._app.show_sync(replace(self._app.sync.state, waiting=waiting.count, oldest=waiting.oldest))
        self._app.clear_banner_soon()
        self._app.go("today")
        self._app.sync.poke()

    @mainthread
    def _not_submitted(self, reason: str) -> None:
        self._app.root.get_screen("handover").submitting = False
        ask(i18n.text(self._app.lang, "not_saved_title"), i18n.text(self._app.lang, reason), self._app.ok())
