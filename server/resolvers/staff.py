"""Who is asking, users and API clients."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import strawberry

from server.clock import SystemClock
from server.database import SYSTEM
from server.models import ApiClient, Device, User
from server.schema.api_client import ApiClient as ApiClientType
from server.schema.api_client import ClientPolicyInput
from server.schema.building import Info
from server.schema.results import ApiClientResult, ChangePasswordResult, DeviceResult, SignInResult, UserResult
from server.schema.root_fields import ADMINS, ANYONE, EVERYBODY, MANAGERS, STAFF, mutation, query
from server.schema.viewer import Device as DeviceType
from server.schema.viewer import DeviceInput, UserInput, UserUpdate, Viewer
from server.schema.viewer import User as UserType
from server.security import Principal
from server.services.lists.search import only
from server.services.people import devices, own_password, sessions, staff
from server.services.people.sessions import Tokens
from server.services.people.staff import NewClient
from server.services.validation import as_uuid


@strawberry.type
class StaffQuery:
    """Who is asking."""

    @query(allow=EVERYBODY, graphql_type=Viewer)
    async def viewer(self, info: Info) -> Principal:
        """Who you are to the API, and which stations you see."""
        return info.context.principal

    @query(allow=MANAGERS, graphql_type=list[UserType])
    async def users(self, info: Info) -> list[User]:
        """Users; for a manager, those who work at one of your stations."""
        return await staff.users(await info.context.session())

    @query(allow=MANAGERS, graphql_type=list[ApiClientType])
    async def api_clients(self, info: Info) -> list[ApiClient]:
        """API clients; for a manager, those that book at one of your stations."""
        return await staff.api_clients(await info.context.session())

    @query(allow=MANAGERS, graphql_type=list[DeviceType])
    async def devices(self, info: Info, station_id: strawberry.ID | None = None) -> Sequence[Device]:
        """Devices that staff have signed in on, the last used first and 500 at most; for a manager, those of users of
        your stations. With `stationId`, only those of users who work there.
        """
        return await devices.devices(await info.context.session(), only(station_id))


@strawberry.type
class StaffMutation:
    """Signing in, users and API clients."""

    @mutation(allow=ANYONE, graphql_type=SignInResult)
    async def sign_in(self, info: Info, email: str, password: str, device: DeviceInput | None = None) -> Tokens:
        """Signs in with e-mail and password. After ten failures within a quarter of an hour the account has to wait at
        the address that it was tried from. With `device`, all tokens of this session are that device's; without, it
        cannot be listed or revoked. A device that was revoked gets the error UNAUTHENTICATED with
        `extensions.reason` DEVICE_REVOKED.
        """
        context, on = info.context, device.given() if device else None
        tokens = await sessions.sign_in(
            context.outside, email, password, device=on, address=context.address, now=SystemClock().now()
        )
        context.caller = tokens.principal
        return tokens

    @mutation(allow=ANYONE, graphql_type=SignInResult)
    async def refresh_session(self, info: Info, refresh_token: str, device_id: UUID | None = None) -> Tokens:
        """New tokens for a refresh token, which is good once. If the answer is lost, ask again within 60 seconds: it is
        the same one. Later, or once the new refresh token was used, it ends every session that came from it.

        `deviceId` is the `id` of the device that signed in: a token that belongs to another device ends, too. Of a
        device that was revoked every token is answered with UNAUTHENTICATED, `extensions.reason` DEVICE_REVOKED.
        """
        outside, now = info.context.outside, SystemClock().now()
        tokens = await sessions.refresh(outside, refresh_token, device_id=device_id, now=now)
        info.context.caller = tokens.principal
        return tokens

    @mutation(allow=EVERYBODY)
    async def sign_out(self, info: Info) -> bool:
        """Ends the session that you are using, at once. An API key is ended with `revokeApiClient`."""
        principal = info.context.principal
        if principal.session_id is None:
            return False
        async with info.context.transaction(SYSTEM) as session:
            await sessions.sign_out(session, principal, now=SystemClock().now())
        return True

    @mutation(allow=STAFF, graphql_type=ChangePasswordResult)
    async def change_password(self, info: Info, current: str, new: str) -> Principal:
        """Changes your own password, to one of 10 to 128 characters. This session goes on, all others of yours end at
        once. A wrong current password counts like a failed sign-in, and beyond those limits TOO_MANY_ATTEMPTS is
        answered.
        """
        context, now = info.context, SystemClock().now()
        await own_password.change(context.outside, context.principal, current, new, address=context.address, now=now)
        return context.principal

    @mutation(allow=MANAGERS, graphql_type=DeviceResult)
    async def revoke_device(self, info: Info, id: strawberry.ID) -> Device:  # noqa: A002
        """Shuts a lost device out: whoever holds it is signed out at once, and an app of ours deletes what it holds of
        others at its next call. Protocols that were not sent yet stay there, sealed, until somebody signs in again.
        """
        async with info.context.write() as session:
            by, now = info.context.principal.id, SystemClock().now()
            return await devices.revoke(session, as_uuid(id), by=by, now=now)

    @mutation(allow=ADMINS, graphql_type=UserResult)
    async def create_user(self, info: Info, input: UserInput) -> User:  # noqa: A002  # the contract's name
        """Creates a member of staff, who can sign in at once."""
        async with info.context.write() as session:
            return await staff.create_user(session, input.given(), now=info.context.now)

    @mutation(allow=ADMINS, graphql_type=UserResult)
    async def update_user(self, info: Info, id: strawberry.ID, input: UserUpdate) -> User:  # noqa: A002
        """Changes a user. Role and stations count from the next request on."""
        async with info.context.write() as session:
            by, now = info.context.principal.id, SystemClock().now()
            return await staff.update_user(session, as_uuid(id), input.given(), now=now, by=by)

    @mutation(allow=ADMINS, graphql_type=ApiClientResult)
    async def create_api_client(
        self, info: Info, name: str, station_ids: list[strawberry.ID], policy: ClientPolicyInput | None = None
    ) -> NewClient:
        """Creates an API client for a website. Its key is shown in this answer and never again."""
        async with info.context.write() as session:
            ids, wanted = [as_uuid(one) for one in station_ids], (policy or ClientPolicyInput()).given()
            by, now = info.context.principal.id, SystemClock().now()
            return await staff.create_client(session, name, ids, wanted, now=now, by=by)

    @mutation(allow=ADMINS, graphql_type=ApiClientResult)
    async def update_api_client(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002
        name: str | None = None,
        station_ids: list[strawberry.ID] | None = None,
        policy: ClientPolicyInput | None = None,
    ) -> ApiClient:
        """Changes an API client from its next request on; what is not given stays. Its key and its bookings stay."""
        async with info.context.write() as session:
            ids = None if station_ids is None else [as_uuid(one) for one in station_ids]
            wanted = (policy or ClientPolicyInput()).given()
            return await staff.update_client(session, as_uuid(id), name, ids, wanted)

    @mutation(allow=ADMINS, graphql_type=ApiClientResult)
    async def rotate_api_key(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002
        overlap_hours: int = 168,
    ) -> NewClient:
        """Makes a new key for an API client, shown in this answer and never again. The keys before it are good for
        `overlapHours` more (0 to 2160, a week unless said), so that the website changes over without a gap; 0 ends them
        at once. Up to five are good at a time. Its bookings, stations and policy stay.
        """
        async with info.context.write() as session:
            by, now = info.context.principal.id, SystemClock().now()
            return await staff.rotate_key(session, as_uuid(id), overlap_hours, now=now, by=by)

    @mutation(allow=ADMINS, graphql_type=ApiClientResult)
    async def revoke_api_client(self, info: Info, id: strawberry.ID) -> ApiClient:  # noqa: A002
        """Ends all keys of an API client at once, for good; its bookings stay."""
        async with info.context.write() as session:
            by, now = info.context.principal.id, SystemClock().now()
            return await staff.revoke_client(session, as_uuid(id), now=now, by=by)
