"""Fills an empty sandbox: a dealer group with demo data, or just what is needed to begin; keeps the access data.

All master data are one transaction, so that a start that is killed leaves nothing or all of them. The access data lie
in the sandbox's directory, for its owner only, so that a restart can print them again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlmodel import col, select

from server.clock import Clock, SystemClock
from server.database import ADMINISTRATION, SYSTEM, Session
from server.models import Station, User, Vehicle, VehicleGroup
from server.models.contract import ContractKind
from server.models.staff import Role
from server.sandbox import demo_company, demo_fleet, demo_history, demo_people, demo_prices
from server.sandbox.demo_history import Dealer, GatewayAt
from server.security import Principal
from server.services.fleet import company_data, groups, stations, vehicles
from server.services.outside import Outside
from server.services.people import sessions, staff
from server.services.people.client_policies import PolicyRequest
from server.services.pricing import tariff_changes

PASSWORD = "sandbox-password"  # noqa: S105  # printed at start; exists in the sandbox only
API_KEY, TOKEN = "API key", "token"  # names of entries, not secrets
GRAPHIQL_LIFE = timedelta(days=90)
OPENED_AGO = timedelta(days=60)
"""How long ago the dealer group began to use the system: before the first of its contracts."""


async def prepare(
    outside: Outside, clock: Clock, *, full: bool, access_file: Path, gateway_at: GatewayAt
) -> dict[str, str]:
    """Fills the database unless that was done already; returns what to print: sign-ins, API key, GraphiQL's token.

    An administrator may be there before: the one that the environment or the command line asks for.
    """
    dealer = None
    async with outside.database.transaction(ADMINISTRATION) as session:
        if await company_data.found(session) is not None:
            return _read(access_file)
        await company_data.update(session, demo_company.company())
        if full:
            dealer, access, admin = await _master_data(session, clock.now())
        else:
            access, admin = await _administrator_only(session, clock.now())
        # Before the commit: the key can be shown only now, and the next start does not come here again.
        _write(access_file, access)
    access[TOKEN] = await _token(outside, admin)
    _write(access_file, access)
    if dealer is not None:
        await demo_history.play(outside, dealer, until=clock.now(), gateway_at=gateway_at)
    return access


async def _administrator_only(session: Session, now: datetime) -> tuple[dict[str, str], User]:
    administrator = await session.first(select(User).where(col(User.role) == Role.ADMIN))
    if administrator is not None:
        return {}, administrator
    email = "admin@autohaus-sonnenfeld.example"
    new = staff.NewUser(email=email, name="Alex Admin", role=Role.ADMIN, password=PASSWORD)
    admin = await staff.create_user(session, new, now=now)
    return {admin.email: _sign_in(Role.ADMIN, ())}, admin


async def _master_data(session: Session, now: datetime) -> tuple[Dealer, dict[str, str], User]:
    opened = now - OPENED_AGO
    today = now.astimezone(ZoneInfo(demo_company.TIME_ZONE)).date()
    places = [await stations.create(session, new, now=opened) for new in demo_company.stations()]
    made = [await groups.create(session, new) for new in demo_prices.groups()]
    by_group = {group.code: group for group in made}
    by_code = {station.code: station for station in places}
    await _tariffs(session, by_group, opened.date())
    cars = await _vehicles(session, by_code, by_group, today, opened)
    users = await _users(session, by_code, opened)
    ids = [station.id for station in places]
    # The dealer's own website: whoever brings a car to the workshop books the replacement there.
    policy = PolicyRequest(kinds=(ContractKind.RENTAL, ContractKind.COURTESY))
    website, key = await staff.create_client(session, "Website autohaus-sonnenfeld.example", ids, policy, now=opened)
    access = {user.user.email: _sign_in(user.user.role, user.codes) for user in users}
    admin = next(user.user for user in users if user.user.role is Role.ADMIN)
    access[API_KEY] = key
    caller = Principal(website.id, website.name, Role.WEB, tuple(station.id for station in places))
    people = tuple(_principal(user, by_code) for user in users)
    return Dealer(by_code, by_group, cars, people, caller), access, admin


async def _tariffs(session: Session, by_group: dict[str, VehicleGroup], opened: date) -> None:
    for code, new in demo_prices.tariffs().items():
        # Bookings of the past need a price list as well, also in the first weeks of its year.
        long_valid = replace(new, valid_from=min(new.valid_from, opened))
        await tariff_changes.create(session, by_group[code], long_valid)


async def _vehicles(
    session: Session, places: dict[str, Station], by_group: dict[str, VehicleGroup], today: date, opened: datetime
) -> dict[str, Vehicle]:
    made = {}
    for car in demo_fleet.VEHICLES:
        new = car.entered(places[car.station].id, by_group[car.group].id, today)
        made[car.plate] = await vehicles.create_vehicle(session, new, now=opened)
    return made


@dataclass(frozen=True)
class _Employee:
    user: User
    codes: tuple[str, ...]


async def _users(session: Session, places: dict[str, Station], opened: datetime) -> list[_Employee]:
    ids = {code: station.id for code, station in places.items()}
    return [
        _Employee(await staff.create_user(session, one.entered(PASSWORD, ids), now=opened), one.stations)
        for one in demo_people.USERS
    ]


def _principal(employee: _Employee, places: dict[str, Station]) -> Principal:
    user = employee.user
    return Principal(user.id, user.name, user.role, tuple(places[code].id for code in employee.codes))


def _sign_in(role: Role, codes: tuple[str, ...]) -> str:
    return f"{role.value.lower():<8} {', '.join(codes) or 'all stations'}"


async def _token(outside: Outside, user: User) -> str:
    # By the machine's clock, like every session: it must not end because the sandbox's clock was moved.
    async with outside.database.transaction(SYSTEM) as session:
        tokens = await sessions.open_session(session, user, GRAPHIQL_LIFE, now=SystemClock().now())
    return tokens.access_token


def _read(file: Path) -> dict[str, str]:
    return dict(orjson.loads(file.read_bytes())) if file.exists() else {}


def _write(file: Path, access: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_bytes(orjson.dumps(access, option=orjson.OPT_INDENT_2))
    draft.replace(file)
