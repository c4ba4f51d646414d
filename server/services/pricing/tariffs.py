"""Tariffs: finding the one that applies, freezing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Date, bindparam, or_
from sqlmodel import col, select

from server.database import Session
from server.database.reference import Reference
from server.errors import InvalidInput, NotFound, Path, Sentence
from server.models import Tariff, TariffChange
from server.models.columns import Json
from server.models.tariff import TariffTerms, terms_json, terms_of, terms_sha256


@dataclass(frozen=True)
class FrozenTerms:
    """The terms of a tariff as they are kept on a contract, and their SHA-256."""

    tariff_id: UUID
    snapshot: Json
    sha256: str

    @property
    def terms(self) -> TariffTerms:
        """What pricing needs of them."""
        return terms_of(self.snapshot)


async def listed(session: Session, group_id: UUID | None, on: date | None) -> list[Tariff]:
    """The price list, by code; of one group, and as valid on one day, if those are given."""
    statement = select(Tariff).order_by(col(Tariff.code))
    if group_id is not None:
        statement = statement.where(col(Tariff.group_id) == group_id)
    if on is not None:
        statement = statement.where(*_valid(on))
    return await session.all(statement)


async def applicable(session: Session, group_id: UUID, code: str | None, on: date, *, field: Path) -> Tariff:
    """The tariff for a booking made on a day: the one asked for, else the group's newest valid one."""
    statement = select(Tariff).where(col(Tariff.group_id) == group_id, *_valid(on))
    if code is not None:
        statement = statement.where(col(Tariff.code) == code.strip().upper())
    tariff = await session.first(statement.order_by(col(Tariff.valid_from).desc(), col(Tariff.code)))
    if tariff is None and code is not None:
        raise NotFound(
            Sentence(
                "There is no such tariff for this group and day.",
                "Diesen Tarif gibt es für diese Gruppe und diesen Tag nicht.",
            ),
            field=[*field, "tariff_code"],
        )
    if tariff is None:
        raise none_today(field)
    return tariff


def none_today(field: Path) -> InvalidInput:
    """The refusal of a group that has no price on the day of booking. `field` is where `group_id` stands."""
    message = Sentence(
        "There is no tariff for this group on this day.", "Für diese Gruppe gibt es an diesem Tag keinen Tarif."
    )
    return InvalidInput(message, field=[*field, "group_id"])


async def applicable_by_group(session: Session, on: date) -> dict[UUID, Tariff]:
    """The tariff of every group for a booking made on a day; to be looked at only."""
    return {tariff.group_id: tariff for tariff in await _APPLICABLE.all(session, day=on)}


def _valid(on: Any) -> tuple[Any, ...]:
    return (
        col(Tariff.valid_from) <= on,
        or_(col(Tariff.valid_until).is_(None), col(Tariff.valid_until) >= on),
        col(Tariff.ended_at).is_(None),
    )


KNOWN = Reference(Tariff)
"""Tariffs, as those who only read them may have read them before."""
_APPLICABLE = KNOWN.query(
    select(Tariff)
    .where(*_valid(bindparam("day", type_=Date)))
    .order_by(col(Tariff.valid_from), col(Tariff.code).desc())
)


def freeze(tariff: Tariff) -> FrozenTerms:
    """The terms as they are now."""
    return frozen(tariff.id, terms_json(tariff))


def frozen(tariff_id: UUID, snapshot: Json) -> FrozenTerms:
    """Terms of a tariff as they are stored somewhere."""
    return FrozenTerms(tariff_id, snapshot, terms_sha256(snapshot))


async def promised(session: Session, tariff_id: UUID, digest: str) -> FrozenTerms | None:
    """The terms whose SHA-256 begins like this: those of now, or some that were replaced since; None for others."""
    tariff = await session.by_id(Tariff, tariff_id)
    if tariff is None:
        return None
    if (now := freeze(tariff)).sha256.startswith(digest):
        return now
    replaced = select(TariffChange).where(
        col(TariffChange.tariff_id) == tariff_id, col(TariffChange.terms_sha256).startswith(digest, autoescape=True)
    )
    change = await session.first(replaced.limit(1))
    return frozen(tariff_id, change.before.snapshot) if change else None
