"""A server as most teams would write it: `uvicorn benchmarks.peers.plain:app`.

Strawberry with its own view, SQLAlchemy's ORM, a DataLoader for whatever a row points at; no caches, no sign-in, as the
owner of the tables. Its answers have the same rows and columns as ours.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import strawberry
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

from benchmarks.peers.plain_types import ZONE, Contracts, Day, Info, Vehicle
from server import models
from server.runtime import settle

_URL = os.environ["BENCHMARK_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
_engine = create_async_engine(_URL, pool_size=20, max_overflow=20)
_sessions = async_sessionmaker(_engine, expire_on_commit=False)
_FREE = """select v.id from vehicle v where v.station_id = :s and v.status = 'ACTIVE' and v.out_contract_id is null
  and v.id not in (select o.vehicle_id from occupancy o where o.station_id = :s and o.active and o.busy_until > :from
    and o.busy_until < :latest and o.starts_at < :to)"""


class Reading:
    """A session that several loaders use, one at a time."""

    def __init__(self, session: AsyncSession) -> None:
        self.session, self.lock = session, asyncio.Lock()

    async def all(self, statement: Any) -> Sequence[Any]:
        """All rows."""
        async with self.lock:
            return (await self.session.scalars(statement)).all()

    def one(self, model: Any) -> DataLoader[Any, Any]:
        """Rows by their id."""

        async def load(keys: list[Any]) -> list[Any]:
            rows = {row.id: row for row in await self.all(select(model).where(model.id.in_(keys)))}
            return [rows.get(key) for key in keys]

        return DataLoader(load_fn=load)

    def many(self, model: Any, key: str, *order: str) -> DataLoader[Any, Any]:
        """Rows by what they belong to."""

        async def load(keys: list[Any]) -> list[Any]:
            wanted = select(model).where(getattr(model, key).in_(keys))
            found: dict[Any, list[Any]] = {}
            for row in await self.all(wanted.order_by(*(getattr(model, name) for name in order))):
                found.setdefault(getattr(row, key), []).append(row)
            return [found.get(one, []) for one in keys]

        return DataLoader(load_fn=load)

    async def uses(self, keys: list[Any]) -> list[Any]:
        """Uses of vehicles in a period, which is the same for all."""
        use, (_, start, end) = _any(models.Occupancy), keys[0]
        wanted = select(use).where(
            use.vehicle_id.in_([key[0] for key in keys]),
            use.active,
            use.starts_at < end,
            use.ends_at > start,
        )
        found: dict[Any, list[Any]] = {}
        for row in await self.all(wanted.order_by(use.starts_at)):
            found.setdefault(row.vehicle_id, []).append(row)
        return [found.get(key[0], []) for key in keys]

    def loaders(self) -> dict[str, Any]:
        """All of them, for one request."""
        return {
            "reading": self,
            "vehicle": self.one(models.Vehicle),
            "customer": self.one(models.Customer),
            "tariff": self.one(models.Tariff),
            "station": self.one(models.Station),
            "group": self.one(models.VehicleGroup),
            "contract": self.one(models.Contract),
            "documents": self.many(models.Document, "contract_id", "issued_at", "id"),
            "drivers": self.many(models.Driver, "contract_id", "id"),
            "protocols": self.many(models.Protocol, "contract_id", "occurred_at"),
            "notes": self.many(models.Note, "contract_id", "created_at"),
            "deposit": self.many(models.Deposit, "contract_id"),
            "damages": self.many(models.Damage, "vehicle_id", "seen_at"),
            "uses": DataLoader(load_fn=self.uses),
        }


@strawberry.type
class Query:
    """What is measured."""

    @strawberry.field
    async def contracts(self, info: Info, station_id: UUID, first: int = 50) -> Contracts:
        contract: Any = models.Contract
        wanted = select(contract).where(contract.station_id == station_id)
        wanted = wanted.order_by(contract.starts_at.desc(), contract.id.desc()).limit(first + 1)
        rows: Any = await info.context["reading"].all(wanted)
        return Contracts(nodes=rows[:first], has_next_page=len(rows) > first)

    @strawberry.field
    async def vehicles(self, info: Info, station_id: UUID, first: int = 100) -> list[Vehicle]:
        vehicle: Any = models.Vehicle
        wanted = select(vehicle).where(vehicle.station_id == station_id).order_by(vehicle.plate).limit(first)
        rows: Any = await info.context["reading"].all(wanted)
        return rows

    @strawberry.field
    async def day(self, info: Info, station_id: UUID, date: date) -> Day:
        contract, vehicle, reading = _any(models.Contract), _any(models.Vehicle), info.context["reading"]
        begins = datetime.combine(date, time(0), ZONE).astimezone(UTC)
        ends = begins + timedelta(days=1)
        out = select(contract).where(contract.station_id == station_id, contract.state == "RESERVED")
        back = select(contract).where(contract.return_station_id == station_id, contract.state == "CHECKED_OUT")
        going = await reading.all(out.where(contract.starts_at < ends).order_by(contract.starts_at))
        coming = await reading.all(back.where(contract.ends_at < ends).order_by(contract.ends_at))
        asked = {"s": station_id, "from": begins, "to": ends, "latest": ends + timedelta(days=60)}
        free = [row[0] for row in (await reading.session.execute(text(_FREE), asked)).all()]
        spare = await reading.all(select(vehicle).where(vehicle.id.in_(free)).order_by(vehicle.plate))
        return Day(check_outs=going, check_ins=coming, spare_vehicles=spare)


def _any(model: Any) -> Any:
    return model


class View(GraphQL[Any, None]):
    """One session for each request."""

    async def get_context(self, request: Any, response: Any) -> Any:
        """Its loaders."""
        session = _sessions()
        request.state.session = session
        return Reading(session).loaders()

    async def run(self, request: Any, *given: Any, **named: Any) -> Any:
        """The answer; the session is closed whatever comes of it."""
        try:
            return await super().run(request, *given, **named)
        finally:
            if (session := getattr(request.state, "session", None)) is not None:
                await session.close()


async def ready(_request: Request) -> Response:
    """That it answers."""
    return Response(b"ready")


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    """What was loaded is kept from the collector, as the product does."""
    settle()
    yield
    await _engine.dispose()


app = Starlette(routes=[Route("/ready", ready), Route("/graphql", View(strawberry.Schema(Query)))], lifespan=lifespan)
