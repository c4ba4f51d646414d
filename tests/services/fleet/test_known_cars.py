"""One car is one record: plate and VIN are compared in a normal form, and what is refused changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from server.database import ADMINISTRATION, SYSTEM, Scope
from server.errors import InvalidInput
from server.models import Vehicle
from server.models.fleet import VehicleStatus
from server.models.plate import plate_key, vin_key
from server.models.staff import Role
from server.security import Principal
from server.services.fleet import known_cars, vehicles
from server.services.fleet.vehicles import NewVehicle, VehicleChange
from server.services.lists import search
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out
from tests.builders.rows import Shop, open_shop, vehicle
from tests.services.samples import at

VIN = "WVWZZZ1KZAW104711"


async def enter(shop: Shop, plate: str, *, scope: Scope | None = None, **more: Any) -> Vehicle:
    """A car as staff of the station enter it."""
    new = NewVehicle(
        plate=plate, make="VW", model="Golf", group_id=shop.group.id, station_id=shop.station.id, odometer_km=10
    )
    async with shop.bench.outside.database.transaction(scope or shop.somebody(Role.MANAGER).scope) as session:
        return await vehicles.create_vehicle(session, replace(new, **more), now=shop.bench.now)


async def change(shop: Shop, vehicle: Vehicle, **what: Any) -> Vehicle:
    async with shop.bench.outside.database.transaction(ADMINISTRATION) as session:
        wanted = VehicleChange(**what)
        return await vehicles.update_vehicle(session, vehicle.id, vehicle.version, wanted, now=shop.bench.now)


async def refused(shop: Shop, plate: str, **more: Any) -> list[str] | None:
    """The field of the refusal; nothing was written."""
    before = await shop.bench.counts(Vehicle)
    with pytest.raises(InvalidInput) as said:
        await enter(shop, plate, **more)
    assert await shop.bench.counts(Vehicle) == before
    return said.value.field


class TestKeys:
    @pytest.mark.parametrize(
        ("plate", "key"),
        [
            ("B-QX 4711", "BQX4711"),
            ("b.qx.4711-", "BQX4711"),
            ("B–QX\u00a04711", "BQX4711"),
            ("B-QX 4711 E", "BQX4711E"),
            ("MÜ-AB 1H", "MÜAB1H"),
            ("mu\u0308-ab 1h", "MÜAB1H"),
            ("АА 1234 ВВ", "AA1234BB"),  # Cyrillic
            ("ΑΒΕ-1234", "ABE1234"),  # Greek
            ("ＢＱＸ４７１１", "BQX4711"),
            ("١٢٣ Б", "123Б"),
        ],
    )
    def test_plates(self, plate: str, key: str) -> None:
        assert plate_key(plate) == key

    def test_another_place_or_another_suffix_is_another_plate(self) -> None:
        assert len({plate_key(plate) for plate in ("MU-AB 1", "MÜ-AB 1", "MU-AB 1E", "MU-AB 1H")}) == 4

    def test_vins(self) -> None:
        assert vin_key("wvw zzz-1kz aw 104711") == VIN
        assert vin_key("ВВВZZZ1KZAW104711") == "BBBZZZ1KZAW104711"
        assert vin_key(None) is vin_key(" - ") is None


@pytest.mark.parametrize(
    "spelt",
    [
        "BQX 4711",
        "BQX4711",
        "B.QX.4711",
        "B-QX 4711-",
        "b qx 4711",
        "B–QX 4711",
        "В-QХ 4711",
        "BQ-X 4711",
        "B - QX - 4711",
    ],
)
async def test_a_plate_is_known_however_it_is_spelt(bench: Bench, spelt: str) -> None:
    # Given
    shop = await open_shop(bench, cars=0)
    await enter(shop, "B-QX 4711")

    assert await refused(shop, spelt) == ["input", "plate"]


async def test_an_e_with_a_blank_before_it_is_the_same_plate_and_none_is_another(bench: Bench) -> None:
    shop = await open_shop(bench, cars=0)
    stored = await enter(shop, "B-QY 4711 E")

    assert stored.plate == "B-QY 4711E"
    assert await refused(shop, "B-QY 4711E") == ["input", "plate"]
    assert (await enter(shop, "B-QY 4711")).plate == "B-QY 4711"


async def test_a_car_that_stands_here_but_is_at_home_elsewhere_is_known_too(bench: Bench) -> None:
    # Given a car that a one-way rental has left here
    home, here = await open_shop(bench, cars=0), await open_shop(bench, cars=0)
    car = await home.add_car(plate="B-QX 4711")
    car.station_id = here.station.id
    await bench.put(car)

    assert await refused(here, "BQX 4711") == ["input", "plate"]
    assert await refused(home, "BQX 4711") == ["input", "plate"]


async def test_of_a_station_that_one_does_not_see_nothing_is_told(bench: Bench) -> None:
    # Given
    theirs, mine = await open_shop(bench, cars=0), await open_shop(bench, cars=0)
    await enter(theirs, "B-QX 4711", vin=VIN)

    # When
    made = await enter(mine, "B-QX 4711", vin=VIN)

    # Then
    assert (made.plate, made.vin) == ("B-QX 4711", VIN)


async def test_a_vin_is_known_at_every_station_that_one_sees(bench: Bench) -> None:
    # Given
    first, second = await open_shop(bench, cars=0), await open_shop(bench, cars=0)
    await enter(first, "B-QX 4711", vin=VIN)
    both = Principal(UUID(int=1), "Manager", Role.MANAGER, (first.station.id, second.station.id))

    assert await refused(first, "B-QX 1", vin="wvw zzz 1kz aw 104711") == ["input", "vin"]
    assert await refused(second, "B-QX 1", vin=VIN, scope=both.scope) == ["input", "vin"]
    assert await refused(second, "B-QX 1", vin=VIN, scope=SYSTEM) == ["input", "vin"]
    assert (await enter(first, "B-QX 2")).vin is None
    assert (await enter(first, "B-QX 3")).vin is None


@pytest.mark.parametrize(("name", "plates"), [("plate", ("B-QX 4711", "BQX 4711")), ("vin", ("B-QX 1", "B-QX 2"))])
async def test_the_database_is_the_referee_for_two_at_once(bench: Bench, name: str, plates: tuple[str, str]) -> None:
    # Given a car that somebody entered after another one had looked for it
    shop = await open_shop(bench, cars=0)
    await shop.add_car(plate=plates[0], vin=VIN)

    # When
    late = vehicle(shop.station, shop.group, plate=plates[1], vin=VIN if name == "vin" else None)
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        with pytest.raises(InvalidInput) as said:
            await known_cars.store(session, late, ("input",))
        await session.rollback()

    # Then
    assert said.value.field == ["input", name]
    assert await bench.counts(Vehicle) == [1]


async def test_a_change_is_compared_too_and_a_car_is_not_its_own_double(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench, cars=0)
    await enter(shop, "B-QX 4711")
    other = await enter(shop, "B-QX 1")

    # When
    with pytest.raises(InvalidInput) as said:
        await change(shop, other, plate="BQX4711")

    # Then
    assert said.value.field == ["input", "plate"]
    assert [car.plate for car in await bench.all(Vehicle, id=other.id)] == ["B-QX 1"]
    changed = await change(shop, other, plate="BQX 1", colour="rot")
    assert (changed.plate, changed.plate_key, changed.colour) == ("BQX 1", "BQX1", "rot")


async def test_a_car_does_not_move_to_where_its_double_is(bench: Bench) -> None:
    # Given
    first, second = await open_shop(bench, cars=0), await open_shop(bench, cars=0)
    car = await enter(first, "B-QX 4711")
    await enter(second, "BQX 4711")

    # When
    with pytest.raises(InvalidInput) as said:
        await change(first, car, station_id=second.station.id)

    # Then
    assert said.value.field == ["input", "station_id"]
    assert [one.home_station_id for one in await bench.all(Vehicle, id=car.id)] == [first.station.id]


async def test_a_car_comes_back_where_another_record_has_its_plate(bench: Bench) -> None:
    """What has happened is never refused: where a car stands is no part of what makes it known."""
    # Given one car, entered at two stations, of which the first rents it out one way to the second
    shop, other = await open_shop(bench, cars=0), await open_shop(bench, cars=0)
    car = await enter(shop, "B-QX 4711", fuel_eighths=8, odometer_km=10_000)
    await enter(other, "B-QX 4711")
    start, end = at("2026-09-08 09:00"), at("2026-09-09 09:00")
    contract = await book(seeing_both(shop, other), start, end, return_station_id=other.station.id)
    bench.clock.move_to(start)
    await check_out(shop, contract)
    bench.clock.move_to(end)

    # When
    await check_in(seeing_both(shop, other), contract)

    # Then
    (stored,) = await bench.all(Vehicle, id=car.id)
    assert (stored.station_id, stored.home_station_id) == (other.station.id, shop.station.id)


def seeing_both(shop: Shop, other: Shop) -> Shop:
    """The first shop with staff that work at both stations."""

    class Both(Shop):
        def somebody(self, role: Role = Role.CLERK) -> Principal:
            return replace(super().somebody(role), stations=(shop.station.id, other.station.id))

    return Both(shop.bench, shop.station, shop.group, shop.tariff, shop.vehicles)


async def test_a_car_that_was_entered_twice_before_goes_on(bench: Bench) -> None:
    """As migration 0014 marks it: a blank and a number in the key."""
    # Given
    shop = await open_shop(bench, cars=0)
    first = await enter(shop, "B-QX 4711")
    double = await enter(shop, "B-QX 1")
    async with bench.owned() as session:
        await session.write(
            "update vehicle set plate = 'BQX 4711', plate_key = 'BQX4711 2' where id = :id", {"id": double.id}
        )

    # When it is changed in what does not make it known, as check-out and return do
    changed = await change(shop, double, plate="BQX 4711", status=VehicleStatus.RETIRED)

    # Then
    assert (changed.plate_key, changed.status) == ("BQX4711 2", VehicleStatus.RETIRED)
    async with bench.outside.database.transaction(SYSTEM) as session:
        admin = Principal(UUID(int=1), "Admin", Role.ADMIN, ())
        found = await vehicles.find(session, admin, None, "b qx 4711")
    assert found is not None
    assert found.id == first.id


@pytest.mark.parametrize("wanted", ["bqx 47", "B.QX.4711", "В-QХ 4711", "wvw zzz 1kz", "golf"])
async def test_the_list_finds_a_car_in_any_spelling(bench: Bench, wanted: str) -> None:
    shop = await open_shop(bench, cars=0)
    car = await enter(shop, "B-QX 4711", vin=VIN)
    await enter(shop, "B-AB 1", model="Polo")
    listing = search.vehicles(shop.somebody(), search=wanted)

    async with bench.outside.database.transaction(SYSTEM) as session:
        found = await listing.rows(session, 10, None)

    assert [one.id for one in found] == [car.id]
