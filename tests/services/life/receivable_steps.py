"""What people do about money after billing: they pay elsewhere, give up, take documents back."""

from __future__ import annotations

import random

from server.models import Contract
from server.models.payment import DepositState
from server.security import Principal
from server.services.changes import card
from server.services.claims import withdrawal
from server.services.payments.new_card import Page
from server.services.receivables import external, write_off
from server.services.receivables.external import ExternalPayment
from tests.services.life.edit_steps import MANAGERS, OFFICE, OUT, RESERVED
from tests.services.life.world import World, one_of


async def pay_elsewhere(world: World, dice: random.Random) -> None:
    """All or a part of what is open, mostly; by a transfer that somebody may enter twice."""
    item = one_of(dice, [one for one in world.seen.open_items if one.open_cents] or world.seen.open_items)
    who = world.somebody(dice, *OFFICE, sees=world.seen.contract(item.contract_id))
    cents = item.open_cents if dice.random() < 0.6 else item.open_cents // 2
    paid = ExternalPayment(cents, dice.choice(["T-1", "T-2", "T-3"]))
    for _ in range(dice.choice([1, 1, 2])):
        await external.record(world.bench.outside, world.acting(who), item.document_id, paid)


async def transfer_each_back(world: World, contract: Contract, who: Principal) -> bool:
    """Several refunds that are owed by hand are entered one by one: `settleContract` refuses them. Whether there were."""
    owed = [one for one in (await world.look()).open_items if one.contract_id == contract.id and one.open_cents < 0]
    if len(owed) < 2:
        return False
    for item in owed:
        paid = ExternalPayment(item.open_cents, "T-4")
        await external.record(world.bench.outside, world.acting(who), item.document_id, paid)
    return True


async def write_an_item_off(world: World, dice: random.Random) -> None:
    """A manager gives up."""
    item = one_of(dice, world.seen.open_items)
    acting = world.acting(world.somebody(dice, *MANAGERS))
    await write_off.write_off(world.bench.outside, acting, item.id, "Insolvenz")


async def ask_for_another_card(world: World, dice: random.Random) -> None:
    """A payment page for it; whether somebody enters a card there is another matter."""
    contract = world.pick(dice, RESERVED, OUT)
    acting = world.acting(world.somebody(dice, *OFFICE, sees=contract))
    now = await world.now_of(contract)
    page = Page("https://shop.example/yes", "https://shop.example/no")
    await card.replace(world.bench.outside, acting, contract.id, now.version, page)


async def place_the_deposit_again(world: World, dice: random.Random) -> None:
    """Of a contract whose deposit failed or ended, mostly."""
    failed = {
        one.contract_id for one in world.seen.deposits if one.state in {DepositState.FAILED, DepositState.EXPIRED}
    }
    contract = one_of(dice, [one for one in world.seen.contracts if one.id in failed] or world.seen.contracts)
    acting = world.acting(world.somebody(dice, *OFFICE, sees=contract))
    now = await world.now_of(contract)
    await card.place_deposit(world.bench.outside, acting, contract.id, now.version)


async def cancel_a_document(world: World, dice: random.Random) -> None:
    """Any document."""
    document = one_of(dice, world.seen.documents)
    acting = world.acting(world.somebody(dice, *MANAGERS))
    await withdrawal.cancel_document(world.bench.outside, acting, document.id, "falsche Anschrift")
