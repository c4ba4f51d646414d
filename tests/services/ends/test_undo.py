"""A check-out or check-in taken back within the hour: everything is where it was, and the protocol is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from server.errors import DomainError, PeriodConflict, ProblemCode
from server.models import Contract, Document, Email, HistoryEntry, Occupancy, Protocol, Vehicle, VehicleLeg
from server.models.contract import ContractState, SettlementState
from server.models.contract_parts import HistoryAction
from server.models.email import EmailTemplate
from server.models.payment import DepositState
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.security import Principal
from server.services.acting import Acting
from server.services.billing import collection, invoice
from server.services.ends import undo
from server.services.handover import exchange
from server.services.payments import deposits
from tests.builders.bench import Bench, texts
from tests.builders.rentals import book, check_in, check_out, rented, report
from tests.builders.rows import Shop, open_shop, station
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
END = START + 2 * DAY


async def take_back(shop: Shop, contract: Contract, kind: ProtocolType) -> Contract:
    protocol = (await shop.bench.all(Protocol, contract_id=contract.id, type=kind))[-1]
    acting = Acting(shop.bench.now, shop.somebody(Role.MANAGER))
    await undo.undo(shop.bench.outside, acting, protocol.id, "falscher Vertrag")
    return await shop.bench.contract(contract.id)


async def written(bench: Bench, contract: Contract) -> list[Any]:
    kinds = [Document, Email, HistoryEntry, VehicleLeg]
    counts = [len(await bench.all(kind, contract_id=contract.id)) for kind in kinds]
    voided = texts(await bench.all(Protocol, contract_id=contract.id), "type", "voided")
    now = await bench.contract(contract.id)
    uses = texts(await bench.all(Occupancy, contract_id=contract.id, active=True), "starts_at", "busy_until", "kind")
    return [now.version, now.state, counts, voided, uses]


async def test_a_return_that_never_was_leaves_the_car_out(bench: Bench) -> None:
    # Given a return on the first evening
    shop = await open_shop(bench)
    contract = await rented(shop, START, END, back=START + 9 * HOUR)

    # When
    bench.clock.move_to(bench.now + 59 * MINUTE)
    now = await take_back(shop, contract, ProtocolType.CHECK_IN)

    # Then
    assert (now.state, now.returned_at) == (ContractState.CHECKED_OUT, None)
    (car,) = await bench.all(Vehicle, id=contract.vehicle_id)
    assert (car.out_contract_id, car.out_until) == (contract.id, END)
    assert texts(await bench.all(VehicleLeg, contract_id=contract.id), "from_at", "to_at") == [(START, None)]
    uses = texts(await bench.all(Occupancy, contract_id=contract.id, active=True), "starts_at", "busy_until")
    assert uses == [(START, END + HOUR)]
    voided = texts(await bench.all(Protocol, contract_id=contract.id), "type", "voided")
    assert sorted(voided) == [(ProtocolType.CHECK_IN, True), (ProtocolType.CHECK_OUT, False)]
    (entry,) = await bench.all(HistoryEntry, contract_id=contract.id, action=HistoryAction.PROTOCOL_VOIDED)
    assert (entry.reason, entry.before) == ("falscher Vertrag", "CHECK_IN")
    (mail,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CORRECTION)
    assert "das Protokoll der Rückgabe vom 08.09.2026, 18:00 Uhr" in mail.text.replace("\u00a0", " ")
    assert "gilt nicht" in mail.text
    # And it comes back for good
    bench.clock.move_to(END)
    await check_in(shop, now, km=10_100)
    await invoice.settle(bench.outside, contract.id)
    assert (await bench.contract(contract.id)).total_cents == 11_800


async def test_what_was_billed_meanwhile_counts_for_the_next_invoice(bench: Bench) -> None:
    # Given billed with 400 km: 25.00 for 100 km more were charged, and the deposit lifted
    shop = await open_shop(bench)
    contract = await rented(shop, START, START + DAY, km=250, back=START + DAY)
    await invoice.settle(bench.outside, contract.id)
    await deposits.release(bench.outside, contract.id)
    assert (await bench.contract(contract.id)).paid_cents == 8_400

    # When it is taken back, and the car comes back a day later
    now = await take_back(shop, contract, ProtocolType.CHECK_IN)
    await collection.collect(bench.outside, contract.id)
    await deposits.place(bench.outside, contract.id)
    assert (now.state, now.settlement_state) == (ContractState.CHECKED_OUT, SettlementState.NONE)
    assert (await bench.contract(contract.id)).paid_cents == 8_400
    assert (await bench.deposit(contract.id)).state is DepositState.ACTIVE
    bench.clock.move_to(START + 2 * DAY)
    await check_in(shop, now, km=10_260)
    await invoice.settle(bench.outside, contract.id)

    # Then 118.00 were due in all, 84.00 were there
    done = await bench.contract(contract.id)
    assert (done.total_cents, done.paid_cents, done.settlement_state) == (11_800, 11_800, SettlementState.PAID)
    final = (await bench.all(Document, contract_id=contract.id))[-1]
    assert (final.payable_cents, final.moves_cents) == (5_900, 3_400)
    issued = await bench.all(Document, contract_id=contract.id)
    assert sum(one.payable_cents for one in issued) == done.paid_cents


async def test_a_fee_of_the_return_that_never_was_is_not_billed_again(bench: Bench) -> None:
    # Given a key that was dropped at night, for 25.00
    shop = await open_shop(bench, after_hours_return=True)
    contract = await book(shop, START, START + DAY)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    night = at("2026-09-08 22:00")
    bench.clock.move_to(night + 30 * MINUTE)
    await check_in(shop, contract, key_drop_at=night)
    await invoice.settle(bench.outside, contract.id)
    assert (await bench.contract(contract.id)).total_cents == 8_400

    # When it was another car's key, and this one comes back by day
    now = await take_back(shop, contract, ProtocolType.CHECK_IN)
    bench.clock.move_to(START + DAY)
    await check_in(shop, now)
    await invoice.settle(bench.outside, contract.id)

    # Then
    done = await bench.contract(contract.id)
    assert (done.total_cents, done.paid_cents, done.settlement_state) == (5_900, 5_900, SettlementState.PAID)


async def test_a_hand_over_that_never_was_leaves_the_booking(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START)
    await check_out(shop, contract)

    now = await take_back(shop, contract, ProtocolType.CHECK_OUT)

    assert (now.state, now.checked_out_at) == (ContractState.RESERVED, None)
    (car,) = await bench.all(Vehicle, id=contract.vehicle_id)
    assert (car.out_contract_id, car.out_until) == (None, None)
    assert texts(await bench.all(VehicleLeg, contract_id=contract.id), "from_at", "to_at") == [(START, START)]
    # And it goes out again
    bench.clock.move_to(START + HOUR)
    await check_out(shop, now)
    assert (await bench.contract(contract.id)).state is ContractState.CHECKED_OUT


async def test_it_is_to_come_back_where_it_was_to_come_back_before(bench: Bench) -> None:
    # Given a return that was recorded at another station
    shop, there = await open_shop(bench), station()
    await bench.put(there)
    contract = await book(shop, START, END)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    admin = Principal(uuid4(), "Administrator", Role.ADMIN, ())
    bench.clock.move_to(START + HOUR)
    async with bench.outside.database.transaction(admin.scope) as session:
        said = report(contract, bench.now, 10_010, {"station_id": there.id})
        await exchange.check_in(session, said, Acting(bench.now, admin))
    assert (await bench.contract(contract.id)).return_station_id == there.id

    # When
    now = await take_back(shop, contract, ProtocolType.CHECK_IN)

    # Then
    assert (now.return_station_id, now.return_station_code) == (shop.station.id, shop.station.code)
    (car,) = await bench.all(Vehicle, id=contract.vehicle_id)
    assert (car.station_id, car.leaves_at) == (shop.station.id, None)


async def test_after_an_hour_it_is_too_late_and_only_the_last_one_goes(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, END)
    before = await written(bench, contract)

    with pytest.raises(DomainError) as said:
        await take_back(shop, contract, ProtocolType.CHECK_OUT)
    assert (said.value.code, said.value.field) == (ProblemCode.INVALID_INPUT, ["protocol_id"])
    bench.clock.move_to(bench.now + 61 * MINUTE)
    with pytest.raises(DomainError) as said:
        await take_back(shop, contract, ProtocolType.CHECK_IN)
    assert said.value.code is ProblemCode.NOT_ALLOWED

    assert await written(bench, contract) == before


async def test_a_car_that_went_on_stays_where_it_is(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, END, back=START + 2 * HOUR)
    other = await book(shop, START + 4 * HOUR, START + 8 * HOUR)
    before = await written(bench, contract)

    with pytest.raises(PeriodConflict) as said:
        await take_back(shop, contract, ProtocolType.CHECK_IN)
    assert [use.contract_id for use in said.value.conflicts] == [other.id]
    assert await written(bench, contract) == before

    bench.clock.move_to(START + 2 * HOUR + 30 * MINUTE)
    await check_out(shop, other, km=10_100)
    with pytest.raises(DomainError) as gone:
        await take_back(shop, contract, ProtocolType.CHECK_IN)
    assert gone.value.code is ProblemCode.VEHICLE_NOT_READY
    assert await written(bench, contract) == before


async def test_a_hand_over_that_was_taken_back_is_not_what_is_billed(bench: Bench) -> None:
    # Given a hand-over that was taken back, and the right one, which was some minutes earlier
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START + HOUR)
    await check_out(shop, contract)
    now = await take_back(shop, contract, ProtocolType.CHECK_OUT)
    await check_out(shop, now, occurred_at=bench.now - 5 * MINUTE)
    # When it comes back
    bench.clock.move_to(END)
    await check_in(shop, now)
    await invoice.settle(bench.outside, contract.id)
    # Then
    done = await bench.contract(contract.id)
    assert (done.state, done.total_cents, done.paid_cents) == (ContractState.BILLED, 11_800, 11_800)
