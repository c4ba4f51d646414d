"""Two stations with their cars, their people and a website: what the steps act on, and whom they act as."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from server.database import SYSTEM
from server.gateways.mailer import MailUnavailable, OutgoingMail
from server.jobs import ClaimedJob, Handler, TryLater, hasten_tried
from server.jobs.absences import is_absent
from server.jobs.loops import Worker
from server.models import Contract, Vehicle
from server.models.contract import ContractState
from server.models.job import JobKind
from server.models.staff import Role
from server.security import Principal
from server.services.acting import Acting
from server.services.contract import effects
from server.services.fleet.opening import opening_rules
from server.worker import handlers
from tests.builders.bench import Bench
from tests.builders.rows import Shop, open_shop, station, vehicle
from tests.services.life import sight
from tests.services.life.sight import Sight

HOUR = timedelta(hours=1)
UNDER_WAY = (ContractState.HELD, ContractState.RESERVED, ContractState.CHECKED_OUT, ContractState.RETURNED)
LONGEST_UNRESOLVED = timedelta(hours=6)
PHONE = "+49 30 23125110"
"""Whom an authority asks about its invoices."""


class NothingToDo(Exception):  # no error: a step that finds nothing to act on
    """There is no contract, car or protocol that this step could be about."""


class Broken(AssertionError):
    """A law does not hold, or something failed that is no refusal."""


T = TypeVar("T")


def one_of(dice: random.Random, choices: Sequence[T]) -> T:
    """One of them; NothingToDo if there is none."""
    if not choices:
        raise NothingToDo
    return dice.choice(choices)


class Postbox:
    """A mail server that takes everything, unless it is away. No dataclass: a failure would show each mail, whole."""

    def __init__(self) -> None:
        self.sent: list[OutgoingMail] = []
        self.away = False

    async def send(self, mail: OutgoingMail) -> None:
        if self.away:
            raise MailUnavailable("nobody answers")
        self.sent.append(mail)


@dataclass
class World:
    """A town with two stations; `seen` is what was there after the last step."""

    bench: Bench
    here: Shop
    there: Shop
    website: Principal
    people: dict[Role, tuple[Principal, ...]]
    seen: Sight
    worker: Worker
    postbox: Postbox
    failures: list[BaseException] = field(default_factory=list)
    by_hand: dict[UUID, int] = field(default_factory=dict)
    """Cents that people have moved past the gateway: what clearing a block has said."""

    @property
    def now(self) -> datetime:
        return self.bench.now

    @property
    def shops(self) -> tuple[Shop, Shop]:
        return self.here, self.there

    def somebody(self, dice: random.Random, *roles: Role, sees: Contract | None = None) -> Principal:
        """One of the people of these roles; of those who see the contract, nearly always."""
        able = [one for role in roles for one in self.people[role]]
        if sees is not None and dice.random() < 0.97:
            able = [one for one in able if one.role is Role.ADMIN or sees.station_id in one.stations] or able
        return dice.choice(able)

    def acting(self, who: Principal, why: str | None = None) -> Acting:
        return Acting(self.now, who, why)

    def pick(self, dice: random.Random, *states: ContractState) -> Contract:
        """A contract in one of these states, once in a while in any."""
        fitting = [one for one in self.seen.contracts if one.state in states]
        return one_of(dice, self.seen.contracts if dice.random() < 0.05 else fitting)

    async def now_of(self, contract: Contract) -> Contract:
        return await self.bench.contract(contract.id)

    async def car(self, vehicle_id: UUID | None) -> Vehicle:
        (found,) = await self.bench.all(Vehicle, id=vehicle_id)
        car: Vehicle = found
        return car

    def open_at(self, instant: datetime) -> datetime:
        """The next instant at which both stations are open; they have the same hours."""
        return opening_rules(self.here.station).next_open(instant) or instant

    def period(self, dice: random.Random) -> tuple[datetime, datetime]:
        """A period that may be booked: soon or in some days, for hours or days."""
        ahead = dice.choice([timedelta(0), HOUR, 4 * HOUR, 24 * HOUR, 48 * HOUR, 24 * 4 * HOUR, 24 * 9 * HOUR])
        start = self.open_at(self.now + ahead)
        length = dice.choice([4 * HOUR, 24 * HOUR, 24 * HOUR, 48 * HOUR, 72 * HOUR, 24 * 8 * HOUR])
        return start, self.open_at(start + length)

    async def look(self) -> Sight:
        return await sight.look(self.bench)

    async def work(self) -> int:
        """Does every job that is due, as the worker does; how many."""
        self.failures.clear()
        ran, _ = await self.worker.run_due()
        if self.failures:
            raise Broken("a job failed") from self.failures[0]
        return ran

    async def pass_time(self, delta: timedelta) -> None:
        """The clock goes on, and the worker does every job in its time."""
        until = self.now + delta
        await self.work()
        while (due := await self.worker.next_due()) is not None and due <= until:
            self.bench.clock.move_to(max(due, self.now))
            await self.work()
        self.bench.clock.move_to(until)

    async def become_quiet(self) -> Sight:
        """Goes on until the outcome of every payment is known and nothing is due; time passes as far as it must. The
        mail server is there again, and what had waited for it is tried at once.
        """
        self.postbox.away = False
        async with self.bench.outside.database.transaction(SYSTEM) as session:
            await hasten_tried(session, now=self.now)
        latest = self.now + LONGEST_UNRESOLVED
        await self.work()
        now = await self.look()
        while now.unresolved and self.now < latest:
            due = await self.worker.next_due()
            if due is None:
                break
            self.bench.clock.move_to(max(due, self.now))
            await self.work()
            now = await self.look()
        return now


async def found(bench: Bench) -> World:
    """The town on its first morning. One car's tank is not known: what is missing in it cannot be priced."""
    here = await open_shop(bench, cars=2, after_hours_return=True, phone=PHONE)
    other = station(after_hours_return=True, phone=PHONE)
    await bench.put(other)
    there = replace(here, station=other, vehicles=[])
    await there.add_car()
    odd = vehicle(here.station, here.group, tank_litres=None)
    await bench.put(odd)
    here.vehicles.append(odd)
    postbox = Postbox()
    bench.outside = replace(bench.outside, mailer=postbox)
    website = await here.website(may_change_period=True)
    failures: list[BaseException] = []
    worker = Worker(bench.outside.database, bench.clock, _watched(bench, failures), tell=effects.given_up)
    people = _people(here, there, website)
    return World(bench, here, there, website, people, await sight.look(bench), worker, postbox, failures)


def _people(here: Shop, there: Shop, website: Principal) -> dict[Role, tuple[Principal, ...]]:
    both = (here.station.id, there.station.id)
    manager = Principal(uuid4(), "Manager of both", Role.MANAGER, both)
    traveller = Principal(uuid4(), "Clerk of both", Role.CLERK, both)
    return {
        Role.YARD: (here.somebody(Role.YARD), there.somebody(Role.YARD)),
        Role.CLERK: (here.somebody(), there.somebody(), traveller),
        Role.MANAGER: (manager,),
        Role.ADMIN: (Principal(uuid4(), "Administrator", Role.ADMIN, ()),),
        Role.WEB: (website,),
    }


def _watched(bench: Bench, failures: list[BaseException]) -> dict[JobKind, Handler]:
    """The worker's own handlers; what one of them raises is kept, for the worker only counts it."""

    def keep(handler: Handler) -> Handler:
        async def run(job: ClaimedJob) -> None:
            try:
                await handler(job)
            except TryLater:
                raise
            except BaseException as fault:
                if not is_absent(fault):
                    failures.append(fault)
                raise

        return run

    return {kind: keep(handler) for kind, handler in handlers(bench.outside).items()}


Rule = Callable[[World, random.Random], Awaitable[None]]
