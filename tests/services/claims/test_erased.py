"""Damages that come to light when the customer's data are erased already: somebody still says who pays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.errors import ProblemCode, Refused
from server.models import Contract, Customer, Email
from server.models.damage import DamageLiability
from server.models.staff import Role
from server.services.retention import requests
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out
from tests.builders.rows import Shop, open_shop
from tests.services.claims.damaged import CONFIRMED, CUSTOMER, acting, collect, damage_of, decide, scratch
from tests.services.ends.called_off import cancel as call_off
from tests.services.handover.hands import HAND, sign
from tests.services.handover.swaps import END, START
from tests.services.retention.looking import look


async def scratched_by_nobody(shop: Shop) -> Contract:
    """Handed over without a network, cancelled and erased meanwhile; then the tablet's protocol came, and the car."""
    bench = shop.bench
    contract = await book(shop, START, END)
    bench.clock.move_to(START + timedelta(minutes=5))
    await call_off(shop, contract)
    await sign(shop)
    (stored,) = await bench.all(Customer)
    await requests.erase(bench.outside, acting(shop, Role.MANAGER), stored.id, stored.version, "Brief")
    bench.clock.move_to(END - timedelta(hours=1))
    await requests.carry_out(bench.outside, stored.id)
    await look(bench, contract.id)
    assert (await bench.contract(contract.id)).person_erased_at == bench.now
    await check_out(shop, contract, km=10_020, occurred_at=START, staff_signature_sha256=HAND)
    bench.clock.move_to(END)
    await check_in(shop, contract, km=10_300, damages=(scratch(),))
    return await bench.contract(contract.id)


@pytest.mark.parametrize("path", [[DamageLiability.REJECTED], [CONFIRMED, DamageLiability.DECIDED_OWN_COST]])
async def test_it_is_decided_and_nobody_is_told(bench: Bench, path: list[DamageLiability]) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await scratched_by_nobody(shop)
    mails = await bench.all(Email)
    # When
    for liability in path:
        await decide(shop, liability)
    await collect(bench, contract)
    # Then
    assert (await damage_of(bench)).liability is path[-1]
    assert len(await bench.all(Email)) == len(mails)


async def test_nobody_is_asked_to_pay(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    await scratched_by_nobody(shop)
    await decide(shop, CONFIRMED)
    # When
    with pytest.raises(Refused, match="erased") as refused:
        await decide(shop, CUSTOMER, final_net="300.00")
    # Then
    assert (refused.value.code, list(refused.value.field or ())) == (ProblemCode.NOT_ALLOWED, ["damage_id"])
    damage = await damage_of(bench)
    assert (damage.liability, damage.final_net_cents) == (CONFIRMED, None)
