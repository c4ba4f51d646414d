"""What the provider does wrong, what waits for a person, and time that passes."""

from __future__ import annotations

import contextlib
import random
from datetime import timedelta

from server.gateways.payment import LineKind
from server.jobs import TryLater
from server.models import Contract, Vehicle
from server.models.contract import ContractState
from server.models.recipient import PostalAddress
from server.models.staff import Role
from server.security import Principal
from server.services.acting import Acting
from server.services.billing import invoice
from server.services.changes import customer_data
from server.services.changes.customer_data import CounterCustomer
from server.services.fleet import vehicles
from server.services.fleet.vehicles import VehicleChange
from tests.services.life.edit_steps import BACK, OFFICE
from tests.services.life.world import World, one_of

_KINDS: tuple[LineKind, ...] = ("sale", "hold", "capture", "refund", "void")
HOME = PostalAddress(street="Hauptstr. 1", postcode="10115", city="Berlin")


async def rest(world: World, dice: random.Random) -> None:
    """Nothing happens."""


async def lose_an_answer(world: World, dice: random.Random) -> None:
    """The provider does what the next call asks, and its answer never comes."""
    world.bench.books.script(dice.choice(_KINDS), "lost")


async def refuse_a_payment(world: World, dice: random.Random) -> None:
    """The provider refuses the next call of a kind."""
    world.bench.books.script(dice.choice(_KINDS), "decline:05")


async def have_the_provider_fail(world: World, dice: random.Random) -> None:
    """The next call of a kind meets a provider that is in trouble: before it has done it, or after."""
    trouble = ("503", "fault:server", "process-then-fault", "process-then-contradict", "garbage")
    world.bench.books.script(dice.choice(_KINDS), dice.choice(trouble))


async def work(world: World, dice: random.Random) -> None:
    """The worker does what is due."""
    await world.work()


async def wait(world: World, dice: random.Random) -> None:
    """Time passes, minutes to days, and the worker does everything in its time."""
    hours = dice.choice([0.1, 0.5, 1, 3, 3, 8, 24, 24, 48, 24 * 4])
    await world.pass_time(timedelta(hours=hours))


async def be_away(world: World, dice: random.Random) -> None:
    """Time passes while no worker runs: what was due is done late."""
    world.bench.later(minutes=dice.choice([1, 10, 20, 90, 600]))


async def look_lost_payments_up(world: World, dice: random.Random) -> None:
    """Somebody has the provider asked at once."""
    for contract_id in {one.contract_id for one in world.seen.unresolved if one.sent_at is not None}:
        with contextlib.suppress(TryLater):
            await world.bench.look_up(contract_id)


async def settle(world: World, dice: random.Random) -> None:
    """A clerk has looked at why billing waits."""
    waiting = [one for one in world.seen.contracts if one.billing_block is not None or one.protocol_conflict]
    contract = dice.choice(waiting) if waiting else world.pick(dice, BACK)
    await settle_by(world, contract, world.somebody(dice, *OFFICE, sees=contract))


async def settle_by(world: World, contract: Contract, who: Principal) -> None:
    """Where money had to go back by hand, it has."""
    now = await world.now_of(contract)
    seen = await world.look()
    there = now.paid_cents + seen.claimed_cents(now.id) + seen.owed_cents(now.id) + seen.on_the_way_cents(now.id)
    away = there - seen.payable_cents(now.id) - world.by_hand.get(now.id, 0)
    await invoice.settle_by_hand(world.bench.outside, who, now.id, now.version)
    if now.billing_block in invoice.PAID_BY_HAND:
        world.by_hand[now.id] = world.by_hand.get(now.id, 0) + away


async def complete_the_customer(world: World, dice: random.Random) -> None:
    """The address is known now."""
    without = [
        one for one in world.seen.contracts if one.customer.address is None and one.state is not ContractState.HELD
    ]
    contract = one_of(dice, without)
    await complete(world, contract, world.somebody(dice, Role.CLERK, Role.MANAGER, sees=contract))


async def complete(world: World, contract: Contract, who: Principal) -> None:
    """A clerk enters where the customer lives."""
    now = await world.now_of(contract)
    async with world.bench.outside.database.transaction(who.scope) as session:
        acting = Acting(world.now, who)
        await customer_data.complete(session, now.id, now.version, CounterCustomer(address=HOME), acting)


async def measure_the_tanks(world: World, who: Principal) -> None:
    """A manager enters the sizes that are missing."""
    for car in await world.bench.all(Vehicle, tank_litres=None):
        async with world.bench.outside.database.transaction(who.scope) as session:
            change = VehicleChange(tank_litres=50)
            await vehicles.update_vehicle(session, car.id, car.version, change, now=world.now)
