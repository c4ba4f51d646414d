"""Changing the price list: a tariff is created, replaced or ended, by whoever is responsible for all that it concerns.

Contracts keep their frozen copy and quotes what they promised; every change is kept with what was before and after.
Needs the system's scope: whom a tariff concerns is known from cars that the caller may not see.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from server.database import Session
from server.database.errors import violated_constraint
from server.errors import InvalidInput, NotFound, ProblemCode, Refused, Sentence, VersionConflict
from server.models import Station, Tariff, TariffChange, Vehicle, VehicleGroup
from server.models.fleet import VehicleStatus
from server.models.staff import Role
from server.models.tariff_change import TariffState
from server.security import Principal
from server.services.acting import Acting
from server.services.pricing import tariffs
from server.services.pricing.tariff_entry import INPUT, NewTariff, entered

_KEPT = frozenset({"id", "code", "group_id", "currency", "ended_at", "version"})
"""Columns of a tariff that `replace` does not take from what is entered."""
_NOT_ALL_YOURS = Sentence(
    "A tariff concerns every station with cars of its group: a manager of all of them or an administrator changes it.",
    "Ein Tarif betrifft jede Station mit Fahrzeugen seiner Gruppe: wer nicht alle leitet, bittet die Verwaltung.",
)


async def create(session: Session, group: VehicleGroup, new: NewTariff) -> Tariff:
    """A new tariff of a group. InvalidInput names the field that is wrong."""
    tariff = entered(new, group.id)
    try:
        await session.store(tariff)
    except IntegrityError as error:
        if violated_constraint(error) == "uq_tariff_code":
            raise InvalidInput(
                Sentence("There is a tariff of that code already.", "Einen Tarif mit diesem Kürzel gibt es schon."),
                field=[*INPUT, "code"],
            ) from error
        raise
    return tariff


async def replace(
    session: Session, tariff_id: UUID | None, version: int, group_id: UUID | None, new: NewTariff, acting: Acting
) -> Tariff:
    """Other terms for bookings from now on; code and group stay.

    Raises NotFound, NOT_ALLOWED, VersionConflict, InvalidInput.
    """
    tariff = await _locked(session, tariff_id, version, acting)
    fresh = replacement(tariff, group_id, new)
    if fresh.valid_until != tariff.valid_until:
        _refuse_past(fresh.valid_until, await _today(session, acting), (*INPUT, "valid_until"))
    before = TariffState.of(tariff)
    for name in set(Tariff.model_fields) - _KEPT:
        setattr(tariff, name, getattr(fresh, name))
    if tariff.valid_until != before.valid_until:
        tariff.ended_at = None
    await _store(session, tariff, before, acting)
    return tariff


def replacement(tariff: Tariff, group_id: UUID | None, new: NewTariff) -> Tariff:
    """What a tariff would become, as a row that is not stored. InvalidInput for another code or group, and what is
    wrong by itself.
    """
    fresh = entered(new, tariff.group_id)
    if fresh.code != tariff.code:
        message = Sentence(
            f"A tariff keeps its code, {tariff.code}: end this one and create another.",
            f"Ein Tarif behält sein Kürzel {tariff.code}: bitte diesen beenden und einen anderen anlegen.",
        )
        raise InvalidInput(message, field=[*INPUT, "code"])
    if group_id != tariff.group_id:
        message = Sentence(
            "A tariff keeps its group: end this one and create another.",
            "Ein Tarif behält seine Gruppe: bitte diesen beenden und einen anderen anlegen.",
        )
        raise InvalidInput(message, field=[*INPUT, "group_id"])
    return fresh


async def end(session: Session, tariff_id: UUID | None, version: int, valid_until: date, acting: Acting) -> Tariff:
    """Sets the last day of a tariff; today ends it at once. NotFound, NOT_ALLOWED, VersionConflict, InvalidInput."""
    tariff = await _locked(session, tariff_id, version, acting)
    today = await _today(session, acting)
    _refuse_past(valid_until, today, ("valid_until",))
    before = TariffState.of(tariff)
    tariff.valid_until, tariff.ended_at = valid_until, acting.now if valid_until <= today else None
    await _store(session, tariff, before, acting)
    return tariff


async def require_all_yours(session: Session, group_id: UUID, principal: Principal) -> None:
    """NOT_ALLOWED unless every station that has cars of the group is the caller's, or the caller an administrator."""
    if principal.role is Role.ADMIN:
        return
    cars = await session.all(
        select(Vehicle).where(col(Vehicle.group_id) == group_id, col(Vehicle.status) != VehicleStatus.RETIRED)
    )
    concerned = {station for car in cars for station in (car.station_id, car.home_station_id)}
    if not concerned or not concerned <= set(principal.stations):
        raise Refused(ProblemCode.NOT_ALLOWED, _NOT_ALL_YOURS)


async def get(session: Session, tariff_id: UUID | None) -> Tariff:
    """A tariff, or NotFound."""
    return _there(await session.by_id(Tariff, tariff_id))


async def _locked(session: Session, tariff_id: UUID | None, version: int, acting: Acting) -> Tariff:
    tariff = _there(await session.by_id(Tariff, tariff_id, lock=True))
    await require_all_yours(session, tariff.group_id, acting.person)
    if tariff.version != version:
        raise VersionConflict(tariff.version)
    return tariff


def _there(tariff: Tariff | None) -> Tariff:
    if tariff is None:
        raise NotFound(Sentence("There is no such tariff.", "Diesen Tarif gibt es nicht."), field=["id"])
    return tariff


async def _today(session: Session, acting: Acting) -> date:
    """The day that it still is at some station of the company."""
    stations = await session.all(select(Station))
    return min((station.day_of(acting.now) for station in stations), default=acting.now.date())


def _refuse_past(valid_until: date | None, today: date, field: tuple[str, ...]) -> None:
    if valid_until is not None and valid_until < today:
        message = Sentence(
            "A tariff ends today at the earliest: what was booked was booked.",
            "Ein Tarif endet frühestens heute: was gebucht ist, ist gebucht.",
        )
        raise InvalidInput(message, field=field)


async def _store(session: Session, tariff: Tariff, before: TariffState, acting: Acting) -> None:
    """Writes a changed tariff together with the change; what changes nothing leaves no trace."""
    after = TariffState.of(tariff)
    if after == before:
        return
    tariff.version += 1
    change = TariffChange(
        tariff_id=tariff.id,
        version=tariff.version,
        at=acting.now,
        actor=acting.name,
        before_json=before.as_json(),
        after_json=after.as_json(),
        terms_sha256=tariffs.frozen(tariff.id, before.snapshot).sha256,
    )
    await session.store(tariff, change)
