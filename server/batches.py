"""What rows point at, found for many at once. A batch function takes keys and gives the value of each, in their order,
by one statement; rows that the caller may not see are not there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import defer
from sqlmodel import SQLModel, col, select

from server.database import Session
from server.database.plain import PlainRows
from server.database.reference import Reference
from server.models import (
    ApiClient,
    ApiKey,
    ClientStation,
    Contract,
    Customer,
    CustomerVersion,
    Damage,
    DamagePhoto,
    Deposit,
    Document,
    Driver,
    Email,
    HistoryEntry,
    LastChange,
    Note,
    Occupancy,
    OpenItem,
    Payment,
    Photo,
    Protocol,
    ProtocolPhoto,
    ReadingCorrection,
    Station,
    TariffChange,
    User,
    UserStation,
    Vehicle,
    VehicleBlock,
    VehicleLeg,
)
from server.models.contract import DriverRole
from server.models.damage import RepairState
from server.services.booking import free_cars
from server.services.fleet import groups, occupancies, stations
from server.services.lists import search
from server.services.lists.attention import AT_RISK
from server.services.pricing import tariffs

Row = TypeVar("Row", bound=SQLModel)
Key = TypeVar("Key")
Value = TypeVar("Value")
Batch = Callable[[Session, Sequence[Key]], Awaitable[Sequence[Value]]]
"""Many keys in, the value of each out."""

OfCustomer = tuple[UUID, int, tuple[str, ...] | None]
"""A customer, how many contracts, behind which position."""
InPeriod = tuple[UUID, datetime, datetime, datetime]
"""A vehicle, from when, until when, and now."""


def _one(model: type[Row], key: str = "id", *, without: tuple[str, ...] = ()) -> Batch[UUID, Row | None]:
    """`without`: columns that the caller's role may not read."""
    query = PlainRows(model, without=without).by(key)

    async def batch(session: Session, keys: Sequence[UUID]) -> list[Row | None]:
        found = {getattr(row, key): row for row in await query.all(session, keys=list(keys))}
        return [found.get(wanted) for wanted in keys]

    return batch


def _known(rows: Reference[Row]) -> Batch[UUID, Row | None]:
    async def batch(session: Session, keys: Sequence[UUID]) -> list[Row | None]:
        return await rows.by_ids(session, keys)

    return batch


def _many(model: type[Row], parent: str, *order: str) -> Batch[UUID, list[Row]]:
    rows_of = _rows_of(model, parent, *order)

    async def batch(session: Session, keys: Sequence[UUID]) -> list[list[Row]]:
        return _of_each(keys, await rows_of(session, keys))

    return batch


def _rows_of(
    model: type[Row], parent: str, *order: str
) -> Callable[[Session, Iterable[UUID]], Awaitable[list[tuple[UUID, Row]]]]:
    query = PlainRows(model).by(parent, *order)

    async def find(session: Session, parents: Iterable[UUID]) -> list[tuple[UUID, Row]]:
        return [(getattr(row, parent), row) for row in await query.all(session, keys=list(parents))]

    return find


def _of_each(keys: Sequence[Key], found: Iterable[tuple[Key, Value]]) -> list[list[Value]]:
    values: dict[Key, list[Value]] = {}
    for key, value in found:
        values.setdefault(key, []).append(value)
    return [values.get(key, []) for key in keys]


station = _known(stations.KNOWN)
vehicle = _one(Vehicle)
group = _known(groups.KNOWN)
tariff = _known(tariffs.KNOWN)
customer = _one(Customer)
contract = _one(Contract)
last_change_of_contract = _one(LastChange, key="contract_id")
block = _one(VehicleBlock)
protocol = _one(Protocol)
document = _one(Document)
user = _one(User, without=("password_hash",))
client = _one(ApiClient)
deposit_of_contract = _one(Deposit, key="contract_id")
open_item_of_document = _one(OpenItem, key="document_id")
drivers_of_contract = _many(Driver, "contract_id", "id")
legs_of_contract = _many(VehicleLeg, "contract_id", "from_at")
payments_of_contract = _many(Payment, "contract_id", "created_at", "id")
documents_of_contract = _many(Document, "contract_id", "issued_at", "id")
protocols_of_contract = _many(Protocol, "contract_id", "occurred_at", "id")
damages_of_contract = _many(Damage, "contract_id", "seen_at", "id")
damages_of_protocol = _many(Damage, "protocol_id", "seen_at", "id")
emails_of_contract = _many(Email, "contract_id", "queued_at", "id")
emails_of_protocol = _many(Email, "protocol_id", "queued_at", "id")
corrections_of_protocol = _many(ReadingCorrection, "protocol_id", "at", "id")
notes_of_contract = _many(Note, "contract_id", "created_at", "id")
history_of_contract = _many(HistoryEntry, "contract_id", "at", "id")
changes_of_tariff = _many(TariffChange, "tariff_id", "version")
versions_of_customer = _many(CustomerVersion, "customer_id", "at", "id")


_damages_of_vehicle = _rows_of(Damage, "vehicle_id", "seen_at", "id")
_blocks_of_vehicle = _rows_of(VehicleBlock, "vehicle_id", "starts_at")


async def main_driver_of_contract(session: Session, keys: Sequence[UUID]) -> list[Driver | None]:
    """The renter of contracts, or else whoever was named first."""
    found = await drivers_of_contract(session, keys)
    return [min(drivers, key=lambda one: one.role is not DriverRole.RENTER, default=None) for drivers in found]


async def photos_of_protocol(session: Session, keys: Sequence[UUID]) -> list[list[tuple[ProtocolPhoto, Photo]]]:
    """Pictures of protocols, each with its place."""
    statement = (
        select(ProtocolPhoto, Photo)
        .join(Photo, col(Photo.id) == col(ProtocolPhoto.photo_id))
        .where(col(ProtocolPhoto.protocol_id).in_(keys))
        .order_by(col(ProtocolPhoto.position))
    )
    pairs: list[tuple[ProtocolPhoto, Photo]] = await session.pairs(statement)
    return _of_each(keys, ((placed.protocol_id, (placed, photo)) for placed, photo in pairs))


async def photos_of_damage(session: Session, keys: Sequence[UUID]) -> list[list[Photo]]:
    """Pictures of damages."""
    statement = (
        select(DamagePhoto, Photo)
        .join(Photo, col(Photo.id) == col(DamagePhoto.photo_id))
        .where(col(DamagePhoto.damage_id).in_(keys))
        .order_by(col(DamagePhoto.position))
    )
    pairs: list[tuple[DamagePhoto, Photo]] = await session.pairs(statement)
    return _of_each(keys, ((placed.damage_id, photo) for placed, photo in pairs))


async def stations_of_user(session: Session, keys: Sequence[UUID]) -> list[list[Station]]:
    """Where users work."""
    return await _stations(session, keys, UserStation, UserStation.user_id)


async def stations_of_client(session: Session, keys: Sequence[UUID]) -> list[list[Station]]:
    """Where API clients may book."""
    return await _stations(session, keys, ClientStation, ClientStation.client_id)


async def keys_of_client(session: Session, keys: Sequence[UUID]) -> list[list[ApiKey]]:
    """The keys of API clients, the newest first. Nobody but the system may read their hashes."""
    secret: Any = col(ApiKey.key_hash)
    statement = select(ApiKey).where(col(ApiKey.client_id).in_(keys)).options(defer(secret))
    found = await session.all(statement.order_by(col(ApiKey.created_at).desc(), col(ApiKey.id).desc()))
    return _of_each(keys, ((one.client_id, one) for one in found))


async def _stations(
    session: Session, keys: Sequence[UUID], link: type[UserStation | ClientStation], owner: Any
) -> list[list[Station]]:
    statement = (
        select(link, Station)
        .join(Station, col(Station.id) == col(link.station_id))
        .where(col(owner).in_(keys))
        .order_by(col(Station.code))
    )
    return _of_each(keys, ((getattr(row, owner.key), there) for row, there in await session.pairs(statement)))


async def damages_of_vehicle(session: Session, keys: Sequence[tuple[UUID, bool | None]]) -> list[list[Damage]]:
    """Damages of vehicles: all of them, only those not repaired, or only those repaired."""
    rows = await _damages_of_vehicle(session, dict.fromkeys(key[0] for key in keys))
    asked = {is_open for _, is_open in keys}
    return _of_each(
        keys,
        (
            ((of, is_open), row)
            for of, row in rows
            for is_open in asked
            if is_open is None or is_open == (row.repair is not RepairState.REPAIRED)
        ),
    )


async def blocks_of_vehicle(
    session: Session, keys: Sequence[tuple[UUID, tuple[datetime, datetime] | None]]
) -> list[list[VehicleBlock]]:
    """Blocks of vehicles that were not ended: all of them, or those that touch a period."""
    rows = await _blocks_of_vehicle(session, dict.fromkeys(key[0] for key in keys))
    asked = {period for _, period in keys}
    return _of_each(
        keys,
        (
            ((of, period), row)
            for of, row in rows
            for period in asked
            if row.removed_at is None and (period is None or (row.starts_at < period[1] and row.ends_at > period[0]))
        ),
    )


async def occupancy_of_vehicle(session: Session, keys: Sequence[InPeriod]) -> list[list[Occupancy]]:
    """Who has vehicles in a period; one statement, unless aliases ask for several periods."""
    found: list[tuple[InPeriod, Occupancy]] = []
    for start, end, now in {key[1:] for key in keys}:
        statement = select(Occupancy).where(
            col(Occupancy.vehicle_id).in_([key[0] for key in keys if key[1:] == (start, end, now)]),
            occupancies.touching(start, end, now, until=col(Occupancy.ends_at)),
        )
        rows = await session.all(statement.order_by(col(Occupancy.starts_at)))
        found += (((row.vehicle_id, start, end, now), row) for row in rows)
    return _of_each(keys, found)


async def contracts_of_customer(session: Session, keys: Sequence[OfCustomer]) -> list[list[Contract]]:
    """A page of the contracts of customers; one statement, unless aliases ask for several pages."""
    listing = search.contracts_of_customers()
    found: dict[OfCustomer, list[Contract]] = {}
    for limit, after in {key[1:] for key in keys}:
        parents = [key[0] for key in keys if key[1:] == (limit, after)]
        rows = await listing.rows_of_each(session, "customer_id", parents, limit, after)
        found |= {(parent, limit, after): rows.get(parent, []) for parent in parents}
    return [found[key] for key in keys]


async def contract_count_of_customer(session: Session, keys: Sequence[UUID]) -> list[int]:
    """How many contracts customers have."""
    counts = await search.contracts_of_customers().counts_of_each(session, "customer_id", keys)
    return [counts.get(key, 0) for key in keys]


async def at_risk(session: Session, keys: Sequence[tuple[UUID, datetime]]) -> list[bool]:
    """Whether contracts are at risk, as `lists/attention.py` says what that is; at one instant for all."""
    ids, now = [contract_id for contract_id, _ in keys], keys[0][1]
    statement = f"select r.id from ({AT_RISK}) r where r.id = any(:ids)"  # noqa: S608  # our own text
    found = {row.id for row in await session.rows(statement, {"ids": ids, "now": now})}
    return [contract_id in found for contract_id in ids]


async def free_vehicles(session: Session, keys: Sequence[tuple[UUID, int, datetime]]) -> list[list[Vehicle]]:
    """Cars that are free for reserved contracts as things stand, the best fit first, as many as each asks for."""
    now = keys[0][2]
    fitting = await free_cars.for_contracts(session, list({contract_id for contract_id, _, _ in keys}), now)
    wanted = {car for contract_id, most, _ in keys for car in fitting.get(contract_id, ())[:most]}
    cars = {car.id: car for car in await session.all(select(Vehicle).where(col(Vehicle.id).in_(wanted)))}
    return [[cars[car] for car in fitting.get(contract_id, ())[:most] if car in cars] for contract_id, most, _ in keys]


async def zone(session: Session, station_ids: Sequence[UUID]) -> list[ZoneInfo | None]:
    """The time zones of stations, foreign ones too: an instant of a visible row is shown with the right offset."""
    rows = await session.rows("select id, time_zone from station_zones(:ids)", {"ids": list(station_ids)})
    found = {row.id: ZoneInfo(row.time_zone) for row in rows}
    return [found.get(station_id) for station_id in station_ids]


async def zone_of_vehicle(session: Session, vehicle_ids: Sequence[UUID]) -> list[ZoneInfo | None]:
    """The time zones of the stations where vehicles stand."""
    rows = await session.rows(
        "select v.id, z.time_zone from vehicle v"
        " join station_zones((select array_agg(station_id) from vehicle where id = any(:ids))) z on z.id = v.station_id"
        " where v.id = any(:ids)",
        {"ids": list(vehicle_ids)},
    )
    found = {row.id: ZoneInfo(row.time_zone) for row in rows}
    return [found.get(vehicle_id) for vehicle_id in vehicle_ids]
