"""The tablet's side of the rules for check-out and check-in: what it lets somebody sign is what the server takes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mobile_kivy.forms import checks
from mobile_kivy.forms.checks import Complaint
from mobile_kivy.forms.contract import Contract, Vehicle
from mobile_kivy.forms.day import CHECK_IN, CHECK_OUT, Job, job_of
from mobile_kivy.forms.form import CLEANLINESS, DAMAGE_KINDS, DAMAGE_SLOT, GUIDED_SLOTS, MORE_SLOTS, Form, open_form
from mobile_kivy.i18n import WORDS, accessory
from mobile_kivy.widgets.car_drawing import SIDES
from tests.vectors.cases import VECTORS, cases

Case = dict[str, Any]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SAYS = {
    "odometer_low": "ODOMETER_IMPLAUSIBLE",
    "odometer_high": "ODOMETER_IMPLAUSIBLE",
    "odometer_leap": "ODOMETER_IMPLAUSIBLE",
    "odometer_empty": "INVALID_INPUT",
    "odometer_impossible": "INVALID_INPUT",
    "level_missing": "INVALID_INPUT",
    "key_drop_early": "INVALID_INPUT",
    "key_drop_future": "INVALID_INPUT",
}
"""Which of the server's refusals each complaint is spared."""


def verdict(complaints: list[Complaint]) -> str:
    return SAYS[complaints[0].key] if complaints else "OK"


def car(km: int = 0, energy: str = "COMBUSTION") -> dict[str, Any]:
    group = {"energy": energy, "name": "Kompakt"}
    return {"id": "v1", "plate": "HH-ZU 101", "make": "VW", "model": "Golf", "odometerKm": km, "group": group} | {
        "accessories": [],
        "damages": [],
    }


def job(kind: str, vehicle: dict[str, Any], out_at: str | None = None, out_km: int = 0) -> Job:
    protocol = {"type": CHECK_OUT, "voided": False, "occurredAt": out_at, "condition": {"odometerKm": out_km}}
    answer = {
        "id": "c1",
        "number": "BER-0001",
        "state": "RESERVED" if kind == CHECK_OUT else "CHECKED_OUT",
        "language": "DE",
        "period": {"start": "2026-11-20T09:00:00Z", "end": "2026-11-24T09:00:00Z"},
        "customer": {"firstName": "Anna", "lastName": "Groß"},
        "vehicle": vehicle,
        "drivers": [],
        "flags": [],
        "deposit": None,
        "protocols": [protocol] if out_at else [],
    }
    return job_of(kind, Contract.of(answer))


def judge(form: Form, todo: Job, now: datetime) -> str:
    """The first step of the form, with all that it looks at."""
    return verdict(checks.condition(form, todo, form.car(), now) + checks.key_drop(form, todo, now))


@cases("odometer_at_check_out")
def test_the_odometer_at_check_out(case: Case) -> None:
    todo = job(CHECK_OUT, car(case["last_km"]))
    form = open_form(todo, "u1", NOON)
    form.odometer, form.override_reason = str(case["km"]), case["reason"] or ""
    assert judge(form, todo, NOON) == case["verdict"]


@cases("odometer_at_check_in")
def test_the_odometer_at_check_in(case: Case) -> None:
    todo = job(CHECK_IN, car(case["out_km"]), case["out_at"], case["out_km"])
    form = open_form(todo, "u1", NOON)
    form.odometer, form.override_reason, form.key_drop_at = str(case["km"]), case["reason"] or "", case["key_drop_at"]
    assert judge(form, todo, datetime.fromisoformat(case["at"])) == case["verdict"]


@cases("key_drop")
def test_the_key_drop(case: Case) -> None:
    todo = job(CHECK_IN, car(), case["out_at"])
    form = open_form(todo, "u1", NOON)
    form.odometer, form.key_drop_at = "0", case["key_drop_at"]
    assert judge(form, todo, datetime.fromisoformat(case["at"])) == case["verdict"]


@cases("levels")
def test_the_levels(case: Case) -> None:
    todo = job(CHECK_OUT, car(energy=case["energy"]))
    form = open_form(todo, "u1", NOON)
    form.odometer, form.fuel_eighths, form.charge_percent = "0", case["fuel_eighths"], case["charge_percent"]
    assert judge(form, todo, NOON) == case["verdict"]


def test_a_new_form_has_the_levels_that_its_car_needs() -> None:
    for energy in {case["energy"] for case in VECTORS["levels"]}:
        todo = job(CHECK_OUT, car(energy=energy))
        form = open_form(todo, "u1", NOON)
        form.odometer = "0"
        assert judge(form, todo, NOON) == "OK"
        assert Vehicle.of(car(energy=energy)).electric is (form.fuel_eighths is None)


def test_the_words_are_those_of_the_vectors() -> None:
    assert set(DAMAGE_KINDS) == set(VECTORS["damage_kinds"])
    assert set(SIDES) == set(VECTORS["vehicle_views"])
    assert {*GUIDED_SLOTS, *MORE_SLOTS, DAMAGE_SLOT} == set(VECTORS["photo_slots"])
    assert list(CLEANLINESS) == VECTORS["cleanliness_grades"]


def test_each_word_is_said_in_both_languages() -> None:
    names = {
        "damage": VECTORS["damage_kinds"],
        "side": VECTORS["vehicle_views"],
        "clean": VECTORS["cleanliness_grades"],
        "slot": [slot for slot in VECTORS["photo_slots"] if slot != DAMAGE_SLOT],
    }
    for words in WORDS.values():
        assert {f"{kind}_{name}" for kind, values in names.items() for name in values} <= words.keys()


def test_usual_accessories_have_the_same_name_on_the_tablet_and_on_paper() -> None:
    for german, english in VECTORS["accessories_in_english"].items():
        assert (accessory("de", german), accessory("en", german)) == (german, english)
    assert accessory("en", "Dachbox") == "Dachbox"
