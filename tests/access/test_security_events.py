"""What matters for security is in the log and in the figures, by ids alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from server import metrics
from server.database import ADMINISTRATION, SYSTEM
from server.errors import InvalidInput, Refused
from server.models import ApiClient, Session, User
from server.models.staff import Role
from server.services.people import devices, sessions, staff
from server.services.people.devices import DeviceReport
from server.services.people.staff import UserChange
from tests.builders.bench import Bench
from tests.builders.rows import station
from tests.dealership import Dealership, add_user
from tests.driving import PASSWORD, SandboxServer

from .conftest import SIGN_IN
from .doors import ANNA, BEN, ELSEWHERE, HOME, NOBODY, NOW, RIGHT, Door

MINUTE, BY = timedelta(minutes=1), uuid4()
PERSONAL = (ANNA, BEN, NOBODY, "Somebody", RIGHT, "wrong-password", "192.0.2", "198.51.100", "203.0.113", "ea_", "er_")


@pytest.fixture
def door(bench: Bench) -> Door:
    return Door(bench)


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """What is logged; nothing personal is ever in it."""
    with capture_logs() as entries:
        yield entries
    for entry in entries:
        assert not [word for word in (*PERSONAL, "ek_") if word in json.dumps(entry)]


def taken(logged: list[Any]) -> list[dict[str, Any]]:
    """What was logged since the last look, without the level."""
    found = [{name: value for name, value in entry.items() if name != "log_level"} for entry in logged]
    logged.clear()
    return found


def counted(event: str, bound: str = "") -> float:
    labels = {"event": event, "bound": bound}
    return metrics.registry.get_sample_value("ersatzwagen_security_events_total", labels) or 0.0


async def change(door: Door, user: User, what: UserChange) -> None:
    async with door.bench.outside.database.transaction(ADMINISTRATION) as session:
        await staff.update_user(session, user.id, what, now=NOW, by=BY)


async def change_and_roll_back(door: Door, user: User, what: UserChange) -> None:
    async with door.bench.outside.database.transaction(ADMINISTRATION) as session:
        await staff.update_user(session, user.id, what, now=NOW, by=BY)
        await staff.update_user(session, user.id, UserChange(name=""), now=NOW, by=BY)


class TestSigningIn:
    async def test_a_failure_names_the_user_if_there_is_one(self, door: Door, logged: list[Any]) -> None:
        (anna,) = await door.staff(ANNA)
        before = counted("sign_in_failed")

        for email in (ANNA, NOBODY):
            assert await door.says(email) == "NOT_ALLOWED"
        assert await door.says(ANNA, RIGHT) == "SIGNED_IN"

        failed = "security.sign_in_failed"
        assert taken(logged) == [{"event": failed, "user_id": str(anna.id)}, {"event": failed, "user_id": None}]
        assert counted("sign_in_failed") - before == 2

    @pytest.mark.parametrize(
        ("bound", "filled"),
        [
            ("pair", [("pair", 10)]),
            ("account", [("account", 100), ("pair", 2)]),
            ("address", [("address", 60), ("pair", 1)]),
        ],
    )
    async def test_a_lock_out_names_the_bound(
        self, door: Door, logged: list[Any], bound: str, filled: list[tuple[str, int]]
    ) -> None:
        # Given
        (anna,) = await door.staff(ANNA)
        for kind, failures in filled:
            await door.fill(kind, failures, age=MINUTE)
        before = counted("sign_in_locked_out", bound)
        # When
        assert await door.says(ANNA, RIGHT) == "TOO_MANY_ATTEMPTS"
        # Then
        event = "security.sign_in_locked_out"
        assert taken(logged) == [{"event": event, "bound": bound, "user_id": str(anna.id)}]
        assert counted("sign_in_locked_out", bound) - before == 1

    async def test_a_refresh_token_that_comes_again_too_late(self, door: Door, logged: list[Any]) -> None:
        # Given
        (anna,) = await door.staff(ANNA)
        tokens = await sessions.sign_in(door.bench.outside, ANNA, RIGHT, address=HOME, now=NOW)
        database, before = door.bench.outside.database, counted("refresh_token_reused")
        await sessions.refresh(door.bench.outside, tokens.refresh_token, now=NOW)
        assert taken(logged) == []

        # When it comes again, and again
        for _ in range(2):
            with pytest.raises(Refused):
                await sessions.refresh(door.bench.outside, tokens.refresh_token, now=NOW + 2 * MINUTE)

        # Then that the family ended was told once
        async with database.transaction(SYSTEM) as session:
            family = await session.value("select distinct family_id from session where revoked_at is not null")
        event = {"event": "security.refresh_token_reused", "user_id": str(anna.id), "family_id": str(family)}
        assert taken(logged) == [event]
        assert counted("refresh_token_reused") - before == 1

    async def test_a_refresh_token_from_another_device(self, door: Door, logged: list[Any]) -> None:
        # Given
        (anna,) = await door.staff(ANNA)
        device, before = DeviceReport(uuid4(), "Tablet"), counted("refreshed_elsewhere")
        tokens = await sessions.sign_in(door.bench.outside, ANNA, RIGHT, address=HOME, now=NOW, device=device)
        # When
        with pytest.raises(Refused):
            await sessions.refresh(door.bench.outside, tokens.refresh_token, device_id=uuid4(), now=NOW)
        # Then
        (family,) = {one.family_id for one in await door.bench.all(Session)}
        event = {"event": "security.refreshed_elsewhere", "user_id": str(anna.id), "family_id": str(family)}
        assert taken(logged) == [event]
        assert counted("refreshed_elsewhere") - before == 1

    async def test_a_device_is_revoked_once(self, door: Door, logged: list[Any]) -> None:
        # Given
        (anna,) = await door.staff(ANNA)
        device, before = DeviceReport(uuid4(), "Tablet"), counted("device_revoked")
        await sessions.sign_in(door.bench.outside, ANNA, RIGHT, address=HOME, now=NOW, device=device)
        # When
        for _ in range(2):
            async with door.bench.outside.database.transaction(ADMINISTRATION) as session:
                await devices.revoke(session, device.id, by=BY, now=NOW)
        # Then
        about = {"device_id": str(device.id), "user_id": str(anna.id), "by": str(BY)}
        assert taken(logged) == [{"event": "security.device_revoked", **about}]
        assert counted("device_revoked") - before == 1


class TestPeople:
    @pytest.mark.parametrize(
        ("what", "event", "more"),
        [
            (UserChange(role=Role.MANAGER), "role_changed", {"was": "CLERK", "role": "MANAGER"}),
            (UserChange(password="another-password"), "password_changed", {}),
            (UserChange(active=False), "user_deactivated", {}),
        ],
    )
    async def test_a_change_is_told_once_and_by_whom(
        self, door: Door, logged: list[Any], what: UserChange, event: str, more: dict[str, str]
    ) -> None:
        # Given
        (anna,) = await door.staff(ANNA)
        before = counted(event)
        # When
        await change(door, anna, what)
        # Then
        assert taken(logged) == [{"event": f"security.{event}", "user_id": str(anna.id), "by": str(BY), **more}]
        # When what is so already is said again
        if event != "password_changed":
            await change(door, anna, what)
        # Then
        assert taken(logged) == []
        assert counted(event) - before == 1

    async def test_what_is_refused_has_not_happened(self, door: Door, logged: list[Any]) -> None:
        # Given the only administrator
        (admin,) = await door.staff(ANNA, role=Role.ADMIN)

        # When the new password comes with stations that there are not
        with pytest.raises(InvalidInput):
            await change(door, admin, UserChange(password="another-password", station_ids=(uuid4(),)))
        # When everything was right, and the transaction is rolled back all the same
        with pytest.raises(InvalidInput):
            await change_and_roll_back(door, admin, UserChange(password="another-password"))

        # Then nothing was told, and the old one is good
        assert taken(logged) == []
        assert await door.says(ANNA, RIGHT, at=ELSEWHERE) == "SIGNED_IN"


class TestKeys:
    async def test_a_key_is_made_and_revoked(self, door: Door, logged: list[Any]) -> None:
        # Given
        here, database = station(), door.bench.outside.database
        await door.bench.put(here)
        before = counted("api_key_made"), counted("api_key_revoked")

        # When a key is made, revoked, and revoked again
        async with database.transaction(ADMINISTRATION) as session:
            made = await staff.create_client(session, "Shop", [here.id], now=NOW, by=BY)
        for _ in range(2):
            async with database.transaction(ADMINISTRATION) as session:
                await staff.revoke_client(session, made.client.id, now=NOW, by=BY)

        # Then
        about = {"client_id": str(made.client.id), "by": str(BY)}
        assert taken(logged) == [
            {"event": f"security.{event}", **about} for event in ("api_key_made", "api_key_revoked")
        ]
        assert (counted("api_key_made"), counted("api_key_revoked")) == (before[0] + 1, before[1] + 1)
        assert [one.active for one in await door.bench.all(ApiClient)] == [False]


@pytest.mark.usefixtures("patience")
def test_the_server_writes_them_as_lines_of_its_log(server: SandboxServer, dealership: Dealership) -> None:
    # Given somebody who is promoted by the administrator, and fails to sign in
    made = add_user(dealership.admin, "promoted@example.com", "CLERK", [])
    by = dealership.admin("{viewer{user{id}}}")["user"]["id"]
    read = len(server.log.read_text())
    update = "mutation($id:ID!,$i:UserUpdate!){updateUser(id:$id,input:$i){__typename}}"
    assert dealership.admin(update, id=made["id"], i={"role": "MANAGER"}) == {"__typename": "User"}
    assert server.api()(SIGN_IN, e="promoted@example.com", p="wrong-password")["problemCode"] == "NOT_ALLOWED"
    assert server.api()(SIGN_IN, e="promoted@example.com", p=PASSWORD)["__typename"] == "Session"

    # Then both are lines of JSON, by ids alone
    lines = [json.loads(line) for line in server.log.read_text()[read:].splitlines() if '"security.' in line]
    assert [{name: line[name] for name in line if name not in {"timestamp", "level"}} for line in lines] == [
        {"event": "security.role_changed", "user_id": made["id"], "by": by, "was": "CLERK", "role": "MANAGER"},
        {"event": "security.sign_in_failed", "user_id": made["id"]},
    ]
    # Then they are counted
    figures = server.figures()
    assert 'ersatzwagen_security_events_total{bound="",event="role_changed"}' in figures
