"""What a service works with in its tests: a database of its own, the gateway's simulator, a clock that is moved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import httpx2
import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import SQLModel, col, select

from server.database import SYSTEM, Database, Session
from server.database.connections import conninfo
from server.gateways.mailer import SmtpMailer
from server.gateways.object_store import open_object_store
from server.gateways.payment import LineKind, PaymentGateway
from server.gateways.telecash import TelecashGateway, TelecashSettings
from server.models import Contract, Deposit
from server.sandbox.telecash import SimulatorConfig, create_simulator
from server.sandbox.telecash.script import add_script
from server.sandbox.telecash.store import Store
from server.security import LinkSigner, Sealer
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


class Books(Protocol):
    """A payment provider as tests see it: it is told what to answer, and its books are read."""

    clock: StandingClock

    @property
    def gateway(self) -> PaymentGateway:
        """The port to it."""
        ...

    def begin(self) -> None:
        """As on the first morning: nothing in the books, the clock where it was."""
        ...

    def script(self, kind: LineKind, outcome: str, order: str | None = None) -> None:
        """What the next call of that kind meets: `decline:CODE`, or `lost`: it is done, and the answer never comes."""
        ...

    def lines(self) -> list[tuple[str, str, str]]:
        """Kind, amount and state of what really happened to the money, in order."""
        ...

    def ledger(self, contract: Contract) -> list[tuple[str, str, str]]:
        """Those of one contract."""
        ...


@dataclass(frozen=True)
class Wish:
    """What a test orders the next matching call to meet; without an order the next of its kind."""

    kind: LineKind
    outcome: str
    order: str | None = None

    def meets(self, kind: LineKind, order: str) -> bool:
        """Whether a call is the one."""
        return self.kind == kind and self.order in (None, order)


_OPERATIONS: dict[LineKind, str] = {
    "sale": "sale",
    "hold": "preAuth",
    "capture": "postAuth",
    "refund": "return",
    "void": "void",
}
_KINDS = {operation: kind for kind, operation in _OPERATIONS.items()}
_OUTCOMES = {"lost": "process-then-503"}


@dataclass
class Telecash:
    """The simulator in this process, its clock, and the real client on it, without a network between them."""

    store: Store
    clock: StandingClock
    gateway: TelecashGateway

    def begin(self) -> None:
        self.clock.instant = NOW
        self.store.reset()

    def script(self, kind: LineKind, outcome: str, order: str | None = None) -> None:
        outcome = _OUTCOMES.get(outcome, outcome)
        wish = {"operation": _OPERATIONS[kind], "order": order, "outcome": outcome, "times": 1}
        with self.store.database.transaction() as connection:
            add_script(connection, wish)

    def lines(self) -> list[tuple[str, str, str]]:
        return [_line(line) for line in self.store.ledger_lines()]

    def ledger(self, contract: Contract) -> list[tuple[str, str, str]]:
        return [_line(line) for line in self.store.ledger_lines() if line["order_id"].startswith(contract.number)]


def _line(line: dict[str, str]) -> tuple[str, str, str]:
    return _KINDS[line["type"]], line["amount"], line["state"]


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
    books: Books
    owner: async_sessionmaker[Session]

    @property
    def clock(self) -> StandingClock:
        return self.books.clock

    @property
    def now(self) -> datetime:
        return self.clock.instant

    def later(self, **delta: float) -> None:
        self.clock.move_to(self.now + timedelta(**delta))

    @asynccontextmanager
    async def owned(self, *, past_triggers: bool = False) -> AsyncIterator[Session]:
        """A transaction of the owner's: for rows that no caller would write, or that nobody could."""
        async with self.owner() as session:
            if past_triggers:
                await session.write("set local session_replication_role = replica")
            yield session
            await session.commit()

    async def put(self, *rows: SQLModel) -> None:
        """Stores rows as they are."""
        async with self.owned() as session:
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


@asynccontextmanager
async def owners(url: str) -> AsyncIterator[async_sessionmaker[Session]]:
    """Sessions of the database's superuser, past policies and grants."""
    engine = create_async_engine(
        "postgresql+psycopg://",
        async_creator=lambda: psycopg.AsyncConnection.connect(conninfo(url), options="-c timezone=UTC"),
    )
    yield async_sessionmaker(engine, class_=Session, expire_on_commit=False)
    await engine.dispose()


def outside_of(database: Database, books: Books, media: Path) -> Outside:
    """The outside world. Mails are jobs that nobody runs here, so their server need not be there."""
    database.clock = books.clock  # one database serves many tests
    return Outside(
        database=database,
        clock=books.clock,
        gateway=books.gateway,
        mailer=SmtpMailer("smtp://127.0.0.1:1", "test@example.com"),
        objects=open_object_store(media.absolute().as_uri()),
        base_url="http://ersatzwagen.invalid",
        mail_domain="example.com",
        sealer=Sealer(b"of the tests"),
        links=LinkSigner(b"of the tests"),
    )


def texts(rows: Sequence[Any], *names: str) -> list[tuple[Any, ...]]:
    """These columns of rows."""
    return [tuple(getattr(row, name) for name in names) for row in rows]
