"""Loads what rows point at, in one statement for a whole list. One instance belongs to one snapshot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import SQLModel, col, select
from strawberry.dataloader import DataLoader

from server.database import Session
from server.models import (
    ApiClient,
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
    Note,
    Occupancy,
    OpenItem,
    Payment,
    Photo,
    Protocol,
    ProtocolPhoto,
    Station,
    Tariff,
    User,
    UserStation,
    Vehicle,
    VehicleBlock,
    VehicleGroup,
    VehicleLeg,
)
from server.services.lists import search
from server.services.lists.attention import AT_RISK

Row = TypeVar("Row", bound=SQLModel)
Key = TypeVar("Key")
Value = TypeVar("Value")


class Loader(DataLoader[Key, Value]):
    """A field that fails has its siblings cancelled. What others wait for, too, must not be cancelled with them."""

    def load(self, key: Key) -> Awaitable[Value]:
        """The value of a key; cancelling one who waits for it leaves the others alone."""
        return asyncio.shield(super().load(key))


_OfCustomer = tuple[UUID, int, tuple[str, ...] | None]
"""A customer, how many contracts, behind which position."""
_InPeriod = tuple[UUID, datetime, datetime]
"""A vehicle, from when, until when."""


class Loaders:
    """One attribute per relation. `one` loads by id, `many` by the parent's id; foreign rows are not there."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now
        self.station = self._one(Station)
        self.vehicle = self._one(Vehicle)
        self.group = self._one(VehicleGroup)
        self.tariff = self._one(Tariff)
        self.customer = self._one(Customer)
        self.contract = self._one(Contract)
        self.block = self._one(VehicleBlock)
        self.protocol = self._one(Protocol)
        self.document = self._one(Document)
        self.user = self._one(User)
        self.client = self._one(ApiClient)
        self.deposit = self._one(Deposit, key="contract_id")
        self.open_item = self._one(OpenItem, key="document_id")
        self.drivers = self._many(Driver, "contract_id", "id")
        self.legs = self._many(VehicleLeg, "contract_id", "from_at")
        self.payments = self._many(Payment, "contract_id", "created_at", "id")
        self.documents = self._many(Document, "contract_id", "issued_at", "id")
        self.protocols = self._many(Protocol, "contract_id", "occurred_at", "id")
        self.contract_damages = self._many(Damage, "contract_id", "seen_at", "id")
        self.vehicle_damages = self._many(Damage, "vehicle_id", "seen_at", "id")
        self.protocol_damages = self._many(Damage, "protocol_id", "seen_at", "id")
        self.emails = self._many(Email, "contract_id", "queued_at", "id")
        self.protocol_emails = self._many(Email, "protocol_id", "queued_at", "id")
        self.notes = self._many(Note, "contract_id", "created_at", "id")
        self.history = self._many(HistoryEntry, "contract_id", "at", "id")
        self.customer_versions = self._many(CustomerVersion, "customer_id", "at", "id")
        self.blocks = self._many(VehicleBlock, "vehicle_id", "starts_at")
        self.protocol_photos: Loader[UUID, list[Any]] = Loader(load_fn=self._protocol_photos)
        self.damage_photos: Loader[UUID, list[Photo]] = Loader(load_fn=self._damage_photos)
        self.user_stations: Loader[UUID, list[Station]] = Loader(load_fn=self._user_stations)
        self.client_stations: Loader[UUID, list[Station]] = Loader(load_fn=self._client_stations)
        self.customer_contracts: Loader[_OfCustomer, list[Contract]] = Loader(load_fn=self._customer_contracts)
        self.customer_contract_counts: Loader[UUID, int] = Loader(load_fn=self._customer_contract_counts)
        self.occupancy: Loader[_InPeriod, list[Occupancy]] = Loader(load_fn=self._occupancy)
        self.at_risk: Loader[UUID, bool] = Loader(load_fn=self._at_risk)

    def _one(self, model: type[Row], key: str = "id") -> Loader[UUID, Row | None]:
        async def load(keys: Sequence[UUID]) -> list[Row | None]:
            column = getattr(model, key)
            found = {getattr(row, key): row for row in await self.session.all(select(model).where(column.in_(keys)))}
            return [found.get(wanted) for wanted in keys]

        return Loader(load_fn=load)

    def _many(self, model: type[Row], parent: str, *order: str) -> Loader[UUID, list[Row]]:
        async def load(keys: Sequence[UUID]) -> list[list[Row]]:
            statement = select(model).where(getattr(model, parent).in_(keys))
            statement = statement.order_by(*(getattr(model, name) for name in order))
            found: dict[UUID, list[Row]] = {}
            for row in await self.session.all(statement):
                found.setdefault(getattr(row, parent), []).append(row)
            return [found.get(wanted, []) for wanted in keys]

        return Loader(load_fn=load)

    async def _protocol_photos(self, keys: Sequence[UUID]) -> list[list[tuple[ProtocolPhoto, Photo]]]:
        statement = (
            select(ProtocolPhoto, Photo)
            .join(Photo, col(Photo.id) == col(ProtocolPhoto.photo_id))
            .where(col(ProtocolPhoto.protocol_id).in_(keys))
            .order_by(col(ProtocolPhoto.position))
        )
        found: dict[UUID, list[tuple[ProtocolPhoto, Photo]]] = {}
        for placed, photo in await self.session.pairs(statement):
            found.setdefault(placed.protocol_id, []).append((placed, photo))
        return [found.get(key, []) for key in keys]

    async def _damage_photos(self, keys: Sequence[UUID]) -> list[list[Photo]]:
        statement = (
            select(DamagePhoto, Photo)
            .join(Photo, col(Photo.id) == col(DamagePhoto.photo_id))
            .where(col(DamagePhoto.damage_id).in_(keys))
            .order_by(col(DamagePhoto.position))
        )
        found: dict[UUID, list[Photo]] = {}
        for placed, photo in await self.session.pairs(statement):
            found.setdefault(placed.damage_id, []).append(photo)
        return [found.get(key, []) for key in keys]

    async def _user_stations(self, keys: Sequence[UUID]) -> list[list[Station]]:
        return await self._stations_of(UserStation, UserStation.user_id, keys)

    async def _client_stations(self, keys: Sequence[UUID]) -> list[list[Station]]:
        return await self._stations_of(ClientStation, ClientStation.client_id, keys)

    async def _stations_of(
        self, link: type[UserStation | ClientStation], owner: Any, keys: Sequence[UUID]
    ) -> list[list[Station]]:
        statement = (
            select(link, Station)
            .join(Station, col(Station.id) == col(link.station_id))
            .where(col(owner).in_(keys))
            .order_by(col(Station.code))
        )
        found: dict[UUID, list[Station]] = {}
        for row, station in await self.session.pairs(statement):
            found.setdefault(getattr(row, owner.key), []).append(station)
        return [found.get(key, []) for key in keys]

    async def _customer_contracts(self, keys: Sequence[_OfCustomer]) -> list[list[Contract]]:
        listing = search.contracts_of_customers()
        found: dict[_OfCustomer, list[Contract]] = {}
        for limit, after in {key[1:] for key in keys}:  # one, unless aliases ask for several pages
            parents = [key[0] for key in keys if key[1:] == (limit, after)]
            rows = await listing.rows_of_each(self.session, "customer_id", parents, limit, after)
            found |= {(parent, limit, after): rows.get(parent, []) for parent in parents}
        return [found[key] for key in keys]

    async def _customer_contract_counts(self, keys: Sequence[UUID]) -> list[int]:
        counts = await search.contracts_of_customers().counts_of_each(self.session, "customer_id", keys)
        return [counts.get(key, 0) for key in keys]

    async def _occupancy(self, keys: Sequence[_InPeriod]) -> list[list[Occupancy]]:
        found: dict[_InPeriod, list[Occupancy]] = {}
        for start, end in {key[1:] for key in keys}:
            statement = select(Occupancy).where(
                col(Occupancy.vehicle_id).in_([key[0] for key in keys if key[1:] == (start, end)]),
                col(Occupancy.active),
                col(Occupancy.starts_at) < end,
                col(Occupancy.ends_at) > start,
            )
            for row in await self.session.all(statement.order_by(col(Occupancy.starts_at))):
                found.setdefault((row.vehicle_id, start, end), []).append(row)
        return [found.get(key, []) for key in keys]

    async def _at_risk(self, keys: Sequence[UUID]) -> list[bool]:
        statement = f"{AT_RISK} and c.id = any(:ids)"
        rows = await self.session.rows(statement, {"ids": list(keys), "now": self.now})
        found = {row.id for row in rows}
        return [key in found for key in keys]
