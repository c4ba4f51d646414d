"""Cars that go out, come back, are swapped, blocked, damaged; protocols that are taken back or put right."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from server.errors import DomainError, ProblemCode
from server.models import Contract, Driver, Protocol, Vehicle, VehicleBlock
from server.models.damage import DamageKind, VehicleView
from server.models.fleet import BlockReason
from server.models.staff import Role
from server.security import Principal
from server.services.acting import Acting
from server.services.booking import reassignment
from server.services.changes import edit, readings
from server.services.changes.readings import Reading
from server.services.ends import undo
from server.services.fleet import vehicles
from server.services.handover import damages, exchange, swap
from server.services.handover.damages import DamageReport
from server.services.handover.swap import SwapRequest
from tests.builders.rentals import report
from tests.services.life.edit_steps import MANAGERS, OFFICE, OUT, RESERVED
from tests.services.life.world import HOUR, Broken, NothingToDo, World, one_of

STAFF = (Role.YARD, Role.YARD, Role.CLERK, Role.MANAGER)


async def check_out(world: World, dice: random.Random) -> None:
    """The planned car or another one; a manager goes on without a deposit."""
    ready = [one for one in world.seen.contracts if one.state is RESERVED and one.starts_at <= world.now + HOUR]
    contract = dice.choice(ready) if ready else world.pick(dice, RESERVED)
    more: dict[str, Any] = {}
    who = world.somebody(dice, *STAFF, sees=contract)
    if who.role is Role.MANAGER:
        more["override_reason"] = "Stammkunde"
    if dice.random() < 0.2:
        more["vehicle_id"] = dice.choice(world.seen.vehicles).id
    car_id = more.get("vehicle_id") or contract.vehicle_id
    if car_id is None:
        raise NothingToDo
    drivers = tuple(str(one.id) for one in await world.bench.all(Driver, contract_id=contract.id))
    km = (await world.car(car_id)).odometer_km + dice.choice([0, 0, 3, 40])
    said = report(contract, world.now, km, {"licence_checked_driver_ids": drivers, **more})
    async with world.bench.outside.database.transaction(who.scope) as session:
        await exchange.check_out(session, said, Acting(world.now, who))


async def check_in(world: World, dice: random.Random) -> None:
    """On time or not, here or there, with the key dropped hours ago, with less fuel, dirt or a scratch."""
    gone = world.seen.with_their_cars()
    contract = dice.choice(gone) if gone and dice.random() < 0.3 else world.pick(dice, OUT)
    more: dict[str, Any] = {"fuel": dice.choice([8, 8, 8, 6])}
    if dice.random() < 0.25:
        dropped = world.now - timedelta(hours=dice.randint(0, 9))
        more["key_drop_at"] = max(dropped, contract.checked_out_at or dropped)
    if dice.random() < 0.3:
        more["damages"] = tuple(scratch() for _ in range(dice.choice([1, 1, 2])))
    if dice.random() < 0.1:
        more["station_id"] = dice.choice(world.shops).station.id
    back_at = more.get("station_id") or contract.return_station_id
    able = [one for role in STAFF for one in world.people[role] if back_at in one.stations]
    await take_back(world, dice, contract, dice.choice(able), **more)


async def take_back(world: World, dice: random.Random, contract: Contract, who: Principal, **more: Any) -> None:
    """The car comes back now, some kilometres further."""
    km = await driven(world, dice, contract.vehicle_id)
    said = report(contract, world.now, km, more)
    async with world.bench.outside.database.transaction(who.scope) as session:
        await exchange.check_in(session, said, Acting(world.now, who))


async def driven(world: World, dice: random.Random, vehicle_id: Any) -> int:
    return (await world.car(vehicle_id)).odometer_km + dice.choice([0, 20, 140, 420])


def scratch() -> DamageReport:
    return DamageReport(uuid4(), VehicleView.LEFT, 0.4, 0.5, DamageKind.SCRATCH, 40, None, ())


async def swap_the_car(world: World, dice: random.Random) -> None:
    """Any car instead of the one that is out; what the preview says against it is what stands against it."""
    contract = world.pick(dice, OUT)
    car = dice.choice(world.seen.vehicles)
    who = world.somebody(dice, *STAFF, sees=contract)
    acting = Acting(world.now, who)
    back = report(contract, world.now, await driven(world, dice, contract.vehicle_id), {"fuel": dice.choice([8, 3])})
    drivers = tuple(str(one.id) for one in await world.bench.all(Driver, contract_id=contract.id))
    km = (await world.car(car.id)).odometer_km
    out = report(contract, world.now, km, {"licence_checked_driver_ids": drivers})
    now = await world.now_of(contract)
    wanted = SwapRequest(contract.id, now.version, car.id, back, out, waive_fuel=dice.random() < 0.5)
    foreseen = (
        await edit.preview(world.bench.outside, acting, contract.id, partial(swap.look, vehicle_id=car.id))
    ).problems
    try:
        async with world.bench.outside.database.transaction(who.scope) as session:
            await swap.swap(session, wanted, acting)
    except DomainError as refusal:
        if refusal.code is ProblemCode.VEHICLE_NOT_READY and not foreseen:
            raise Broken(f"the preview saw nothing against the car, but: {refusal}") from refusal
        raise
    if foreseen:
        raise Broken(f"swapped, although the preview says {foreseen}")


async def undo_a_protocol(world: World, dice: random.Random) -> None:
    """The last one, mostly."""
    recent = [one for one in world.seen.protocols if one.received_at >= world.now - HOUR]
    protocols = recent or world.seen.protocols
    protocol = one_of(dice, protocols)
    acting = world.acting(world.somebody(dice, *MANAGERS))
    await undo.undo(world.bench.outside, acting, protocol.id, "falscher Vertrag")


async def correct_a_reading(world: World, dice: random.Random) -> None:
    """Some kilometres or eighths more or fewer, also of what is billed."""
    protocol: Protocol = one_of(dice, world.seen.protocols)
    contract = world.seen.contract(protocol.contract_id)
    who = world.somebody(dice, *OFFICE, sees=contract)
    right = Reading(odometer_km=max(0, protocol.odometer_km + dice.choice([-120, -5, 5, 300])))
    if dice.random() < 0.3:
        right = Reading(fuel_eighths=dice.randint(0, 8))
    await readings.correct(world.bench.outside, world.acting(who), protocol.id, right, "Zahlendreher")


async def block_a_car(world: World, dice: random.Random) -> None:
    """For the workshop, for hours or days."""
    car: Vehicle = dice.choice(world.seen.vehicles)
    start: datetime = world.now + dice.choice([0, 5, 30, 100]) * HOUR
    able = [one for one in world.people[Role.CLERK] if car.station_id in one.stations]
    who = dice.choice(able)
    async with world.bench.outside.database.transaction(who.scope) as session:
        await vehicles.block(
            session, car.id, start, start + dice.choice([3, 24, 72]) * HOUR, BlockReason.WORKSHOP, None, now=world.now
        )


async def unblock_a_car(world: World, dice: random.Random) -> None:
    """One of the blocks."""
    blocks = await world.bench.all(VehicleBlock)
    block = one_of(dice, blocks)
    who = world.people[Role.MANAGER][0]
    async with world.bench.outside.database.transaction(who.scope) as session:
        await vehicles.unblock(session, block.id, now=world.now)


async def report_a_damage(world: World, dice: random.Random) -> None:
    """Found on the yard."""
    car: Vehicle = dice.choice(world.seen.vehicles)
    who = world.people[Role.MANAGER][0]
    async with world.bench.outside.database.transaction(who.scope) as session:
        await damages.report(session, car.id, scratch(), now=world.now)


async def reassign_cars(world: World, dice: random.Random) -> None:
    """Other cars for contracts at risk."""
    shop = dice.choice(world.shops)
    who = world.people[Role.MANAGER][0]
    async with world.bench.outside.database.transaction(who.scope) as session:
        await reassignment.reassign(session, shop.station.id, None, Acting(world.now, who))
