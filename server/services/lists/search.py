"""What the lists of the API can be narrowed by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, or_
from sqlmodel import col, select

from server.models import Contract, Customer, Damage, Document, Email, OpenItem, Station, Vehicle
from server.models.contract import ContractState, SettlementState
from server.models.contract_attention import ContractFlag
from server.models.damage import DamageLiability, RepairState
from server.models.document import DocumentType
from server.models.email import EmailState, EmailTemplate
from server.models.fleet import VehicleStatus
from server.models.plate import plate_key
from server.models.staff import Role
from server.security import Principal
from server.services.lists import found
from server.services.lists.attention import with_flag
from server.services.lists.listing import Key, Listing
from server.services.validation import as_uuid

T = TypeVar("T")
Conditions = list[ColumnElement[bool]]
_ID, _ID_DOWN = Key("id", UUID), Key("id", UUID, descending=True)


NOTHING = UUID(int=0)
STATIONS = 1_000
"""For how many stations conditions are kept that hang on nothing else: to make them takes longer than to ask."""


def only(wanted: str | None) -> UUID | None:
    """An id to filter by; one that is malformed finds nothing."""
    return None if wanted is None else as_uuid(wanted) or NOTHING


def distinct(wanted: Sequence[T] | None) -> tuple[T, ...] | None:
    """Values to filter by, each once: a list of an enum is then no longer than the enum."""
    return None if wanted is None else tuple(dict.fromkeys(wanted))


@lru_cache(STATIONS)
def _in_sight(station_id: UUID) -> ColumnElement[bool]:
    """Whether the caller may see a station. The id of any other finds nothing, like one that does not exist, even where
    a car or contract of the caller's is there.
    """
    return exists(select(Station.id).where(col(Station.id) == station_id))


def _pattern(search: str) -> str:
    escaped = search.strip().casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def own_vehicles(principal: Principal) -> Conditions:
    """Vehicles that belong to or stand at the caller's stations. A car that has gone elsewhere stays readable where an
    old contract names it, but is no longer in any list.
    """
    if principal.role is Role.ADMIN:
        return []
    stations = list(principal.stations)
    return [or_(col(Vehicle.station_id).in_(stations), col(Vehicle.home_station_id).in_(stations))]


def vehicles(
    principal: Principal,
    *,
    station_id: UUID | None = None,
    group_id: UUID | None = None,
    status: VehicleStatus | None = None,
    search: str | None = None,
) -> Listing[Vehicle]:
    """Vehicles by plate. The search looks at plate, VIN, make and model."""
    where = own_vehicles(principal)
    if station_id is not None:
        where += [col(Vehicle.station_id) == station_id, _in_sight(station_id)]
    if group_id is not None:
        where.append(col(Vehicle.group_id) == group_id)
    if status is not None:
        where.append(col(Vehicle.status) == status)
    if search:
        pattern, key = _pattern(search), plate_key(search)
        columns = [func.lower(column).like(pattern) for column in (col(Vehicle.make), col(Vehicle.model))]
        recognised = [column.contains(key) for column in (col(Vehicle.plate_key), col(Vehicle.vin_key)) if key]
        where.append(or_(*recognised, *columns))
    return Listing(Vehicle, (Key("plate", str), _ID), tuple(where))


@dataclass(frozen=True)
class ContractFilter:
    """What contracts are looked for. `start` and `end`: those that overlap the period."""

    station_id: UUID | None = None
    states: Sequence[ContractState] | None = None
    settlement: Sequence[SettlementState] | None = None
    flags: Sequence[ContractFlag] | None = None
    customer_id: UUID | None = None
    vehicle_id: UUID | None = None
    start: datetime | None = None
    end: datetime | None = None
    search: str | None = None


_ORDERS = {
    "START_ASC": (Key("starts_at", datetime), _ID),
    "START_DESC": (Key("starts_at", datetime, descending=True), _ID_DOWN),
    "CREATED_DESC": (Key("created_at", datetime, descending=True), _ID_DOWN),
}


def _of_stations(filter_: ContractFilter, principal: Principal) -> Conditions:
    """One condition for each way to be a contract of a station: picked up there, or to be returned there.

    The few contracts of one customer or vehicle need no such care.
    """
    stations = [filter_.station_id] if filter_.station_id is not None else list(principal.stations)
    if principal.role is Role.WEB or (filter_.station_id is None and (filter_.customer_id or filter_.vehicle_id)):
        return [] if filter_.station_id is None else [col(Contract.station_id) == filter_.station_id]
    return [*(_picked_up_at(station) for station in stations), *(_returned_to(station) for station in stations)]


@lru_cache(STATIONS)
def _picked_up_at(station_id: UUID) -> ColumnElement[bool]:
    return col(Contract.station_id) == station_id


@lru_cache(STATIONS)
def _returned_to(station_id: UUID) -> ColumnElement[bool]:
    pick_up, back = col(Contract.station_id), col(Contract.return_station_id)
    return and_(back == station_id, col(Contract.checked_out_at).is_not(None), pick_up != back)


def contracts(filter_: ContractFilter, order: str, principal: Principal, now: datetime) -> Listing[Contract]:
    """Contracts in one of three orders. By their last change: `lists/changes.py`."""
    where = narrowed(filter_, now)
    if principal.role is Role.WEB:
        where.append(col(Contract.client_id) == principal.id)
    return Listing(Contract, _ORDERS[order], tuple(where), tuple(_of_stations(filter_, principal)))


def narrowed(filter_: ContractFilter, now: datetime) -> Conditions:
    """The conditions for contracts that a filter asks for, without those of stations that an index answers."""
    where: Conditions = []
    if filter_.states is not None:
        where.append(col(Contract.state).in_(filter_.states))
    if filter_.settlement is not None:
        where.append(col(Contract.settlement_state).in_(filter_.settlement))
    if filter_.flags is not None:
        where.append(or_(false(), *(with_flag(flag, now) for flag in filter_.flags)))
    if filter_.customer_id is not None:
        where.append(col(Contract.customer_id) == filter_.customer_id)
    if filter_.vehicle_id is not None:
        where.append(col(Contract.vehicle_id) == filter_.vehicle_id)
    if filter_.start is not None and filter_.end is not None:
        where += [col(Contract.starts_at) < filter_.end, col(Contract.ends_at) > filter_.start]
    if filter_.station_id is not None:
        where.append(_in_sight(filter_.station_id))
    if asked := found.narrowing(filter_.search, ("filter", "search")):
        where.append(col(Contract.id) == found.contracts_of(asked))
    return where


def contracts_of_customers() -> Listing[Contract]:
    """Contracts of one customer or of each of several, the newest first."""
    return Listing(Contract, _ORDERS["CREATED_DESC"])


def customers(search: str | None) -> Listing[Customer]:
    """Customers, the newest first. The search looks at names, company, e-mail and phone."""
    where: Conditions = [col(Customer.restricted_at).is_(None)]
    if asked := found.narrowing(search, ("search",)):
        where.append(col(Customer.id) == found.ids_of("customer", asked))
    return Listing(Customer, (Key("created_at", datetime, descending=True), _ID_DOWN), tuple(where))


def damages(
    *,
    station_id: UUID | None = None,
    vehicle_id: UUID | None = None,
    liability: Sequence[DamageLiability] | None = None,
    repair: Sequence[RepairState] | None = None,
) -> Listing[Damage]:
    """Damages, the newest first. `station_id`: where the vehicle stands."""
    where: Conditions = []
    if station_id is not None:
        there = select(Vehicle.id).where(col(Vehicle.station_id) == station_id)
        where += [col(Damage.vehicle_id).in_(there), _in_sight(station_id)]
    if vehicle_id is not None:
        where.append(col(Damage.vehicle_id) == vehicle_id)
    if liability is not None:
        where.append(col(Damage.liability).in_(liability))
    if repair is not None:
        where.append(col(Damage.repair).in_(repair))
    return Listing(Damage, (Key("seen_at", datetime, descending=True), _ID_DOWN), tuple(where))


def documents(
    *,
    station_id: UUID | None = None,
    types: Sequence[DocumentType] | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    contract_id: UUID | None = None,
    search: str | None = None,
) -> Listing[Document]:
    """Documents, the newest first. The search looks at number and recipient."""
    where: Conditions = []
    if station_id is not None:
        where += [col(Document.station_id) == station_id, _in_sight(station_id)]
    if types is not None:
        where.append(col(Document.type).in_(types))
    if start is not None and end is not None:
        where += [col(Document.issued_at) >= start, col(Document.issued_at) < end]
    if contract_id is not None:
        where.append(col(Document.contract_id) == contract_id)
    if asked := found.narrowing(search, ("filter", "search")):
        where.append(col(Document.id) == found.ids_of("document", asked))
    return Listing(Document, (Key("issued_at", datetime, descending=True), _ID_DOWN), tuple(where))


def open_items(station_id: UUID | None) -> Listing[OpenItem]:
    """Open items, the oldest debt first, with what customers still get back."""
    where: Conditions = [col(OpenItem.open_cents) != 0]
    if station_id is not None:
        where += [col(OpenItem.station_id) == station_id, _in_sight(station_id)]
    return Listing(OpenItem, (Key("due_on", date), _ID), tuple(where))


def emails(
    *,
    contract_id: UUID | None = None,
    states: Sequence[EmailState] | None = None,
    template: EmailTemplate | None = None,
) -> Listing[Email]:
    """Mails, the newest first."""
    where: Conditions = []
    if contract_id is not None:
        where.append(col(Email.contract_id) == contract_id)
    if states is not None:
        where.append(col(Email.state).in_(states))
    if template is not None:
        where.append(col(Email.template) == template)
    return Listing(Email, (Key("queued_at", datetime, descending=True), _ID_DOWN), tuple(where))
