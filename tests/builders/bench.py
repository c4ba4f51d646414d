"""What a service works with in its tests: a database of its own, the gateway's simulator, a clock that is moved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import inspect
from sqlmodel import SQLModel, col, select

from server.database import SYSTEM, Database
from server.gateways.mailer import SmtpMailer
from server.gateways.object_store import open_object_store
from server.gateways.telecash import TelecashGateway, TelecashSettings
from server.models import Contract, Deposit
from server.sandbox.telecash import SimulatorConfig, create_simulator
from server.sandbox.telecash.script import add_script
from server.sandbox.telecash.store import Store
from server.services.outside import Outside
from server.services.payments import attempts, inquiries
from server.worker import follow
from tests.services.samples import at

NOW = at("2026-09-07 10:00")
"""A Monday with nothing special about it for weeks."""


@dataclass
class StandingClock:
    """Stands still until it is set forwards."""

    instant: datetime = NOW

    def now(self) -> datetime:
        return self.instant

    def move_to(self, instant: datetime) -> None:
        assert instant >= self.instant, "time goes forwards"
        self.instant = instant


class Emptying:
    """Takes everything out of a database again, past the triggers that keep documents and histories for ever."""

    def __init__(self, owner: str) -> None:
        self._owner = psycopg.connect(owner, autocommit=True)
        tables = self._owner.execute(
            "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"
        ).fetchall()
        deletes = [SQL("delete from {}").format(Identifier(name)) for (name,) in tables]
        self._statement = SQL("; ").join([SQL("set session_replication_role = replica"), *deletes])

    def __call__(self) -> None:
        self._owner.execute(self._statement)

    def close(self) -> None:
        self._owner.close()


@dataclass
class Telecash:
    """The simulator in this process, its clock, and the real client on it, without a network between them."""

    store: Store
    clock: StandingClock
    gateway: TelecashGateway

    def begin(self) -> None:
        """As on the first morning: nothing in the books, the clock where it was."""
        self.clock.instant = NOW
        self.store.reset()

    def script(self, operation: str, outcome: str, order: str | None = None, times: int = 1) -> None:
        wish = {"operation": operation, "order": order, "outcome": outcome, "times": times}
        with self.store.database.transaction() as connection:
            add_script(connection, wish)

    def ledger(self, contract: Contract) -> list[tuple[str, str, str]]:
        """Type, amount and state of what really happened to a contract's money, in order."""
        lines = [line for line in self.store.ledger_lines() if line["order_id"].startswith(contract.number)]
        return [(line["type"], line["amount"], line["state"]) for line in lines]


@asynccontextmanager
async def telecash(directory: Path) -> AsyncIterator[Telecash]:
    clock, config = StandingClock(), SimulatorConfig()
    simulator = create_simulator(clock, directory, config)
    settings = TelecashSettings(
        service_url="http://simulator.invalid/ipgapi/services",
        connect_url="http://simulator.invalid/connect/gateway/processing",
        store_id=config.store_id,
        user=config.user,
        password=config.password,
        shared_secret=config.shared_secret,
    )
    async with TelecashGateway(settings, transport=httpx2.ASGITransport(app=simulator)) as gateway:
        yield Telecash(simulator.state.store, clock, gateway)
    simulator.state.store.close()


@dataclass
class Bench:
    """One test's outside world, and short ways to look at what is stored."""

    outside: Outside
    telecash: Telecash

    @property
    def clock(self) -> StandingClock:
        return self.telecash.clock

    @property
    def now(self) -> datetime:
        return self.clock.instant

    def later(self, **delta: float) -> None:
        self.clock.move_to(self.now + timedelta(**delta))

    async def put(self, *rows: SQLModel) -> None:
        """Stores rows as they are."""
        async with self.outside.database.transaction(SYSTEM) as session:
            for row in rows:
                await session.store(row)

    async def all(self, model: type[Any], **wanted: object) -> list[Any]:
        """The stored rows of a model whose columns have these values, in the order of their ids."""
        statement = select(model).where(*(col(getattr(model, name)) == value for name, value in wanted.items()))
        async with self.outside.database.transaction(SYSTEM) as session:
            return await session.all(statement.order_by(*inspect(model).primary_key))

    async def contract(self, contract_id: UUID) -> Contract:
        (found,) = await self.all(Contract, id=contract_id)
        stored: Contract = found
        return stored

    async def deposit(self, contract_id: UUID) -> Deposit:
        (found,) = await self.all(Deposit, contract_id=contract_id)
        stored: Deposit = found
        return stored

    async def payments(self, contract_id: UUID) -> list[tuple[str, str, int]]:
        """Kind, state and cents of our own attempts, in order."""
        async with self.outside.database.transaction(SYSTEM) as session:
            made = await attempts.of_contract(session, contract_id)
        return [(one.kind.value, one.state.value, one.amount_cents) for one in made]

    async def look_up(self, contract_id: UUID) -> None:
        """The job that asks the gateway about attempts whose answers were lost, and what follows from them."""
        async with self.outside.database.transaction(SYSTEM) as session:
            made = await attempts.of_contract(session, contract_id)
        for payment in made:
            if payment.state in attempts.UNRESOLVED:
                await inquiries.resolve(self.outside, payment.id)
                await follow(self.outside, payment.id)

    async def counts(self, *models: type[SQLModel]) -> list[int]:
        """How many rows there are, to see that nothing was written."""
        return [len(await self.all(model)) for model in models]


def outside_of(database: Database, books: Telecash, media: Path) -> Outside:
    """The outside world. Mails are jobs that nobody runs here, so their server need not be there."""
    return Outside(
        database=database,
        clock=books.clock,
        gateway=books.gateway,
        mailer=SmtpMailer("smtp://127.0.0.1:1", "test@example.com"),
        objects=open_object_store(media.absolute().as_uri()),
        base_url="http://ersatzwagen.invalid",
        mail_domain="example.com",
    )


def texts(rows: Sequence[Any], *names: str) -> list[tuple[Any, ...]]:
    """These columns of rows."""
    return [tuple(getattr(row, name) for name in names) for row in rows]
