"""Who is asking: what a bearer token or an API key stands for, looked up anew at each request."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from server import security
from server.database import SYSTEM, Database
from server.errors import DeviceRevoked
from server.models.staff import Role
from server.security import Principal
from server.services.people import devices

SILENCE = timedelta(minutes=15)
"""A device that was not heard of for longer was offline."""


async def authenticate(database: Database, token: str, *, now: datetime, called_at: datetime) -> Principal | None:
    """Who a bearer token belongs to, or None; DeviceRevoked if its device was shut out. Roles and stations are read
    anew each time: a change works at once.

    What cannot be a token of ours is not looked up: whoever sends bogus ones must not keep the database busy. `now` is
    the machine's clock, by which sessions live; `called_at` that of the business.
    """
    if security.has_form(token, security.API_KEY):
        return await _client_of(database, token, now)
    if not security.has_form(token, security.ACCESS):
        return None
    row = await _session_of(database, token, now)
    if row is None:
        return None
    since = await _heard(database, row, called_at, now)
    return replace(_principal(row, Role(row.role), row.session_id), in_contact_since=since)


async def person_of(database: Database, token: str, *, now: datetime) -> Principal | None:
    """Whose access token this is, or None; DeviceRevoked as above. Nothing is noted: nobody has called with it."""
    if not security.has_form(token, security.ACCESS):
        return None
    row = await _session_of(database, token, now)
    return None if row is None else _principal(row, Role(row.role), row.session_id)


async def member_of_staff(database: Database, user_id: UUID) -> Principal | None:
    """A user as of now, for a link that was made for that person; None if there is none, or none any more."""
    found = await database.look_up(
        SYSTEM,
        "select u.id, u.name, u.role,"
        " (select coalesce(jsonb_object_agg(here.id, here.time_zone), '{}') from station here"
        " join user_station x on x.station_id = here.id where x.user_id = u.id) as stations"
        " from app_user u where u.id = :user and u.active",
        {"user": user_id},
    )
    return _principal(found[0], Role(found[0].role)) if found else None


async def _session_of(database: Database, token: str, now: datetime) -> Any:
    """Whoever was shut out hears of it, also with a session that has ended since."""
    found = await database.look_up(
        SYSTEM,
        "select u.id, u.name, u.role, s.id as session_id, s.device_id, s.last_called_at, s.in_contact_since,"
        " d.revoked_at is not null as is_revoked,"
        " (select coalesce(jsonb_object_agg(here.id, here.time_zone), '{}') from station here"
        " join user_station x on x.station_id = here.id where x.user_id = u.id) as stations"
        " from session s join app_user u on u.id = s.user_id left join device d on d.id = s.device_id"
        " where s.access_hash = :hash and (d.revoked_at is not null"
        " or (s.revoked_at is null and s.access_expires_at > :now and u.active))",
        {"hash": security.token_hash(token), "now": now},
    )
    if found and found[0].is_revoked:
        raise DeviceRevoked()
    return found[0] if found else None


async def _heard(database: Database, row: Any, called_at: datetime, now: datetime) -> datetime:
    """Since when the device of a session is in contact. Noted once a minute, which keeps reads from writing."""
    last: datetime | None = row.last_called_at
    silent_for = None if last is None else called_at - last
    is_new = silent_for is None or silent_for > SILENCE
    since: datetime = called_at if is_new else row.in_contact_since
    if silent_for is None or silent_for >= timedelta(minutes=1):
        async with database.transaction(SYSTEM) as session:
            await session.write(
                "update session set last_called_at = :called, in_contact_since = :since where id = :id",
                {"called": called_at, "since": since, "id": row.session_id},
            )
            await devices.seen(session, row.device_id, now=now)
    return since


async def _client_of(database: Database, key: str, now: datetime) -> Principal | None:
    found = await database.look_up(
        SYSTEM,
        "select c.id, c.name, k.id as key_id, k.last_used_at,"
        " (select coalesce(jsonb_object_agg(here.id, here.time_zone), '{}') from station here"
        " join client_station x on x.station_id = here.id where x.client_id = c.id) as stations"
        " from api_key k join api_client c on c.id = k.client_id"
        " where k.key_hash = :hash and c.active and (k.expires_at is null or k.expires_at > :now)",
        {"hash": security.token_hash(key), "now": now},
    )
    if not found:
        return None
    row = found[0]
    # Once a minute is often enough to see whether a key is in use, and keeps reads from writing.
    if row.last_used_at is None or row.last_used_at < now - timedelta(minutes=1):
        async with database.transaction(SYSTEM) as session:
            await session.write(
                "with used as (update api_key set last_used_at = :now where id = :key)"
                " update api_client set last_used_at = :now where id = :id",
                {"now": now, "key": row.key_id, "id": row.id},
            )
    return _principal(row, Role.WEB)


def _principal(row: Any, role: Role, session_id: UUID | None = None) -> Principal:
    zones = {UUID(station_id): ZoneInfo(time_zone) for station_id, time_zone in row.stations.items()}
    return Principal(row.id, row.name, role, tuple(zones), session_id, zones)
