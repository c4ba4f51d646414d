"""Two dealerships full of data. Everything of Bravo carries the word `zzcanary`, so that a leak is found by text."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.calendar import IN_HALF_A_YEAR, local, next_weekday
from tests.dealership import Dealership, add_car, add_user, add_website, open_dealership
from tests.driving import Api, SandboxServer, new_id, picture

CANARY = "zzcanary"
DAY = timedelta(days=1)
WAIVED = {"method": "WAIVED", "waiverReason": "good customer"}
UPDATE = "mutation($id:ID!,$v:Int!,$i:VehicleUpdate!){updateVehicle(id:$id,version:$v,input:$i){__typename ...on Problem{message}}}"
BLOCK = """mutation($v:ID!,$p:PeriodInput!,$n:String){blockVehicle(vehicleId:$v,period:$p,reason:WORKSHOP,note:$n){
  __typename ...on VehicleBlock{id} ...on Problem{message}}}"""
DAMAGE = """mutation($v:ID!,$d:DamageInput!){reportDamage(vehicleId:$v,damage:$d){__typename ...on Problem{message}}}"""

CORRECT = "mutation($p:ID!,$r:ReadingInput!,$why:String!){correctReading(protocolId:$p,reading:$r,reason:$why){__typename ...on Problem{message}}}"
EDIT = "mutation($c:ID!,$v:Int!,$i:TariffEditInput!){editTariff(contractId:$c,version:$v,input:$i){__typename ...on Problem{message}}}"
END = "mutation($t:ID!,$v:Int!,$d:Date!){endTariff(id:$t,version:$v,validUntil:$d){__typename ...on Problem{message}}}"


@dataclass
class World:
    """`a` is who asks; `b` is what must stay hidden."""

    server: SandboxServer
    admin: Api
    a: Dealership
    b: Dealership
    viewers: dict[str, Api] = field(default_factory=dict)
    contracts: dict[str, dict[str, Any]] = field(default_factory=dict)
    moved: str = ""
    """A vehicle that was rented at Alpha and then went to Bravo for good."""
    monday: date = date(2026, 1, 5)


def build(server: SandboxServer) -> World:
    """Both dealerships, and what goes on between them."""
    admin = server.admin()
    feast = [{"date": IN_HALF_A_YEAR, "windows": [{"opens": "10:00", "closes": "12:00"}], "note": "alpha feast"}]
    a = open_dealership(server, cars=4, admin=admin, name="Alpha", openingExceptions=feast)
    b = _bravo(server, admin)
    world = World(server, admin, a, b, monday=next_weekday(server, 0))
    world.viewers = {"YARD": a.yard, "CLERK": a.clerk, "MANAGER": _manager(world, a), "WEB": a.website}
    _manager(world, b)
    _first_day(world)
    _second_day(world)
    _between(world)
    _later(world)
    server.settle()
    return world


def _bravo(server: SandboxServer, admin: Api) -> Dealership:
    b = open_dealership(
        server,
        cars=0,
        admin=admin,
        code="ZZCANARYB",
        name=f"{CANARY} Bravo",
        address={"street": f"{CANARY}weg 7", "postcode": "20095", "city": f"{CANARY}stadt"},
        email=f"{CANARY}-station@example.com",
        openingExceptions=[{"date": IN_HALF_A_YEAR, "windows": [], "note": f"{CANARY} feast"}],
    )
    for number in range(1, 6):
        make_and_model = {"make": f"{CANARY} works", "model": f"{CANARY} one", "colour": f"{CANARY} blue"}
        add_car(b, plate=f"ZZCANARY {number}", **make_and_model)
    return b


def _manager(world: World, of: Dealership) -> Api:
    prefix = CANARY if of is world.b else "alpha"
    email = f"{prefix}-manager@example.com"
    add_user(world.admin, email, "MANAGER", [of.station["id"]])
    device = {"id": new_id(), "name": f"{prefix} tablet", "appVersion": "0.2.0"}
    return world.server.sign_in_on(device, email)


def person(prefix: str, name: str) -> dict[str, Any]:
    """A customer whose every field can be recognised."""
    return {
        "salutation": f"{prefix} Dr.",
        "firstName": f"{prefix}-Eva",
        "lastName": f"{prefix}-{name}",
        "email": f"{prefix}-{name}@example.com".lower(),
        "address": {"street": f"{prefix}str. 1", "postcode": "10115", "city": f"{prefix}-Berlin"},
        "birthDate": "1980-02-03",
    }


def _details(prefix: str, name: str) -> dict[str, Any]:
    return {
        "customer": person(prefix, name),
        "note": f"{prefix} office note",
        "workshop": {"orderNumber": f"{prefix}-W-{name}", "customerPlate": f"{prefix[:8]} 99"},
        "drivers": [
            {"firstName": f"{prefix}-Max", "lastName": f"{prefix}-Fahrer", "licenceNumber": f"{prefix}L1"},
        ],
        "payer": {
            "name": f"{prefix} Versicherung",
            "reference": f"{prefix} file",
            "address": {"street": f"{prefix}allee 3", "postcode": "10115", "city": "Berlin"},
        },
    }


def _sides(world: World) -> list[tuple[Dealership, str]]:
    return [(world.a, "alpha"), (world.b, CANARY)]


def _first_day(world: World) -> None:
    """Both hand three cars over on Monday: paid by card, waived, and one that stays out and somebody else pays."""
    start = local(world.monday, 8)
    for side, prefix in _sides(world):
        kinds: list[tuple[str, dict[str, Any]]] = [
            ("paid", {"payer": None}),  # an advance is taken from nobody for whom somebody else pays
            ("waived", {"caller": side.clerk, "payment": {"method": "WAIVED", "waiverReason": f"{prefix} reason"}}),
            ("out", {"end": start + 4 * DAY}),
        ]
        for name, more in kinds:
            end = more.pop("end", start + DAY)
            world.contracts[f"{prefix}-{name}"] = side.booked(start, end, **{**_details(prefix, name), **more})
    world.server.move_to(start)
    for side, prefix in _sides(world):
        for name in ("paid", "waived", "out"):
            contract = world.contracts[f"{prefix}-{name}"]
            photos = [{"sha256": side.yard.upload(picture(len(prefix) + len(name))), "slot": "FRONT"}]
            damages = [{**damage(f"{prefix} old dent"), "photos": [photos[0]["sha256"]]}]
            extra: dict[str, Any] = {
                "remarks": f"{prefix} remark",
                "accessories": [{"name": f"{prefix} keys", "present": 1}],
            }
            out = side.check_out(contract, start, photos=photos, damages=damages, signature=side.sign(), **extra)
            _good(out)
        one_more = {"odometerKm": contract["vehicle"]["odometerKm"] + 1}
        _good(side.clerk(CORRECT, p=out["id"], r=one_more, why=f"{prefix} one more"))


def damage(description: str) -> dict[str, Any]:
    """A damage as a tablet reports it."""
    position = {"view": "LEFT", "x": 0.25, "y": 0.5}
    return {"id": new_id(), "position": position, "kind": "DENT", "sizeMm": 40, "description": description}


def _second_day(world: World) -> None:
    """On Tuesday two of them come back, one with a new damage; billing follows."""
    end = local(world.monday, 8) + DAY
    world.server.move_to(end)
    for side, prefix in _sides(world):
        paid = world.contracts[f"{prefix}-paid"]
        photos = [{"sha256": side.yard.upload(picture(40 + len(prefix))), "slot": "REAR"}]
        new = [{**damage(f"{prefix} new scratch"), "photos": [photos[0]["sha256"]]}]
        km = paid["vehicle"]["odometerKm"] + 400
        _good(side.check_in(paid, end, km=km, damages=new, photos=photos, signature=side.sign()))
        waived = world.contracts[f"{prefix}-waived"]
        _good(side.check_in(waived, end, km=waived["vehicle"]["odometerKm"] + 50))
    world.server.settle()


def _between(world: World) -> None:
    """One car goes from Alpha to Bravo with a customer, another for good; a third is to come from Bravo."""
    server, a, b = world.server, world.a, world.b
    start = local(world.monday, 10) + DAY
    one_way = {"returnStationId": b.station["id"], "caller": world.admin, "payment": WAIVED}
    taken = [world.contracts[f"alpha-{name}"]["vehicle"]["id"] for name in ("paid", "waived", "out")]
    one_way["vehicleId"] = next(vehicle["id"] for vehicle in a.vehicles if vehicle["id"] not in taken)
    contract = a.booked(start, start + DAY, **_details("alpha", "oneway"), **one_way)
    server.move_to(start)
    _good(a.check_out(contract, start))
    server.move_to(start + DAY)
    km = contract["vehicle"]["odometerKm"] + 30
    add_user(world.admin, "return-desk@example.com", "YARD", [b.station["id"]])
    desk = server.sign_in("return-desk@example.com")  # the protocol is Alpha's, too, with the name of who made it
    _good(b.check_in(contract, start + DAY, km=km, remarks="came by motorway", caller=desk))
    world.contracts["alpha-oneway"] = contract
    back = {"returnStationId": a.station["id"], "caller": world.admin, "payment": WAIVED}
    later = start + 14 * DAY
    world.contracts[f"{CANARY}-oneway"] = b.booked(later, later + DAY, **_details(CANARY, "oneway"), **back)
    _move(world)


def _move(world: World) -> None:
    b, old = world.b, world.contracts["alpha-paid"]["vehicle"]
    world.moved = old["id"]
    version = world.admin("query($id:ID){vehicle(id:$id){version}}", id=world.moved)["version"]
    moved = world.admin(UPDATE, id=world.moved, v=version, i={"stationId": b.station["id"]})
    assert moved["__typename"] == "Vehicle", moved
    start = local(world.monday, 9) + 4 * DAY
    this = {"vehicleId": world.moved, "groupId": world.a.group["id"]}
    world.contracts[f"{CANARY}-moved"] = b.booked(start, start + DAY, **this, **_details(CANARY, "moved"))
    reported = b.yard(DAMAGE, v=world.moved, d=damage(f"{CANARY} seen here"))
    assert reported["__typename"] == "Damage", reported
    block(b, world.moved, start + 30 * DAY)


def block(side: Dealership, vehicle: str, start: datetime, note: str = f"{CANARY} workshop") -> dict[str, Any]:
    """Blocks a vehicle for a day."""
    result: dict[str, Any] = side.clerk(
        BLOCK, v=vehicle, p={"start": start.isoformat(), "end": (start + DAY).isoformat()}, n=note
    )
    assert result["__typename"] == "VehicleBlock", result
    return result


def _later(world: World) -> None:
    """Bookings for next week, blocks, mails, a payment page that is open, and what only Alpha's staff has booked."""
    start = local(world.monday, 10) + 7 * DAY
    for side, prefix in _sides(world):
        again = {**_details(prefix, "paid"), "extras": [{"code": "ADDITIONAL_DRIVER", "quantity": 1}]}
        again["customer"] = {**again["customer"], "phone": "+49 30 1234567"}
        world.contracts[f"{prefix}-booked"] = side.booked(start, start + DAY, **again)
        _edit(world, side, world.contracts[f"{prefix}-booked"], prefix)
        block(side, side.vehicles[1]["id"], start + 60 * DAY, f"{prefix} workshop")
        page = {
            "method": "HOSTED_PAGE",
            "successUrl": "https://shop.example/ok",
            "failureUrl": "https://shop.example/no",
        }
        world.contracts[f"{prefix}-held"] = side.booked(
            start + 2 * DAY, start + 3 * DAY, payment=page, **_details(prefix, "held")
        )
    add_website(world.server, world.admin, [world.b.station["id"]])


def _edit(world: World, side: Dealership, contract: dict[str, Any], prefix: str) -> None:
    """A discount on the contract; and whoever may changes the tariff of the group."""
    asked = {"reason": f"{prefix} regular", "discountPercent": "10"}
    edited = side.clerk(EDIT, c=contract["id"], v=contract["version"], i=asked)
    assert edited["__typename"] == "Contract", edited
    (tariff,) = side.admin("query($g:ID){tariffs(groupId:$g){id version}}", g=side.group["id"])
    # One of Alpha's cars has gone to Bravo for good: its tariff is no longer the business of Alpha's manager alone.
    who = world.admin if side is world.a else world.server.sign_in(f"{prefix}-manager@example.com")
    ended = who(END, t=tariff["id"], v=tariff["version"], d=IN_HALF_A_YEAR)
    assert ended["__typename"] == "Tariff", ended


def _good(result: dict[str, Any]) -> None:
    assert result["__typename"] in {"Protocol", "Contract"}, result
