"""Users and API clients: who works where, and which websites have a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import defer
from sqlmodel import col, select

from server import security
from server.database import Session
from server.errors import InvalidInput, NotFound, Path, Sentence
from server.models import ApiClient, ClientStation, Station, User, UserStation
from server.models.api_client import ClientPolicy
from server.models.customer import email_key
from server.models.staff import Role
from server.models.unset import UNSET, Maybe
from server.security_events import SecurityEvent, note
from server.services import contact_data, validation
from server.services.people import api_keys, client_policies
from server.services.people.client_policies import PolicyRequest


@dataclass(frozen=True, kw_only=True)
class NewUser:
    """A member of staff as entered. `station_ids`: where the user works; None for an id that cannot be one."""

    email: str
    name: str
    role: Role
    station_ids: tuple[UUID | None, ...] = ()
    password: str


@dataclass(frozen=True, kw_only=True)
class UserChange:
    """What changes of a user; what is not given stays as it is."""

    name: Maybe[str | None] = UNSET
    role: Maybe[Role | None] = UNSET
    station_ids: Maybe[tuple[UUID | None, ...] | None] = UNSET
    active: Maybe[bool | None] = UNSET
    password: Maybe[str | None] = UNSET


class NewClient(NamedTuple):
    """An API client with a key that was just made: it is shown here and stored nowhere."""

    client: ApiClient
    key: str


async def create_user(session: Session, new: NewUser, *, now: datetime) -> User:
    """A new member of staff. InvalidInput names the field that is wrong."""
    email = contact_data.email(new.email, ("input", "email"))
    _refuse_website(new.role)
    require_fit_password(new.password, ("input", "password"))
    name = validation.text(new.name, ("input", "name"))
    station_ids = await _stations(session, new.station_ids, ("input", "station_ids"))
    if await session.value("select 1 from app_user where email_key = :key", {"key": email_key(email)}):
        raise InvalidInput(
            Sentence("There is a user of that address already.", "Einen Benutzer mit dieser Adresse gibt es schon."),
            field=["input", "email"],
        )
    user = User(
        email=email,
        email_key=email_key(email),
        name=name,
        role=new.role,
        password_hash=await security.hash_password(new.password),
        created_at=now,
    )
    await session.store(user)
    await session.store(*(UserStation(user_id=user.id, station_id=station_id) for station_id in station_ids))
    return user


async def update_user(
    session: Session, user_id: UUID | None, change: UserChange, *, now: datetime, by: UUID | None = None
) -> User:
    """Changes what is given. A new password or a deactivation ends the user's sessions.

    Another role or other stations count from the next request. The last active administrator stays one. `by` is the
    administrator's id, for the security events.
    """
    _refuse_nulls(change)
    if change.active is False or (change.role is not UNSET and change.role is not Role.ADMIN):
        await _keep_an_administrator(session, user_id, "active" if change.active is not UNSET else "role")
    user = await session.by_id(User, user_id, lock=True)
    if user is None:
        raise NotFound(Sentence("There is no such user.", "Diesen Benutzer gibt es nicht."), field=["id"])
    role_before, active_before = user.role, user.active
    user.role = _refuse_website(validation.kept(change.role, user.role, ("input", "role")))
    if change.name is not UNSET:
        user.name = validation.text(change.name or "", ("input", "name"))
    if change.password is not UNSET and change.password is not None:
        require_fit_password(change.password, ("input", "password"))
        user.password_hash = await security.hash_password(change.password)
    user.active = validation.kept(change.active, user.active, ("input", "active"))
    await session.store(user)
    if change.station_ids is not UNSET and change.station_ids is not None:
        await _move(session, user, change.station_ids)
    if change.password is not UNSET or not user.active:
        await session.write(
            "update session set revoked_at = :now where user_id = :id and revoked_at is null",
            {"now": now, "id": user.id},
        )
    if user.role is not role_before:
        _note_later(session, SecurityEvent.ROLE_CHANGED, user_id=user.id, by=by, was=role_before, role=user.role)
    if change.password is not UNSET:
        _note_later(session, SecurityEvent.PASSWORD_CHANGED, user_id=user.id, by=by)
    if active_before and not user.active:
        _note_later(session, SecurityEvent.USER_DEACTIVATED, user_id=user.id, by=by)
    return user


def _note_later(session: Session, event: SecurityEvent, **about: UUID | str | None) -> None:
    """What is rolled back has not happened."""
    session.once_committed(lambda: note(event, **about))


def _refuse_nulls(change: UserChange) -> None:
    for name in ("role", "active", "station_ids", "password"):
        if getattr(change, name) is None:
            raise validation.cannot_be_emptied(("input", name))


def _refuse_website(role: Role) -> Role:
    if role is Role.WEB:
        raise InvalidInput(
            Sentence(
                "Websites get an API client, not a user.", "Websites bekommen einen API-Zugang, kein Benutzerkonto."
            ),
            field=["input", "role"],
        )
    return role


async def _move(session: Session, user: User, station_ids: Sequence[UUID | None]) -> None:
    found = await _stations(session, station_ids, ("input", "station_ids"))
    await session.write("delete from user_station where user_id = :id", {"id": user.id})
    await session.store(*(UserStation(user_id=user.id, station_id=station_id) for station_id in found))


async def _keep_an_administrator(session: Session, user_id: UUID | None, field: str) -> None:
    """Locks them all, in one order, so that two administrators cannot demote each other at once."""
    administrators = select(User).where(col(User.role) == Role.ADMIN, col(User.active)).order_by(col(User.id))
    found = await session.all(administrators.with_for_update())
    if [administrator.id for administrator in found] == [user_id]:
        raise InvalidInput(
            Sentence(
                "This is the last active administrator; name another one first.",
                "Das ist der letzte aktive Administrator; bitte erst einen anderen benennen.",
            ),
            field=["input", field],
        )


async def users(session: Session) -> list[User]:
    """The users that the caller may see, by name."""
    # Managers may not read the rest.
    secret: Any = col(User.password_hash)
    shown = select(User).options(defer(secret))
    return await session.all(shown.order_by(col(User.name), col(User.id)))


async def api_clients(session: Session) -> list[ApiClient]:
    """The API clients that the caller may see, by name."""
    return await session.all(select(ApiClient).order_by(col(ApiClient.name)))


async def create_client(
    session: Session,
    name: str,
    station_ids: Sequence[UUID | None],
    policy: PolicyRequest = PolicyRequest(),  # noqa: B008  # frozen
    *,
    now: datetime,
    by: UUID | None = None,
) -> NewClient:
    """A new API client and its key, which is not stored and cannot be shown again. `now` is the machine's clock."""
    stations = await _stations_of_client(session, station_ids)
    client = ApiClient(
        name=validation.text(name, ("name",)),
        key_prefix="",
        policy_json=client_policies.checked(policy, ClientPolicy()).as_json(),
        created_at=now,
    )
    await session.store(client)
    await session.store(*(ClientStation(client_id=client.id, station_id=station_id) for station_id in stations))
    key = await api_keys.add(session, client, now=now)
    _note_later(session, SecurityEvent.API_KEY_MADE, client_id=client.id, by=by)
    return NewClient(client, key)


async def update_client(
    session: Session,
    client_id: UUID | None,
    name: str | None,
    station_ids: Sequence[UUID | None] | None,
    policy: PolicyRequest,
) -> ApiClient:
    """Changes what is given, from the client's next request on. Its key and its bookings stay."""
    client = await _client(session, client_id)
    if name is not None:
        client.name = validation.text(name, ("name",))
    client.bind_to(client_policies.checked(policy, client.policy))
    await session.store(client)
    if station_ids is not None:
        stations = await _stations_of_client(session, station_ids)
        await session.write("delete from client_station where client_id = :id", {"id": client.id})
        await session.store(*(ClientStation(client_id=client.id, station_id=station_id) for station_id in stations))
    return client


async def rotate_key(
    session: Session, client_id: UUID | None, overlap_hours: int, *, now: datetime, by: UUID | None = None
) -> NewClient:
    """A new key of an API client. Those before it end after the overlap; what it has booked stays its own."""
    client = await _client(session, client_id)
    key = await api_keys.replace(session, client, overlap_hours, now=now)
    _note_later(session, SecurityEvent.API_KEY_MADE, client_id=client.id, by=by)
    return NewClient(client, key)


async def revoke_client(
    session: Session, client_id: UUID | None, *, now: datetime, by: UUID | None = None
) -> ApiClient:
    """Ends every key of an API client at once, by the machine's clock."""
    client = await _client(session, client_id)
    if client.active:
        _note_later(session, SecurityEvent.API_KEY_REVOKED, client_id=client.id, by=by)
    client.active = False
    await session.store(client)
    await api_keys.end(session, client.id, at=now)
    return client


async def _client(session: Session, client_id: UUID | None) -> ApiClient:
    client = await session.by_id(ApiClient, client_id, lock=True)
    if client is None:
        raise NotFound(Sentence("There is no such API client.", "Diesen API-Zugang gibt es nicht."), field=["id"])
    return client


async def _stations_of_client(session: Session, station_ids: Sequence[UUID | None]) -> Sequence[UUID]:
    stations = await _stations(session, station_ids, ("station_ids",))
    if not stations:
        raise InvalidInput(
            Sentence("An API client needs at least one station.", "Ein API-Zugang braucht mindestens eine Station."),
            field=["station_ids"],
        )
    return stations


def require_fit_password(password: str, field: Path) -> None:
    """InvalidInput for a password that nobody may have."""
    if not security.SHORTEST_PASSWORD <= len(security.prepared(password)) <= security.LONGEST_PASSWORD:
        message = Sentence(
            f"A password has {security.SHORTEST_PASSWORD} to {security.LONGEST_PASSWORD} characters.",
            f"Ein Passwort hat {security.SHORTEST_PASSWORD} bis {security.LONGEST_PASSWORD} Zeichen.",
        )
        raise InvalidInput(message, field=field)


async def _stations(session: Session, ids: Sequence[UUID | None], field: Path) -> list[UUID]:
    wanted = set(ids)
    found = set(await session.all(select(Station.id).where(col(Station.id).in_([i for i in wanted if i]))))
    if wanted - found:
        raise InvalidInput(Sentence("There is no such station.", "Diese Station gibt es nicht."), field=field)
    return sorted(found)
