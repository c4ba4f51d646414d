"""Vehicle groups of the company: what is rented for the same price."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from server.database import Session, violated_constraint
from server.errors import InvalidInput, NotFound, Path, Sentence
from server.models import VehicleGroup
from server.models.fleet import Energy
from server.services import validation
from server.services.validation import number

INPUT = ("input",)


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


async def create(session: Session, new: NewGroup) -> VehicleGroup:
    """A new vehicle group. InvalidInput names the field that is wrong."""
    months = number(new.minimum_licence_months, (*INPUT, "minimum_licence_months"), lowest=0, highest=600)
    group = VehicleGroup(
        code=validation.code(new.code, (*INPUT, "code")),
        name=validation.text(new.name, (*INPUT, "name")),
        acriss=_acriss(new.acriss),
        minimum_age=number(new.minimum_age, (*INPUT, "minimum_age"), lowest=17, highest=99),
        minimum_licence_months=months,
        deposit_cents=validation.cents(new.deposit, (*INPUT, "deposit")),
        deductible_cents=validation.cents(new.deductible, (*INPUT, "deductible")),
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


async def all_of_company(session: Session) -> list[VehicleGroup]:
    """All vehicle groups of the company, by code."""
    return await session.all(select(VehicleGroup).order_by(col(VehicleGroup.code)))


async def get(session: Session, group_id: UUID | None, *, field: Path | None = None) -> VehicleGroup:
    """A vehicle group, or NotFound."""
    group = await session.by_id(VehicleGroup, group_id)
    if group is None:
        raise NotFound(Sentence("There is no such vehicle group.", "Diese Fahrzeuggruppe gibt es nicht."), field=field)
    return group


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
