"""A change of one contract's own copy of its tariff."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from server.models.columns import Json


@dataclass(frozen=True, slots=True)
class TariffEdit:
    """One term (by its name) before and after, as text; why, who and when."""

    field: str
    before: str
    after: str
    reason: str
    by: str
    at: datetime

    def as_json(self) -> Json:
        """As it is stored with the contract."""
        return {**asdict(self), "at": self.at.isoformat()}

    @classmethod
    def of_json(cls, stored: Json) -> TariffEdit:
        """Reads a stored edit back."""
        return cls(**{**stored, "at": datetime.fromisoformat(stored["at"])})
