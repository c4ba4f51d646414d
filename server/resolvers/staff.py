"""Who is asking, users and API clients."""

from __future__ import annotations

from typing import Any

import strawberry
from sqlmodel import col, select

from server.clock import SystemClock
from server.context import Context
from server.database import SYSTEM
from server.models import ApiClient, User
from server.models.staff import Role
from server.schema.building import Info
from server.schema.root_fields import ADMINS, ANYONE, EVERYBODY, MANAGERS, mutation, query
from server.schema.viewer import ApiClient as ApiClientType
from server.schema.viewer import (
    ApiClientResult,
    CreatedApiClient,
    Session,
    SignInResult,
    UserInput,
    UserResult,
    UserUpdate,
    Viewer,
)
from server.schema.viewer import User as UserType
from server.security import Principal
from server.services.fleet import stations
from server.services.people import sessions, staff
from server.services.people.sessions import Tokens
from server.services.validation import as_uuid


async def viewer_of(context: Context, principal: Principal) -> Viewer:
    """What the API tells somebody about themselves."""
    session = await context.session()
    is_website = principal.role is Role.WEB
    user = None if is_website else await session.by_id(User, principal.id)
    client = await session.by_id(ApiClient, principal.id) if is_website else None
    return Viewer(
        user=user,  # type: ignore[arg-type]  # rows are the source
        client=client,  # type: ignore[arg-type]
        role=principal.role,
        stations=await stations.visible_stations(session),  # type: ignore[arg-type]
    )


@strawberry.type
class StaffQuery:
    """Who is asking."""

    @query(allow=EVERYBODY)
    async def viewer(self, info: Info) -> Viewer:
        """Who you are to the API, and which stations you see."""
        return await viewer_of(info.context, info.context.principal)

    @query(allow=MANAGERS, graphql_type=list[UserType])
    async def users(self, info: Info) -> Any:
        """Users; for a manager, those who work at one of your stations."""
        return await (await info.context.session()).all(select(User).order_by(col(User.name), col(User.id)))

    @query(allow=MANAGERS, graphql_type=list[ApiClientType])
    async def api_clients(self, info: Info) -> Any:
        """API clients; for a manager, those that book at one of your stations."""
        return await (await info.context.session()).all(select(ApiClient).order_by(col(ApiClient.name)))


@strawberry.type
class StaffMutation:
    """Signing in, users and API clients."""

    @mutation(allow=ANYONE, graphql_type=SignInResult)
    async def sign_in(self, info: Info, email: str, password: str) -> Session:
        """Signs in with e-mail and password. After ten failures within a quarter of an hour the account has to wait."""
        context = info.context
        now = SystemClock().now()
        tokens = await sessions.sign_in(context.outside.database, email, password, address=context.address, now=now)
        return await _session(context, tokens)

    @mutation(allow=ANYONE, graphql_type=SignInResult)
    async def refresh_session(self, info: Info, refresh_token: str) -> Session:
        """New tokens for a refresh token, which is good once. Used twice, it ends every session that came from it."""
        context = info.context
        tokens = await sessions.refresh(context.outside.database, refresh_token, now=SystemClock().now())
        return await _session(context, tokens)

    @mutation(allow=EVERYBODY)
    async def sign_out(self, info: Info) -> bool:
        """Ends the session that you are using, at once. An API key is ended with `revokeApiClient`."""
        principal = info.context.principal
        if principal.session_id is None:
            return False
        async with info.context.transaction(SYSTEM) as session:
            await sessions.sign_out(session, principal, now=SystemClock().now())
        return True

    @mutation(allow=ADMINS, graphql_type=UserResult)
    async def create_user(self, info: Info, input: UserInput) -> Any:  # noqa: A002  # the contract's name
        """A new member of staff."""
        async with info.context.write() as session:
            return await staff.create_user(session, input.given(), now=info.context.now)

    @mutation(allow=ADMINS, graphql_type=UserResult)
    async def update_user(self, info: Info, id: strawberry.ID, input: UserUpdate) -> Any:  # noqa: A002
        """Changes a user. Role and stations count from the next request on."""
        async with info.context.write() as session:
            return await staff.update_user(session, as_uuid(id), input.given(), now=SystemClock().now())

    @mutation(allow=ADMINS, graphql_type=ApiClientResult)
    async def create_api_client(self, info: Info, name: str, station_ids: list[strawberry.ID]) -> CreatedApiClient:
        """A new API key for a website. It is shown in this answer and never again."""
        async with info.context.write() as session:
            client, key = await staff.create_client(
                session, name, [as_uuid(one) for one in station_ids], now=info.context.now
            )
        return CreatedApiClient(client=client, key=key)  # type: ignore[arg-type]

    @mutation(allow=ADMINS, graphql_type=ApiClientResult)
    async def revoke_api_client(self, info: Info, id: strawberry.ID) -> Any:  # noqa: A002
        """Ends an API key at once."""
        async with info.context.write() as session:
            return await staff.revoke_client(session, as_uuid(id))


async def _session(context: Context, tokens: Tokens) -> Session:
    context.caller = tokens.principal
    return Session(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_at=tokens.expires_at,
        viewer=await viewer_of(context, tokens.principal),
    )
