"""Devices: which installations of a program people sign in on, and shutting one out that was lost or stolen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.errors import DeviceRevoked, NotFound, Sentence
from server.models import Device, UserStation
from server.security_events import SecurityEvent, note
from server.services import validation

FORGOTTEN_AFTER = timedelta(days=400)
"""A device that nobody used for so long is deleted. Its sessions have ended more than a year before."""
MOST_LISTED = 500
"""Every sign-in can add one: nobody can make the list longer than what a person looks through."""


@dataclass(frozen=True)
class DeviceReport:
    """What a program says of the device it runs on."""

    id: UUID
    name: str
    app_version: str | None = None

    def checked(self) -> DeviceReport:
        """As it is stored. InvalidInput names the field that is wrong."""
        name = validation.text(self.name, ("device", "name"), longest=100)
        return DeviceReport(
            self.id, name, validation.optional_text(self.app_version, ("device", "app_version"), longest=40)
        )


async def sign_in_on(session: Session, report: DeviceReport, user_id: UUID, *, now: datetime) -> UUID:
    """Notes that somebody signs in on a device; DeviceRevoked if it was shut out. Returns its id.

    Whoever signed in last is named in the list: a shared tablet belongs to nobody for long.
    """
    await session.write("delete from device where last_seen_at < :before", {"before": now - FORGOTTEN_AFTER})
    found = await session.write(
        "insert into device (id, user_id, name, app_version, last_seen_at, created_at)"
        " values (:id, :user, :name, :version, :now, :now) on conflict (id) do update set user_id = :user,"
        " name = :name, app_version = :version, last_seen_at = :now where device.revoked_at is null",
        {"id": report.id, "user": user_id, "name": report.name, "version": report.app_version, "now": now},
    )
    if not found:
        raise DeviceRevoked()
    return report.id


async def require_active(session: Session, device_id: UUID | None) -> None:
    """DeviceRevoked if the device of a session was shut out. Sessions without a device have nothing to fear."""
    device = await session.by_id(Device, device_id)
    if device is not None and not device.active:
        raise DeviceRevoked()


async def seen(session: Session, device_id: UUID | None, *, now: datetime) -> None:
    """Notes that a device is in use."""
    await session.write("update device set last_seen_at = :now where id = :id", {"now": now, "id": device_id})


async def devices(session: Session, station_id: UUID | None = None) -> Sequence[Device]:
    """The devices that the caller may see, MOST_LISTED at most, last used first; with a station those of its users."""
    statement = select(Device).order_by(col(Device.last_seen_at).desc(), col(Device.id)).limit(MOST_LISTED)
    if station_id is not None:
        here = select(UserStation.user_id).where(col(UserStation.station_id) == station_id)
        statement = statement.where(col(Device.user_id).in_(here))
    return await session.all(statement)


async def revoke(session: Session, device_id: UUID | None, *, by: UUID, now: datetime) -> Device:
    """Shuts a device out: its sessions are good for nothing from the next request on. A second time changes nothing."""
    device = await session.by_id(Device, device_id, lock=True)
    if device is None:
        raise NotFound(Sentence("There is no such device.", "Dieses Gerät gibt es nicht."), field=["id"])
    if device.active:
        device.revoked_at = now
        await session.store(device)
        told = {"device_id": device.id, "user_id": device.user_id, "by": by}
        session.once_committed(lambda: note(SecurityEvent.DEVICE_REVOKED, **told))
    return device
