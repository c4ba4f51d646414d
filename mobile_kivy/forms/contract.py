"""A contract, its car and its drivers as the yard needs them, read from the server's answers."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mobile_kivy.car_pictures import BODIES, DEFAULT_BODY
from mobile_kivy.reading import Fields, Unreadable

WENT_OUT = frozenset({"CHECK_OUT", "SWAP_OUT"})
"""Types of protocols with which a car leaves."""
ELECTRIC = "ELECTRIC"
"""The kind of energy that has no tank."""
PHOTO_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
"""What a photo's id looks like: it becomes the name of a file."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KnownDamage:
    """A damage that the vehicle has already. `x` and `y` are fractions of the view's drawing, from its top left.

    `photos` has the id and the link of each small photo.
    """

    id: str
    kind: str
    view: str
    x: float
    y: float
    size_mm: int | None
    description: str
    photos: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> KnownDamage:
        """From the answer's JSON. `Unreadable`."""
        damage = Fields(answer, "damage")
        position = damage.part("position")
        return cls(
            id=damage.name("id"),
            kind=damage.name("kind"),
            view=position.name("view"),
            x=position.fraction("x"),
            y=position.fraction("y"),
            size_mm=damage.whole_or_none("sizeMm"),
            description=damage.text_or("description"),
            photos=tuple(_photo_links(damage)),
        )


@dataclass(frozen=True)
class Vehicle:
    """A car with its last known condition. Fuel in eighths, charge in per cent, odometer in kilometres.

    `body` is the shape in which it is drawn. `answer` is what it was read from: a form keeps it, because the next day
    may not have it any more.
    """

    id: str
    plate: str
    name: str
    body: str
    odometer_km: int
    fuel_eighths: int | None
    charge_percent: int | None
    electric: bool
    group: str
    accessories: tuple[tuple[str, int], ...]
    damages: tuple[KnownDamage, ...]
    answer: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Vehicle:
        """From the answer's JSON. `Unreadable`."""
        vehicle = Fields(answer, "vehicle")
        words = (vehicle.text("make"), vehicle.text("model"), vehicle.text_or("colour"))
        group = vehicle.part("group")
        return cls(
            id=vehicle.name("id"),
            plate=vehicle.name("plate"),
            name=" ".join(word for word in words if word),
            body=_body(vehicle),
            odometer_km=vehicle.whole("odometerKm"),
            fuel_eighths=vehicle.whole_or_none("fuelEighths"),
            charge_percent=vehicle.whole_or_none("stateOfChargePercent"),
            electric=group.name("energy") == ELECTRIC,
            group=group.text("name"),
            accessories=tuple((item.name("name"), item.whole("expected")) for item in vehicle.parts("accessories")),
            damages=tuple(KnownDamage.of(damage.raw) for damage in vehicle.parts("damages")),
            answer=vehicle.raw,
        )


@dataclass(frozen=True)
class Driver:
    """Somebody who may drive. `checked` says that the original licence was seen already."""

    id: str
    name: str
    licence_number: str
    licence_class: str
    birth_date: str
    checked: bool

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Driver:
        """From the answer's JSON. `Unreadable`."""
        driver = Fields(answer, "driver")
        return cls(
            id=driver.name("id"),
            name=f"{driver.text('firstName')} {driver.text('lastName')}".strip(),
            licence_number=driver.text_or("licenceNumber"),
            licence_class=driver.text_or("licenceClass"),
            birth_date=driver.text_or("birthDate"),
            checked=driver.has("checkedAt"),
        )


@dataclass(frozen=True)
class CheckedOut:
    """How the car went out: what a return is compared with."""

    at: datetime
    odometer_km: int
    fuel_eighths: int | None
    charge_percent: int | None
    accessories: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Deposit:
    """How the deposit stands. `needed`: there is an amount to be held at all."""

    state: str
    needed: bool
    expires_at: datetime | None

    @classmethod
    def of(cls, deposit: Fields) -> Deposit:
        """From the answer's JSON. `Unreadable`. A day that was kept by an earlier app says no amount: needed."""
        amount = deposit.part_or_none("amount")
        return cls(
            state=deposit.name("state"),
            needed=amount is None or amount.text("amount").strip("0.") != "",
            expires_at=deposit.instant("expiresAt") if deposit.has("expiresAt") else None,
        )


@dataclass(frozen=True)
class Contract:
    """A contract as the yard needs it. Instants are aware and carry the station's offset. `address_missing`: the
    invoice will need the customer's postal address, which nobody knows yet; `minimum_age` of drivers in years, 0 if
    there is none. `answer` as for vehicles.
    """

    id: str
    number: str
    state: str
    language: str
    starts_at: datetime
    ends_at: datetime
    customer: str
    phone: str
    vehicle: Vehicle | None
    drivers: tuple[Driver, ...]
    flags: tuple[str, ...]
    deposit: Deposit | None
    minimum_age: int
    checked_out: CheckedOut | None
    address_missing: bool
    answer: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Contract:
        """From the answer's JSON. `Unreadable`."""
        contract = Fields(answer, "contract")
        period, customer = contract.part("period"), contract.part("customer")
        vehicle, deposit = contract.part_or_none("vehicle"), contract.part_or_none("deposit")
        group = contract.part_or_none("group")
        return cls(
            id=contract.name("id"),
            number=contract.name("number"),
            state=contract.name("state"),
            language=contract.name("language").lower(),
            starts_at=period.instant("start"),
            ends_at=period.instant("end"),
            customer=customer_name(customer),
            phone=customer.text_or("phone"),
            vehicle=Vehicle.of(vehicle.raw) if vehicle else None,
            drivers=tuple(Driver.of(driver.raw) for driver in contract.parts("drivers")),
            flags=contract.texts("flags"),
            deposit=Deposit.of(deposit) if deposit else None,
            minimum_age=(group.whole_or_none("minimumAge") or 0) if group else 0,
            checked_out=_checked_out(contract.parts("protocols")),
            address_missing=contract.yes("addressMissing"),
            answer=contract.raw,
        )


def customer_name(customer: Fields) -> str:
    """The company, or the person's name."""
    person = f"{customer.text_or('firstName')} {customer.text_or('lastName')}".strip()
    company = customer.text_or("company")
    return f"{company} ({person})" if company and person else company or person


def _body(vehicle: Fields) -> str:
    """A day that was kept by an earlier app says none, a later server perhaps one that has no drawing here."""
    body = vehicle.text_or("body")
    return body if body in BODIES else DEFAULT_BODY


def _photo_links(damage: Fields) -> Iterator[tuple[str, str]]:
    """A photo with an odd id or link is no reason to hide the damage."""
    for index, answer in enumerate(damage.anything("photos")):
        try:
            photo = Fields(answer, f"{damage.place}.photos[{index}]")
            photo_id, link = photo.name("id"), photo.name("thumbnailUrl")
        except Unreadable as error:
            _log.warning("a photo was left out: %s", error)
            continue
        if PHOTO_ID.fullmatch(photo_id):
            yield photo_id, link


def _checked_out(protocols: Iterable[Fields]) -> CheckedOut | None:
    for protocol in protocols:
        if protocol.name("type") in WENT_OUT and not protocol.yes("voided"):
            condition = protocol.part("condition")
            return CheckedOut(
                at=protocol.instant("occurredAt"),
                odometer_km=condition.whole("odometerKm"),
                fuel_eighths=condition.whole_or_none("fuelEighths"),
                charge_percent=condition.whole_or_none("stateOfChargePercent"),
                accessories=tuple((item.name("name"), item.whole("present")) for item in protocol.parts("accessories")),
            )
    return None
