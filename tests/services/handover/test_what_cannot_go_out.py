"""Hand-overs that cannot be entered: of a car that is back already, or that stands somewhere else by now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.errors import InvalidTransition
from server.models import Protocol, Vehicle, VehicleLeg
from server.models.contract import ContractState
from server.models.protocol import ProtocolType
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_out, rented
from tests.builders.rows import open_shop, station
from tests.services.handover.hands import HAND, sign
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


async def test_what_was_signed_for_a_car_that_stands_elsewhere_is_kept(bench: Bench) -> None:
    """Its tablet was offline; meanwhile the car was brought back to another station from the rental before."""
    # Given
    shop, elsewhere = await open_shop(bench), station()
    await bench.put(elsewhere)
    contract = await book(shop, START, END)
    (car,) = await bench.all(Vehicle, id=contract.vehicle_id)
    async with bench.owned() as session:
        await session.write("update vehicle set station_id = :there", {"there": elsewhere.id})
    await sign(shop)
    bench.clock.move_to(START + timedelta(hours=1))
    # When
    await check_out(shop, contract, occurred_at=START, staff_signature_sha256=HAND, vehicle_id=car.id)
    # Then
    now = await bench.contract(contract.id)
    assert (now.state, now.protocol_conflict) == (ContractState.RESERVED, True)
    (kept,) = await bench.all(Protocol, contract_id=contract.id)
    assert kept.conflict == "The car stood at another station when this protocol arrived."
    assert await bench.all(VehicleLeg) == []
