"""Finishes a form: signatures become pictures, everything goes into the outbox in one step. No window here."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from mobile_kivy import i18n
from mobile_kivy.forms.checks import is_signed
from mobile_kivy.forms.contract import Vehicle
from mobile_kivy.forms.day import Job
from mobile_kivy.forms.form import Form, Strokes
from mobile_kivy.forms.protocol import photo_hashes, to_input
from mobile_kivy.imaging import shrink, signature_png, thumbnail
from mobile_kivy.store import Finished, Store


def keep_photo(store: Store, taken: bytes) -> str:
    """Scales a photo, keeps it and a small version of it durably; returns its hash. NotAPhoto if it is none."""
    photo = store.photos.put(shrink(taken).content)
    store.photos.put_thumbnail(photo.sha256, thumbnail(taken).content)
    return photo.sha256


def submit(store: Store, form: Form, job: Job, vehicle: Vehicle, now: datetime) -> bool:
    """Puts the protocol into the outbox; False when it is there already. From here on only the sync touches it.

    First the photos, then one transaction: whoever reads "saved" can let the battery die.
    """
    customer = _signature(store, form.customer_strokes)
    staff = _signature(store, form.staff_strokes)
    if customer is not None:
        form.signature_missing_reason = ""
    payload = to_input(form, now, customer, staff, partial(i18n.text, language_of(job)))
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
    )
    return store.outbox.enqueue(finished)


def language_of(job: Job) -> str:
    """The customer's language, as far as the app speaks it."""
    return job.contract.language if job.contract.language in i18n.LANGUAGES else "en"


def _signature(store: Store, strokes: Strokes) -> str | None:
    return store.photos.put(signature_png(strokes), ".png").sha256 if is_signed(strokes) else None
