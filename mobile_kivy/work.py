"""What staff do on a device: open a job, take photos, finish, correct what was refused."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from kivy.clock import mainthread

from mobile_kivy import handover
from mobile_kivy.desk import Desk
from mobile_kivy.device.camera import PhotoSource
from mobile_kivy.forms.contract import Vehicle
from mobile_kivy.forms.day import Job
from mobile_kivy.forms.form import Form, corrected, open_form
from mobile_kivy.forms.saved import form_of
from mobile_kivy.forms.visit import Visit
from mobile_kivy.imaging import NotAPhoto
from mobile_kivy.reading import Unreadable
from mobile_kivy.store import CannotWrite, DraftRow, OutboxItem, Person, State

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
        drafts = [draft for draft in self._floor.store.drafts.all() if (draft.contract_id, draft.kind) not in keys]
        forms = [self._form_of(draft) for draft in drafts]
        return known + [form.job() for form in forms if form is not None]

    def _form_of(self, draft: DraftRow) -> Form | None:
        """The saved form; one that cannot be read is set aside, and stands in nobody's way."""
        try:
            return form_of(draft.data)
        except Unreadable as error:
            log.warning("a draft is set aside: %s", error)
            self._floor.store.drafts.set_aside(draft.protocol_id)
            return None

    def _saved_form(self, contract_id: str, kind: str) -> Form | None:
        """The form of this job where it was left, the last one saved if there are several."""
        drafts = (
            draft for draft in self._floor.store.drafts.all() if (draft.contract_id, draft.kind) == (contract_id, kind)
        )
        return next((form for form in map(self._form_of, drafts) if form is not None), None)

    def set_aside(self) -> int:
        """How many forms this app could not read."""
        return self._floor.store.drafts.count_set_aside()

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
        saved = self._saved_form(contract_id, kind)
        self._open(saved or open_form(job, self._floor.person.user_id, self._floor.now()), job, self._floor.person)

    def _open(self, form: Form, job: Job, person: Person) -> None:
        form.pass_on_to(person.user_id)
        self._floor.open_form(Visit(form, job, form.car()))

    def can_correct(self, item: OutboxItem) -> bool:
        """Whether a refused protocol's form is still there."""
        return item.state is State.REFUSED and self._sent_form(item.protocol_id) is not None

    def correct(self, item: OutboxItem) -> None:
        """Opens the form as it was finished, to be changed and signed anew; the refused protocol waits until then."""
        person = self._floor.person
        form = self._saved_form(item.contract_id, item.kind)
        if form is None:
            sent = self._sent_form(item.protocol_id)
            form = corrected(sent) if sent is not None else None
        if form is not None and person is not None:
            job = next((job for job in self.jobs() if job.key == (item.contract_id, item.kind)), form.job())
            self._open(form, job, person)

    def _sent_form(self, protocol_id: str) -> Form | None:
        kept = self._floor.store.outbox.form(protocol_id)
        try:
            return form_of(kept) if kept is not None else None
        except Unreadable as error:
            log.warning("a finished form cannot be read: %s", error)
            return None

    def take_photo(self, slot: str, keep: Callable[[str], None], nothing: Callable[[], None]) -> None:
        """One photo; scaling and writing it to the disk happen in the background."""

        def work(taken: bytes) -> None:
            try:
                sha256 = handover.keep_photo(self._floor.store, taken)
            except NotAPhoto:
                self._no_photo("not_a_photo", nothing)
            except (OSError, CannotWrite):
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
            except handover.SignedChanged:
                mainthread(self._floor.form_is_not_kept)("signed_changed")
            except (OSError, CannotWrite):
                log.exception("the protocol could not be written")
                mainthread(self._floor.form_is_not_kept)("disk_full")
            except Exception:
                log.exception("the protocol has failed")
                mainthread(self._floor.form_is_not_kept)("unexpected")
            else:
                mainthread(self._floor.form_is_kept)()

        threading.Thread(target=work, name="submit", daemon=True).start()
