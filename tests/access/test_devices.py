"""Devices: listed for those whose people use them, and shut out when they are lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.database import ADMINISTRATION
from server.errors import DeviceRevoked, InvalidInput
from server.models import Device, Session
from server.services.people import callers, devices, sessions
from server.services.people.devices import DeviceReport
from tests.builders.bench import Bench
from tests.dealership import Dealership, add_user, open_dealership
from tests.driving import PASSWORD, Api, SandboxServer, new_id

from .doors import ANNA, BEN, HOME, NOW, RIGHT, Door

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
TABLET = DeviceReport(UUID("33333333-3333-4333-8333-333333333333"), "Tablet Hof 1", "0.2.0")
ON_DEVICE = """mutation($e:String!,$p:String!,$d:DeviceInput){signIn(email:$e,password:$p,device:$d){__typename
  ...on Session{accessToken refreshToken} ...on Problem{problemCode message field}}}"""
REFRESH = "mutation($t:String!){refreshSession(refreshToken:$t){__typename}}"
DEVICES = "query($s:ID){devices(stationId:$s){id name user{name} appVersion active}}"
REVOKE = "mutation($id:ID!){revokeDevice(id:$id){__typename ...on Device{id active} ...on Problem{problemCode field}}}"
REVOKED = {"code": "UNAUTHENTICATED", "reason": "DEVICE_REVOKED"}


@pytest.fixture
def door(bench: Bench) -> Door:
    return Door(bench)


async def signed_in(door: Door, email: str = ANNA, device: DeviceReport | None = TABLET, **later: float) -> Any:
    now = NOW + timedelta(**later)
    return await sessions.sign_in(door.bench.outside, email, RIGHT, address=HOME, now=now, device=device)


async def revoke(door: Door) -> None:
    async with door.bench.outside.database.transaction(ADMINISTRATION) as session:
        await devices.revoke(session, TABLET.id, by=uuid4(), now=NOW)


class TestRows:
    async def test_a_shared_device_is_of_who_signed_in_last(self, door: Door) -> None:
        # Given
        _, ben = await door.staff(ANNA, BEN)
        await signed_in(door)
        # When
        await signed_in(door, BEN, DeviceReport(TABLET.id, "Hof 1, neu", "0.3.0"), hours=1)
        # Then
        (one,) = await door.bench.all(Device)
        assert (one.user_id, one.name, one.app_version) == (ben.id, "Hof 1, neu", "0.3.0")
        assert (one.created_at, one.last_seen_at, one.active) == (NOW, NOW + timedelta(hours=1), True)
        assert [session.device_id for session in await door.bench.all(Session)] == [TABLET.id, TABLET.id]

    async def test_it_is_seen_when_it_calls_and_when_it_renews_its_session(self, door: Door) -> None:
        # Given
        await door.staff(ANNA)
        tokens = await signed_in(door)
        # When it calls after three minutes, and renews its session after four
        for after, call in ((3, True), (4, False)):
            now = NOW + timedelta(minutes=after)
            if call:
                await callers.authenticate(door.bench.outside.database, tokens.access_token, now=now, called_at=now)
            else:
                await sessions.refresh(door.bench.outside, tokens.refresh_token, now=now)
            # Then
            assert [one.last_seen_at for one in await door.bench.all(Device)] == [now]

    async def test_the_list_ends_with_the_one_used_longest_ago(
        self, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Given three devices, one after the other
        await door.staff(ANNA)
        for number in range(3):
            await signed_in(door, device=DeviceReport(UUID(int=number + 1), f"Hof {number}"), seconds=number)
        # When the list holds two
        monkeypatch.setattr(devices, "MOST_LISTED", 2)
        async with door.bench.outside.database.transaction(ADMINISTRATION) as session:
            found = await devices.devices(session)
        # Then
        assert [device.name for device in found] == ["Hof 2", "Hof 1"]

    @pytest.mark.parametrize(("days", "left"), [(400, 2), (401, 1)])
    async def test_what_was_not_seen_for_long_is_deleted_with_its_sessions(
        self, door: Door, days: int, left: int
    ) -> None:
        # Given
        await door.staff(ANNA)
        await signed_in(door)
        # When somebody signs in on another one
        await signed_in(door, device=DeviceReport(uuid4(), "Other"), days=days)
        # Then
        assert len(await door.bench.all(Device)) == len(await door.bench.all(Session)) == left

    @pytest.mark.parametrize(
        ("report", "field"),
        [
            (DeviceReport(TABLET.id, " "), ["device", "name"]),
            (DeviceReport(TABLET.id, "x" * 101), ["device", "name"]),
            (DeviceReport(TABLET.id, "x", "1" * 41), ["device", "app_version"]),
        ],
    )
    async def test_odd_names_are_refused(self, door: Door, report: DeviceReport, field: list[str]) -> None:
        # Given
        await door.staff(ANNA)
        # When
        with pytest.raises(InvalidInput) as refused:
            await signed_in(door, device=report)
        # Then
        assert refused.value.field == field
        assert await door.bench.all(Device) == []


class TestRevoked:
    async def test_nothing_that_it_was_given_is_good_any_more(self, door: Door) -> None:
        # Given two people on it, and one of them elsewhere
        await door.staff(ANNA, BEN)
        on_it = [await signed_in(door), await signed_in(door, BEN)]
        elsewhere = await signed_in(door, device=None)
        database = door.bench.outside.database
        # When
        await revoke(door)
        # Then, at once and also when the tokens would have run out
        for later in (SECOND, 2 * DAY, 60 * DAY):
            for tokens in on_it:
                now = NOW + later
                with pytest.raises(DeviceRevoked):
                    await callers.authenticate(database, tokens.access_token, now=now, called_at=now)
                with pytest.raises(DeviceRevoked):
                    await sessions.refresh(door.bench.outside, tokens.refresh_token, now=now)
        now = NOW + SECOND
        assert await callers.authenticate(database, elsewhere.access_token, now=now, called_at=now) is not None

    async def test_it_cannot_be_used_to_sign_in_and_another_id_can(self, door: Door) -> None:
        # Given
        await door.staff(ANNA)
        await signed_in(door)
        await revoke(door)
        # When, Then
        with pytest.raises(DeviceRevoked):
            await signed_in(door)
        assert (await signed_in(door, device=DeviceReport(uuid4(), "Tablet Hof 1"))).principal.name == "Somebody"
        assert sorted(one.active for one in await door.bench.all(Device)) == [False, True]

    async def test_who_does_not_know_the_password_does_not_hear_of_it(self, door: Door) -> None:
        # Given
        await door.staff(ANNA)
        await signed_in(door)
        await revoke(door)
        # When, Then
        assert await door.says(ANNA) == "NOT_ALLOWED"


@pytest.fixture
def manager(server: SandboxServer, dealership: Dealership) -> Api:
    email = f"{new_id()}@example.com"
    add_user(dealership.admin, email, "MANAGER", [dealership.station["id"]])
    return server.sign_in(email)


def tablet_of(server: SandboxServer, of: Dealership, name: str) -> tuple[str, dict[str, Any]]:
    """The id of a tablet on which a new user of the station has signed in, and the tokens."""
    email, device_id = f"{name.lower()}-{new_id()}@example.com", new_id()
    add_user(of.admin, email, "YARD", [of.station["id"]])
    return device_id, server.api()(
        ON_DEVICE, e=email, p=PASSWORD, d={"id": device_id, "name": name, "appVersion": "0.2.0"}
    )


@pytest.mark.usefixtures("patience")
def test_a_manager_shuts_a_device_of_the_own_station_out(
    server: SandboxServer, dealership: Dealership, manager: Api
) -> None:
    # Given a tablet here and one at another station
    other = open_dealership(server, cars=0, admin=dealership.admin)
    here, tokens = tablet_of(server, dealership, "Hof")
    there, _ = tablet_of(server, other, "Fern")

    # Then the manager sees the one, and the administrator both
    listed = {one["id"]: one for one in manager(DEVICES)}
    assert there not in listed
    assert (listed[here]["name"], listed[here]["appVersion"], listed[here]["active"]) == ("Hof", "0.2.0", True)
    assert {here, there} <= {one["id"] for one in dealership.admin(DEVICES)}
    ids = [one["id"] for one in dealership.admin(DEVICES, s=other.station["id"])]
    assert ids == [there]

    # When, Then what is not there for the manager cannot be revoked
    assert manager(REVOKE, id=there) == {"__typename": "Rejection", "problemCode": "NOT_FOUND", "field": ["id"]}

    # When the own one is
    assert manager(REVOKE, id=here) == {"__typename": "Device", "id": here, "active": False}

    # Then its tokens are refused at once, and told apart from those of a session that ended
    call = server.api(tokens["accessToken"]).post("{viewer{role}}")
    assert call["errors"][0]["extensions"] == REVOKED
    renewal = server.api().post(REFRESH, {"t": tokens["refreshToken"]})
    assert renewal["errors"][0]["extensions"] == REVOKED
    assert server.api("ea_" + "x" * 43).post("{viewer{role}}")["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    photo = server.http.get(f"/media/photos/{new_id()}", headers={"authorization": f"Bearer {tokens['accessToken']}"})
    assert photo.status_code == 404
