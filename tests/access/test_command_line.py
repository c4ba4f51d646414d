"""Users and API clients at the command line: for who has the machine, and nobody else to ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from typer.testing import Result

from server.clock import SystemClock
from server.database import Database
from server.database.embedded import SUPERUSER, Cluster
from server.security import Principal
from server.services.people import callers
from server.start_errors import advice
from tests.clusters import migrated, private_folder
from tests.commands import invoke

STATION = """
insert into station (id, code, name, street, postcode, city, country, time_zone, turnaround_minutes, after_hours_return,
  version, created_at)
values (gen_random_uuid(), 'BER', 'Berlin', 'Weg 1', '10115', 'Berlin', 'DE', 'Europe/Berlin', 30, false, 1, now())
"""
Said = Callable[..., Result]


@dataclass(frozen=True)
class Machine:
    """A server's machine, with its database."""

    cluster: Cluster

    def owned(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.cluster.url(SUPERUSER), autocommit=True) as owner:
            cursor = owner.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def who(self, token: str) -> Principal | None:
        """Whom the server takes somebody with this token for."""

        async def ask() -> Principal | None:
            clock = SystemClock()
            database = Database(self.cluster.url(), clock)
            try:
                return await callers.authenticate(database, token, now=clock.now(), called_at=clock.now())
            finally:
                await database.close()

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    cluster = migrated(private_folder("ersatzwagen-people-") / "data")
    made = Machine(cluster)
    made.owned(STATION)
    yield made
    cluster.stop()


@pytest.fixture
def said(machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Said]:
    """What a command answers, with the password that would be typed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ERSATZWAGEN_DATABASE_URL", machine.cluster.url())

    def run(*command: str, password: str | None = None) -> Result:
        if password is not None:
            monkeypatch.setenv("ERSATZWAGEN_PASSWORD", password)
        return invoke(*command)

    yield run
    machine.owned("delete from client_station; delete from api_client; delete from session; delete from user_station")
    machine.owned("delete from app_user")


def refusal(result: Result) -> str | None:
    """The one line of a refused command."""
    return advice(result.exception) if result.exception else None


def test_users_are_listed_changed_and_shut_out(machine: Machine, said: Said) -> None:
    # Given
    assert said("user", "list").stdout == "There are no users.\n"
    for name, role, *at in (("Boss", "ADMIN"), ("Anna", "CLERK", "--station", "BER")):
        create = ["user", "create", "--email", f"{name}@example.com", "--name", name, "--role", role, *at]
        assert said(*create, password="first-password").exit_code == 0
    # Then
    lines = said("user", "list").stdout.splitlines()
    assert [line.split() for line in lines] == [
        ["Anna@example.com", "CLERK", "active", "never", "BER", "Anna"],
        ["Boss@example.com", "ADMIN", "active", "never", "-", "Boss"],
    ]
    # When
    before = machine.owned("select name, password_hash from app_user order by name")
    assert said("user", "password", "anna@EXAMPLE.com", password="second-password").exit_code == 0
    # Then
    after = machine.owned("select name, password_hash from app_user order by name")
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, True]
    # When
    assert said("user", "disable", "anna@example.com").stdout == "Disabled: anna@example.com; all sessions have ended\n"
    assert [line.split()[2] for line in said("user", "list").stdout.splitlines()] == ["disabled", "active"]


@pytest.mark.parametrize(
    ("command", "password", "line"),
    [
        (["disable", "boss@example.com"], None, "This is the last active administrator; name another one first."),
        (["disable", "ben@example.com"], None, "there is no user ben@example.com: see `ersatzwagen user list`"),
        (["password", "boss@example.com"], "short", "A password has 10 to 128 characters."),
    ],
)
def test_what_is_refused_is_one_line_and_changes_nothing(
    machine: Machine, said: Said, command: list[str], password: str | None, line: str
) -> None:
    create = ["user", "create", "--email", "boss@example.com", "--name", "Boss", "--role", "ADMIN"]
    assert said(*create, password="first-password").exit_code == 0
    before = machine.owned("select * from app_user")
    assert refusal(said("user", *command, password=password)) == line
    assert machine.owned("select * from app_user") == before


def test_keys_are_listed_rotated_and_ended(machine: Machine, said: Said) -> None:
    # Given
    assert said("client", "list").stdout == "There are no API clients.\n"
    first = said("client", "create", "--name", "Shop", "--station", "BER").stdout.strip()
    assert machine.who(first) is not None
    # When
    second = said("client", "rotate", "Shop", "--overlap-hours", "24").stdout.strip()
    # Then both are good, and the list tells which is used
    assert [machine.who(key) is not None for key in (first, second)] == [True, True]
    client, *keys = said("client", "list").stdout.splitlines()
    client_id = client.split()[0]
    assert (client.split()[1], client.split()[-2:]) == ("active", ["BER", "Shop"])
    assert [(key.split("…")[0].strip(), "without an end" in key) for key in keys] == [
        (second[:9], True),
        (first[:9], False),
    ]
    # When they are rotated by id, without an overlap
    third = said("client", "rotate", client_id, "--overlap-hours", "0").stdout.strip()
    assert [machine.who(key) is not None for key in (first, second, third)] == [False, False, True]
    # When
    assert said("client", "disable", client_id).exit_code == 0
    assert machine.who(third) is None
    assert refusal(said("client", "rotate", client_id)) == "This API client was ended; create another one."


def test_a_name_that_is_none_or_of_several(said: Said) -> None:
    for _ in range(2):
        assert said("client", "create", "--name", "Twin", "--station", "BER").exit_code == 0
    assert refusal(said("client", "rotate", "Twin")) == (
        "several API clients are called Twin: take the id from `ersatzwagen client list`"
    )
    assert refusal(said("client", "disable", "Shop")) == (
        "there is no API client Shop: take the id from `ersatzwagen client list`"
    )


def test_a_name_that_is_no_text(said: Said) -> None:
    for command in (("user", "disable"), ("client", "disable")):
        assert refusal(said(*command, "Ren\udce9")) == "an argument or a setting is no text in UTF-8: write it again"
