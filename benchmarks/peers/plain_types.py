"""The types of the plain server: rows of the ORM, whatever they point at by DataLoaders."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from strawberry.scalars import JSON

ZONE = ZoneInfo("Europe/Berlin")
Info = strawberry.Info[Any, None]


@strawberry.type
class Money:
    amount: str


@strawberry.type
class Period:
    start: datetime
    end: datetime


@strawberry.type
class Group:
    id: UUID
    code: str
    name: str
    energy: str
    minimum_age: int


@strawberry.type
class Station:
    id: UUID
    code: str
    name: str


@strawberry.type
class Tariff:
    code: str
    name: str


@strawberry.type
class Document:
    number: str
    type: str

    @strawberry.field
    def total(self) -> Money:
        return _money(self.total_cents)  # type: ignore[attr-defined]  # a row


@strawberry.type
class Customer:
    id: UUID
    kind: str
    salutation: str | None
    first_name: str | None
    last_name: str | None
    company: str | None
    email: str
    phone: str | None
    language: str
    status: str


@strawberry.type
class Driver:
    id: UUID
    role: str
    first_name: str
    last_name: str
    birth_date: date | None
    licence_number: str | None
    licence_class: str | None
    licence_issued: date | None
    licence_valid_until: date | None
    checked_at: datetime | None
    checked_by: str | None


@strawberry.type
class Protocol:
    id: UUID
    type: str
    voided: bool
    occurred_at: datetime
    staff: str
    remarks: str | None
    odometer_km: int
    fuel_eighths: int | None
    cleanliness_inside: str
    cleanliness_outside: str
    accessories: JSON


@strawberry.type
class Note:
    text: str
    author: str
    created_at: datetime


@strawberry.type
class Damage:
    id: UUID
    kind: str
    size_mm: int | None
    description: str | None
    seen_at: datetime
    liability: str
    view: str
    x: float
    y: float


@strawberry.type
class Deposit:
    state: str
    expires_at: datetime | None

    @strawberry.field
    def amount(self) -> Money:
        return _money(self.amount_cents)  # type: ignore[attr-defined]  # a row


@strawberry.type
class Vehicle:
    id: UUID
    plate: str
    vin: str | None
    make: str
    model: str
    colour: str | None
    odometer_km: int
    fuel_eighths: int | None
    state_of_charge_percent: int | None
    cleanliness: str
    inspection_due: date | None
    status: str
    version: int
    accessories: JSON

    @strawberry.field
    async def group(self, info: Info) -> Group:
        return await info.context["group"].load(self.group_id)  # type: ignore[attr-defined]  # a row

    @strawberry.field
    async def damages(self, info: Info) -> list[Damage]:
        return await info.context["damages"].load(self.id)

    @strawberry.field
    async def occupancy(self, info: Info, start: datetime, end: datetime) -> list[Use]:
        return await info.context["uses"].load((self.id, start, end))


@strawberry.type
class Contract:
    id: UUID
    number: str
    kind: str
    state: str
    version: int
    language: str
    extras_json: JSON

    @strawberry.field
    def period(self) -> Period:
        return _period(self)

    @strawberry.field
    async def vehicle(self, info: Info) -> Vehicle:
        return await info.context["vehicle"].load(self.vehicle_id)  # type: ignore[attr-defined]  # a row

    @strawberry.field
    async def customer(self, info: Info) -> Customer:
        return await info.context["customer"].load(self.customer_id)  # type: ignore[attr-defined]  # a row

    @strawberry.field
    async def tariff(self, info: Info) -> Tariff:
        return await info.context["tariff"].load(self.tariff_id)  # type: ignore[attr-defined]  # a row

    @strawberry.field
    async def station(self, info: Info) -> Station:
        return await info.context["station"].load(self.station_id)  # type: ignore[attr-defined]  # a row

    @strawberry.field
    async def return_station(self, info: Info) -> Station:
        return await info.context["station"].load(self.return_station_id)  # type: ignore[attr-defined]  # a row

    @strawberry.field
    async def group(self, info: Info) -> Group:
        return await info.context["group"].load(self.group_id)  # type: ignore[attr-defined]  # a row

    @strawberry.field
    async def documents(self, info: Info) -> list[Document]:
        return await info.context["documents"].load(self.id)

    @strawberry.field
    async def drivers(self, info: Info) -> list[Driver]:
        return await info.context["drivers"].load(self.id)

    @strawberry.field
    async def protocols(self, info: Info) -> list[Protocol]:
        return await info.context["protocols"].load(self.id)

    @strawberry.field
    async def notes(self, info: Info) -> list[Note]:
        return await info.context["notes"].load(self.id)

    @strawberry.field
    async def deposit(self, info: Info) -> Deposit | None:
        found = await info.context["deposit"].load(self.id)
        return found[0] if found else None


@strawberry.type
class Use:
    kind: str

    @strawberry.field
    def period(self) -> Period:
        return _period(self)

    @strawberry.field
    async def contract(self, info: Info) -> Contract | None:
        return await info.context["contract"].load(self.contract_id)  # type: ignore[attr-defined]  # a row


@strawberry.type
class Contracts:
    nodes: list[Contract]
    has_next_page: bool


@strawberry.type
class Day:
    check_outs: list[Contract]
    check_ins: list[Contract]
    spare_vehicles: list[Vehicle]


def _money(cents: int) -> Money:
    return Money(amount=f"{cents // 100}.{cents % 100:02d}")


def _period(row: Any) -> Period:
    return Period(start=row.starts_at.astimezone(ZONE), end=row.ends_at.astimezone(ZONE))
