"""What a booking asks for, and what is found and computed for it before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from server.database import Session
from server.errors import InvalidInput, ProblemCode, Refused
from server.models import (
    Company,
    Station,
    Tariff,
    VehicleGroup,
)
from server.models.columns import Json
from server.models.contract import ContractKind
from server.models.payment import PaymentMethod
from server.models.staff import Role
from server.models.tariff import TariffTerms, terms_of
from server.security import Principal
from server.services import validation
from server.services.booking import availability
from server.services.fleet import stations, vehicles
from server.services.payments import hosted_page
from server.services.people import customers, drivers
from server.services.pricing import tariffs
from server.services.pricing.price import Facts, PriceBreakdown, UnknownExtra, advance_cents, breakdown

PERIOD = ("input", "period")


@dataclass(frozen=True)
class BookingRequest:
    """What a caller asks for, with plain values. `customer`, `drivers`, `workshop`, `payer` as the API's inputs."""

    key: UUID
    station_id: UUID | None
    return_station_id: UUID | None
    group_id: UUID | None
    vehicle_id: UUID | None
    fixed_vehicle: bool
    start: datetime
    end: datetime
    tariff_code: str | None
    kind: ContractKind
    customer: dict[str, Any]
    drivers: list[dict[str, Any]]
    extras: list[tuple[str, int]]
    workshop: dict[str, Any] | None
    payer: dict[str, Any] | None
    method: PaymentMethod
    card_token: str | None
    success_url: str | None
    failure_url: str | None
    waiver_reason: str | None
    note: str | None


@dataclass(frozen=True)
class Plan:
    """What was found and computed for a request, before anything is written."""

    station: Station
    return_station: Station
    group: VehicleGroup
    tariff: Tariff
    snapshot: Json
    terms: TariffTerms
    price: PriceBreakdown
    prepay_cents: int
    customer: dict[str, Any]
    drivers: list[dict[str, Any]]
    company: Company


async def visible_stations(session: Session, request: BookingRequest) -> dict[UUID | None, Station]:
    """The stations that the caller sees, by id; NotFound if one of the request is not among them."""
    visible: dict[UUID | None, Station] = {station.id: station for station in await stations.visible_stations(session)}
    await stations.get(session, request.station_id, field=("input", "stationId"))
    if request.return_station_id is not None:
        await stations.get(session, request.return_station_id, field=("input", "returnStationId"))
    return visible


async def plan_of(
    session: Session, principal: Principal, request: BookingRequest, visible: dict[UUID | None, Station], now: datetime
) -> Plan:
    """Checks a request and finds what it needs. Raises the refusals of `bookVehicle`; writes nothing."""
    station = visible[request.station_id]
    return_station = visible[request.return_station_id or request.station_id]
    availability.check_period(request.start, request.end, now, PERIOD)
    _check_method(principal, request)
    group = await vehicles.get_group(session, request.group_id, field=("input", "groupId"))
    today = now.astimezone(ZoneInfo(station.time_zone)).date()
    customer = customers.checked(request.customer, today=today)
    people = drivers.checked(request.drivers, customer)
    drivers.check_all(group, people, request.start, request.end, ZoneInfo(station.time_zone))
    availability.check_opening(station, return_station, request.start, request.end, PERIOD)
    tariff = await tariffs.applicable(session, group.id, request.tariff_code, today, field=("input",))
    snapshot, _hash = tariffs.freeze(tariff)
    terms = terms_of(snapshot)
    facts = Facts(
        request.kind,
        request.start,
        request.end,
        ZoneInfo(station.time_zone),
        extras=tuple(validation.extras(request.extras, ("input", "extras"))),
        drivers=len(people),
        one_way=return_station.id != station.id,
        after_hours=availability.is_after_hours(return_station, request.end),
        language=customer["language"].value.lower(),
    )
    try:
        price = breakdown(terms, facts)
    except UnknownExtra as error:
        raise InvalidInput(str(error), field=["input", "extras"]) from error
    waived = request.method is PaymentMethod.WAIVED
    prepay = 0 if waived else advance_cents(terms, request.kind, price.total_cents)
    company = await stations.require_company(session)
    return Plan(
        station, return_station, group, tariff, snapshot, terms, price, prepay, customer, people, company
    )  # fmt: skip


def _check_method(principal: Principal, request: BookingRequest) -> None:
    field = ["input", "payment"]
    if request.method is PaymentMethod.WAIVED:
        if principal.role is Role.WEB:
            raise Refused(ProblemCode.NOT_ALLOWED, "Only staff can waive the payment.", field=[*field, "method"])
        if not (request.waiver_reason or "").strip():
            raise InvalidInput("Say why the payment is waived.", field=[*field, "waiverReason"])
    if request.method is PaymentMethod.STORED_CARD:
        validation.token(request.card_token, [*field, "cardToken"])
    if request.method is PaymentMethod.HOSTED_PAGE:
        hosted_page.check_urls(request.success_url, request.failure_url, field)
