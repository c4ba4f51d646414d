"""A few weeks of contracts around today, made by our own services under a clock of the past.

Bookings, hand-overs, returns and cancellations are played in the order of their times. Between them the real worker
runs what was due, so that deposits are renewed, invoices issued and cards charged when they would have been; the money
moves in the simulator's books. Only mails and the papers of protocols wait for the server's own worker: they take long.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import col, select

from server.clock import Clock
from server.database import ADMINISTRATION, SYSTEM, Database
from server.gateways.payment import PaymentGateway
from server.jobs import ClaimedJob, Handler, TryLater, call_off, line_up
from server.jobs.loops import Worker
from server.models import Contract, Station, Vehicle, VehicleGroup
from server.models.contract import ContractKind
from server.models.fleet import BlockReason
from server.models.job import JobKind
from server.models.staff import Role
from server.sandbox import demo_fleet, demo_plan, demo_protocols
from server.sandbox.demo_bookings import request_of
from server.sandbox.demo_plan import DemoContract, Stage
from server.security import Principal
from server.services.acting import Acting
from server.services.booking import saga
from server.services.ends import cancellation
from server.services.fleet import vehicles
from server.services.fleet.opening import opening_rules
from server.services.outside import Outside
from server.worker import handlers

GatewayAt = Callable[[Clock], AbstractAsyncContextManager[PaymentGateway]]
Step = Callable[[], Awaitable[None]]
DECLINED = "tok-declined"
LEADS = (3, 1, 9, 5, 2, 12, 4, 7, 1, 6)
"""How many days before its start each contract is booked: one after the other, then from the beginning."""
LOOK_BACK = timedelta(days=50)
"""How long before today the history begins: earlier than the plan's first booking."""
LATER = (JobKind.SEND_EMAIL, JobKind.PROTOCOL_SHEET)
"""Jobs that are left to the server's own worker."""
WATCHERS = (JobKind.DRIVE_BOOKING, JobKind.EXPIRE_CAR_HOLD, JobKind.RESOLVE_PAYMENT)
"""Jobs that go on where a process died. None dies here: every payment has its answer before the next step."""
NO_LONGER_GOOD = frozenset({1, 4})
"""Contracts of the plan whose card is refused at the end: deposits are captured, something stays open."""


@dataclass(frozen=True)
class Dealer:
    """The master data that contracts are made with, by code or plate; people and website as callers."""

    stations: dict[str, Station]
    groups: dict[str, VehicleGroup]
    vehicles: dict[str, Vehicle]
    people: tuple[Principal, ...]
    website: Principal

    def somebody(self, role: Role, station_code: str) -> Principal:
        """A member of staff of this role who works at this station."""
        station_id = self.stations[station_code].id
        return next(one for one in self.people if one.role is role and station_id in one.stations)


@dataclass
class PastClock:
    """A clock that stands until it is set forwards."""

    instant: datetime

    def now(self) -> datetime:
        """The instant that it was set to."""
        return self.instant

    def set_to(self, instant: datetime) -> None:
        """Goes forwards, never back."""
        self.instant = max(self.instant, instant)


async def play(outside: Outside, dealer: Dealer, *, until: datetime, gateway_at: GatewayAt) -> None:
    """Makes all contracts of the plan as they stand at an instant."""
    clock = PastClock(until - LOOK_BACK)
    async with gateway_at(clock) as gateway, _unsynced(outside.database):
        past = replace(outside, clock=clock, gateway=gateway)
        worker = Worker(past.database, clock, {**handlers(past), **dict.fromkeys(LATER, _put_off(clock, until))})
        story = _Story(past, dealer, until)
        for at, _order, step in sorted(story.steps(), key=lambda entry: entry[:2]):
            await _work(past, worker, clock, at, until)
            await step()
        await _work(past, worker, clock, until, until)
    await _block_the_uninspected(outside, dealer, until)


@asynccontextmanager
async def _unsynced(database: Database) -> AsyncIterator[None]:
    """Meanwhile commits do not wait for the disk: there are thousands, and demo data can be made again."""

    def relax(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("set synchronous_commit = off")
        cursor.close()
        connection.commit()

    engines = database.engines.values()
    for engine in engines:
        event.listen(engine.sync_engine, "connect", relax)
        await engine.dispose()
    try:
        yield
    finally:
        for engine in engines:
            event.remove(engine.sync_engine, "connect", relax)
            await engine.dispose()


def _put_off(clock: PastClock, opens_at: datetime) -> Handler:
    async def wait(_job: ClaimedJob) -> None:
        raise TryLater(opens_at + (clock.now() - opens_at + LOOK_BACK) / 1_000_000)

    return wait


async def _work(past: Outside, worker: Worker, clock: PastClock, target: datetime, opens_at: datetime) -> None:
    """Runs what falls due up to an instant, each job at its own time, and arrives there."""
    while (due := await _next_due(past, worker, opens_at)) is not None and due < target:
        clock.set_to(due)
        await worker.run_due()
    clock.set_to(target)


async def _next_due(past: Outside, worker: Worker, opens_at: datetime) -> datetime | None:
    async with past.database.transaction(SYSTEM) as session:
        await line_up(session, LATER, since=opens_at - LOOK_BACK, behind=opens_at)
        await call_off(session, WATCHERS, now=opens_at)
    return await worker.next_due()


async def _block_the_uninspected(outside: Outside, dealer: Dealer, now: datetime) -> None:
    late = [car for car in demo_fleet.VEHICLES if car.inspection_in_days < 0]
    async with outside.database.transaction(ADMINISTRATION) as session:
        for car in late:
            vehicle_id, until = dealer.vehicles[car.plate].id, now + timedelta(days=4)
            note = "HU überfällig, Termin in der Werkstatt"
            await vehicles.block(session, vehicle_id, now, until, BlockReason.INSPECTION, note, now=now)


@dataclass
class _Story:
    """The steps of all contracts."""

    outside: Outside
    dealer: Dealer
    now: datetime
    booked: dict[int, UUID] = field(default_factory=dict)

    def steps(self) -> list[tuple[datetime, int, Step]]:
        """When each step is taken; the second value puts steps of one instant in order."""
        found: list[tuple[datetime, int, Step]] = []
        for index, plan in enumerate(demo_plan.PLAN):
            here = opening_rules(self.dealer.stations[plan.station])
            there = opening_rules(self.dealer.stations[plan.return_station or plan.station])
            start, end = demo_plan.period(plan, self.now, here, there)
            lead = timedelta(days=LEADS[index % len(LEADS)], minutes=17 * (index % 11) + 5)
            asked = min(start - lead, self.now - timedelta(hours=1, minutes=7 * (index % 13)))
            found.append((asked, index, self._book(index, plan, start, end)))
            if plan.stage in {Stage.OUT, Stage.OVERDUE, Stage.BILLED}:
                found.append((start, index, self._check_out(index, plan)))
            if plan.stage is Stage.BILLED:
                found.append((end, index, self._check_in(index, plan)))
            if plan.stage is Stage.CANCELLED:
                found.append((asked + timedelta(minutes=40), index, self._cancel(index, plan)))
        return found

    def _book(self, index: int, plan: DemoContract, start: datetime, end: datetime) -> Step:
        async def step() -> None:
            online = plan.kind is ContractKind.RENTAL and plan.note is None
            clerk = self.dealer.somebody(Role.CLERK, plan.station)
            caller = self.dealer.website if online or plan.return_station else clerk
            request = request_of(plan, self.dealer.stations, self.dealer.groups, start, end, self.now)
            self.booked[index] = await saga.book(self.outside, caller, request)

        return step

    async def _spoil_card(self, index: int) -> None:
        """From now on the card is refused, as if it had been cancelled since the booking."""
        async with self.outside.database.transaction(SYSTEM) as session:
            await session.write(
                "update stored_card set token = :token where contract_id = :id",
                {"token": DECLINED, "id": self.booked[index]},
            )

    def _check_out(self, index: int, plan: DemoContract) -> Step:
        async def step() -> None:
            yard = self.dealer.somebody(Role.YARD, plan.station)
            await demo_protocols.check_out(self.outside, yard, await self._contract(index), index, plan)

        return step

    def _check_in(self, index: int, plan: DemoContract) -> Step:
        async def step() -> None:
            if index in NO_LONGER_GOOD:
                await self._spoil_card(index)
            yard = self.dealer.somebody(Role.YARD, plan.return_station or plan.station)
            await demo_protocols.check_in(self.outside, yard, await self._contract(index), plan)

        return step

    def _cancel(self, index: int, plan: DemoContract) -> Step:
        async def step() -> None:
            acting = Acting(self.outside.clock.now(), self.dealer.somebody(Role.CLERK, plan.station))
            contract = await self._contract(index)
            await cancellation.cancel(self.outside, acting, contract.id, contract.version, plan.note)

        return step

    async def _contract(self, index: int) -> Contract:
        async with self.outside.database.transaction(SYSTEM) as session:
            found = await session.first(select(Contract).where(col(Contract.id) == self.booked[index]))
        if found is None:
            raise LookupError(f"contract {index} of the plan")
        return found
