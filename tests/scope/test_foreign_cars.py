"""A car of another station cannot be written into a contract, nor another station's contract into a car of one's own.

Row-level security does not look at what a row points at, and a car moves, so that no key can carry its station. Here
the database itself is asked, past all that the services check before.
"""

from __future__ import annotations

from contextlib import nullcontext

import psycopg
import pytest

from server.database.roles import Caller

from .database import becoming, rows
from .world import World

_LEG = (
    "insert into vehicle_leg (id, contract_id, station_id, vehicle_id, from_at, check_out_id, fuel_waived)"
    " values (gen_random_uuid(), %(contract)s, %(a)s, %(car)s, now(), gen_random_uuid(), false)"
)
_DAMAGE = (
    "insert into damage (id, vehicle_id, contract_id, view, x, y, kind, seen_at, liability, repair, request_hash, version)"
    " values (gen_random_uuid(), %(car)s, %(contract)s, 'LEFT', 0, 0, 'DENT', now(), 'SUSPECTED', 'OPEN', 'x', 1)"
)
_OCCUPANCY = (
    "insert into occupancy (id, vehicle_id, station_id, contract_id, kind, during, starts_at, ends_at, busy_until, active)"
    " select gen_random_uuid(), %(car)s, %(a)s, %(contract)s, 'RESERVED', tstzrange(t, t + interval '1 day'), t,"
    " t + interval '1 day', t + interval '1 day', true from (select timestamptz '2050-01-01') when_(t)"
)
_CONTRACT = "update contract set vehicle_id = %(car)s where id = %(contract)s"
WRITTEN = {"contract": _CONTRACT, "vehicle_leg": _LEG, "damage": _DAMAGE, "occupancy": _OCCUPANCY}


def _alpha_and(
    world: World, owner: str, *, car_of_bravo: bool = False, contract_of_bravo: bool = False
) -> dict[str, str]:
    """Names of Alpha's contract and car, or Bravo's instead."""
    a, b = world.a, world.b
    (foreign,) = rows(
        owner,
        "select c.id::text as id from contract c where c.station_id = %(b)s and c.return_station_id = %(b)s limit 1",
        b=b.station["id"],
    )
    own = world.contracts["alpha-booked"]["id"]
    return {
        "a": a.station["id"],
        "contract": foreign["id"] if contract_of_bravo else own,
        "car": (b if car_of_bravo else a).vehicles[1]["id"],
    }


@pytest.mark.parametrize("table", ["contract", "vehicle_leg", "damage"])
def test_staff_cannot_put_a_foreign_car_into_their_contract(world: World, owner: str, table: str) -> None:
    # Given a contract of theirs and a car of the other dealer
    given = _alpha_and(world, owner, car_of_bravo=True)
    # When, Then
    with (
        becoming(owner, Caller.STAFF, stations="{" + given["a"] + "}") as connection,
        pytest.raises(psycopg.errors.ForeignKeyViolation),
    ):
        connection.execute(WRITTEN[table].encode(), given)


@pytest.mark.parametrize("table", ["damage", "occupancy"])
def test_staff_cannot_put_a_foreign_contract_on_their_car(world: World, owner: str, table: str) -> None:
    given = _alpha_and(world, owner, contract_of_bravo=True)

    with (
        becoming(owner, Caller.STAFF, stations="{" + given["a"] + "}") as connection,
        pytest.raises(psycopg.errors.ForeignKeyViolation),
    ):
        connection.execute(WRITTEN[table].encode(), given)


@pytest.mark.parametrize("table", ["contract", "damage", "occupancy", "vehicle_leg"])
def test_with_a_car_and_a_contract_of_their_own_they_can(world: World, owner: str, table: str) -> None:
    # What refuses is the station, and nothing else about these statements.
    given = _alpha_and(world, owner)

    with becoming(owner, Caller.STAFF, stations="{" + given["a"] + "}") as connection:
        assert connection.execute(WRITTEN[table].encode(), given).rowcount == 1


@pytest.mark.parametrize("contract_of_bravo", [True, False])
def test_a_car_is_out_for_a_contract_that_its_station_sees(world: World, owner: str, contract_of_bravo: bool) -> None:
    given = _alpha_and(world, owner, contract_of_bravo=contract_of_bravo)
    refused = pytest.raises(psycopg.errors.ForeignKeyViolation) if contract_of_bravo else nullcontext()

    with becoming(owner, Caller.STAFF, stations="{" + given["a"] + "}") as connection, refused:
        connection.execute(b"update vehicle set out_contract_id = %(contract)s where id = %(car)s", given)


_SHOWN = {
    "protocol_photo": "insert into protocol_photo (id, protocol_id, station_id, contract_id, photo_id, slot, position)"
    " select gen_random_uuid(), p.id, p.station_id, p.contract_id, %(photo)s, 'FRONT', 99 from protocol p"
    " where p.station_id = %(a)s limit 1",
    "damage_photo": "insert into damage_photo (damage_id, photo_id, position)"
    " select d.id, %(photo)s, 99 from damage d limit 1",
}


@pytest.mark.parametrize("table", _SHOWN)
@pytest.mark.parametrize("photo_of_bravo", [True, False])
def test_a_photo_is_shown_where_it_is_seen_already(world: World, owner: str, table: str, photo_of_bravo: bool) -> None:
    # Given a photo of the other dealer's, whose id somebody has heard of, or one of their own
    a, b = world.a.station["id"], world.b.station["id"]
    of, without = (b, a) if photo_of_bravo else (a, b)
    (photo,) = rows(
        owner,
        "select id::text as id from photo where %(of)s = any (stations) and not %(without)s = any (stations) limit 1",
        of=of,
        without=without,
    )
    refused = pytest.raises(psycopg.errors.ForeignKeyViolation) if photo_of_bravo else nullcontext()
    # When, Then
    with becoming(owner, Caller.STAFF, stations="{" + a + "}") as connection, refused:
        assert connection.execute(_SHOWN[table].encode(), {"a": a, "photo": photo["id"]}).rowcount == 1


@pytest.mark.parametrize("caller", [Caller.SYSTEM, Caller.ADMIN])
def test_who_sees_both_stations_cannot_mix_them_either(world: World, owner: str, caller: Caller) -> None:
    given = _alpha_and(world, owner, car_of_bravo=True)

    with becoming(owner, caller) as connection, pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute(_CONTRACT.encode(), given)


@pytest.mark.parametrize("table", WRITTEN)
@pytest.mark.parametrize("car_of_bravo", [True, False])
def test_a_website_writes_no_car_into_anything(world: World, owner: str, table: str, car_of_bravo: bool) -> None:
    given = _alpha_and(world, owner, car_of_bravo=car_of_bravo)
    (client,) = rows(owner, "select id::text as id from api_client order by created_at limit 1")

    with (
        becoming(owner, Caller.WEBSITE, client=client["id"], web_stations="{" + given["a"] + "}") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match=f"permission denied for table {table}"),
    ):
        connection.execute(WRITTEN[table].encode(), given)
