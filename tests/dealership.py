"""A small dealership made through the API, and the steps of its work."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2

from tests.driving import PASSWORD, Api, SandboxServer, new_id, signature
from tests.staff import put_staff

_numbers = itertools.count(1)
DAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"]
PROBLEM = "...on Problem{problemCode message field}"
KOMPAKT = {
    "validFrom": "2020-01-01",
    "bundles": [
        {"unit": "DAY", "days": 1, "price": "59.00", "includedKm": 150},
        {"unit": "WEEK", "days": 7, "price": "319.00", "includedKm": 1050},
        {"unit": "MONTH", "days": 30, "price": "999.00", "includedKm": 3000},
        {
            "unit": "WEEKEND",
            "days": 3,
            "price": "129.00",
            "includedKm": 450,
            "windowStart": {"weekday": "FRIDAY", "time": "16:00"},
            "windowEnd": {"weekday": "MONDAY", "time": "09:00"},
        },
    ],
    "graceMinutes": 60,
    "extraKm": "0.25",
    "fuelPerLitre": "2.10",
    "fuelService": "15.00",
    "cleaningHeavy": "49.00",
    "cleaningSpecial": "149.00",
    "extras": [
        {"code": "ADDITIONAL_DRIVER", "name": "Zusatzfahrer", "perDay": "5.00", "maximum": "35.00"},
        {"code": "ONE_WAY", "name": "Einwegmiete", "perRental": "49.00"},
    ],
}
CONTRACT = """fragment contract on Contract {
  id number state settlementState version billingBlock flags kind
  period { start end } price { total { amount } net { amount } vat { amount } days includedKm lines { kind total { amount } explanation } }
  paid { amount } due { amount } vehicle { id plate odometerKm station { code } }
  station { id code name } returnStation { id code name }
  deposit { state amount { amount } used { amount } expiresAt }
  payments { id kind state amount { amount } orderReference gatewayReference reason }
  documents { id number type total { amount } net { amount } vat { amount } payable { amount } pdfUrl sha256
    lines { kind text quantity unitPrice { amount } total { amount } explanation } advances { total { amount } net { amount } vat { amount } document { number } }
    openItem { dueOn open { amount } } }
  protocols { id type odometerKm: condition { odometerKm } pdfUrl sha256 signedByCustomer }
  damages { id liability kind claimDeadline }
  drivers { id firstName lastName role checkedAt checkedBy }
  customer { id email firstName lastName }
}"""
BOOK = (
    """mutation($input:BookVehicleInput!){bookVehicle(input:$input){__typename
  ...on Booking{contract{...contract} paymentForm{url expiresAt fields{name value}}}
  ...on Problem{problemCode message field}
  ...on NoVehicleAvailable{alternatives{group{code} station{code} period{start end} total{amount}}}
  ...on OutsideOpeningHours{nextPossible} ...on PaymentDeclined{reason}}}"""
    + CONTRACT
)
CHECK_OUT = """mutation($input:CheckOutInput!){checkOut(input:$input){__typename
  ...on Protocol{id type sha256 occurredAt damages{id} photos{sha256 slot}} ...on Problem{problemCode message field}
  ...on InvalidTransition{state allowed}}}"""
CHECK_IN = CHECK_OUT.replace("CheckOutInput", "CheckInInput").replace("checkOut", "checkIn")


@dataclass
class Dealership:
    """A station with one group, one tariff, some cars, staff and a website."""

    server: SandboxServer
    admin: Api
    station: dict[str, Any]
    group: dict[str, Any]
    tariff: str
    yard: Api
    clerk: Api
    website: Api
    vehicles: list[dict[str, Any]] = field(default_factory=list)

    def book(self, start: datetime, end: datetime, *, caller: Api | None = None, **more: Any) -> dict[str, Any]:
        """A booking by the website with a stored card, unless told otherwise; the whole result."""
        number = next(_numbers)
        payment = more.pop("payment", {"method": "STORED_CARD", "cardToken": more.pop("card", "tok-approved")})
        request = {
            "idempotencyKey": more.pop("key", new_id()),
            "stationId": self.station["id"],
            "groupId": self.group["id"],
            "period": {"start": start.isoformat(), "end": end.isoformat()},
            "customer": more.pop("customer", None)
            or {
                "firstName": "Anna",
                "lastName": f"Beispiel {number}",
                "email": f"kunde{number}@example.com",
                "address": {"street": "Hauptstr. 1", "postcode": "10115", "city": "Berlin"},
                "language": "DE",
            },
            "payment": payment,
            **more,
        }
        return (caller or self.website)(BOOK, input=request)

    def booked(self, start: datetime, end: datetime, **more: Any) -> dict[str, Any]:
        """The contract of a booking that must succeed."""
        result = self.book(start, end, **more)
        assert result["__typename"] == "Booking", result
        return result["contract"]

    def contract(self, contract_id: str, caller: Api | None = None) -> dict[str, Any]:
        return (caller or self.clerk)("query($id:ID){contract(id:$id){...contract}}" + CONTRACT, id=contract_id)

    def check_out(
        self, contract: dict[str, Any], at: datetime, *, km: int | None = None, **more: Any
    ) -> dict[str, Any]:
        """Hands a car over; the whole result."""
        caller = more.pop("caller", self.yard)
        drivers = [driver["id"] for driver in self.contract(contract["id"])["drivers"]]
        request = {
            "protocolId": more.pop("id", new_id()),
            "contractId": contract["id"],
            "occurredAt": at.isoformat(),
            "condition": {
                "odometerKm": km if km is not None else contract["vehicle"]["odometerKm"],
                "fuelEighths": 8,
                **more.pop("condition", {}),
            },
            "licenceCheckedDriverIds": more.pop("licences", drivers),
            "signature": more.pop("signature", {"missingReason": "test"}),
            **more,
        }
        return caller(CHECK_OUT, input=request)

    def check_in(self, contract: dict[str, Any], at: datetime, *, km: int, **more: Any) -> dict[str, Any]:
        """Takes a car back; the whole result."""
        caller = more.pop("caller", self.yard)
        request = {
            "protocolId": more.pop("id", new_id()),
            "contractId": contract["id"],
            "occurredAt": at.isoformat(),
            "condition": {"odometerKm": km, "fuelEighths": 8, **more.pop("condition", {})},
            "signature": more.pop("signature", {"missingReason": "test"}),
            **more,
        }
        return caller(CHECK_IN, input=request)

    def sign(self) -> dict[str, str]:
        """A signature that was uploaded."""
        return {"sha256": self.yard.upload(signature())}

    def checked_out(self, start: datetime, end: datetime, **more: Any) -> dict[str, Any]:
        """A contract, as booked, whose car is out since its start."""
        contract = self.booked(start, end, **more)
        self.server.move_to(start)
        result = self.check_out(contract, start)
        assert result["__typename"] == "Protocol", result
        return contract

    def rent(self, start: datetime, end: datetime, *, km: int = 100, **more: Any) -> dict[str, Any]:
        """The whole job: booked, out at the start, back at `back` (default: the end), settled; the contract after it."""
        back = more.pop("back", end)
        going, coming = more.pop("out", {}), more.pop("back_with", {})
        contract = self.booked(start, end, **more)
        if self.server.now() < start:
            self.server.move_to(start)
        out = self.check_out(contract, start, **going)
        assert out["__typename"] == "Protocol", out
        self.server.move_to(back)
        result = self.check_in(contract, back, km=contract["vehicle"]["odometerKm"] + km, **coming)
        assert result["__typename"] == "Protocol", result
        self.server.settle()
        return self.contract(contract["id"])


def open_dealership(server: SandboxServer, *, cars: int = 2, admin: Api | None = None, **station: Any) -> Dealership:
    """A dealership of its own, so that tests do not disturb each other."""
    admin = admin or server.same_admin()
    number = next(_numbers)
    code = f"S{number}"
    made = admin(
        "mutation($i:StationInput!){createStation(input:$i){...on Station{id code name version} ...on Problem{message field}}}",
        i={
            "code": code,
            "name": f"Station {number}",
            "address": {"street": "Am Markt 1", "postcode": "13581", "city": "Berlin"},
            "openingHours": [{"weekday": day, "opens": "07:00", "closes": "19:00"} for day in DAYS],
            **station,
        },
    )
    group = admin(
        "mutation($i:VehicleGroupInput!){createVehicleGroup(input:$i){...on VehicleGroup{id code} ...on Problem{message field}}}",
        i={"code": f"G{number}", "name": "Kompakt", "deposit": "300.00", "deductible": "1000.00"},
    )
    add_tariff(admin, group["id"], f"KOMPAKT-{number}")
    users = {
        role: server.api(put_staff(server.owner, f"{role.lower()}{number}@example.com", role, [made["id"]]))
        for role in ("YARD", "CLERK")
    }
    dealership = Dealership(
        server,
        admin,
        made,
        group,
        f"KOMPAKT-{number}",
        users["YARD"],
        users["CLERK"],
        add_website(server, admin, [made["id"]]),
    )
    for _ in range(cars):
        add_car(dealership)
    return dealership


def add_tariff(admin: Api, group_id: str, code: str, **more: Any) -> None:
    result = admin(
        "mutation($i:TariffInput!){createTariff(input:$i){__typename ...on Problem{message field}}}",
        i={"code": code, "name": code, "groupId": group_id, **KOMPAKT, **more},
    )
    assert result["__typename"] == "Tariff", result


def add_user(admin: Api, email: str, role: str, stations: list[str]) -> dict[str, Any]:
    result = admin(
        "mutation($i:UserInput!){createUser(input:$i){__typename ...on User{id} ...on Problem{message field}}}",
        i={
            "email": email,
            "name": f"{role.title()} {email}",
            "role": role,
            "stationIds": stations,
            "password": PASSWORD,
        },
    )
    assert result["__typename"] == "User", result
    return result


def add_website(server: SandboxServer, admin: Api, stations: list[str], **policy: Any) -> Api:
    """A website that may book what a dealer's own does, unless told otherwise."""
    result = admin(
        'mutation($s:[ID!]!,$p:ClientPolicyInput){createApiClient(name:"Website",stationIds:$s,policy:$p)'
        "{...on CreatedApiClient{key}}}",
        s=stations,
        p={"kinds": ["RENTAL", "COURTESY"], "mayNamePayer": True, **policy},
    )
    return server.api(result["key"])


def add_car(dealership: Dealership, **more: Any) -> dict[str, Any]:
    number = next(_numbers)
    result = dealership.admin(
        "mutation($i:VehicleInput!){createVehicle(input:$i){__typename"
        " ...on Vehicle{id plate version odometerKm} ...on Problem{message field}}}",
        i={
            "plate": f"B-EW {number}",
            "make": "VW",
            "model": "Golf",
            "groupId": dealership.group["id"],
            "stationId": dealership.station["id"],
            "odometerKm": 10_000,
            "tankLitres": 50,
            **more,
        },
    )
    assert result["__typename"] == "Vehicle", result
    dealership.vehicles.append(result)
    return result


def days(count: float) -> timedelta:
    return timedelta(days=count)


def request_of(
    dealership: Dealership, start: datetime, end: datetime, number: int, key: str | None = None
) -> dict[str, Any]:
    return {
        "idempotencyKey": key or new_id(),
        "stationId": dealership.station["id"],
        "groupId": dealership.group["id"],
        "period": {"start": start.isoformat(), "end": end.isoformat()},
        "customer": {"lastName": f"Parallel {number}", "email": f"parallel{number}@example.com"},
        "payment": {"method": "STORED_CARD", "cardToken": "tok-approved"},
    }


def at_once(dealership: Dealership, requests: list[dict[str, Any]], workers: int) -> list[dict[str, Any]]:
    """Sends bookings in parallel, each on a connection of its own."""

    def send(request: dict[str, Any]) -> dict[str, Any]:
        with httpx2.Client(timeout=180, trust_env=False) as http:
            return Api(dealership.server.base, http, dealership.website.token)(BOOK, input=request)

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(send, requests))
