"""A car that is not back: busy for everything until it is, overdue after its grace, with mails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server import batches
from server.database import SYSTEM
from server.models import Email, HistoryEntry, Occupancy
from server.models.contract_attention import ContractFlag
from server.models.staff import Role
from server.services.acting import Acting
from server.services.booking import free_cars, gaps, overdue
from server.services.booking.slot import Slot
from server.services.changes import period
from server.services.changes.period import PeriodChange
from server.services.fleet import occupancies
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out
from tests.builders.rows import Shop, open_shop
from tests.services.booking.lateness import (
    DAY,
    END,
    FREE,
    HOUR,
    MINUTE,
    NOTICED,
    START,
    behind,
    flags,
    jobs,
    mails,
    numbers,
    out,
    reassign,
)

# Busy until it is back


@pytest.mark.parametrize("late", [timedelta(0), 30 * MINUTE, 5 * DAY])
async def test_from_its_planned_end_on_a_late_car_is_free_for_nothing(bench: Bench, late: timedelta) -> None:
    # Given: out, and the turnaround not even over
    shop, contract = await out(bench)
    car = shop.vehicles[0]
    assert await offered(shop, END + 10 * DAY) == (1, [car.id], [car.id], END + 10 * DAY)

    bench.clock.move_to(END + late)

    assert await offered(shop, END + 10 * DAY) == (0, [], [], None)
    await check_in(shop, contract)
    assert await offered(shop, END + 10 * DAY) == (1, [car.id], [car.id], END + 10 * DAY)


async def offered(shop: Shop, start: datetime) -> tuple[int, list[Any], list[Any], datetime | None]:
    """Count, candidates, free cars of the station, and the next free instant."""
    bench, slot = shop.bench, Slot(shop.station, start, start + DAY)
    async with bench.outside.database.transaction(SYSTEM) as session:
        counts, ahead = await free_cars.bookable_counts(session, slot, bench.now, [shop.group.id])
        free = counts.get(shop.group.id, 0)
        return (
            free,
            await free_cars.candidates(session, slot, shop.group.id, bench.now),
            [car.id for car in await free_cars.all_of(session, slot, bench.now)],
            slot.start if free else (await gaps.next_free(session, slot, bench.now, ahead)).get(shop.group.id),
        )


async def test_a_car_that_went_out_early_is_not_offered_before_its_time(bench: Bench) -> None:
    # Given: booked for tomorrow, handed over today
    shop = await open_shop(bench)
    contract = await book(shop, START + DAY, END + DAY, **FREE)
    bench.clock.move_to(START)
    await check_out(shop, contract)

    found = await offered(shop, START + 2 * HOUR)

    # Then: not in the gap before, but behind its end and turnaround
    assert found == (0, [], [], END + DAY + HOUR)


async def test_the_board_shows_a_late_car_as_taken_up_to_now(bench: Bench) -> None:
    shop, contract = await out(bench)
    (use,) = await bench.all(Occupancy, contract_id=contract.id)

    async def shown() -> datetime:
        async with bench.outside.database.transaction(SYSTEM) as session:
            (car,) = await batches.vehicle(session, [shop.vehicles[0].id])
            (uses,) = await batches.occupancy_of_vehicle(
                session, [(shop.vehicles[0].id, END, END + 9 * DAY, bench.now)]
            )
            assert [one.id for one in uses] == ([use.id] if bench.now >= END else [])
            return occupancies.shown_end(use, car, bench.now)

    assert await shown() == END
    bench.clock.move_to(END + 3 * HOUR)
    assert await shown() == END + 3 * HOUR
    await check_in(shop, contract)
    async with bench.outside.database.transaction(SYSTEM) as session:
        (car,) = await batches.vehicle(session, [shop.vehicles[0].id])
    assert occupancies.shown_end(use, car, bench.now + HOUR) == END


async def test_a_long_rental_is_late_once(bench: Bench) -> None:
    # Given: more than one row, the last of them the turnaround alone
    shop = await open_shop(bench)
    start = START.astimezone(UTC)
    until = start + 60 * DAY
    contract = await book(shop, start, until, **FREE)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    assert len(await bench.all(Occupancy, contract_id=contract.id)) == 2
    bench.clock.move_to(until + 5 * DAY)
    async with bench.outside.database.transaction(SYSTEM) as session:
        later = (shop.vehicles[0].id, until + 9 * DAY, until + 10 * DAY, bench.now)
        (uses,) = await batches.occupancy_of_vehicle(session, [later])
    assert len(uses) == 1


# Overdue


async def test_overdue_begins_when_the_grace_is_over(bench: Bench) -> None:
    shop, contract = await out(bench)
    bench.clock.move_to(END + HOUR - timedelta(seconds=1))
    assert await flags(shop, contract) == []
    bench.clock.move_to(END + HOUR)
    assert await flags(shop, contract) == [ContractFlag.OVERDUE]
    await check_in(shop, contract)
    assert await flags(shop, contract) == []


async def test_the_customer_of_an_overdue_car_is_reminded_once(bench: Bench) -> None:
    shop, contract = await out(bench, **NOTICED)
    assert await jobs(bench) == [END + HOUR]

    bench.clock.move_to(END + HOUR)
    for _ in range(3):
        await overdue.look(bench.outside, contract.id)

    # Then: nobody waits for the car, so the station is not bothered
    assert await mails(bench) == [("OVERDUE", contract.customer.email, "DE")]
    (mail,) = await bench.all(Email, template="OVERDUE")
    assert mail.subject == f"Rückgabe überfällig: Vertrag {contract.number}"
    assert "09.09.2026, 09:00 Uhr" in mail.text.replace("\xa0", " ")
    assert shop.vehicles[0].plate in mail.text
    assert "nach dem vereinbarten Tarif" in mail.text


async def test_who_brought_it_back_or_may_keep_it_is_not_reminded(bench: Bench) -> None:
    # Given: two cars of which one is back and one may stay away longer
    shop, kept = await out(bench, cars=2)
    back = await book(shop, START + HOUR, END, **FREE)
    bench.clock.move_to(START + HOUR)
    await check_out(shop, back)
    bench.clock.move_to(END)
    await check_in(shop, back)
    async with bench.owned() as session:
        await session.write(
            "update contract set ends_at = :end, version = version + 1 where id = :id",
            {"end": END + DAY, "id": kept.id},
        )

    bench.clock.move_to(END + HOUR)
    for contract in (kept, back):
        await overdue.look(bench.outside, contract.id)

    # Then: no mail, and somebody looks again when the new end and its grace are over
    assert await mails(bench) == []
    assert sorted(await jobs(bench)) == [END + HOUR, END + HOUR, END + DAY + HOUR]
    bench.clock.move_to(END + DAY + HOUR)
    await overdue.look(bench.outside, kept.id)
    assert await mails(bench) == [("OVERDUE", kept.customer.email, "DE")]


async def test_a_longer_rental_is_late_from_its_new_end_on_and_reminded_once_more(bench: Bench) -> None:
    # Given: reminded, and then extended by a day
    shop, contract = await out(bench)
    bench.clock.move_to(END + HOUR)
    await overdue.look(bench.outside, contract.id)
    clerk, version = shop.somebody(), (await bench.contract(contract.id)).version
    wanted = PeriodChange(START, END + DAY)
    await period.change(bench.outside, Acting(bench.now, clerk), contract.id, version, wanted)

    # Then: neither overdue nor late, and free for others behind its new end
    assert await flags(shop, contract) == []
    assert await offered(shop, END + 2 * DAY) == (1, [shop.vehicles[0].id], [shop.vehicles[0].id], END + 2 * DAY)
    assert END + DAY + HOUR in await jobs(bench)
    bench.clock.move_to(END + DAY + HOUR)
    await overdue.look(bench.outside, contract.id)
    assert await flags(shop, contract) == [ContractFlag.OVERDUE]
    assert (await offered(shop, END + 2 * DAY))[0] == 0
    assert [mail for mail in await mails(bench) if mail[0] == "OVERDUE"] == [
        ("OVERDUE", contract.customer.email, "DE")
    ] * 2


async def test_a_station_whose_booking_lost_its_car_hears_of_it(bench: Bench) -> None:
    # Given: a manager extends one rental over the next, twice
    shop = await open_shop(bench, cars=2, **NOTICED)
    contract = await book(shop, START, END, vehicle_id=shop.vehicles[0].id, fixed_vehicle=True, **FREE)
    lucky = await behind(shop, END + HOUR, END + 3 * HOUR)
    unlucky = await behind(shop, END + DAY, END + 2 * DAY)
    manager, taken = shop.somebody(Role.MANAGER), PeriodChange(START, END + 2 * DAY, force=True, reason="Unfall")
    await book(shop, END + DAY, END + 2 * DAY, vehicle_id=shop.vehicles[1].id, fixed_vehicle=True, **FREE)

    await period.change(bench.outside, Acting(bench.now, manager), contract.id, contract.version, taken)

    written = {mail.contract_id: mail for mail in await bench.all(Email, template="STATION_NOTICE")}
    first, second = (car.plate for car in shop.vehicles)
    assert {mail.to for mail in written.values()} == {"station@example.com"}
    assert f"verloren; geplant ist nun {second}." in written[lucky.id].text
    assert f"hat sein Fahrzeug {first} an einen anderen Vertrag verloren, und kein anderes" in written[unlucky.id].text
    assert [await flags(shop, one) for one in (lucky, unlucky)] == [[], [ContractFlag.AT_RISK]]
    # And whoever is without a car is served once one is free: that one of the two is not
    assert numbers((await reassign(shop)).unserved) == [unlucky.number]
    await shop.add_car()
    assert numbers((await reassign(shop)).moved) == [unlucky.number]
    (entry,) = await bench.all(HistoryEntry, contract_id=unlucky.id, action="VEHICLE_REASSIGNED")
    assert (entry.before, entry.after) == (None, shop.vehicles[2].plate)


async def test_the_station_hears_which_contracts_are_hit(bench: Bench) -> None:
    shop, contract = await out(bench, **NOTICED)
    soon = await behind(shop, END + 2 * HOUR, END + DAY)
    later = await behind(shop, END + 2 * DAY, END + 3 * DAY, fixed=True)

    bench.clock.move_to(END + HOUR)
    await overdue.look(bench.outside, contract.id)

    assert await mails(bench) == [
        ("OVERDUE", contract.customer.email, "DE"),
        ("STATION_NOTICE", "station@example.com", "DE"),
    ]
    (notice,) = await bench.all(Email, template="STATION_NOTICE")
    text = notice.text.replace("\xa0", " ")
    assert f"{shop.vehicles[0].plate} ist überfällig" in text
    assert contract.number in text
    assert f"Betroffen: {soon.number}, ab 09.09.2026, 11:00 Uhr\n" in text
    assert f"Betroffen: {later.number}, ab 11.09.2026, 09:00 Uhr, Fahrzeug fest gewählt\n" in text


async def test_an_english_customer_and_a_station_abroad_read_english(bench: Bench) -> None:
    shop, contract = await out(bench, country="PL", **NOTICED)
    await behind(shop, END + 2 * HOUR, END + DAY)
    async with bench.owned() as session:
        await session.write("update contract set language = 'EN', kind = 'COURTESY'")

    bench.clock.move_to(END + HOUR)
    await overdue.look(bench.outside, contract.id)

    reminder, notice = await bench.all(Email, template="OVERDUE"), await bench.all(Email, template="STATION_NOTICE")
    assert [one.language.value for one in (*reminder, *notice)] == ["EN", "EN"]
    assert "The car is not back yet" in reminder[0].text
    assert "agreed rates" not in reminder[0].text  # a courtesy car costs nothing by the day
    assert "is overdue, and the next contracts are waiting for it" in notice[0].text
