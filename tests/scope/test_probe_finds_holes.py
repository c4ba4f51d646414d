"""The probe itself is tested: with a policy removed or widened it must find something, each time (security B13)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from server import migrate
from server.database.embedded import SUPERUSER, Cluster
from tests.driving import Api, SandboxServer, running

from .database import Hidden, of_bravo
from .inputs import Values
from .probe import Probe, served_schema
from .world import World

ELSEWHERE = frozenset({"signOut", "uploadPhoto", "uploadDocument"})
HOLES = {
    "contract: no row-level security": ["alter table contract disable row level security"],
    "vehicle: everything": ["create policy hole on vehicle using (true)"],
    "document: not forced and owned": ["alter table document disable row level security"],
    "customer: everything": ["create policy hole on customer for select using (true)"],
    "photo: everything": ["create policy hole on photo for select using (true)"],
    "damage: everything": ["create policy hole on damage for select using (true)"],
    "email: everything": ["create policy hole on email for select using (true)"],
    "station: everything": ["create policy hole on station for select using (true)"],
    "vehicle_block: everything": ["create policy hole on vehicle_block for select using (true)"],
    "protocol: everything": ["create policy hole on protocol for select using (true)"],
    "damage: an ambiguous column, as it once was": [
        "create policy hole on damage for select using (exists (select 1 from vehicle v join contract c"
        " on c.id = v.out_contract_id where v.id = vehicle_id and c.checked_out_at is not null"
        " and c.return_station_id = any (nullif(current_setting('app.stations', true), '')::uuid[])))"
    ],
}


@pytest.fixture(scope="module")
def scratch(server: SandboxServer, world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Api]]:
    """A copy of the whole database, and a server on it; the signed-in people are copied, too."""
    cluster = Cluster(Path(server.data_dir))
    migrate.create_database(cluster.url(SUPERUSER, "postgres"), "scratch")
    dump = [str(cluster.tool("pg_dump")), cluster.url(SUPERUSER)]
    load = [str(cluster.tool("psql")), "-q", "-v", "ON_ERROR_STOP=1", cluster.url(SUPERUSER, "scratch")]
    # Without a shell: the checkout may lie in a path with spaces.
    dumped = subprocess.run(dump, check=True, capture_output=True).stdout
    subprocess.run(load, check=True, input=dumped, stdout=subprocess.DEVNULL)
    environment = {
        "ERSATZWAGEN_DATABASE_URL": cluster.url(database="scratch"),
        "ERSATZWAGEN_MEDIA_URL": (server.data_dir / "media").as_uri(),
    }
    with running(tmp_path_factory.mktemp("scratch") / "data", environment=environment) as second:
        yield cluster.url(SUPERUSER, "scratch"), second.api(world.viewers["CLERK"].token)


@contextmanager
def hole(url: str, statements: list[str]) -> Iterator[None]:
    """Row-level security with a hole; whole again afterwards."""
    table = statements[0].split(" on ")[1].split()[0] if " on " in statements[0] else statements[0].split()[2]
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
        try:
            yield
        finally:
            connection.execute(f"alter table {table} enable row level security".encode())
            connection.execute(f"drop policy if exists hole on {table}".encode())


@pytest.mark.parametrize("name", HOLES)
def test_a_hole_is_found(scratch: tuple[str, Api], hidden: Hidden, values: Values, name: str) -> None:
    # Given a database where one policy has a hole
    url, viewer = scratch
    probe = Probe(served_schema(), viewer, hidden, replace(values))

    # When the probe walks until it finds something
    with hole(url, HOLES[name]):
        if name.startswith("vehicle:"):
            # What is read of vehicles is narrowed once more by the search: it is a change that would get through.
            before = of_bravo(url, hidden)
            found = any(_changes(probe, mutation, url, hidden, before) for mutation in _mutations())
        else:
            found = next(probe.reading(), None) is not None

    # Then it does
    assert found, f"the probe does not notice: {name}"


def _mutations() -> list[str]:
    mutation = served_schema().mutation_type
    assert mutation
    return [name for name in mutation.fields if name not in ELSEWHERE]


def _changes(probe: Probe, mutation: str, url: str, hidden: Hidden, before: dict[str, list[str]]) -> bool:
    list(probe.change_foreign(mutation))
    return of_bravo(url, hidden) != before


def test_without_a_hole_the_copy_is_as_tight_as_the_original(
    scratch: tuple[str, Api], hidden: Hidden, values: Values
) -> None:
    probe = Probe(served_schema(), scratch[1], hidden, replace(values))

    assert list(probe.walk(frozenset({"contract", "damages", "stations"}))) == []
    assert list(probe.fetch_foreign()) == []
    assert probe.report.met >= {"Contract", "Vehicle", "Customer", "Document", "Damage", "Photo", "Email"}
