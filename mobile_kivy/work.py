"""What staff do on a device: open a job, take photos, finish, correct what was refused."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from kivy.clock import mainthread

from mobile_kivy import handover
from mobile_kivy.desk import Desk, JobStates
from mobile_kivy.device.camera import PhotoSource
from mobile_kivy.forms.contract import Vehicle
from mobile_kivy.forms.day import CHECK_IN, Job
from mobile_kivy.forms.form import Form, corrected, open_form
from mobile_kivy.forms.photo_place import PhotoPlace
from mobile_kivy.forms.saved import form_of
from mobile_kivy.forms.visit import Visit
from mobile_kivy.imaging import NotAPhoto
from mobile_kivy.reading import Unreadable
from mobile_kivy.store import CannotWrite, DraftRow, OutboxItem, Person, State, Store

log = logging.getLogger(__name__)


class Floor(Desk, Protocol):
    """Where the work is done: the desk, the camera, and what becomes of the form on the screen."""

    camera: PhotoSource

    def tell(self, title: str, words: str) -> object:
        """Shows a message that can only be acknowledged; title and words are keys of the app's texts."""

    def open_form(self, visit: Visit) -> None:
        """Shows the form at the step where it was left."""

    def shown_form(self) -> Form | None:
        """The form on the screen."""

    def form_has_changed(self) -> None:
        """The form on the screen has got something that none of its steps put there."""

    def form_is_kept(self, protocol_id: str) -> None:
        """The form is in the outbox: back to the list."""

    def form_is_not_kept(self, protocol_id: str, reason: str) -> None:
        """The form could not be written, and stays open; `reason` is a key of the app's texts."""


class Work:
    """Stands between the screens and the store; what takes long happens in threads of its own."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def job_states(self) -> JobStates:
        """How each contract's protocol stands on this device; DRAFT while somebody is filling it in."""
        states = {key: state.value for key, state in self._floor.store.outbox.states().items()}
        # A draft beside a protocol corrects it.
        return states | dict.fromkeys(self._floor.store.drafts.keys(), "DRAFT")

    def jobs(self) -> list[Job]:
        """The day's, and those of forms that were begun and are no longer on the server's list."""
        known = list(self._floor.day.jobs) if self._floor.day else []
        forms = map(self._form_of, self._floor.store.drafts.besides({job.key for job in known}))
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
        drafts = self._floor.store.drafts.of(contract_id, kind)
        return next((form for form in map(self._form_of, drafts) if form is not None), None)

    def set_aside(self) -> int:
        """How many forms this app could not read."""
        return self._floor.store.drafts.count_set_aside()

    def cars_out(self, states: JobStates) -> frozenset[str]:
        """The ids of cars that are to come back and are not back yet, as far as the device knows."""
        listed = self._floor.day.jobs if self._floor.day else ()
        coming = [each for each in listed if each.kind == CHECK_IN and states.get(each.key, "") in {"", "DRAFT"}]
        return frozenset(each.contract.vehicle.id for each in coming if each.contract.vehicle is not None)

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

    def take_photo(self, place: PhotoPlace, keep: Callable[[str], None], nothing: Callable[[], None]) -> None:
        """One photo; scaling and writing it to the disk happen in the background."""

        def on_kept(sha256: str) -> None:
            form = self._floor.shown_form()
            if form is not None and form.protocol_id == place.protocol_id:
                keep(sha256)
            else:
                self._put(place, sha256)

        def on_nothing(reason: str) -> None:
            if reason:
                self._floor.tell("no_photo", reason)
            nothing()

        self._floor.camera.take(
            place, lambda taken: _keep_in_background(self._floor.store, taken, on_kept, on_nothing), on_nothing
        )

    def take_in_left_behind(self) -> None:
        """A photo that was taken while the app was killed goes where it was meant for; it is lost if its form is."""
        found = self._floor.camera.left_behind()
        if found is None:
            return
        place, taken = found
        if self._floor.store.drafts.find(place.protocol_id) is not None:
            _keep_in_background(self._floor.store, taken, lambda sha256: self._put(place, sha256), lambda _reason: None)

    def _put(self, place: PhotoPlace, sha256: str) -> None:
        """Into the form on the screen if it is that one, else into its draft. Nothing if both are gone."""
        store, now, shown = self._floor.store, self._floor.now(), self._floor.shown_form()
        if shown is not None and place.fill(shown, sha256, now):
            self._floor.form_has_changed()
            return
        draft = store.drafts.find(place.protocol_id)
        form = self._form_of(draft) if draft is not None else None
        if form is not None and place.fill(form, sha256, now):
            store.drafts.save(form.protocol_id, form.contract_id, form.kind, form.user_id, form.to_json())

    def submit(self, visit: Visit) -> None:
        """Into the outbox, in the background; the list comes back when it is on the disk."""
        now, vehicle = self._floor.now(), visit.car()

        def work() -> None:
            try:
                handover.submit(self._floor.store, visit.form, visit.job, vehicle, now)
            except handover.SignedChanged:
                mainthread(self._floor.form_is_not_kept)(visit.form.protocol_id, "signed_changed")
            except (OSError, CannotWrite):
                log.exception("the protocol could not be written")
                mainthread(self._floor.form_is_not_kept)(visit.form.protocol_id, "disk_full")
            except Exception:
                log.exception("the protocol has failed")
                mainthread(self._floor.form_is_not_kept)(visit.form.protocol_id, "unexpected")
            else:
                mainthread(self._floor.form_is_kept)(visit.form.protocol_id)

        threading.Thread(target=work, name="submit", daemon=True).start()


def _keep_in_background(
    store: Store, taken: bytes, on_kept: Callable[[str], None], on_nothing: Callable[[str], None]
) -> None:
    """Makes a photo small and keeps it. One of the two is called afterwards, in the main thread."""

    def work() -> None:
        try:
            sha256 = handover.keep_photo(store, taken)
        except NotAPhoto:
            mainthread(on_nothing)("not_a_photo")
        except (OSError, CannotWrite):
            log.exception("the photo could not be written")
            mainthread(on_nothing)("disk_full")
        except Exception:
            log.exception("the photo has failed")
            mainthread(on_nothing)("unexpected")
        else:
            mainthread(on_kept)(sha256)

    threading.Thread(target=work, name="photo", daemon=True).start()
