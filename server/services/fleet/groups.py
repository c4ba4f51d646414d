"""Vehicle groups of the company: what is rented for the same price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from server.database import Session
from server.database.errors import violated_constraint
from server.database.reference import Reference
from server.errors import InvalidInput, NotFound, Path, Sentence, VersionConflict
from server.models import VehicleGroup
from server.models.fleet import Energy
from server.models.unset import UNSET, Maybe, given_or
from server.services import validation
from server.services.validation import kept, number

INPUT = ("input",)
KNOWN = Reference(VehicleGroup)
"""Groups, as those who only read them may have read them before."""
_BY_CODE = KNOWN.query(select(VehicleGroup).order_by(col(VehicleGroup.code)))
_DEPOSIT, _DEDUCTIBLE = (*INPUT, "deposit"), (*INPUT, "deductible")
_UNKNOWN = Sentence("There is no such vehicle group.", "Diese Fahrzeuggruppe gibt es nicht.")


@dataclass(frozen=True, kw_only=True)
class NewGroup:
    """A vehicle group as it is asked for. Amounts in euros; ages in years."""

    code: str
    name: str
    acriss: str | None = None
    minimum_age: int = 18
    minimum_licence_months: int = 0
    deposit: Decimal
    deductible: Decimal
    energy: Energy = Energy.COMBUSTION


@dataclass(frozen=True, kw_only=True)
class GroupChange:
    """What changes of a vehicle group; what is `UNSET` stays. Amounts in euros; ages in years."""

    name: Maybe[str | None] = UNSET
    acriss: Maybe[str | None] = UNSET
    minimum_age: Maybe[int | None] = UNSET
    minimum_licence_months: Maybe[int | None] = UNSET
    deposit: Maybe[Decimal | None] = UNSET
    deductible: Maybe[Decimal | None] = UNSET


async def create(session: Session, new: NewGroup) -> VehicleGroup:
    """A new vehicle group. InvalidInput names the field that is wrong."""
    group = VehicleGroup(
        code=validation.code(new.code, (*INPUT, "code")),
        name=validation.text(new.name, (*INPUT, "name")),
        acriss=_acriss(new.acriss),
        minimum_age=_age(new.minimum_age),
        minimum_licence_months=_months(new.minimum_licence_months),
        deposit_cents=validation.cents(new.deposit, _DEPOSIT),
        deductible_cents=validation.cents(new.deductible, _DEDUCTIBLE),
        energy=new.energy,
    )
    try:
        await session.store(group)
    except IntegrityError as error:
        if violated_constraint(error) == "uq_vehicle_group_code":
            raise InvalidInput(
                Sentence("There is a group of that code already.", "Eine Gruppe mit diesem Kürzel gibt es schon."),
                field=[*INPUT, "code"],
            ) from error
        raise
    return group


async def update(session: Session, group_id: UUID | None, version: int, change: GroupChange) -> VehicleGroup:
    """Changes what is given, for bookings from now on. NotFound, VersionConflict, InvalidInput."""
    group = await session.by_id(VehicleGroup, group_id, lock=True)
    if group is None:
        raise NotFound(_UNKNOWN, field=["id"])
    if group.version != version:
        raise VersionConflict(group.version)
    group.name = validation.text(kept(change.name, group.name, (*INPUT, "name")), (*INPUT, "name"))
    group.acriss = _acriss(given_or(change.acriss, group.acriss))
    group.minimum_age = _age(kept(change.minimum_age, group.minimum_age, (*INPUT, "minimum_age")))
    months = kept(change.minimum_licence_months, group.minimum_licence_months, (*INPUT, "minimum_licence_months"))
    group.minimum_licence_months = _months(months)
    if change.deposit is not UNSET:
        group.deposit_cents = validation.cents(kept(change.deposit, Decimal(0), _DEPOSIT), _DEPOSIT)
    if change.deductible is not UNSET:
        group.deductible_cents = validation.cents(kept(change.deductible, Decimal(0), _DEDUCTIBLE), _DEDUCTIBLE)
    group.version += 1
    await session.store(group)
    return group


async def all_of_company(session: Session) -> list[VehicleGroup]:
    """All vehicle groups of the company, by code."""
    return await session.all(select(VehicleGroup).order_by(col(VehicleGroup.code)))


async def get(session: Session, group_id: UUID | None, *, field: Path | None = None) -> VehicleGroup:
    """A vehicle group, or NotFound."""
    group = await KNOWN.by_id(session, group_id)
    if group is None:
        raise NotFound(_UNKNOWN, field=field)
    return group


async def by_code(session: Session) -> Sequence[VehicleGroup]:
    """All groups, to be looked at only."""
    return await _BY_CODE.all(session)


def _age(years: int) -> int:
    return number(years, (*INPUT, "minimum_age"), lowest=17, highest=99)


def _months(months: int) -> int:
    return number(months, (*INPUT, "minimum_licence_months"), lowest=0, highest=600)


def _acriss(value: str | None) -> str | None:
    cleaned = validation.optional_text(value, (*INPUT, "acriss"), longest=4)
    if cleaned is not None and (len(cleaned) != 4 or not cleaned.isalpha()):
        raise InvalidInput(
            Sentence(
                "An ACRISS code has four letters, for example CDMR.",
                "Ein ACRISS-Code hat vier Buchstaben, zum Beispiel CDMR.",
            ),
            field=[*INPUT, "acriss"],
        )
    return cleaned and cleaned.upper()
