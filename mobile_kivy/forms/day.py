"""A station's day as `handoverDay` tells it: who gets which car, who brings one back, what is late, what is free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

CHECK_OUT, CHECK_IN = "CHECK_OUT", "CHECK_IN"
WENT_OUT = frozenset({CHECK_OUT, "SWAP_OUT"})
"""Types of protocols with which a car leaves."""
ELECTRIC = "ELECTRIC"
"""The kind of energy that has no tank."""
MORNING_ENDS = time(12)
"""Of the next day only what happens before noon is shown: the evening shift prepares the morning."""


@dataclass(frozen=True)
class KnownDamage:
    """A damage that the vehicle has already. `x` and `y` are fractions of the view's drawing, from its top left."""

    id: str
    kind: str
    view: str
    x: float
    y: float
    size_mm: int | None
    description: str
    photo_ids: tuple[str, ...]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> KnownDamage:
        """From the answer's JSON."""
        position = answer["position"]
        return cls(
            id=answer["id"],
            kind=answer["kind"],
            view=position["view"],
            x=position["x"],
            y=position["y"],
            size_mm=answer.get("sizeMm"),
            description=answer.get("description") or "",
            photo_ids=tuple(photo["id"] for photo in answer.get("photos", ())),
        )


@dataclass(frozen=True)
class Vehicle:
    """A car with its last known condition. Fuel in eighths, charge in per cent, odometer in kilometres.

    `answer` is what it was read from: a form keeps it, because the next day may not have it any more.
    """

    id: str
    plate: str
    name: str
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
        """From the answer's JSON."""
        words = (answer["make"], answer["model"], answer.get("colour") or "")
        return cls(
            id=answer["id"],
            plate=answer["plate"],
            name=" ".join(word for word in words if word),
            odometer_km=answer["odometerKm"],
            fuel_eighths=answer.get("fuelEighths"),
            charge_percent=answer.get("stateOfChargePercent"),
            electric=answer["group"]["energy"] == ELECTRIC,
            group=answer["group"]["name"],
            accessories=tuple((item["name"], item["expected"]) for item in answer["accessories"]),
            damages=tuple(KnownDamage.of(damage) for damage in answer["damages"]),
            answer=answer,
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
        """From the answer's JSON."""
        return cls(
            id=answer["id"],
            name=f"{answer['firstName']} {answer['lastName']}".strip(),
            licence_number=answer.get("licenceNumber") or "",
            licence_class=answer.get("licenceClass") or "",
            birth_date=answer.get("birthDate") or "",
            checked=answer.get("checkedAt") is not None,
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
class Contract:
    """A contract as the yard needs it. Instants are aware and carry the station's offset. `address_missing`: the
    invoice will need the customer's postal address, which nobody knows yet. `answer` as for vehicles.
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
    deposit_state: str
    checked_out: CheckedOut | None
    address_missing: bool
    answer: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Contract:
        """From the answer's JSON."""
        vehicle, deposit = answer.get("vehicle"), answer.get("deposit")
        return cls(
            id=answer["id"],
            number=answer["number"],
            state=answer["state"],
            language=answer["language"].lower(),
            starts_at=datetime.fromisoformat(answer["period"]["start"]),
            ends_at=datetime.fromisoformat(answer["period"]["end"]),
            customer=customer_name(answer["customer"]),
            phone=answer["customer"].get("phone") or "",
            vehicle=Vehicle.of(vehicle) if vehicle else None,
            drivers=tuple(Driver.of(driver) for driver in answer["drivers"]),
            flags=tuple(answer["flags"]),
            deposit_state=deposit["state"] if deposit else "",
            checked_out=_checked_out(answer.get("protocols", ())),
            address_missing=bool(answer.get("addressMissing")),  # a day that was kept before the app asked for it
            answer=answer,
        )


@dataclass(frozen=True)
class Job:
    """One thing to do: check this contract's car out, or in."""

    kind: str
    contract: Contract
    due: datetime
    overdue: bool

    @property
    def key(self) -> tuple[str, str]:
        """Contract and kind: what a form and a protocol belong to."""
        return self.contract.id, self.kind

    def matches(self, words: str) -> bool:
        """Whether each word is part of the plate (with or without blanks), the customer's name or the number."""
        contract = self.contract
        plate = contract.vehicle.plate if contract.vehicle else ""
        text = f"{plate} {plate.replace(' ', '').replace('-', '')} {contract.customer} {contract.number}".casefold()
        return all(word in text for word in words.casefold().split())


@dataclass(frozen=True)
class Day:
    """Everything of one day, and as of when."""

    station_id: str
    station_name: str
    jobs: tuple[Job, ...]
    spare_vehicles: tuple[Vehicle, ...]
    generated_at: datetime

    def job(self, contract_id: str, kind: str) -> Job | None:
        """What there is to do with this contract, if it is of this day."""
        return next((job for job in self.jobs if job.key == (contract_id, kind)), None)


def read_day(today: Mapping[str, Any], tomorrow: Mapping[str, Any] | None = None) -> Day:
    """The day's work, the late ones first, with the next morning behind it."""
    found = {job.key: job for job in _jobs(today)}
    if tomorrow is not None:
        for job in _jobs(tomorrow):
            if not job.overdue and job.due.time() < MORNING_ENDS:
                found.setdefault(job.key, job)
    return Day(
        station_id=today["station"]["id"],
        station_name=today["station"]["name"],
        jobs=tuple(sorted(found.values(), key=lambda job: (not job.overdue, job.due, job.contract.number))),
        spare_vehicles=tuple(Vehicle.of(vehicle) for vehicle in today["spareVehicles"]),
        generated_at=datetime.fromisoformat(today["generatedAt"]),
    )


def customer_name(answer: Mapping[str, Any]) -> str:
    """The company, or the person's name."""
    person = f"{answer.get('firstName') or ''} {answer.get('lastName') or ''}".strip()
    company = answer.get("company") or ""
    return f"{company} ({person})" if company and person else company or person


def job_of(kind: str, contract: Contract, *, overdue: bool = False) -> Job:
    """What there is to do: due at the start for a check-out, at the end for a check-in."""
    return Job(kind, contract, contract.starts_at if kind == CHECK_OUT else contract.ends_at, overdue)


def _jobs(answer: Mapping[str, Any]) -> Iterator[Job]:
    for kind, name in ((CHECK_OUT, "checkOuts"), (CHECK_IN, "overdue"), (CHECK_IN, "checkIns")):
        for contract in map(Contract.of, answer[name]):
            yield job_of(kind, contract, overdue=name == "overdue")


def _checked_out(protocols: Iterable[Mapping[str, Any]]) -> CheckedOut | None:
    for protocol in protocols:
        if protocol["type"] in WENT_OUT and not protocol.get("voided"):
            condition = protocol["condition"]
            return CheckedOut(
                at=datetime.fromisoformat(protocol["occurredAt"]),
                odometer_km=condition["odometerKm"],
                fuel_eighths=condition.get("fuelEighths"),
                charge_percent=condition.get("stateOfChargePercent"),
                accessories=tuple((item["name"], item["present"]) for item in protocol.get("accessories", ())),
            )
    return None
