"""What a booking asks for, and what is found and computed for it before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.database import Session
from server.errors import InvalidInput, ProblemCode, Refused, Sentence
from server.models import Station, VehicleGroup
from server.models.api_client import ClientPolicy
from server.models.blank import is_blank
from server.models.contract import ChosenExtra, ContractKind
from server.models.customer import CustomerDetails
from server.models.payment import PaymentMethod
from server.models.price import PriceBreakdown
from server.models.recipient import Recipient
from server.models.staff import Role
from server.security import Principal, Sealer
from server.services import validation
from server.services.billing import addressee
from server.services.booking import bookable, promises, website
from server.services.booking.agreed_price import agreed_price
from server.services.booking.slot import Slot
from server.services.fleet import company_data, groups, stations
from server.services.payments import hosted_page
from server.services.people import customers, drivers
from server.services.people.drivers import DriverDetails, LocalDays
from server.services.pricing import tariffs
from server.services.pricing.price import advance_cents
from server.services.pricing.tariffs import FrozenTerms

PERIOD = ("input", "period")


@dataclass(frozen=True)
class WorkshopReference:
    """The repair that a replacement car belongs to, as the caller names it."""

    order_number: str | None = None
    appointment_at: datetime | None = None
    customer_plate: str | None = None
    customer_vin: str | None = None


@dataclass(frozen=True)
class PaymentChoice:
    """How a booking is to be paid: with a stored card, on the payment page, or not at all for a reason."""

    method: PaymentMethod
    card_token: str | None = None
    success_url: str | None = None
    failure_url: str | None = None
    waiver_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class BookingRequest:
    """What a caller asks for. Instants are UTC; `fixed_vehicle` says that it must be that car."""

    key: UUID
    station_id: UUID | None
    return_station_id: UUID | None
    group_id: UUID | None
    vehicle_id: UUID | None
    fixed_vehicle: bool
    start: datetime
    end: datetime
    quote_id: str | None
    tariff_code: str | None
    kind: ContractKind
    customer: CustomerDetails
    drivers: tuple[DriverDetails, ...]
    extras: tuple[ChosenExtra, ...]
    workshop: WorkshopReference | None
    payer: Recipient | None
    payment: PaymentChoice
    note: str | None


@dataclass(frozen=True)
class Plan:
    """What was found and computed for a request, before anything is written."""

    slot: Slot
    group: VehicleGroup
    tariff: FrozenTerms
    price: PriceBreakdown
    prepay_cents: int
    customer: CustomerDetails
    drivers: list[DriverDetails]
    extras: tuple[ChosenExtra, ...]

    @property
    def station(self) -> Station:
        """Where the car is picked up."""
        return self.slot.station

    def fits(self, group: VehicleGroup, slot: Slot) -> bool:
        """Whether those who are to drive may drive a vehicle of another group, or at another time."""
        return drivers.reason_against(group, self.drivers, days_of(slot)) is None


async def visible_stations(session: Session, request: BookingRequest) -> dict[UUID | None, Station]:
    """The stations that the caller sees, by id; NotFound if one of the request is not among them."""
    visible: dict[UUID | None, Station] = {station.id: station for station in await stations.visible_stations(session)}
    await stations.get(session, request.station_id, field=("input", "station_id"))
    if request.return_station_id is not None:
        await stations.get(session, request.return_station_id, field=("input", "return_station_id"))
    return visible


async def plan_of(
    session: Session,
    principal: Principal,
    policy: ClientPolicy | None,
    request: BookingRequest,
    visible: dict[UUID | None, Station],
    seal: Sealer,
    now: datetime,
) -> Plan:
    """Checks a request and finds what it needs. Raises the refusals of `bookVehicle`; writes nothing.

    `policy` is what a website is bound by; None for staff.
    """
    station = visible[request.station_id]
    # None, not the station itself: what is offered instead elsewhere comes back there.
    elsewhere = visible[request.return_station_id] if request.return_station_id is not None else None
    slot = Slot(station, request.start, request.end, elsewhere)
    bookable.check_period(request.start, request.end, now, PERIOD)
    _check_payment(principal, request.payment)
    website.check(policy, request.kind, (request.workshop or WorkshopReference()).order_number, request.payer)
    group = await groups.get(session, request.group_id, field=("input", "group_id"))
    today = station.day_of(now)
    customer = customers.checked(request.customer, country=station.country, today=today)
    people = drivers.checked(request.drivers, customer)
    website.check_drivers(policy, len(people))
    drivers.check_all(group, people, days_of(slot))
    if refusal := bookable.closed(slot, PERIOD):
        raise refusal
    tariff = await _tariff(session, request, slot, group, seal, now)
    terms = tariff.terms
    extras = validation.extras(request.extras, ("input", "extras"))
    language = customer.language.value.lower()
    price = agreed_price(terms, slot, request.kind, language, extras=extras, drivers=len(people))
    # What somebody else pays is never taken from the customer's card.
    nothing_now = request.payment.method is PaymentMethod.WAIVED or request.payer is not None
    prepay = 0 if nothing_now else advance_cents(terms, request.kind, price.total_cents)
    if addressee.is_large(prepay) and customer.address is None:
        # Its invoice is issued at once; who pays less can be asked for the address when the car is handed over.
        raise InvalidInput(addressee.ADDRESS_MISSING, field=("input", "customer", "address"))
    await company_data.require(session)  # without its legal data no invoice could be issued
    return Plan(slot, group, tariff, price, prepay, customer, people, extras)


async def _tariff(
    session: Session, request: BookingRequest, slot: Slot, group: VehicleGroup, seal: Sealer, now: datetime
) -> FrozenTerms:
    """Those that were quoted, else those of the tariff that is asked for or valid today."""
    if request.quote_id is None:
        today = slot.station.day_of(now)
        tariff = await tariffs.applicable(session, group.id, request.tariff_code, today, field=("input",))
        return tariffs.freeze(tariff)
    quoted = await promises.terms_of(session, request.quote_id, slot, group.id, request.kind, seal=seal, now=now)
    if request.tariff_code is not None and request.tariff_code.strip().upper() != quoted.terms.code:
        message = Sentence("The quote was made with another tariff.", "Das Angebot galt einem anderen Tarif.")
        raise InvalidInput(message, field=["input", "tariff_code"])
    return quoted


def days_of(slot: Slot) -> LocalDays:
    """The first and the last day of a slot where it begins: for ages and licences."""
    return LocalDays.of(slot.start, slot.end, slot.station.zone)


def _check_payment(principal: Principal, payment: PaymentChoice) -> None:
    field = ["input", "payment"]
    if payment.method is PaymentMethod.WAIVED:
        if principal.role is Role.WEB:
            raise Refused(
                ProblemCode.NOT_ALLOWED,
                Sentence("Only staff can waive the payment.", "Nur Mitarbeiter können auf die Zahlung verzichten."),
                field=[*field, "method"],
            )
        if is_blank(payment.waiver_reason):
            raise InvalidInput(
                Sentence("Say why the payment is waived.", "Bitte angeben, warum auf die Zahlung verzichtet wird."),
                field=[*field, "waiver_reason"],
            )
    if payment.method is PaymentMethod.STORED_CARD:
        validation.token(payment.card_token, [*field, "card_token"])
    if payment.method is PaymentMethod.HOSTED_PAGE:
        hosted_page.check_urls(payment.success_url, payment.failure_url, field)
