"""Customers who ask to be erased, and the looks at what is over that follow from it."""

from __future__ import annotations

import contextlib
import random

from server.jobs import TryLater
from server.models import Customer
from server.services.retention import erasing, files, requests
from tests.services.life.edit_steps import MANAGERS
from tests.services.life.world import NothingToDo, World, one_of


async def ask_to_be_erased(world: World, dice: random.Random) -> None:
    """Somebody who has rented, mostly when all of it is over."""
    over = [one for one in world.seen.contracts if one.state.value in {"BILLED", "CANCELLED", "NO_SHOW"}]
    contract = one_of(dice, over or world.seen.contracts)
    who = world.somebody(dice, *MANAGERS, sees=contract)
    (stored,) = await world.bench.all(Customer, id=contract.customer_id)
    if stored.restricted_at is not None:
        raise NothingToDo
    await requests.erase(world.bench.outside, world.acting(who), stored.id, stored.version, "Brief")
    await requests.carry_out(world.bench.outside, stored.id)


async def look_after_contracts(world: World, dice: random.Random) -> None:
    """What the job does when a contract's time has come, with any of them, and perhaps twice."""
    contract = one_of(dice, world.seen.contracts)
    for _ in range(dice.choice([1, 1, 2])):
        with contextlib.suppress(TryLater):
            await erasing.look(world.bench.outside, contract.id)
    async with world.bench.owned() as session:
        erasures = await session.rows("select distinct erasure_id from erased_file")
    for row in erasures:
        await files.delete(world.bench.outside, row.erasure_id)
