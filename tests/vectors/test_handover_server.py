"""The server's side of the rules for check-out and check-in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from server.errors import DomainError
from server.models import Protocol
from server.models.damage import DamageKind, VehicleView
from server.models.fleet import Cleanliness, Energy
from server.models.protocol import PhotoSlot, ProtocolType
from server.paper.words import words
from server.services.fleet.vehicles import CHARGING_CABLE, USUAL_ACCESSORIES
from server.services.handover import readiness
from server.services.handover.report import ConditionReport, check_levels
from tests.builders.rows import group, station, vehicle
from tests.vectors.cases import VECTORS, cases

Case = dict[str, Any]


def verdict(*rules: Callable[[], object]) -> str:
    """What the first rule that does not agree says."""
    try:
        for rule in rules:
            rule()
    except DomainError as refusal:
        return refusal.code.value
    return "OK"


def levels(km: int = 0, fuel: int | None = 8, charge: int | None = None, energy: str = "COMBUSTION") -> None:
    condition = ConditionReport(km, fuel, charge, Cleanliness.CLEAN, Cleanliness.CLEAN)
    check_levels(condition, group(energy=Energy(energy)))


def went_out(km: int, at: datetime) -> Protocol:
    return Protocol(
        id=uuid4(),
        contract_id=uuid4(),
        station_id=uuid4(),
        at_station_id=uuid4(),
        vehicle_id=uuid4(),
        type=ProtocolType.CHECK_OUT,
        occurred_at=at,
        received_at=at,
        odometer_km=km,
        cleanliness_inside=Cleanliness.CLEAN,
        cleanliness_outside=Cleanliness.CLEAN,
        staff="Anna",
        staff_id=uuid4(),
        request_hash="",
        content_hash="",
    )


@cases("odometer_at_check_out")
def test_the_odometer_at_check_out(case: Case) -> None:
    car, km = vehicle(station(), group(), odometer_km=case["last_km"]), case["km"]
    found = verdict(lambda: levels(km), lambda: readiness.odometer_at_check_out(car, km, case["reason"]))
    assert found == case["verdict"]


@cases("odometer_at_check_in")
def test_the_odometer_at_check_in(case: Case) -> None:
    out = went_out(case["out_km"], datetime.fromisoformat(case["out_at"]))
    returned_at, km = datetime.fromisoformat(case["key_drop_at"] or case["at"]), case["km"]
    found = verdict(lambda: levels(km), lambda: readiness.odometer_at_return(out, km, returned_at, case["reason"]))
    assert found == case["verdict"]


@cases("key_drop")
def test_the_key_drop(case: Case) -> None:
    out_at, at = datetime.fromisoformat(case["out_at"]), datetime.fromisoformat(case["at"])
    dropped = datetime.fromisoformat(case["key_drop_at"]) if case["key_drop_at"] else None
    assert verdict(lambda: readiness.check_times(at, dropped, out_at)) == case["verdict"]


@cases("levels")
def test_the_levels(case: Case) -> None:
    found = verdict(lambda: levels(0, case["fuel_eighths"], case["charge_percent"], case["energy"]))
    assert found == case["verdict"]


def test_the_words_are_those_of_the_vectors() -> None:
    assert set(DamageKind) == set(VECTORS["damage_kinds"])
    assert set(VehicleView) == set(VECTORS["vehicle_views"])
    assert set(PhotoSlot) == set(VECTORS["photo_slots"])
    assert [grade.value for grade in sorted(Cleanliness, key=lambda g: g.rank)] == VECTORS["cleanliness_grades"]


def test_usual_accessories_have_the_same_name_on_paper_and_on_the_tablet() -> None:
    english = VECTORS["accessories_in_english"]
    assert {name for name, _ in [*USUAL_ACCESSORIES, CHARGING_CABLE]} == set(english)
    assert words("en")["accessory_names"] == english
    assert words("de")["accessory_names"] == {name: name for name in english}
