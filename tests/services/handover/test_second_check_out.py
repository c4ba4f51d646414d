"""A car that is back does not go out again for the same contract: only a manager takes a return back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.errors import InvalidTransition
from server.models import Protocol, VehicleLeg
from server.models.contract import ContractState
from server.models.protocol import ProtocolType
from tests.builders.bench import Bench
from tests.builders.rentals import check_out, rented
from tests.builders.rows import open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
END = START + timedelta(days=1)


async def test_a_second_check_out_of_what_is_back_is_refused(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, END)

    with pytest.raises(InvalidTransition) as said:
        await check_out(shop, contract, km=10_100)

    assert (said.value.state, (await bench.contract(contract.id)).state) == (ContractState.RETURNED,) * 2
    assert len(await bench.all(VehicleLeg, contract_id=contract.id)) == 1


async def test_one_that_arrives_after_the_return_is_kept_and_moves_nothing(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, END)
    bench.later(minutes=20)

    await check_out(shop, contract, km=10_100, occurred_at=START + timedelta(hours=1))

    now = await bench.contract(contract.id)
    assert (now.state, now.protocol_conflict) == (ContractState.RETURNED, True)
    (kept,) = await bench.all(Protocol, contract_id=contract.id, type=ProtocolType.CHECK_OUT, received_at=bench.now)
    assert kept.conflict == "The contract was RETURNED when this protocol arrived."
    assert len(await bench.all(VehicleLeg, contract_id=contract.id)) == 1
