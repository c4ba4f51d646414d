"""What is signed is frozen: a signature stands under one content, of one person, and is kept as it was written."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mobile_kivy import handover
from mobile_kivy.forms.contract import Vehicle
from mobile_kivy.forms.day import CHECK_IN, CHECK_OUT
from mobile_kivy.forms.form import (
    CLEANLINESS,
    DAMAGE_KINDS,
    GUIDED_SLOTS,
    MORE_SLOTS,
    Address,
    Form,
    NewDamage,
    Photo,
    corrected,
    open_form,
)
from mobile_kivy.forms.protocol import Signed, content_sha256, keep_signed, sign, to_input
from mobile_kivy.forms.saved import form_of
from mobile_kivy.forms.signature import Signature
from mobile_kivy.reading import Unreadable
from mobile_kivy.store import Store
from tests.tablet.answers import vehicle, went_out
from tests.tablet.test_forms import NOON, WORDS, filled, job, signature

Change = Callable[[Form], None]


def signed(kind: str = CHECK_OUT) -> Form:
    form = filled(kind, **({} if kind == CHECK_OUT else {"protocols": went_out()}))
    form.damages.append(NewDamage("LEFT", 0.1, 0.2, photos=["a" * 64]))
    sign(form, "customer", signature(20), WORDS)
    sign(form, "staff", signature(9), WORDS)
    return form


def other_car(form: Form) -> None:
    form.use_vehicle(Vehicle.of(vehicle(2)), other=True)
    form.odometer = "10050"


CHANGES: dict[str, Change] = {
    "the car": other_car,
    "the person": lambda form: form.pass_on_to("u2"),
    "the odometer": lambda form: setattr(form, "odometer", "10051"),
    "no odometer": lambda form: setattr(form, "odometer", ""),
    "the fuel": lambda form: setattr(form, "fuel_eighths", 6),
    "the cleanliness": lambda form: setattr(form, "cleanliness_inside", "HEAVY"),
    "an accessory": lambda form: form.accessories.update({"Schlüssel": 1}),
    "a damage more": lambda form: form.damages.append(NewDamage("TOP", 0, 0)),
    "a damage less": lambda form: form.damages.clear(),
    "a damage moved": lambda form: setattr(form.damages[0], "x", 0.11),
    "a damage's photo": lambda form: form.damages[0].photos.append("b" * 64),
    "a photo": lambda form: form.take("FRONT", "c" * 64, NOON),
    "a skipped photo": lambda form: form.skipped.update({"REAR": "Regen"}),
    "the remarks": lambda form: setattr(form, "remarks", "Winterreifen"),
    "a licence": lambda form: form.licences.append("d1"),
    "the address": lambda form: setattr(form.address, "street", "Seestr. 5"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_after_signing_takes_both_signatures_away(change: Change) -> None:
    form = signed()
    assert keep_signed(form, WORDS)
    change(form)
    keep_signed(form, WORDS)
    assert (form.customer_signature, form.staff_signature, form.signed_content) == (None, None, "")


def test_the_key_drop_is_signed_too() -> None:
    form = signed(CHECK_IN)
    form.key_drop_at = (NOON - timedelta(hours=2)).isoformat()
    assert not keep_signed(form, WORDS)


def test_what_is_changed_back_is_still_signed_and_looking_changes_nothing() -> None:
    form = signed()
    form.step, form.odometer = "care", "10051"
    form.odometer = "10050"
    assert keep_signed(form, WORDS)
    assert form.customer_signature == signature(20)


def test_licence_ticks_and_signatures_travel_to_nobody_and_no_other_car() -> None:
    for change in (lambda form: form.pass_on_to("u2"), other_car):
        form = signed()
        form.licences = ["d1"]
        sign(form, "customer", signature(20), WORDS)
        change(form)
        keep_signed(form, WORDS)
        assert (form.licences, form.is_signed) == ([], False)
    # And: whoever opens the own form again has lost nothing
    form = signed()
    form.pass_on_to(form.user_id)
    assert keep_signed(form, WORDS)
    assert form.is_signed


def test_what_was_signed_is_sent_with_its_hash_its_strokes_and_the_language_it_was_read_in() -> None:
    form = signed()
    sent = to_input(form, NOON, Signed("c" * 64, "d" * 64, "en"), WORDS)
    assert sent["contentSha256"] == content_sha256(form, WORDS) == form.signed_content
    assert len(form.signed_content) == 64
    assert sent["shownLanguage"] == "en"
    assert sent["strokes"] == {"customer": signature(20).to_json(), "staff": signature(9).to_json()}


def test_a_form_that_was_changed_after_signing_never_leaves(tmp_path: Path) -> None:
    # given a signed form whose reading is changed behind everybody's back
    store, form = Store(tmp_path), signed()
    form.odometer = "10051"

    # when it is finished
    with pytest.raises(handover.SignedChanged):
        handover.submit(store, form, job(), Vehicle.of(vehicle()), NOON)

    # then nothing waits to be sent, and nobody has signed
    assert store.outbox.items() == []
    assert not form.is_signed
    store.close()


# A signature as it is kept.

SAMPLES = some.lists(
    some.tuples(some.integers(0, 900), some.integers(0, 300), some.integers(0, 60_000)), min_size=1, max_size=30
)


@given(some.lists(SAMPLES, max_size=5))
def test_a_signature_comes_back_as_it_was_written(strokes: list[list[tuple[int, int, int]]]) -> None:
    written = Signature(900, 300, NOON.isoformat(), tuple(tuple(stroke) for stroke in strokes))
    assert Signature.of(written.to_json()) == written


GOOD = signature(9).to_json()


@pytest.mark.parametrize(
    "odd",
    [
        None, [], {}, {**GOOD, "v": 2}, {**GOOD, "w": 0}, {**GOOD, "h": 10**6}, {**GOOD, "w": True}, {**GOOD, "s": {}},
        {**GOOD, "s": [""]}, {**GOOD, "s": ["1 2"]}, {**GOOD, "s": ["1 2 0.5"]}, {**GOOD, "s": ["1 2 x"]},
        {**GOOD, "s": ["1  2 3"]}, {**GOOD, "s": ["1 2 100000000"]}, {**GOOD, "s": [[1, 2, 3]]},
        {**GOOD, "s": [" ".join("000" * 6001)]}, {**GOOD, "s": ["1 2 3"] * 501}, {**GOOD, "at": 7},
    ],
)  # fmt: skip
def test_what_is_no_signature(odd: Any) -> None:
    with pytest.raises(Unreadable):
        Signature.of(odd)


# A form as it is kept, and as it comes back to be corrected.

WORD = some.text(some.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
HASH = some.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
FRACTION = some.floats(0, 1)
DAMAGES = some.builds(
    NewDamage,
    view=some.sampled_from(["LEFT", "TOP"]),
    x=FRACTION,
    y=FRACTION,
    kind=some.sampled_from(DAMAGE_KINDS),
    size_mm=some.none() | some.sampled_from([10, 300]),
    description=WORD,
    photos=some.lists(HASH, max_size=2),
)
PHOTOS = some.builds(Photo, HASH, some.sampled_from(GUIDED_SLOTS + MORE_SLOTS), some.just(NOON.isoformat()))


@some.composite
def forms(draw: some.DrawFn) -> Form:
    kind = draw(some.sampled_from([CHECK_OUT, CHECK_IN]))
    form = open_form(job(kind), "u1", NOON)
    if draw(some.booleans()):
        form.use_vehicle(Vehicle.of(vehicle(2, electric=draw(some.booleans()))), other=True)
    form.odometer = str(draw(some.integers(0, 2_000_000)))
    form.cleanliness_inside = draw(some.sampled_from(CLEANLINESS))
    form.accessories = draw(some.dictionaries(WORD, some.integers(0, 9), max_size=3))
    form.remarks, form.override_reason = draw(WORD), draw(WORD)
    form.key_drop_at = draw(some.none() | some.just(NOON.isoformat()))
    form.damages, form.photos = draw(some.lists(DAMAGES, max_size=3)), draw(some.lists(PHOTOS, max_size=3))
    form.skipped = draw(some.dictionaries(some.sampled_from(GUIDED_SLOTS), WORD, max_size=3))
    form.licences = draw(some.lists(some.sampled_from(["d1", "d2"]), unique=True))
    form.address = Address(draw(WORD), draw(WORD), draw(WORD))
    form.signature_missing_reason = draw(WORD)
    for who in draw(some.sets(some.sampled_from(["customer", "staff"]))):
        sign(form, who, signature(12), WORDS)
    return form


@given(forms())
def test_every_form_comes_back_as_it_was_saved(form: Form) -> None:
    again = form_of(form.to_json())
    assert again == form
    assert keep_signed(again, WORDS)


@given(forms())
def test_a_correction_says_what_the_refused_one_said_under_an_id_of_its_own(form: Form) -> None:
    # given a form that was finished and refused; when it is corrected
    again = corrected(form_of(form.to_json()))

    # then it says the same: car, skipped photos with their reasons, remarks, all of it
    assert again.corrects == form.protocol_id != again.protocol_id
    assert not again.is_signed
    assert content_sha256(again, WORDS) == content_sha256(form, WORDS)
    same = replace(form, corrects=again.corrects, protocol_id=again.protocol_id, step=again.step)
    same.unsign()
    assert again == same


@pytest.mark.parametrize("name", sorted(signed().to_json()))
def test_a_saved_form_with_a_field_of_another_type_is_unreadable_and_no_fault(name: str) -> None:
    odd: Any
    for odd in (7.5, [None], {"a": []}, "\ud800", True):
        saved = {**copy.deepcopy(signed().to_json()), name: odd}
        try:
            assert isinstance(form_of(saved), Form)
        except Unreadable:
            continue


def test_a_form_of_the_first_version_opens_without_its_signatures() -> None:
    saved = signed().to_json()
    for name in ("customer_signature", "staff_signature", "signed_content", "shown_language", "address"):
        del saved[name]
    form = form_of({**saved, "customer_strokes": [[[0.1, 0.2]]], "staff_strokes": []})
    assert not form.is_signed
    assert form.damages[0].photos == ["a" * 64]
