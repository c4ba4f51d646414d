"""A station in Lisbon and one in Vienna: every instant is shown with the offset of the place that it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from graphql import GraphQLObjectType, get_named_type

from server.edge.costs import core_schema
from server.resolvers.schema import create_schema
from tests.calendar import DAY, soon
from tests.dealership import BOOK, Dealership, open_dealership
from tests.driving import Api, SandboxServer, new_id, picture

LISBON, VIENNA = "Europe/Lisbon", "Europe/Vienna"
INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$")
OF_NO_STATION = {
    ("User", "lastSignInAt"),
    ("ApiClient", "lastUsedAt"),
    ("ApiKey", "lastUsedAt"),
    ("Customer", "restrictedAt"),
    ("Session", "expiresAt"),
    ("CustomerVersion", "at"),
    ("Device", "lastSeenAt"),
    ("Tariff", "endedAt"),
    ("TariffChange", "at"),
}
"""Shown in UTC: they belong to the company."""
PROTOCOL = "occurredAt receivedAt keyDropAt photos{takenAt} damages{seenAt}"
EVERYTHING = f"""query($id:ID){{contract(id:$id){{
  createdAt updatedAt personErasedAt period{{start end}} workshop{{appointmentAt}} legs{{from to}} drivers{{checkedAt}}
  payments{{createdAt}} deposit{{authorisedAt expiresAt}} documents{{issuedAt erasedAt servicePeriod{{start end}}}}
  protocols{{{PROTOCOL}}} damages{{seenAt}} emails{{queuedAt sentAt}} notes{{createdAt}} history{{at}} tariff{{edits{{at}}}}
  vehicle{{blocks{{period{{start end}}}} occupancy(period:{{start:"2020-01-01T00:00:00Z",end:"2040-01-01T00:00:00Z"}}){{heldUntil period{{start end}}}}}}
}}}}"""
OFFER = """query($s:ID!,$g:ID!,$p:PeriodInput!){
  availability(stationId:$s,period:$p){period{start end} groups{nextFree}}
  quote(input:{stationId:$s,groupId:$g,period:$p}){validUntil}}"""
SHOWN_ELSEWHERE = {
    ("Availability", "period"),
    ("GroupAvailability", "nextFree"),
    ("Quote", "validUntil"),
    ("TariffPreview", "quotesUntil"),
    ("HandoverDay", "generatedAt"),
    ("OutsideOpeningHours", "nextPossible"),
    ("Alternative", "period"),
    ("HostedPaymentForm", "expiresAt"),
    ("PeriodConflict", "conflicts"),
}


def instants(value: object) -> Iterator[datetime]:
    """Every instant in an answer."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from instants(item)
    elif isinstance(value, str) and INSTANT.match(value):
        yield datetime.fromisoformat(value)


def assert_shown_in(zone: str, answer: object, *, at_least: int = 1) -> None:
    found = list(instants(answer))
    assert len(found) >= at_least, answer
    wrong = [one.isoformat() for one in found if one.utcoffset() != one.astimezone(ZoneInfo(zone)).utcoffset()]
    assert wrong == [], zone


@pytest.fixture(scope="module", params=[LISBON, VIENNA])
def abroad(request: pytest.FixtureRequest, server: SandboxServer) -> tuple[Dealership, str, dict[str, Any]]:
    """A rental from booking to invoice at a station that was made a minute ago, with a damage and a block."""
    zone: str = request.param
    shop = open_dealership(server, cars=1, timeZone=zone)
    start = soon(server)
    contract = shop.checked_out(start, start + DAY, **_with_workshop(start))
    edited = shop.clerk(
        'mutation($c:ID!,$v:Int!){editTariff(contractId:$c,version:$v,input:{reason:"x",extraKm:"0.20"}){__typename}}',
        c=contract["id"],
        v=shop.contract(contract["id"])["version"],
    )
    assert edited["__typename"] == "Contract", edited
    photo = shop.yard.upload(picture(1))
    back = start + DAY
    server.move_to(back)
    result = shop.check_in(
        contract, back, km=10_400,
        keyDropAt=(back - timedelta(hours=1)).isoformat(),
        photos=[{"sha256": photo, "slot": "FRONT", "takenAt": back.isoformat()}],
        damages=[{"id": new_id(), "position": {"view": "LEFT", "x": 0.5, "y": 0.5}, "kind": "SCRATCH", "photos": []}],
    )  # fmt: skip
    assert result["__typename"] == "Protocol", result
    server.settle()
    blocked = shop.clerk(
        "mutation($v:ID!,$p:PeriodInput!){blockVehicle(vehicleId:$v,period:$p,reason:WORKSHOP){__typename}}",
        v=shop.vehicles[0]["id"],
        p={"start": (back + 20 * DAY).isoformat(), "end": (back + 21 * DAY).isoformat()},
    )
    assert blocked["__typename"] == "VehicleBlock"
    return shop, zone, contract


def _with_workshop(start: datetime) -> dict[str, Any]:
    return {"workshop": {"orderNumber": "W-1", "appointmentAt": start.isoformat()}, "note": "ruft vorher an"}


@pytest.mark.parametrize("who", ["clerk", "admin", "website"])
def test_whatever_belongs_to_a_contract(abroad: tuple[Dealership, str, dict[str, Any]], who: str) -> None:
    shop, zone, contract = abroad
    caller: Api = getattr(shop, who)
    answer = caller(EVERYTHING, id=contract["id"]) if who != "website" else shop.contract(contract["id"], caller)
    assert_shown_in(zone, answer, at_least=20 if who != "website" else 3)


def test_every_type_that_shows_an_instant_is_looked_at() -> None:
    # Given: every field of the schema that is an instant, with its type
    schema = core_schema(create_schema())
    objects = [kind for kind in schema.type_map.values() if isinstance(kind, GraphQLObjectType)]
    fields = {
        (kind.name, name)
        for kind in objects
        for name, field in kind.fields.items()
        if get_named_type(field.type).name == "DateTime" and kind.name != "Period"
    }
    looked_at = set(re.findall(r"\w+", EVERYTHING))
    # Then
    unseen = {(kind, name) for kind, name in fields if name not in looked_at}
    assert unseen - OF_NO_STATION <= SHOWN_ELSEWHERE


def test_what_is_offered(abroad: tuple[Dealership, str, dict[str, Any]]) -> None:
    shop, zone, _contract = abroad
    start = soon(shop.server) + 7 * DAY
    period = {"start": start.isoformat(), "end": (start + DAY).isoformat()}
    for caller in (shop.clerk, shop.admin, shop.website):
        offer = caller(OFFER, s=shop.station["id"], g=shop.group["id"], p=period)
        assert_shown_in(zone, offer, at_least=4)
    day = shop.yard(
        "query($s:ID!,$d:Date!){handoverDay(stationId:$s,date:$d){generatedAt}}",
        s=shop.station["id"],
        d=start.date().isoformat(),
    )
    assert_shown_in(zone, day)


def test_what_refusals_say(abroad: tuple[Dealership, str, dict[str, Any]]) -> None:
    shop, zone, _contract = abroad
    start = soon(shop.server) + 7 * DAY
    # Closed at four in the morning: when it opens next
    night = start.replace(hour=2)
    refused = shop.book(night, night + DAY)
    assert refused["__typename"] == "OutsideOpeningHours"
    assert_shown_in(zone, refused)
    # The page of a booking that is held
    held = shop.book(
        start, start + DAY,
        payment={"method": "HOSTED_PAGE", "successUrl": "https://shop.example/ok", "failureUrl": "https://shop.example/no"},
    )  # fmt: skip
    assert_shown_in(zone, held["paymentForm"]["expiresAt"])
    uses = shop.clerk(
        "query($v:ID,$p:PeriodInput!){vehicle(id:$v){occupancy(period:$p){kind heldUntil}}}",
        v=shop.vehicles[0]["id"],
        p={"start": start.isoformat(), "end": (start + DAY).isoformat()},
    )["occupancy"]
    assert [use["kind"] for use in uses] == ["HELD"]
    assert_shown_in(zone, uses)
    # Nothing free any more: later here
    taken = shop.book(start, start + DAY)
    assert taken["__typename"] == "NoVehicleAvailable"
    assert_shown_in(zone, taken["alternatives"], at_least=2)
    # A block that collides
    conflict = shop.clerk(
        "mutation($v:ID!,$p:PeriodInput!){blockVehicle(vehicleId:$v,period:$p,reason:WORKSHOP){__typename"
        " ...on PeriodConflict{conflicts{period{start end}}}}}",
        v=shop.vehicles[0]["id"],
        p={"start": start.isoformat(), "end": (start + DAY).isoformat()},
    )
    assert conflict["__typename"] == "PeriodConflict"
    assert_shown_in(zone, conflict, at_least=2)


def test_a_return_elsewhere_is_shown_in_the_zone_of_the_place_where_it_happened(server: SandboxServer) -> None:
    # Given: from Lisbon to Vienna
    here, there = open_dealership(server, cars=1, timeZone=LISBON), open_dealership(server, cars=0, timeZone=VIENNA)
    start = soon(server)
    website = here.admin(
        'mutation($s:[ID!]!){createApiClient(name:"Both",stationIds:$s){...on CreatedApiClient{key}}}',
        s=[here.station["id"], there.station["id"]],
    )
    both = server.api(website["key"])
    contract = here.checked_out(start, start + DAY, caller=both, returnStationId=there.station["id"])
    # When
    server.move_to(start + DAY)
    back = there.check_in(contract, start + DAY, km=10_100)
    assert back["__typename"] == "Protocol", back
    # Then: Lisbon's clerk, who may see nothing of Vienna's, reads Vienna's clock on its protocol
    query = "query($id:ID){contract(id:$id){period{start end} protocols{type occurredAt receivedAt}}}"
    seen = here.clerk(query, id=contract["id"])
    out, returned = sorted(seen["protocols"], key=lambda protocol: str(protocol["type"]) != "CHECK_OUT")
    assert_shown_in(LISBON, [seen["period"], out], at_least=4)
    assert_shown_in(VIENNA, returned, at_least=2)


def test_a_booking_counts_days_by_its_own_station(server: SandboxServer) -> None:
    # Given: opening hours from seven to seven in Lisbon
    shop = open_dealership(server, cars=1, timeZone=LISBON)
    start = soon(server) + 7 * DAY
    seven = start.astimezone(ZoneInfo(LISBON)).replace(hour=7, minute=0)
    # Then: a minute before is closed, seven is open
    early = shop.book(seven - timedelta(minutes=1), seven + DAY)
    assert (early["__typename"], early["nextPossible"]) == ("OutsideOpeningHours", seven.isoformat())
    assert shop.website(BOOK, input=_request(shop, seven))["__typename"] == "Booking"


def _request(shop: Dealership, start: datetime) -> dict[str, Any]:
    return {
        "idempotencyKey": new_id(),
        "stationId": shop.station["id"],
        "groupId": shop.group["id"],
        "period": {"start": start.isoformat(), "end": (start + DAY).isoformat()},
        "customer": {"lastName": "Silva", "email": "silva@example.com"},
        "payment": {"method": "STORED_CARD", "cardToken": "tok-approved"},
    }
