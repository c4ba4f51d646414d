"""A late car that comes back at a station which does not see what it is wanted for next."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.dialects.postgresql import Range

from server.models import Occupancy, VehicleBlock
from server.models.columns import uuid7
from server.models.contract import ContractState
from server.models.fleet import BlockReason
from server.models.occupancy import OccupancyKind
from server.models.staff import Role
from server.services.acting import Acting
from server.services.handover import exchange
from server.services.payments import deposits
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_out, report
from tests.builders.rows import open_shop
from tests.services.samples import at

START, END = at("2026-09-08 09:00"), at("2026-09-09 09:00")
BACK, WANTED = at("2026-09-09 14:00"), at("2026-09-09 14:30")


async def test_its_turnaround_ends_where_a_use_begins_that_the_yard_does_not_see(bench: Bench) -> None:
    # Given a one-way rental that is late, and a block of the station that its car has come from
    here, there = await open_shop(bench), await open_shop(bench)
    car = here.vehicles[0]
    contract = await book(here, START, END, role=Role.ADMIN, return_station_id=there.station.id, vehicle_id=car.id)
    bench.clock.move_to(START)
    await deposits.place(bench.outside, contract.id)
    await check_out(here, contract)
    end = WANTED + timedelta(days=1)
    block = VehicleBlock(
        id=uuid7(), vehicle_id=car.id, reason=BlockReason.WORKSHOP, starts_at=WANTED, ends_at=end,
        created_at=START,
    )  # fmt: skip
    wanted = Occupancy(
        vehicle_id=car.id, station_id=here.station.id, block_id=block.id, kind=OccupancyKind.BLOCK,
        during=Range(WANTED, end, bounds="[)"), starts_at=WANTED, ends_at=end, busy_until=end,
    )  # fmt: skip
    await bench.put(block)
    await bench.put(wanted)
    # When the other station takes it back, half an hour before
    bench.clock.move_to(BACK)
    yard = there.somebody(Role.YARD)
    said = report(contract, BACK, 10_100, {"station_id": there.station.id})
    async with bench.outside.database.transaction(yard.scope) as session:
        await exchange.check_in(session, said, Acting(BACK, yard))
    # Then
    assert (await bench.contract(contract.id)).state is ContractState.RETURNED
    assert [(use.kind.value, use.starts_at) for use in await bench.all(Occupancy) if use.active] == [
        ("CHECKED_OUT", START),
        ("BLOCK", WANTED),
    ]
