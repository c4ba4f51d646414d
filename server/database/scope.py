"""Which rows a transaction may see, and the message that begins it: as whom, for which stations, reading or writing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from server.database.roles import Caller

_BEGIN, _SNAPSHOT = "begin", "begin isolation level repeatable read, read only"


@dataclass(frozen=True)
class Scope:
    """Which rows a transaction may see.

    `stations`: those that a member of staff works at. `web_stations` and `client`: those whose prices a website may
    see, and the API client whose bookings it may see. `principal`: the user's own id. `everything`: no limit, for an
    administrator (who has an id) and for the system. `erases`: may delete what is kept, past its triggers.
    """

    stations: tuple[UUID, ...] = ()
    web_stations: tuple[UUID, ...] = ()
    client: UUID | None = None
    principal: UUID | None = None
    everything: bool = False
    erases: bool = False

    @property
    def caller(self) -> Caller:
        """The database's role for this scope: the only place that chooses it."""
        if self.erases:
            return Caller.RETENTION
        if self.everything:
            return Caller.SYSTEM if self.principal is None else Caller.ADMIN
        return Caller.STAFF if self.client is None else Caller.WEBSITE

    @property
    def settings(self) -> dict[str, str]:
        """The scope as PostgreSQL's settings, by their names: what the policies of rows ask for."""
        return {
            "app.stations": _array(self.stations),
            "app.web_stations": _array(self.web_stations),
            "app.client": str(self.client or ""),
            "app.principal": str(self.principal or ""),
        }

    @cached_property
    def opening(self) -> str:
        """What begins a transaction in this scope, in one message."""
        return _BEGIN + self._told

    @cached_property
    def opening_of_snapshot(self) -> str:
        """The same for one that only reads, and as of one instant."""
        return _SNAPSHOT + self._told

    @property
    def _told(self) -> str:
        if self.everything:  # who sees everything has nothing to say about which rows
            return ""
        # The role anew: a pooler that was set to share sessions while we run may give us somebody else's.
        said = {"role": self.caller.value, **self.settings}
        # Nothing to quote: they are names of ours and UUIDs.
        return "".join(f"; set local {name} = '{value}'" for name, value in said.items())


SYSTEM = Scope(everything=True)
"""The wider scope of work that belongs to nobody's station: jobs, sagas, sign-in."""
RETENTION = Scope(everything=True, erases=True)
"""The scope of what erases, when the clocks of the law have run out: it finds what it looks at, and little else."""
ADMINISTRATION = Scope(everything=True, principal=UUID(int=0))
"""An administrator who is nobody: who works at the command line, and demo data."""


def _array(ids: tuple[UUID, ...]) -> str:
    return "{" + ",".join(map(str, ids)) + "}"
