"""What is given up: a manager's decision, with a reason; nothing moves."""

from __future__ import annotations

import pytest

from server.errors import InvalidInput, NotFound, ProblemCode, Refused
from server.models import HistoryEntry, Protocol
from server.models.columns import uuid7
from server.models.contract import SettlementState
from server.models.contract_parts import HistoryAction
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.services.acting import Acting
from server.services.changes import readings
from server.services.changes.readings import Reading
from server.services.receivables import write_off
from tests.builders.bench import Bench
from tests.builders.rows import open_shop
from tests.services.receivables.billed import final_of, item_of, on_account, pay, work, written


async def test_the_rest_is_given_up(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await on_account(shop)
    final = await final_of(bench, contract)
    await pay(shop, final, 5_000)
    item = await item_of(bench, final)
    manager = Acting(bench.now, shop.somebody(Role.MANAGER))
    # When
    await write_off.write_off(bench.outside, manager, item.id, "Insolvenz")
    # Then
    now = await work(bench, contract)
    assert (now.settlement_state, now.paid_cents) == (SettlementState.WRITTEN_OFF, 5_000)
    item = await item_of(bench, final)
    assert (item.open_cents, item.written_off_cents) == (0, 6_800)
    (entry,) = await bench.all(HistoryEntry, contract_id=contract.id, action=HistoryAction.OPEN_ITEM_WRITTEN_OFF)
    assert (entry.before, entry.after, entry.reason) == ("6800", final.number, "Insolvenz")
    # Again, or without a reason: nothing is open, and nothing happens
    before = await written(bench, contract)
    for reason, field in (("Insolvenz", ["open_item_id"]), ("  ", ["reason"])):
        with pytest.raises(InvalidInput) as said:
            await write_off.write_off(bench.outside, manager, item.id, reason)
        assert list(said.value.field or []) == field
    assert await written(bench, contract) == before


async def test_an_item_that_nobody_knows(bench: Bench) -> None:
    shop = await open_shop(bench)
    with pytest.raises(NotFound):
        await write_off.write_off(bench.outside, Acting(bench.now, shop.somebody(Role.MANAGER)), uuid7(), "x")


async def test_what_was_given_up_does_not_come_back_with_a_corrected_reading(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await on_account(shop)
    item = await item_of(bench, await final_of(bench, contract))
    manager = Acting(bench.now, shop.somebody(Role.MANAGER))
    await write_off.write_off(bench.outside, manager, item.id, "Insolvenz")
    back = next(one for one in await bench.all(Protocol, contract_id=contract.id) if one.type is ProtocolType.CHECK_IN)
    before = await written(bench, contract)
    # When
    with pytest.raises(Refused) as said:
        await readings.correct(bench.outside, manager, back.id, Reading(odometer_km=10_400), "Zahlendreher")
    # Then
    assert said.value.code is ProblemCode.NOT_ALLOWED
    assert await written(bench, contract) == before
