"""Odd inputs: whatever is sent, the answer is a typed refusal or BAD_USER_INPUT, never a fault of ours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.calendar import BEGINS, soon
from tests.dealership import Dealership, add_car, add_user, open_dealership
from tests.driving import Api, SandboxServer, new_id, picture

DAY = timedelta(days=1)
FAR = BEGINS.year + 10
FOREVER = "9999-12-31T23:30:00Z"
PROBLEM = "{__typename ...on Problem{problemCode field}}"
UPDATES = [
    ("Station", "turnaroundMinutes"),
    ("Station", "afterHoursReturn"),
    ("Station", "openingHours"),
    ("Station", "openingExceptions"),
    ("Station", "address"),
    ("Station", "name"),
    ("Vehicle", "odometerKm"),
    ("Vehicle", "status"),
    ("Vehicle", "plate"),
    ("User", "role"),
    ("User", "stationIds"),
    ("User", "active"),
    ("User", "password"),
    ("User", "name"),
]


@pytest.fixture(scope="module")
def opened(server: SandboxServer) -> Dealership:
    """One dealership for inputs that change nothing."""
    return open_dealership(server)


def refusal(caller: Api, query: str, **variables: Any) -> tuple[str | None, list[str] | None]:
    """The code and field of a refusal, typed or outside the data."""
    answer = caller.post(query, variables)
    if answer.get("errors"):
        return answer["errors"][0]["extensions"]["code"], None
    result = next(iter(answer["data"].values()))
    return result.get("problemCode"), result.get("field")


@pytest.mark.parametrize(("kind", "name"), UPDATES)
def test_null_is_refused_where_nothing_cannot_be(opened: Dealership, kind: str, name: str) -> None:
    version, arguments = "$v:Int!,", "version:$v,"
    if kind == "User":
        version, arguments = "", ""
    query = f"mutation($id:ID!,{version}$i:{kind}Update!){{update{kind}(id:$id,{arguments}input:$i){PROBLEM}}}"
    row = {"Station": opened.station, "Vehicle": opened.vehicles[0]}.get(kind)
    if row is None:
        row = add_user(opened.admin, f"{new_id()}@example.com", "CLERK", [opened.station["id"]])

    code = refusal(opened.admin, query, id=row["id"], v=row.get("version"), i={name: None})

    assert code == ("INVALID_INPUT", ["input", name])


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (f"{FAR}-01-01T00:00:00Z", f"{FAR + 72}-01-01T00:00:00Z", "INVALID_INPUT"),
        (f"{FAR}-01-01T00:00:00Z", FOREVER, "BAD_USER_INPUT"),
        ("0001-01-02T00:00:00Z", f"{FAR}-01-01T00:00:00Z", "BAD_USER_INPUT"),
    ],
)
def test_a_block_has_an_end(opened: Dealership, start: str, end: str, code: str) -> None:
    query = "mutation($v:ID!,$p:PeriodInput!){blockVehicle(vehicleId:$v,period:$p,reason:OTHER)" + PROBLEM + "}"

    assert refusal(opened.admin, query, v=opened.vehicles[0]["id"], p={"start": start, "end": end})[0] == code


@pytest.mark.parametrize("day", ["0001-01-01", "1900-01-01", "9999-12-31"])
def test_days_far_away(opened: Dealership, day: str) -> None:
    work = "query($s:ID!,$d:Date!){handoverDay(stationId:$s,date:$d){date}}"
    hours = "query($s:ID!,$d:Date!){station(id:$s){openOn(date:$d){start}}}"

    assert opened.yard.error_code(work, s=opened.station["id"], d=day) == "BAD_USER_INPUT"
    assert opened.yard.error_code(hours, s=opened.station["id"], d=day) is None


@pytest.mark.parametrize(
    ("payment", "field"),
    [
        ({"method": "STORED_CARD", "cardToken": "tok\x07"}, "cardToken"),
        ({"method": "STORED_CARD", "cardToken": "tok\ufffe"}, "cardToken"),
        ({"method": "STORED_CARD", "cardToken": "x" * 500}, "cardToken"),
        ({"method": "HOSTED_PAGE", "successUrl": "http://[", "failureUrl": "https://a.example"}, "successUrl"),
        ({"method": "HOSTED_PAGE", "successUrl": "https://a.example", "failureUrl": "http://[::1"}, "failureUrl"),
        *(
            (
                {"method": "HOSTED_PAGE", "successUrl": f"https://a.{odd}example/", "failureUrl": "https://a.example"},
                "successUrl",
            )
            for odd in ("\n", "\r\n", "\t", "\x1b", "\x7f", "\u0085", "\u2028", "\u202e", " ")
        ),
    ],
)
def test_payments_that_cannot_be(opened: Dealership, payment: dict[str, Any], field: str) -> None:
    start = soon(opened.server)

    result = opened.book(start, start + DAY, payment=payment)

    assert (result["problemCode"], result["field"]) == ("INVALID_INPUT", ["input", "payment", field])


def test_a_name_without_characters_is_refused(opened: Dealership) -> None:
    start = soon(opened.server)

    result = opened.book(start, start + DAY, customer={"lastName": "A\uffff", "email": "a@example.com"})

    assert result["field"] == ["input", "customer", "lastName"]


@pytest.mark.parametrize(("name", "code"), [("vehicleId", "NO_VEHICLE_AVAILABLE"), ("returnStationId", "NOT_FOUND")])
def test_a_malformed_id_is_the_id_of_nothing(opened: Dealership, name: str, code: str) -> None:
    start = soon(opened.server)

    assert opened.book(start, start + DAY, caller=None, **{name: "x"})["problemCode"] == code


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


@pytest.fixture
def rented(dealership: Dealership, start: datetime) -> dict[str, Any]:
    """A contract whose car is out."""
    return dealership.checked_out(start, start + DAY)


@pytest.mark.parametrize(
    ("looked_at", "dropped", "field"),
    [
        (timedelta(hours=-1), None, "occurredAt"),
        (timedelta(hours=2), timedelta(hours=-1), "keyDropAt"),
        (timedelta(hours=2), timedelta(days=3650), "keyDropAt"),
    ],
)
def test_a_return_lies_between_hand_over_and_now(
    dealership: Dealership,
    rented: dict[str, Any],
    start: datetime,
    looked_at: timedelta,
    dropped: timedelta | None,
    field: str,
) -> None:
    dealership.server.advance(hours=2)
    more = {"keyDropAt": (start + dropped).isoformat()} if dropped else {}

    result = dealership.check_in(rented, start + looked_at, km=10_050, **more)

    assert (result.get("problemCode"), result.get("field")) == ("INVALID_INPUT", ["input", field])
    assert dealership.contract(rented["id"])["state"] == "CHECKED_OUT"


def test_odd_returns(dealership: Dealership, rented: dict[str, Any], start: datetime) -> None:
    preview = (
        "query($c:ID!,$t:DateTime!){settlementPreview(contractId:$c,"
        "input:{returnedAt:$t,condition:{odometerKm:1,fuelEighths:8}}){due{amount}}}"
    )
    assert dealership.clerk.error_code(preview, c=rented["id"], t="2999-01-01T00:00:00Z") == "BAD_USER_INPUT"
    assert dealership.clerk.error_code(preview, c=rented["id"], t=start.isoformat()) is None

    assert dealership.check_in(rented, start, km=90_000, overrideReason="x" * 501)["field"] == [
        "input",
        "overrideReason",
    ]
    assert dealership.check_in(rented, start, km=10_050, stationId="x")["problemCode"] == "NOT_FOUND"

    photo = {"sha256": dealership.yard.upload(picture(7)), "slot": "FRONT"}
    result = dealership.check_in(rented, start, km=90_000, overrideReason="x" * 500, photos=[photo, photo])

    assert result["__typename"] == "Protocol", result
    assert dealership.contract(rented["id"])["billingBlock"].endswith("x)")


def test_the_id_of_a_hand_over_is_not_that_of_a_return(
    dealership: Dealership, rented: dict[str, Any], start: datetime
) -> None:
    protocols = "query($id:ID!){contract(id:$id){protocols{id type}}}"
    known = dealership.clerk(protocols, id=rented["id"])["protocols"]

    result = dealership.check_in(rented, start, km=10_000, id=known[0]["id"])

    assert result["problemCode"] == "IDEMPOTENCY_CONFLICT"
    assert dealership.clerk(protocols, id=rented["id"])["protocols"] == known
    assert dealership.contract(rented["id"])["state"] == "CHECKED_OUT"


def test_a_car_whose_turnaround_is_taken_does_not_go_out_instead(dealership: Dealership, start: datetime) -> None:
    first = dealership.booked(start, start + DAY)
    other = next(car for car in dealership.vehicles if car["id"] != first["vehicle"]["id"])
    following = start + DAY + timedelta(minutes=30)
    second = dealership.booked(following, following + DAY, vehicleId=other["id"])
    dealership.server.move_to(start)

    result = dealership.check_out(first, start, vehicleId=other["id"])

    assert (second["vehicle"]["id"], result.get("problemCode")) == (other["id"], "VEHICLE_NOT_READY")


def test_a_contract_is_found_by_the_plate_that_went_out(dealership: Dealership, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    spare = add_car(dealership)
    dealership.server.move_to(start)

    assert dealership.check_out(contract, start, vehicleId=spare["id"])["__typename"] == "Protocol"

    found = dealership.clerk("query($s:String){contracts(filter:{search:$s}){nodes{id}}}", s=spare["plate"])
    assert [node["id"] for node in found["nodes"]] == [contract["id"]]


@pytest.mark.parametrize(
    "body", [{"advance_minutes": 1e300}, {"now": "9999-12-31T23:59:59+00:00"}, {"advance_minutes": -1}, {}]
)
def test_the_clock_stays_within_reach(server: SandboxServer, body: dict[str, Any]) -> None:
    assert server.http.put("/sandbox/clock", json=body).status_code == 400


@pytest.mark.parametrize("window", [("08:00", "24:00"), ("24:00", "08:00")])
def test_midnight_is_told_how_to_be_written(opened: Dealership, window: tuple[str, str]) -> None:
    query = "mutation($id:ID!,$v:Int!,$i:StationUpdate!){updateStation(id:$id,version:$v,input:$i)" + PROBLEM + "}"
    hours = [{"weekday": "MONDAY", "opens": window[0], "closes": window[1]}]
    variables = {"id": opened.station["id"], "v": opened.station["version"], "i": {"openingHours": hours}}

    answer = opened.admin.post(query, variables)

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "midnight is 00:00, as a closing time, too" in answer["errors"][0]["message"]


_BOOKING = (
    '{idempotencyKey:$v,stationId:"x",groupId:"x",period:{start:"2026-11-23T08:00:00Z",end:"2026-11-24T08:00:00Z"},'
    'customer:{email:"a@b.de"},payment:{method:WAIVED}}'
)
_HOURS = '[{weekday:MONDAY,opens:$v,closes:"18:00"}]'
SCALAR_USED = {
    "Date": 'query($v:Date!){handoverDay(stationId:"x",date:$v){date}}',
    "DateTime": 'query($v:DateTime!){availability(stationId:"x",period:{start:$v,end:$v}){period{start}}}',
    "Decimal": "mutation($v:Decimal!){createVehicleGroup("
    'input:{code:"X",name:"X",deposit:$v,deductible:"1"}){__typename}}',
    "LocalTime": f"mutation($v:LocalTime!){{updateStation("
    f'id:"x",version:1,input:{{openingHours:{_HOURS}}}){{__typename}}}}',
    "UUID": f"mutation($v:UUID!){{bookVehicle(input:{_BOOKING}){{__typename}}}}",
}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Date", "2026-W10-1"),
        ("Date", "٢٠٢٦-11-23"),
        ("Date", "20261123"),
        ("DateTime", "2026-11-23T08:00:00"),
        ("DateTime", "2026-11-23T٠٨:00:00+01:00"),
        ("DateTime", "2026-W48-1T08:00:00+01:00"),
        ("Decimal", "٥٩.00"),
        ("Decimal", "9" * 5000),
        ("LocalTime", "٠٨:30"),
        ("UUID", "{0f8fad5b-d9cb-469f-a165-70867728950e}"),
        ("UUID", "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("UUID", "٠f8fad5bd9cb469fa16570867728950e"),
    ],
)
def test_what_python_would_read_and_the_contract_does_not(opened: Dealership, kind: str, value: str) -> None:
    answer = opened.admin.post(SCALAR_USED[kind], {"v": value})
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", ["v"])
