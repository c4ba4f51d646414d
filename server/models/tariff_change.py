"""What was changed of the price list: who, when, what before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from server.models.columns import Json, json_column, new_id
from server.models.tariff import Tariff, TariffTerms, terms_json, terms_of


@dataclass(frozen=True)
class TariffState:
    """All that can be changed of a tariff, as it was at a moment."""

    name: str
    valid_from: date
    valid_until: date | None
    ended_at: datetime | None
    snapshot: Json

    @classmethod
    def of(cls, tariff: Tariff) -> TariffState:
        """As it is now."""
        return cls(tariff.name, tariff.valid_from, tariff.valid_until, tariff.ended_at, terms_json(tariff))

    @property
    def terms(self) -> TariffTerms:
        """What pricing needs of it."""
        return terms_of(self.snapshot)

    def as_json(self) -> Json:
        """As it is stored."""
        return {
            "name": self.name,
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "terms": self.snapshot,
        }

    @classmethod
    def of_json(cls, stored: Json) -> TariffState:
        """Reads a stored state back."""
        return cls(
            stored["name"],
            date.fromisoformat(stored["valid_from"]),
            date.fromisoformat(stored["valid_until"]) if stored["valid_until"] else None,
            datetime.fromisoformat(stored["ended_at"]) if stored["ended_at"] else None,
            stored["terms"],
        )


class TariffChange(SQLModel, table=True):
    """A change of a tariff; `version` is the one that it made. Only ever added to.

    `terms_sha256` is that of the terms before: what a quote promised is found by it.
    """

    __tablename__ = "tariff_change"
    id: UUID = new_id()
    tariff_id: UUID = Field(foreign_key="tariff.id", index=True)
    version: int
    at: datetime
    actor: str
    before_json: Json = Field(sa_column=json_column(name="before"))
    after_json: Json = Field(sa_column=json_column(name="after"))
    terms_sha256: str

    @property
    def before(self) -> TariffState:
        """The tariff as it was."""
        return TariffState.of_json(self.before_json)

    @property
    def after(self) -> TariffState:
        """The tariff as it became."""
        return TariffState.of_json(self.after_json)
