"""From version 0.1 with data, as an owner who is no superuser: every row is taken along, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from server import migrate
from server.database.embedded import SUPERUSER, Cluster
from tests.clusters import private_folder

VERSION_0_1 = "0006"
BEFORE_CALLERS = "0017"
# What version 0.1 wrote, and what is kept of it: reason and detail.
BLOCKS = {
    "The odometer shows 9000 km, the last reading was 10000 km. Reason given: Tacho getauscht": (
        "ODOMETER",
        "The odometer shows 9000 km, the last reading was 10000 km. Reason given: Tacho getauscht",
    ),
    "A protocol does not fit the contract. The contract was CHECKED_OUT when this protocol arrived.": (
        "PROTOCOL_CONFLICT",
        "CHECKED_OUT",
    ),
    "The tank or battery size of the vehicle is missing, so what is missing has no price.": ("VEHICLE_SIZE", None),
    "The refund is larger than what was paid by card: pay it by hand.": ("REFUND_ABOVE_PAYMENT", None),
    "The refund was refused: SGS-002304: No card.": ("REFUND_REFUSED", "SGS-002304: No card"),
    "The refund was refused: no reason given.": ("REFUND_REFUSED", None),
    "The advance of a booking that did not come about could not be refunded: do it by hand.": (
        "ADVANCE_NOT_REFUNDED",
        None,
    ),
}
# Only what has no default; the checks of keys are off while it is written.
CONTRACT = """
insert into contract (id, number, kind, state, settlement_state, version, language, station_id, station_code,
  station_name, return_station_id, return_station_code, return_station_name, group_id, vehicle_fixed, starts_at, ends_at,
  customer_id, customer_copy, customer_review, extras, tariff_id, tariff_snapshot, tariff_hash, tariff_edits, price,
  total_cents, prepay_cents, paid_cents, deductible_cents, payment_method, source, created_by, created_at,
  protocol_conflict, search_text, billing_block)
values (%(id)s, %(number)s, 'RENTAL', 'RETURNED', 'OPEN', 1, 'DE', %(id)s, 'B1', 'Berlin', %(id)s, 'B1', 'Berlin', %(id)s,
  false, '2026-01-01', '2026-01-02', %(id)s, '{}', false, '[]', %(id)s, '{}', 'x', '[]', '{}', 5900, 5900, 5900, 100000,
  'STORED_CARD', 'WEBSITE', 'somebody', '2025-12-30', false, '', %(block)s)
"""
STATION = """
insert into station (id, code, name, street, postcode, city, country, time_zone, turnaround_minutes, after_hours_return,
  version, created_at)
values (%(id)s, 'AC1', 'Lissabon', 'Rua 1', '1000', 'Lisboa', 'PT', 'Europe/Lisbon', 30, false, 1, '2025-12-30')
"""
BOOKED = CONTRACT.replace("'RETURNED'", "'RESERVED'").replace("'2026-01-01', '2026-01-02'", "%(starts)s, '2999-06-12'")
STARTS = "2999-06-10 23:30+00"  # half past midnight of the eleventh, in Lisbon
JOB = """
insert into job (id, kind, key, payload, state, due_at, tries, created_at)
values (%(id)s, %(kind)s, %(kind)s, '{}', 'WAITING', '2026-01-02', 0, '2026-01-02')
"""
GIVEN_UP = """
insert into job (id, kind, key, payload, state, due_at, tries, last_error, created_at)
values (%(id)s, 'settle', 'given up', jsonb_build_object('contract', %(of)s::text), 'FAILED', '2026-01-02', 6,
  'ConnectionRefusedError', '2026-01-02')
"""
JOBS = ["expire_hold", "protocol_paper", "send_email", "settle"]
REFUSAL = """
insert into idempotency_record (principal, key, request_hash, finished, unresolved, created_at, refusal)
values ('somebody', %s, 'x', true, false, '2026-01-02', '{"message": "The card was declined.", "reason": "51"}')
"""
HISTORY = """
insert into history_entry (id, contract_id, station_id, at, actor, action)
values (%(entry)s, %(id)s, %(id)s, '2026-01-02 09:00Z', 'somebody', 'STATE_CHANGED')
"""
# A car entered twice at one station, in two spellings and with one VIN; the first was sold, the second is in service.
VEHICLE = """
insert into vehicle (id, station_id, home_station_id, group_id, plate, vin, make, model, odometer_km, cleanliness,
  registered_as_rental, status, accessories, version, created_at)
values (%(id)s, %(home)s, %(home)s, %(home)s, %(plate)s, %(vin)s, 'VW', 'Golf', 10, 'CLEAN', true, %(status)s, '[]', 1,
  '2025-12-30')
"""
CARS = [
    ("B-QX 4711", "WVWZZZ1KZAW104711", 1, "RETIRED", "BQX4711 3", "WVWZZZ1KZAW104711 2"),
    ("BQX 4711", "WVWZZZ1KZAW104711", 1, "ACTIVE", "BQX4711", "WVWZZZ1KZAW104711"),
    ("B.QX.4711", None, 1, "ACTIVE", "BQX4711 2", None),
    ("B-QX 4711", "WVWZZZ1KZAW104711", 2, "ACTIVE", "BQX4711", "WVWZZZ1KZAW104711"),
    ("MÜ-AB 1E", None, 1, "ACTIVE", "MÜAB1E", None),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made = Cluster(private_folder("ersatzwagen-upgrade-") / "data", durable=False)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def owned(cluster: Cluster) -> str:
    """A database of version 0.1 with data, that belongs to somebody who is no superuser."""
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute("create role boss login createrole nosuperuser")
        connection.execute("create database theirs owner boss")
    migrate.upgrade(cluster.url("boss", "theirs"), VERSION_0_1)
    with psycopg.connect(cluster.url(SUPERUSER, "theirs")) as connection:
        connection.execute("set session_replication_role = replica")
        for number, block in enumerate([*BLOCKS, None], start=1):
            connection.execute(CONTRACT, {"id": UUID(int=number), "number": f"{number:02}", "block": block})
        connection.execute(STATION, {"id": UUID(int=99)})
        connection.execute(BOOKED, {"id": UUID(int=99), "number": "99", "block": None, "starts": STARTS})
        connection.execute(HISTORY, {"entry": UUID(int=1), "id": UUID(int=1)})
        for number, kind in enumerate(JOBS, start=1):
            connection.execute(JOB, {"id": UUID(int=number), "kind": kind})
        connection.execute(GIVEN_UP, {"id": UUID(int=50), "of": UUID(int=2)})
        connection.execute(REFUSAL, [UUID(int=1)])
        for number, (plate, vin, home, status, *_keys) in enumerate(CARS, start=1):
            row = {"id": UUID(int=number), "home": UUID(int=home), "plate": plate, "vin": vin, "status": status}
            connection.execute(VEHICLE, row)
    return cluster.url("boss", "theirs")


def rows(cluster: Cluster, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(cluster.url(SUPERUSER, "theirs")) as connection:
        return connection.execute(query.encode()).fetchall()


def kinds(cluster: Cluster) -> list[str]:
    return sorted(str(kind) for (kind,) in rows(cluster, "select kind from job where state = 'WAITING'"))


CHANGED = """
select c.number, extract(epoch from k.updated_at - '2025-12-30 00:00Z') * 1000, k.station_id = c.station_id
from last_change k join contract c on c.id = k.contract_id order by k.updated_at
"""
LAST_ENTRY = (3 * 24 + 9) * 3_600_000
"""From when the contracts were made to the only entry of a history, in milliseconds."""


def test_every_row_is_taken_along_and_back(cluster: Cluster, owned: str) -> None:
    # When
    migrate.upgrade(owned)
    # Then
    assert migrate.differences(owned) == []
    blocks = rows(cluster, "select billing_block, billing_block_detail from contract order by number")
    assert blocks == [*BLOCKS.values(), (None, None), (None, None)]
    since = rows(cluster, "select state_since at time zone 'UTC' from contract order by number limit 2")
    assert [str(row[0]) for row in since] == ["2026-01-02 09:00:00", "2025-12-30 00:00:00"]
    made = [f"{number:02}" for number in range(3, len(BLOCKS) + 2)] + ["99"]
    *before, shown = rows(cluster, CHANGED)
    assert before == [*((one, place, True) for place, one in enumerate(made, 1)), ("01", LAST_ENTRY, True)]
    # The upgrade itself has shown what was given up of this one
    assert (shown[0], shown[2]) == ("02", True)
    # And what the owner's function writes, who is no superuser, follows
    with psycopg.connect(cluster.url(SUPERUSER, "theirs")) as connection:
        connection.execute("set role ersatzwagen_system")
        connection.execute("update contract set version = version + 1 where number = '03'")
    assert [number for number, *_ in rows(cluster, CHANGED)] == [*made[1:], "01", "02", "03"]
    assert kinds(cluster) == [
        "BILL",
        "EXPIRE_CAR_HOLD",
        "MARK_NO_SHOW",
        "PROTOCOL_SHEET",
        "REMIND_OF_START",
        *["RETENTION"] * len(blocks),
        "SEND_EMAIL",
    ]
    keys = "select count(*) from job j join contract c on j.key = 'retention:' || c.id and j.payload->>'contract' = c.id::text"
    assert rows(cluster, keys) == [(len(blocks),)]
    # What was given up without a word is shown on its contract
    assert rows(cluster, "select id from contract where effects_failed") == [(UUID(int=2),)]
    given_up = "select kind, contract_id, faults from job where state = 'FAILED'"
    assert rows(cluster, given_up) == [("BILL", UUID(int=2), 0)]
    reminder = "select key, payload->>'contract', due_at at time zone 'UTC' from job where kind = 'REMIND_OF_START'"
    booked = str(UUID(int=99))
    assert [tuple(map(str, row)) for row in rows(cluster, reminder)] == [
        (f"remind-of-start:{booked}:2999-06-10T23:30:00+00:00", booked, "2999-06-10 08:00:00")
    ]
    cars = rows(cluster, "select plate, vin, plate_key, vin_key from vehicle order by id")
    assert cars == [(plate, vin, *keys) for plate, vin, _home, _status, *keys in CARS]
    # When: back again, with a refusal of the new version
    with psycopg.connect(cluster.url(SUPERUSER, "theirs")) as connection:
        said = '{"message": {"en": "The card was declined.", "de": "Die Karte wurde abgelehnt."}, "reason": "51"}'
        connection.execute("update idempotency_record set refusal = cast(%s as jsonb)", [said])
    migrate.downgrade(owned, VERSION_0_1)
    # Then: who had to look still has to
    assert rows(cluster, "select count(*) from vehicle") == [(len(CARS),)]
    kept = rows(cluster, "select billing_block is null from contract order by number")
    assert kept == [*[(False,)] * len(BLOCKS), (True,), (True,)]
    assert kinds(cluster) == JOBS
    assert rows(cluster, "select refusal->>'message' from idempotency_record") == [("The card was declined.",)]
    migrate.upgrade(owned)
    assert migrate.differences(owned) == []


RIGHTS = (
    "select tablename, policyname, roles::text[], cmd, qual, with_check from pg_policies where schemaname = 'public'",
    "select relname, relrowsecurity, relforcerowsecurity, acl::text from pg_class"
    " left join lateral unnest(relacl) acl on true where relnamespace = 'public'::regnamespace and relkind = 'r'",
    "select attrelid::regclass::text, attname, attacl::text from pg_attribute where attacl is not null",
    "select tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal",
    "select proname, prosecdef, prosrc, proacl::text from pg_proc where pronamespace = 'public'::regnamespace"
    " and prolang <> (select oid from pg_language where lanname = 'c')",
    "select acl::text from pg_namespace, unnest(nspacl) acl where nspname = 'public'",
)


def rights(url: str) -> list[list[tuple[object, ...]]]:
    """Policies, grants, triggers and functions of a database."""
    with psycopg.connect(url) as connection:
        return [sorted(connection.execute(query.encode()).fetchall(), key=repr) for query in RIGHTS]


def test_before_the_callers_had_roles_everything_was_as_it_is_after_them(cluster: Cluster) -> None:
    # Given
    migrate.create_database(cluster.url(SUPERUSER, "postgres"), "rights")
    url = cluster.url(SUPERUSER, "rights")
    migrate.upgrade(url, BEFORE_CALLERS)
    before = rights(url)
    # When
    migrate.upgrade(url)
    changed = rights(url)
    migrate.downgrade(url, BEFORE_CALLERS)
    # Then
    assert [one == other for one, other in zip(before, changed, strict=True)] == [False] * len(RIGHTS)
    assert rights(url) == before


CLIENT = """
insert into api_client (id, name, key_prefix, key_hash, active, policy, created_at, last_used_at)
values (%s, 'Shop', %s, %s, %s, '{}', '2026-01-01', '2026-01-05')
"""
KEY = """
insert into api_key (id, client_id, prefix, key_hash, created_at, expires_at)
values (gen_random_uuid(), %s, 'ek_new', 'new', '2026-02-01', null)
"""


def test_the_keys_of_api_clients_are_taken_along_and_back(cluster: Cluster) -> None:
    """A key that opened the door before the upgrade opens it after; back again it is the newest that does."""
    # Given a client that is active, and one that was ended
    migrate.create_database(cluster.url(SUPERUSER, "postgres"), "keys")
    url = cluster.url(SUPERUSER, "keys")
    migrate.upgrade(url, "0031")
    before = rights(url)
    with psycopg.connect(url) as connection:
        connection.execute(CLIENT, [UUID(int=1), "ek_one", "one", True])
        connection.execute(CLIENT, [UUID(int=2), "ek_two", "two", False])
    # When
    migrate.upgrade(url)
    # Then
    with psycopg.connect(url) as connection:
        connection.execute("set time zone 'UTC'")
        found = connection.execute(
            "select client_id, prefix, key_hash, created_at::text, last_used_at::text, expires_at::text from api_key"
            " order by client_id"
        ).fetchall()
        assert found == [
            (UUID(int=1), "ek_one", "one", "2026-01-01 00:00:00+00", "2026-01-05 00:00:00+00", None),
            (
                UUID(int=2),
                "ek_two",
                "two",
                *["2026-01-01 00:00:00+00", "2026-01-05 00:00:00+00"],
                "2026-01-05 00:00:00+00",
            ),
        ]
        # When: one has another key, the other's is deleted; and back
        connection.execute(KEY, [UUID(int=1)])
        connection.execute("delete from api_key where client_id = %s", [UUID(int=2)])
    migrate.downgrade(url, "0031")
    # Then
    with psycopg.connect(url) as connection:
        ((newest,), (unknown,)) = connection.execute("select key_hash from api_client order by id").fetchall()
    assert (newest, unknown == "two", len(unknown)) == ("new", False, 64)
    assert rights(url) == before
    migrate.upgrade(url)
    assert migrate.differences(url) == []
