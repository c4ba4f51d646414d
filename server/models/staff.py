"""People who may call the API, their sessions and sign-in attempts."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field, SQLModel

from server.models.columns import enum_column, new_id


class Role(StrEnum):
    """What a caller may do. The order is that of growing rights; WEB stands apart."""

    WEB = "WEB"
    """A website or other program with an API key: availability, prices, its own bookings."""
    YARD = "YARD"
    """Yard staff: hand cars over and take them back."""
    CLERK = "CLERK"
    """Back office of a station: everything about contracts, customers and vehicles."""
    MANAGER = "MANAGER"
    """A clerk who may also override and approve, at one station or several."""
    ADMIN = "ADMIN"
    """Administrator of the whole company: all stations, users, API keys, tariffs."""


MANAGERS = frozenset({Role.MANAGER, Role.ADMIN})
"""Who decides what others may not."""


class User(SQLModel, table=True):
    """A member of staff who signs in with e-mail and password."""

    __tablename__ = "app_user"
    id: UUID = new_id()
    email: str
    email_key: str = Field(unique=True)
    name: str
    role: Role = Field(sa_column=enum_column(Role))
    active: bool = True
    password_hash: str
    created_at: datetime
    last_sign_in_at: datetime | None = None


class UserStation(SQLModel, table=True):
    """Where a user works. Administrators need none."""

    __tablename__ = "user_station"
    user_id: UUID = Field(foreign_key="app_user.id", primary_key=True, ondelete="CASCADE")
    station_id: UUID = Field(foreign_key="station.id", primary_key=True, index=True)


class Device(SQLModel, table=True):
    """A tablet or another installation that somebody signed in on; its id is the installation's own.

    It lives by the machine's clock, like the sessions that belong to it: once revoked, none of them is good any more.
    """

    __tablename__ = "device"
    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="app_user.id", index=True, ondelete="CASCADE")
    name: str
    app_version: str | None = None
    last_seen_at: datetime
    revoked_at: datetime | None = None
    created_at: datetime

    @property
    def active(self) -> bool:
        """Whether its sessions are good, as far as this is up to the device."""
        return self.revoked_at is None


class Session(SQLModel, table=True):
    """One access token with its refresh token, stored as SHA-256. A refresh makes the next row of the same family.

    It lives by the machine's clock. `last_called_at` and `in_contact_since` are times of the business, like those of
    protocols: the latter is when the calls began of which none is more than a quarter of an hour after the one before.
    """

    __tablename__ = "session"
    id: UUID = new_id()
    family_id: UUID = Field(index=True)
    user_id: UUID = Field(foreign_key="app_user.id", index=True, ondelete="CASCADE")
    device_id: UUID | None = Field(default=None, foreign_key="device.id", index=True, ondelete="CASCADE")
    access_hash: str = Field(unique=True)
    refresh_hash: str = Field(unique=True)
    access_expires_at: datetime
    refresh_expires_at: datetime = Field(index=True)
    rotated_at: datetime | None = None
    revoked_at: datetime | None = None
    last_called_at: datetime | None = None
    in_contact_since: datetime | None = None
    created_at: datetime


class SignInBucket(SQLModel, table=True):
    """Failed sign-ins of an account, of a network address, or of an account at an address inside the current window.
    The key is the kind and a sealed hash: nothing personal.
    """

    __tablename__ = "sign_in_bucket"
    key: str = Field(primary_key=True)
    window_started_at: datetime
    failures: int = 0
