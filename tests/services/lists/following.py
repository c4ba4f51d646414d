"""Somebody who keeps up with contracts, as docs/website.md tells it: page by page behind the last change that was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from server.models import LastChange
from server.security import Principal
from server.services.lists.changes import changed_contracts
from server.services.lists.search import ContractFilter
from tests.builders.bench import Bench


@dataclass
class Follower:
    """Where somebody stands, who reads in pages of so many."""

    bench: Bench
    who: Principal
    first: int = 2
    since: datetime | None = None
    read: list[LastChange] = field(default_factory=list)

    async def page(self) -> list[LastChange]:
        """What comes next."""
        bench = self.bench
        listing = changed_contracts(ContractFilter(), self.since, self.who, bench.now)
        async with bench.outside.database.snapshot(self.who.scope) as session:
            found = await listing.rows(session, self.first, None)
        if found:
            self.since = found[-1].updated_at
        self.read += found
        return found

    async def poll(self) -> list[UUID]:
        """The contracts that have changed since the last time, in the order of their changes."""
        new: list[UUID] = []
        while found := await self.page():
            new += [one.contract_id for one in found]
        return new
