"""Who is asking: users, API clients, sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from server.models import ApiClient as ApiClientRow
from server.models import User as UserRow
from server.models.staff import Role
from server.schema.building import Info, api_enum, api_input, api_type, row_type
from server.schema.problems import Rejection
from server.schema.shared import maybe, maybe_ids
from server.schema.station import Station
from server.services.people.staff import NewUser, UserChange
from server.services.validation import as_uuid

api_enum(Role)


@row_type(UserRow)
class User:
    """A member of staff who signs in with e-mail and password."""

    id: strawberry.ID
    """The user's id."""
    email: str
    """The address to sign in with."""
    name: str
    """The name that protocols and the history show."""
    role: Role
    """What the user may do."""
    active: bool
    """Whether the user can sign in."""
    last_sign_in_at: datetime | None
    """When the user last signed in."""

    @strawberry.field
    async def stations(self, info: Info) -> list[Station]:
        """The stations where the user works, as far as you may see them. Administrators need none: they see all."""
        return await (await info.context.loaders()).user_stations.load(self.id)  # type: ignore[return-value, arg-type]


@row_type(ApiClientRow)
class ApiClient:
    """A website or other program that calls the API with a key. The key itself is shown once, at creation."""

    id: strawberry.ID
    """The client's id."""
    name: str
    """What it is called, for people."""
    key_prefix: str
    """The first characters of the key, to recognise it by."""
    active: bool
    """Whether the key still works."""
    last_used_at: datetime | None
    """When the key was last used, to the minute."""

    @strawberry.field
    async def stations(self, info: Info) -> list[Station]:
        """The stations that it may book at."""
        return await (await info.context.loaders()).client_stations.load(self.id)  # type: ignore[return-value, arg-type]


@api_type
class Viewer:
    """Who you are to the API."""

    user: User | None
    """The user who signed in; null for an API client."""
    client: ApiClient | None
    """The API client; null for a user."""
    role: Role
    """What you may do."""
    stations: list[Station]
    """The stations whose data you see; for a website, those that it may book at."""


@api_type
class Session:
    """A sign-in. Send the access token as `Authorization: Bearer …`; use the refresh token before `expiresAt`."""

    access_token: str
    """Good until `expiresAt`."""
    refresh_token: str
    """Good once, for the next session. Used twice, it ends all sessions that came from it."""
    expires_at: datetime
    """When the access token ends, by the machine's own clock."""
    viewer: Viewer
    """Who has signed in."""


@api_type
class CreatedApiClient:
    """A new API client with its key."""

    client: ApiClient
    """The client."""
    key: str
    """The key, shown only now. Send it as `Authorization: Bearer ek_…`."""


SignInResult = Annotated[Session | Rejection, strawberry.union("SignInResult", description="A session, or why not.")]
UserResult = Annotated[User | Rejection, strawberry.union("UserResult", description="The user, or why not.")]
ApiClientResult = Annotated[
    CreatedApiClient | ApiClient | Rejection,
    strawberry.union("ApiClientResult", description="The API client, with its key when it is new, or why not."),
]


@api_input
class UserInput:
    """A new user."""

    email: str
    """The address to sign in with."""
    name: str
    """The name that protocols and the history show."""
    role: Role
    """What the user may do; not WEB."""
    station_ids: list[strawberry.ID]
    """The stations where the user works."""
    password: str
    """10 to 128 characters."""

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
    """Give what changes. A new password or a deactivation ends the user's sessions."""

    name: str | None = strawberry.UNSET
    """The name that protocols and the history show."""
    role: Role | None = strawberry.UNSET
    """What the user may do; counts from the next request on."""
    station_ids: list[strawberry.ID] | None = strawberry.UNSET
    """The stations where the user works."""
    active: bool | None = strawberry.UNSET
    """Whether the user can sign in."""
    password: str | None = strawberry.UNSET
    """10 to 128 characters."""

    def given(self) -> UserChange:
        """As the services take it."""
        return UserChange(
            name=maybe(self.name),
            role=maybe(self.role),
            station_ids=maybe_ids(self.station_ids),
            active=maybe(self.active),
            password=maybe(self.password),
        )
