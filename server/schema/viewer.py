"""Who is asking: users, API clients, sessions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from server import batches
from server.models import Device as DeviceRow
from server.models import Station as StationRow
from server.models import User as UserRow
from server.models.staff import Role
from server.schema.api_client import ApiClient
from server.schema.building import Info, api_enum, api_input, row_type, shown_as
from server.schema.related import related
from server.schema.shared import maybe, maybe_ids, row_of
from server.schema.station import Station
from server.security import Principal
from server.services.fleet import stations
from server.services.people.devices import DeviceReport
from server.services.people.sessions import Tokens
from server.services.people.staff import NewUser, UserChange
from server.services.validation import as_uuid

api_enum(Role)


@row_type(UserRow)
class User:
    """A member of staff who signs in with e-mail and password."""

    id: strawberry.ID
    """Id of the user."""
    email: str
    """The address to sign in with."""
    name: str
    """The name that protocols and the history show."""
    role: Role
    """What the user may do."""
    active: bool
    """Whether the user can sign in."""
    last_sign_in_at: datetime | None
    """When the user last signed in, in UTC; null if never."""

    stations = related(list[Station], batches.stations_of_user)
    """The stations where the user works, as far as you may see them. Administrators need none: they see all."""


def _user(root: Principal) -> UUID | None:
    return None if root.role is Role.WEB else root.id


@row_type(Principal)
class Viewer:
    """Who you are to the API."""

    user = related(User | None, batches.user, by=_user)
    """The user who signed in; null for an API client."""
    client = related(ApiClient | None, batches.client, by="client_id")
    """The API client; null for a user."""

    @strawberry.field
    def role(self) -> Role:
        """What you may do, as your role."""
        role: Role = row_of(self).role
        return role

    @shown_as(list[Station])
    async def stations(self, info: Info) -> list[StationRow]:
        """The stations whose data you see; for a website, those that it may book at."""
        return await stations.visible_stations(await info.context.session())


@row_type(Tokens)
class Session:
    """A sign-in. Send `accessToken` as `Authorization: Bearer …`, and get the next one with `refreshSession`."""

    access_token: str
    """The token that every other request carries; good until `expiresAt`."""
    refresh_token: str
    """Good once and for 30 days, for the next session; see `refreshSession` for an answer that was lost."""
    expires_at: datetime
    """When the access token ends, in UTC and by the machine's own clock: an hour after it was made."""

    @shown_as(Viewer)
    def viewer(self) -> Principal:
        """The user who has signed in."""
        principal: Principal = row_of(self).principal
        return principal


@row_type(DeviceRow)
class Device:
    """A tablet or another installation of a program that somebody has signed in on. Not seen for 400 days, it is
    deleted.
    """

    id: strawberry.ID
    """The id that the installation made for itself and sent as `DeviceInput.id`."""
    name: str
    """What the device calls itself, such as its model, up to 100 characters."""
    last_seen_at: datetime
    """When it last signed in, refreshed its session or called, to the minute and in UTC."""
    app_version: str | None
    """The version of the app when somebody last signed in on it; null if it did not say."""
    active: bool
    """False once it was revoked: no token that was given to it is good any more."""

    user = related(User | None, batches.user, by="user_id")
    """Who signed in on it last; null if that is nobody whom you may see. A shared tablet has several people."""


@api_input
class DeviceInput:
    """The installation that signs in, so that it can be listed and shut out if it is lost."""

    id: UUID
    """Made once by the installation, at random. After a revocation it needs another one."""
    name: str
    """What staff recognise it by, such as its model or host name; 1 to 100 characters."""
    app_version: str | None = None
    """The version of the app, up to 40 characters; null if it has none."""

    def given(self) -> DeviceReport:
        """As the services take it."""
        return DeviceReport(self.id, self.name, self.app_version)


@api_input
class UserInput:
    """A user as it is created."""

    email: str
    """The address to sign in with."""
    name: str
    """The name that protocols and the history show, up to 200 characters."""
    role: Role
    """What the user may do; WEB is refused, for websites get an API client."""
    station_ids: list[strawberry.ID]
    """The stations where the user works; administrators need none."""
    password: str
    """Password of 10 to 128 characters."""

    def given(self) -> NewUser:
        """As the services take it."""
        return NewUser(
            email=self.email,
            name=self.name,
            role=self.role,
            station_ids=tuple(as_uuid(station_id) for station_id in self.station_ids),
            password=self.password,
        )


@api_input
class UserUpdate:
    """What changes of a user; what is not given stays. A new password or a deactivation ends the user's sessions."""

    name: str | None = strawberry.UNSET
    """The name that protocols and the history show, up to 200 characters; cannot be emptied."""
    role: Role | None = strawberry.UNSET
    """What the user may do; counts from the next request on."""
    station_ids: list[strawberry.ID] | None = strawberry.UNSET
    """The stations where the user works, all of them."""
    active: bool | None = strawberry.UNSET
    """Whether the user can sign in; the last active administrator stays one."""
    password: str | None = strawberry.UNSET
    """New password of 10 to 128 characters."""

    def given(self) -> UserChange:
        """As the services take it."""
        return UserChange(
            name=maybe(self.name),
            role=maybe(self.role),
            station_ids=maybe_ids(self.station_ids),
            active=maybe(self.active),
            password=maybe(self.password),
        )
