"""A yard with everything that a day can bring, made through the API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from mobile_kivy.api import Client
from mobile_kivy.store import Store
from tests.calendar import day_of, morning, running_from
from tests.dealership import Dealership, add_car, open_dealership
from tests.driving import PASSWORD, SandboxServer, new_id, picture

REPORT = """mutation($v:ID!,$d:DamageInput!){reportDamage(vehicleId:$v,damage:$d){__typename ...on Problem{message field}}}"""
STATE = """query($id:ID){contract(id:$id){state flags billingBlock vehicle{plate}
  protocols{id type remarks staff occurredAt keyDropAt signedByCustomer signatureMissingReason clockDifferenceSeconds
    condition{odometerKm fuelEighths stateOfChargePercent cleanlinessInside cleanlinessOutside}
    accessories{name expected present} damages{kind sizeMm description position{view x y} photos{sha256}}
    photos{slot sha256} vehicle{plate}}}}"""
PIN = "4711"


@dataclass
class YardDay:
    """A station on a day; contracts by what they are for."""

    dealership: Dealership
    now: datetime
    out: dict[str, Any]
    out_too: dict[str, Any]
    back: dict[str, Any]
    late: dict[str, Any]
    clock: Callable[[], datetime]
    """The server's, which runs since it was moved; asked of no network, as the device's own."""

    @property
    def today(self) -> date:
        """The station's calendar day."""
        return day_of(self.now)

    @property
    def server(self) -> SandboxServer:
        return self.dealership.server

    @property
    def email(self) -> str:
        return f"yard{self.dealership.station['code'][1:]}@example.com"

    def enter(self, store: Store, *, with_day: bool = True) -> None:
        """As if the yard's user had signed in on this device this morning."""
        client = Client(self.server.base)
        session = client.sign_in(self.email, PASSWORD, store.settings.this_device)
        store.people.remember(session, PIN)
        if with_day:
            station = self.dealership.station["id"]
            for day in (self.today, self.today + timedelta(days=1)):
                store.days.put(station, day, client.handover_day(session.access_token, station, day))

    def drive(self, contract: dict[str, Any], odometer_km: int) -> None:
        """Somebody has driven the car and entered its odometer in the office."""
        change = "mutation($v:ID!,$n:Int!,$i:VehicleUpdate!){updateVehicle(id:$v,version:$n,input:$i){__typename}}"
        vehicle_id = contract["vehicle"]["id"]
        (version,) = self.dealership.admin("query($v:ID!){vehicle(id:$v){version}}", v=vehicle_id).values()
        result = self.dealership.admin(change, v=vehicle_id, n=version, i={"odometerKm": odometer_km})
        assert result["__typename"] == "Vehicle", result

    def book_far(self) -> dict[str, Any]:
        """A third car goes out today, for more than 250 EUR, to somebody who has not said where she lives."""
        return _booked(self.dealership, self.now + timedelta(minutes=50), self.now + timedelta(days=8), "Weitweg")

    def told(self, contract: dict[str, Any]) -> dict[str, Any]:
        """What the server has of a contract."""
        found: dict[str, Any] = self.dealership.clerk(STATE, id=contract["id"])
        return found


def open_yard_day(server: SandboxServer) -> YardDay:
    """Two cars to hand over (one scratched, one spare beside them), one to take back, one late."""
    dealership = open_dealership(server, cars=0, openingHours=[])
    for _ in range(5):
        add_car(dealership, colour="Reinweiß")
    early = morning(server) + timedelta(minutes=5)
    late = _booked(dealership, early, early + timedelta(hours=2), "Öztürk")
    back = _booked(dealership, early, early + timedelta(hours=6), "Großmann")
    now = early + timedelta(hours=4)
    server.move_to(early)
    for contract in (late, back):
        result = dealership.check_out(contract, early)
        assert result["__typename"] == "Protocol", result
    server.move_to(now)
    out = _booked(dealership, now + timedelta(minutes=20), now + timedelta(hours=5), "Bergmann")
    out_too = _booked(dealership, now + timedelta(minutes=40), now + timedelta(hours=5), "Yılmaz-Šimek")
    _scratch(dealership, out["vehicle"]["id"], now)
    return YardDay(dealership, now, out, out_too, back, late, running_from(now))


def _booked(dealership: Dealership, start: datetime, end: datetime, name: str) -> dict[str, Any]:
    customer = {
        "firstName": "Anna",
        "lastName": name,
        "email": f"{new_id()[:8]}@example.com",
        "phone": "+49 30 901820",
        "language": "EN" if name == "Yılmaz-Šimek" else "DE",
    }
    payment = {"method": "WAIVED", "waiverReason": "test"}
    return dealership.booked(start, end, caller=dealership.clerk, payment=payment, customer=customer)


def _scratch(dealership: Dealership, vehicle_id: str, at: datetime) -> None:
    photo = dealership.yard.upload(picture(3))
    damage = {
        "id": new_id(),
        "kind": "SCRATCH",
        "sizeMm": 80,
        "description": "Parkrempler",
        "position": {"view": "RIGHT", "x": 0.4, "y": 0.5},
        "photos": [photo],
    }
    result = dealership.clerk(REPORT, v=vehicle_id, d=damage)
    assert result["__typename"] == "Damage", result
