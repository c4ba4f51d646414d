"""The command line's look at who may call: users and API clients, listed, made, changed and shut out."""

from __future__ import annotations

import getpass
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlmodel import col, select

from server import batches, logs
from server.cli.running import settings_of, with_runtime
from server.clock import SystemClock
from server.database import ADMINISTRATION, Session
from server.models import ApiClient, ApiKey, Station, User
from server.models.contract import ContractKind
from server.models.customer import email_key
from server.models.staff import Role
from server.runtime import NotConfigured, Runtime
from server.services.people import staff
from server.services.people.api_keys import MOST_OVERLAP_HOURS
from server.services.people.client_policies import PolicyRequest
from server.services.people.staff import NewUser, UserChange
from server.services.validation import as_uuid

user = typer.Typer(help="Users who sign in.", no_args_is_help=True)
client = typer.Typer(help="Websites and other programs with an API key.", no_args_is_help=True)
_DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Where everything is kept.")]
_Email = Annotated[str, typer.Argument(help="The address that the user signs in with.")]
_Client = Annotated[str, typer.Argument(help="Id of the API client, or its name if no other has it.")]
_TIME = "%Y-%m-%d %H:%MZ"


@user.command("list")
def list_users(data_dir: _DataDir = None) -> None:
    """All users by name: address, role, whether they can sign in, when they last did, stations, name."""
    logs.configure()

    async def look(session: Session) -> list[str]:
        found = await staff.users(session)
        stations = await batches.stations_of_user(session, [one.id for one in found])
        return [
            f"{one.email:40} {one.role:8} {'active' if one.active else 'disabled':9}"
            f" {_time(one.last_sign_in_at):17} {_codes(at):20} {one.name}"
            for one, at in zip(found, stations, strict=True)
        ]

    print("\n".join(_administering(data_dir, look) or ["There are no users."]))


@user.command("create")
def create_user(
    email: Annotated[str, typer.Option(help="The address to sign in with.")],
    name: Annotated[str, typer.Option(help="The person's name.")],
    role: Annotated[Role, typer.Option(help="What the user may do.")],
    station: Annotated[list[str] | None, typer.Option(help="Code of a station; repeat for several.")] = None,
    data_dir: _DataDir = None,
) -> None:
    """A user; the password is asked for, or read from ERSATZWAGEN_PASSWORD."""
    logs.configure()
    password = _asked_password()

    async def create(session: Session) -> None:
        ids = await _station_ids(session, station or [])
        new = NewUser(email=email, name=name, role=role, station_ids=ids, password=password)
        await staff.create_user(session, new, now=_machine_now())

    _administering(data_dir, create)
    print(f"Created: {email} ({role.value})")


@user.command("password")
def set_password(email: _Email, data_dir: _DataDir = None) -> None:
    """Another password, asked for or read from ERSATZWAGEN_PASSWORD; all sessions of the user end."""
    logs.configure()
    password = _asked_password()
    _administering(data_dir, lambda session: _change(session, email, UserChange(password=password)))
    print(f"Changed: {email}; all sessions have ended")


@user.command("disable")
def disable_user(email: _Email, data_dir: _DataDir = None) -> None:
    """Lets nobody sign in as this user any more; all sessions end. `updateUser` lets the user in again."""
    logs.configure()
    _administering(data_dir, lambda session: _change(session, email, UserChange(active=False)))
    print(f"Disabled: {email}; all sessions have ended")


@client.command("list")
def list_clients(data_dir: _DataDir = None) -> None:
    """All API clients by name: id, whether they may call, when they last did, stations, name; below each its keys."""
    logs.configure()

    async def look(session: Session) -> list[str]:
        found = await staff.api_clients(session)
        ids = [one.id for one in found]
        stations, keys = await batches.stations_of_client(session, ids), await batches.keys_of_client(session, ids)
        lines = []
        for one, at, those in zip(found, stations, keys, strict=True):
            state = "active" if one.active else "disabled"
            lines.append(f"{one.id}  {state:9} {_time(one.last_used_at):17} {_codes(at):20} {one.name}")
            lines += [f"  {_described(key)}" for key in those]
        return lines

    print("\n".join(_administering(data_dir, look) or ["There are no API clients."]))


@client.command("create")
def create_client(
    name: Annotated[str, typer.Option(help="What it is called.")],
    station: Annotated[list[str], typer.Option(help="Code of a station; repeat for several.")],
    kind: Annotated[list[ContractKind] | None, typer.Option(help="What it may book; RENTAL unless said.")] = None,
    payer: Annotated[bool, typer.Option("--payer", help="It may name another payer.")] = False,
    holds: Annotated[int | None, typer.Option(help="Cars that may be HELD at a time; 20 unless said.")] = None,
    data_dir: _DataDir = None,
) -> None:
    """An API key, shown once. What it may do besides can be changed with `updateApiClient`."""
    logs.configure()  # standard output is the key alone
    policy = PolicyRequest(kinds=tuple(kind) if kind else None, may_name_payer=payer or None, open_holds=holds)

    async def create(session: Session) -> str:
        ids = await _station_ids(session, station)
        _client, key = await staff.create_client(session, name, ids, policy, now=_machine_now())
        return key

    print(_administering(data_dir, create))


@client.command("rotate")
def rotate_key(
    client_name: _Client,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=MOST_OVERLAP_HOURS, help="How long the keys before it stay good; 0: no longer.")
    ] = 168,
    data_dir: _DataDir = None,
) -> None:
    """A new API key, shown once; those before it end after the overlap."""
    logs.configure()  # standard output is the key alone

    async def rotate(session: Session) -> str:
        client_id = await _client_id(session, client_name)
        return (await staff.rotate_key(session, client_id, overlap_hours, now=_machine_now())).key

    print(_administering(data_dir, rotate))


@client.command("disable")
def disable_client(client_name: _Client, data_dir: _DataDir = None) -> None:
    """Ends all keys of an API client at once and for good; its bookings stay."""
    logs.configure()

    async def disable(session: Session) -> None:
        await staff.revoke_client(session, await _client_id(session, client_name), now=_machine_now())

    _administering(data_dir, disable)
    print(f"Disabled: {client_name}; its keys have ended")


def _administering(data_dir: Path | None, work: Any) -> Any:
    """Runs `work` in one transaction of an administrator who is nobody."""

    async def run(runtime: Runtime) -> Any:
        async with runtime.outside.database.transaction(ADMINISTRATION) as session:
            return await work(session)

    return with_runtime(settings_of(data_dir=data_dir), run)


def _asked_password() -> str:
    if given := os.environ.get("ERSATZWAGEN_PASSWORD"):
        return given
    typed = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != typed:
        raise NotConfigured("the two passwords are not the same: try again")
    return typed


async def _change(session: Session, email: str, change: UserChange) -> None:
    user_id = await session.first(select(User.id).where(col(User.email_key) == email_key(email)))
    if user_id is None:
        raise NotConfigured(f"there is no user {email}: see `ersatzwagen user list`")
    await staff.update_user(session, user_id, change, now=_machine_now())


async def _client_id(session: Session, named: str) -> UUID:
    wanted = as_uuid(named)
    matches = col(ApiClient.name) == named if wanted is None else col(ApiClient.id) == wanted
    found = await session.all(select(ApiClient.id).where(matches))
    if len(found) != 1:
        problem = "several API clients are called" if found else "there is no API client"
        raise NotConfigured(f"{problem} {named}: take the id from `ersatzwagen client list`")
    return found[0]


async def _station_ids(session: Session, codes: list[str]) -> tuple[UUID, ...]:
    found = {row.code: row.id for row in await session.all(select(Station).where(col(Station.code).in_(codes)))}
    if missing := set(codes) - found.keys():
        raise NotConfigured(f"there is no station {', '.join(sorted(missing))}")
    return tuple(found.values())


def _machine_now() -> datetime:
    return SystemClock().now()


def _time(at: datetime | None) -> str:
    return f"{at:{_TIME}}" if at else "never"


def _codes(stations: list[Station]) -> str:
    return ",".join(one.code for one in stations) or "-"


def _described(key: ApiKey) -> str:
    end = f"ends {_time(key.expires_at)}" if key.expires_at else "without an end"
    return f"{key.prefix}…  made {_time(key.created_at)}  last used {_time(key.last_used_at)}  {end}"
