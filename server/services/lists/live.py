"""What changes at a station, for as long as somebody follows it: contracts and cars, each read when it is told of.

A change is told by its id. Its row is read with the eyes of who follows: what may not be seen (any more) is not told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import SQLModel

from server.database import Database, Scope, Session
from server.database.changes import Ear, Heard
from server.errors import NotFound, Sentence
from server.models import Contract, Station, Vehicle

_PAGE = 200
# Each way to be a contract of a station has an index in this order.
_LATEST = """
select greatest((select max(updated_at) from last_change where station_id = :station),
                (select max(updated_at) from last_change where return_station_id = :station))
"""
_SINCE = """
select id, updated_at from (
  (select contract_id as id, updated_at from last_change where station_id = :station
     and updated_at > coalesce(cast(:since as timestamptz), '-infinity') order by updated_at limit :most)
  union
  (select contract_id, updated_at from last_change where return_station_id = :station
     and updated_at > coalesce(cast(:since as timestamptz), '-infinity') order by updated_at limit :most)
) changed order by updated_at limit :most
"""
_CARS = "select id from vehicle where station_id = :station or home_station_id = :station order by id"


@dataclass(frozen=True)
class Changed:
    """A row that was changed."""

    model: type[SQLModel]
    id: UUID

    async def read(self, session: Session) -> SQLModel | None:
        """The row as it is now; None if it is not there for whoever reads."""
        return await session.by_id(self.model, self.id)


async def contracts(database: Database, scope: Scope, station_id: UUID | None) -> AsyncIterator[Changed]:
    """Contracts that are picked up at a station or come back there, each time that one was changed. Whoever has missed
    something, because too much was changed at once or the database was away, is told of all that were changed since.
    NotFound if there is no such station in the scope.
    """
    return _contracts(database, scope, await _seen(database, scope, station_id))


async def vehicles(database: Database, scope: Scope, station_id: UUID | None) -> AsyncIterator[Changed]:
    """Cars that stand at a station or belong to it, each time that one or a block or damage of it was changed. Whoever
    has missed something is told of every car of the station. NotFound as above.
    """
    return _vehicles(database, scope, await _seen(database, scope, station_id))


async def _seen(database: Database, scope: Scope, station_id: UUID | None) -> UUID:
    async with database.snapshot(scope) as session:
        station = None if station_id is None else await session.by_id(Station, station_id)
    if station is None:
        raise NotFound(Sentence("There is no such station.", "Diese Station gibt es nicht."), field=["station_id"])
    return station.id


async def _contracts(database: Database, scope: Scope, station_id: UUID) -> AsyncIterator[Changed]:
    with database.changes.listening("contract", station_id) as ear:
        async with database.snapshot(scope) as session:
            ear.caught_up(await session.value(_LATEST, {"station": station_id}))
        while True:
            heard = await ear.heard()
            for changed in heard.ids:
                yield Changed(Contract, changed)
            if heard.missed:
                async for changed in _missed(database, scope, station_id, ear, heard):
                    yield Changed(Contract, changed)


async def _missed(database: Database, scope: Scope, station_id: UUID, ear: Ear, heard: Heard) -> AsyncIterator[UUID]:
    since: datetime | None = heard.since
    while True:
        async with database.snapshot(scope) as session:
            rows = await session.rows(_SINCE, {"station": station_id, "since": since, "most": _PAGE})
        for row in rows:
            if row.id not in heard.ids:
                yield row.id
        if rows:
            since = rows[-1].updated_at
            ear.caught_up(since)
        if len(rows) < _PAGE:
            return


async def _vehicles(database: Database, scope: Scope, station_id: UUID) -> AsyncIterator[Changed]:
    with database.changes.listening("vehicle", station_id) as ear:
        while True:
            heard = await ear.heard()
            ids = set(heard.ids)
            if heard.missed:
                async with database.snapshot(scope) as session:
                    ids |= {row.id for row in await session.rows(_CARS, {"station": station_id})}
            for changed in ids:
                yield Changed(Vehicle, changed)
