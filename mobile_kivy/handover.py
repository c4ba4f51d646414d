"""Finishes a form: signatures become pictures, everything goes into the outbox in one step. No window here."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from mobile_kivy import i18n
from mobile_kivy.forms.contract import Vehicle
from mobile_kivy.forms.day import Job
from mobile_kivy.forms.form import Form
from mobile_kivy.forms.protocol import Signed, Words, keep_signed, photo_hashes, to_input
from mobile_kivy.forms.signature import Signature
from mobile_kivy.imaging import shrink, signature_png, thumbnail
from mobile_kivy.store import Finished, Store


class SignedChanged(Exception):
    """What was signed is not what the form says now: nobody has signed any more, and it has to be done again."""


def keep_photo(store: Store, taken: bytes) -> str:
    """Scales a photo, keeps it and a small version of it durably; returns its hash. NotAPhoto if it is none."""
    photo = store.photos.put(shrink(taken).content)
    store.photos.put_thumbnail(photo.sha256, thumbnail(taken).content)
    return photo.sha256


def submit(store: Store, form: Form, job: Job, vehicle: Vehicle, now: datetime) -> bool:
    """Puts the protocol into the outbox; False when it is there already. From here on only the sync touches it.

    First the photos, then one transaction: whoever reads "saved" can let the battery die. `SignedChanged` when the
    signatures stand under something else.
    """
    words = words_of(job)
    if not keep_signed(form, words):
        raise SignedChanged
    customer = _signature(store, form.customer_signature)
    staff = _signature(store, form.staff_signature)
    if customer is not None:
        form.signature_missing_reason = ""
    payload = to_input(form, now, Signed(customer, staff, form.shown_language or language_of(job)), words)
    payload["clockDifferenceSeconds"] = store.settings.clock_ahead_seconds
    finished = Finished(
        protocol_id=form.protocol_id,
        kind=form.kind,
        contract_id=form.contract_id,
        user_id=form.user_id,
        payload=payload,
        photos=photo_hashes(form, customer, staff),
        title=f"{vehicle.plate} · {job.contract.customer}",
        instead_of=form.corrects,
        form=form.to_json(),
    )
    return store.outbox.enqueue(finished)


def words_of(job: Job) -> Words:
    """The app's texts in the customer's language: what goes into the protocol."""
    return partial(i18n.text, language_of(job))


def language_of(job: Job) -> str:
    """The customer's language, as far as the app speaks it."""
    return job.contract.language if job.contract.language in i18n.LANGUAGES else "en"


def _signature(store: Store, signature: Signature | None) -> str | None:
    if signature is None or not signature.is_one:
        return None
    return store.photos.put(signature_png(signature.strokes, (signature.width, signature.height)), ".png").sha256
