"""No contract is stuck: from wherever it stands, the right people bring it to its end."""

from __future__ import annotations

import random
from datetime import timedelta

from server.errors import DomainError, ProblemCode
from server.models import Contract
from server.models.contract import ContractState
from server.models.contract_attention import BillingBlock
from server.models.damage import UNDECIDED
from server.models.staff import Role
from server.services.contract import no_shows
from server.services.ends import cancellation, no_show
from tests.services.life.damage_steps import decide_about_every_damage
from tests.services.life.handover_steps import scratch, take_back
from tests.services.life.money_steps import complete, measure_the_tanks, settle_by
from tests.services.life.quiet_laws import OVER
from tests.services.life.receivable_steps import transfer_each_back
from tests.services.life.world import Broken, World

MOST_BLOCKS = 8


async def every_contract_comes_to_its_end(world: World, dice: random.Random) -> None:
    """Brings all contracts to an end, with nothing left that waits for a person."""
    await world.become_quiet()
    await world.pass_time(timedelta(minutes=20))
    await measure_the_tanks(world, world.people[Role.MANAGER][0])
    for contract in (await world.look()).contracts:
        await _end(world, dice, await world.now_of(contract))
    while gone := (await world.look()).with_their_cars():
        await take_back(world, dice, gone[0], world.people[Role.MANAGER][0], override_reason="Ende")
    now = await world.become_quiet()
    await world.pass_time(timedelta(hours=2))
    now = await world.become_quiet()
    for contract in now.contracts:
        await _clear(world, contract)
    await world.become_quiet()
    await decide_about_every_damage(world, dice)
    for contract in now.contracts:
        await _clear(world, contract)
    now = await world.become_quiet()
    undecided = [one for one in now.damages if one.liability in UNDECIDED]
    if undecided:
        raise Broken(f"not decided: {undecided}")
    left = [one for one in now.contracts if one.state not in OVER or one.billing_block or one.protocol_conflict]
    if left:
        words = [(one.number, one.state, one.billing_block, one.billing_block_detail) for one in left]
        raise Broken(f"stuck: {words}")
    if out := [car.plate for car in now.vehicles if car.out_contract_id is not None]:
        raise Broken(f"never back: {out}")


async def _end(world: World, dice: random.Random, contract: Contract) -> None:
    manager = world.people[Role.MANAGER][0]
    if contract.state is ContractState.RESERVED:
        await _nobody_comes(world, dice, contract)
    if contract.state is ContractState.CHECKED_OUT:
        found = tuple(scratch() for _ in range(dice.choice([0, 1, 2])))
        await take_back(world, dice, contract, manager, override_reason="Ende", damages=found)


async def _nobody_comes(world: World, dice: random.Random, contract: Contract) -> None:
    acting = world.acting(world.people[Role.MANAGER][0])
    if dice.random() < 0.4:
        await cancellation.cancel(world.bench.outside, acting, contract.id, contract.version, "Ende")
        return
    await world.pass_time(max(no_shows.from_when(contract) - world.now, timedelta(0)))
    now = await world.now_of(contract)
    if now.state is ContractState.RESERVED:
        acting = world.acting(world.people[Role.CLERK][-1])
        await no_show.mark(world.bench.outside, acting, contract.id, now.version)


async def _clear(world: World, contract: Contract) -> None:
    clerk = world.people[Role.CLERK][-1]
    for _ in range(MOST_BLOCKS):
        now = await world.now_of(contract)
        if now.state is not ContractState.RETURNED and now.billing_block is None and not now.protocol_conflict:
            return
        if now.billing_block is BillingBlock.ADDRESS_MISSING and now.customer.address is None and now.payer is None:
            await complete(world, now, clerk)
            continue
        try:
            if not await transfer_each_back(world, now, clerk):
                await settle_by(world, now, clerk)
        except DomainError as refusal:
            if refusal.code is not ProblemCode.VERSION_CONFLICT:
                raise Broken(f"{now.number} cannot be settled: {refusal.code} {refusal}") from refusal
        await world.work()
