"""What is changed of a contract: period, tariff, drivers, payer; and how a booking ends before its car goes out."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from server.errors import VersionConflict
from server.models import Driver
from server.models.contract import ContractState
from server.models.staff import Role
from server.models.tariff import PriceLineKind
from server.services.changes import drivers, payer, period, tariff
from server.services.changes.period import PeriodChange
from server.services.changes.tariff import EditRequest
from server.services.ends import cancellation, no_show
from server.services.people.drivers import DriverDetails
from tests.services.life.agreement import preview_and_change_agree
from tests.services.life.booking_steps import PAYER
from tests.services.life.world import HOUR, Broken, World, one_of

OFFICE = (Role.CLERK, Role.CLERK, Role.MANAGER, Role.ADMIN)
MANAGERS = (Role.MANAGER, Role.ADMIN)
RESERVED, OUT, BACK = ContractState.RESERVED, ContractState.CHECKED_OUT, ContractState.RETURNED


async def change_the_period(world: World, dice: random.Random) -> None:
    """Longer, shorter or moved; by a website for its own bookings as well."""
    contract = world.pick(dice, RESERVED, OUT)
    who = world.somebody(dice, *OFFICE, sees=contract)
    if contract.client_id is not None and dice.random() < 0.5:
        who = world.website
    start, end = world.period(dice)
    if contract.state is OUT or dice.random() < 0.4:
        hours = dice.choice([-24, 4, 24, 48, 24 * 7])
        start, end = contract.starts_at, world.open_at(max(contract.ends_at, world.now) + hours * HOUR)
    if dice.random() < 0.2:
        start, end = contract.starts_at, contract.ends_at + timedelta(hours=dice.choice([-3, 1, 10]))
    force = dice.random() < 0.3
    wanted = PeriodChange(start, end, force, "Panne beim Kunden" if force else None)
    acting = world.acting(who)
    change = partial(period.change, world.bench.outside, acting, wanted=wanted)
    await preview_and_change_agree(world, acting, contract, partial(period.look, wanted=wanted), change)


async def edit_the_tariff(world: World, dice: random.Random) -> None:
    """Any of what can be edited."""
    contract = world.pick(dice, RESERVED, OUT, BACK)
    what: dict[str, Any] = dice.choice(
        [
            {"day_price": Decimal(dice.choice(["0", "19.90", "49", "79"]))},
            {"extra_km": Decimal(dice.choice(["0", "0.19", "0.35"]))},
            {"discount_percent": Decimal(dice.choice(["0", "7.5", "33.33", "100"]))},
            {"discount_amount": Decimal(dice.choice(["0", "10", "59", "500"]))},
            {"included_km_per_day": dice.choice([0, 50, 300])},
            {"fuel_per_litre": Decimal(dice.choice(["0", "1.95"]))},
            {"energy_per_kwh": Decimal("0.79")},
            {"waive_line": dice.choice(list(PriceLineKind))},
            {"charge_line": dice.choice(list(PriceLineKind))},
        ]
    )
    asked = EditRequest(reason="Kulanz", **what)
    acting = world.acting(world.somebody(dice, *OFFICE, sees=contract))

    async def change(contract_id: Any, version: int) -> object:
        return await tariff.change(world.bench.outside, acting, contract_id, version, asked)

    await preview_and_change_agree(world, acting, contract, partial(tariff.look_at, asked=asked), change)


async def add_a_driver(world: World, dice: random.Random) -> None:
    """Somebody more, who may be too young."""
    contract = world.pick(dice, RESERVED, OUT)
    born = date(dice.choice([1970, 1990, 2000, 2012]), 3, dice.randint(1, 28))
    entry = DriverDetails(first_name=dice.choice(["Berta", "Carla"]), last_name="Zweite", birth_date=born)
    acting = world.acting(world.somebody(dice, *OFFICE, sees=contract))

    async def change(contract_id: Any, version: int) -> object:
        return await drivers.add(world.bench.outside, acting, contract_id, version, entry)

    await preview_and_change_agree(world, acting, contract, partial(drivers.look_at_adding, entry=entry), change)


async def remove_a_driver(world: World, dice: random.Random) -> None:
    """One of those who may drive; the renter stays."""
    contract = world.pick(dice, RESERVED, OUT)
    people = await world.bench.all(Driver, contract_id=contract.id)
    driver = one_of(dice, people).id
    acting = world.acting(world.somebody(dice, *OFFICE, sees=contract))

    async def change(contract_id: Any, version: int) -> object:
        return await drivers.remove(world.bench.outside, acting, contract_id, version, driver)

    await preview_and_change_agree(world, acting, contract, partial(drivers.look_at_removing, driver_id=driver), change)


async def change_the_payer(world: World, dice: random.Random) -> None:
    """To an insurer, or back to the customer."""
    contract = world.pick(dice, RESERVED, OUT, BACK, ContractState.BILLED)
    wanted = None if dice.random() < 0.4 else PAYER
    acting = world.acting(world.somebody(dice, *OFFICE, sees=contract))
    change = partial(payer.change, world.bench.outside, acting, payer=wanted)
    await preview_and_change_agree(world, acting, contract, partial(payer.look, payer=wanted), change)


async def cancel(world: World, dice: random.Random) -> None:
    """By the office, or by the website before the start."""
    contract = world.pick(dice, RESERVED)
    who = world.somebody(dice, *OFFICE, sees=contract)
    if contract.client_id is not None and dice.random() < 0.5:
        who = world.website
    acting = world.acting(who)
    change = partial(cancellation.cancel, world.bench.outside, acting, reason=None)
    await preview_and_change_agree(world, acting, contract, cancellation.look, change, is_priced=False)


async def mark_a_no_show(world: World, dice: random.Random) -> None:
    """A clerk says that nobody came."""
    begun = [one for one in world.seen.contracts if one.state is RESERVED and one.starts_at <= world.now]
    contract = dice.choice(begun) if begun else world.pick(dice, RESERVED)
    acting = world.acting(world.somebody(dice, *OFFICE, sees=contract))
    now = await world.now_of(contract)
    await no_show.mark(world.bench.outside, acting, contract.id, now.version)


async def undo_a_no_show(world: World, dice: random.Random) -> None:
    """The customer comes after all."""
    contract = world.pick(dice, ContractState.NO_SHOW)
    acting = world.acting(world.somebody(dice, *MANAGERS))
    now = await world.now_of(contract)
    await no_show.undo(world.bench.outside, acting, contract.id, now.version, "kam doch noch")


async def edit_what_has_changed(world: World, dice: random.Random) -> None:
    """With the version before the last: somebody else was faster."""
    contract = one_of(dice, [one for one in world.seen.contracts if one.version > 1])
    acting = world.acting(world.somebody(dice, Role.MANAGER))
    try:
        await cancellation.cancel(world.bench.outside, acting, contract.id, contract.version - 1, None)
    except VersionConflict:
        return
    raise Broken("an edit of an old version was done")
