"""Protocols from a tablet that was offline: signed, of hours ago, whatever has become of the contract since."""

from __future__ import annotations

import hashlib
import io
import random
from datetime import datetime, timedelta
from typing import Any

from PIL import Image

from server.models import Contract, Driver
from server.security import Principal
from server.services.acting import Acting
from server.services.handover import exchange, photos, swap
from server.services.handover.swap import SwapRequest
from tests.builders.rentals import report
from tests.services.life.handover_steps import STAFF, driven
from tests.services.life.world import World, one_of


async def check_out_late(world: World, dice: random.Random) -> None:
    """Of a contract in any state: what happened is kept."""
    contract = one_of(dice, [one for one in world.seen.contracts if one.vehicle_id is not None])
    who = world.somebody(dice, *STAFF, sees=contract)
    drivers = [str(one.id) for one in await world.bench.all(Driver, contract_id=contract.id)]
    more: dict[str, Any] = {"licence_checked_driver_ids": tuple(drivers) if dice.random() < 0.8 else ()}
    if dice.random() < 0.2:
        more["vehicle_id"] = dice.choice(world.seen.vehicles).id
    km = await driven(world, dice, more.get("vehicle_id", contract.vehicle_id))
    said = report(contract, _ago(world, dice, contract), km, more | await _signed(world, who))
    async with world.bench.outside.database.transaction(who.scope) as session:
        await exchange.check_out(session, said, Acting(world.now, who))


async def check_in_late(world: World, dice: random.Random) -> None:
    """The same of a return."""
    contract = one_of(dice, [one for one in world.seen.contracts if one.vehicle_id is not None])
    who = world.somebody(dice, *STAFF, sees=contract)
    km = await driven(world, dice, contract.vehicle_id)
    said = report(contract, _ago(world, dice, contract), km, await _signed(world, who))
    async with world.bench.outside.database.transaction(who.scope) as session:
        await exchange.check_in(session, said, Acting(world.now, who))


async def swap_late(world: World, dice: random.Random) -> None:
    """A swap of a while ago, as the contract was read then."""
    contract = one_of(dice, [one for one in world.seen.contracts if one.checked_out_at is not None])
    car = dice.choice(world.seen.vehicles)
    who = world.somebody(dice, *STAFF, sees=contract)
    at, hand = _ago(world, dice, contract), await _signed(world, who)
    drivers = tuple(str(one.id) for one in await world.bench.all(Driver, contract_id=contract.id))
    back = report(contract, at, await driven(world, dice, contract.vehicle_id), dict(hand))
    km = (await world.car(car.id)).odometer_km
    out = report(contract, at, km, hand | {"licence_checked_driver_ids": drivers})
    wanted = SwapRequest(contract.id, contract.version - 1, car.id, back, out, waive_fuel=False)
    async with world.bench.outside.database.transaction(who.scope) as session:
        await swap.swap(session, wanted, Acting(world.now, who))


def _ago(world: World, dice: random.Random, contract: Contract) -> datetime:
    return max(world.now - timedelta(hours=dice.choice([0.5, 1, 5, 20])), contract.created_at)


async def _signed(world: World, who: Principal) -> dict[str, Any]:
    """The yard's hand under it."""
    drawn = io.BytesIO()
    Image.new("RGB", (90, 30), "white").save(drawn, "JPEG")
    sha256 = hashlib.sha256(drawn.getvalue()).hexdigest()
    await photos.upload(world.bench.outside, who, sha256, drawn.getvalue(), now=world.now)
    return {"staff_signature_sha256": sha256}
