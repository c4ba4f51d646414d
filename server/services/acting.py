"""Who does something, when, and why: one value that travels through the services into the history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from server.models.blank import is_blank
from server.models.staff import MANAGERS
from server.security import Principal

SYSTEM_NAME = "System"
OVERRIDERS = MANAGERS


@dataclass(frozen=True)
class Acting:
    """`now` is the instant (UTC) of everything that is done; without a principal the system acts by itself."""

    now: datetime
    principal: Principal | None = None
    why: str | None = None
    approver: Principal | None = None
    """The manager who has approved what the principal does, and may not decide alone."""

    @property
    def name(self) -> str:
        """How the history names who acted."""
        return self.principal.name if self.principal else SYSTEM_NAME

    @property
    def person(self) -> Principal:
        """Who acts, where only people and websites can. LookupError for the system."""
        if self.principal is None:
            raise LookupError("nobody is behind this")
        return self.principal

    @property
    def overrides(self) -> bool:
        """Whether a manager acts or approves, with a reason: deposit and age may be looked over then."""
        people = (self.principal, self.approver)
        return any(one is not None and one.role in OVERRIDERS for one in people) and not is_blank(self.why)

    @property
    def approved_by(self) -> str | None:
        """How the history names who has approved."""
        return self.approver.name if self.approver else None

    def because(self, why: str | None) -> Acting:
        """The same, with a reason."""
        return replace(self, why=why)
