"""The scope vectors S1 to S8 (domain 4.8), one by one, as people would try them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.calendar import AROUND, local
from tests.dealership import CHECK_IN, add_car, add_user, open_dealership
from tests.driving import Api, new_id

from .database import Hidden, counts, of_bravo, rows
from .world import BLOCK, CANARY, DAY, UPDATE, WAIVED, World, person

CONTRACT = "query($id:ID){contract(id:$id){id number}}"
TOTALS = """{vehicles{totalCount} contracts{totalCount} customers{totalCount} damages{totalCount}
  documents{totalCount} openItems{totalCount} emails{totalCount}}"""
USER_UPDATE = "mutation($id:ID!,$i:UserUpdate!){updateUser(id:$id,input:$i){__typename}}"


@pytest.fixture
def unchanged(owner: str, hidden: Hidden) -> Iterator[None]:
    before, how_many = of_bravo(owner, hidden), counts(owner)
    yield
    assert of_bravo(owner, hidden) == before
    assert counts(owner) == how_many


def test_s1_a_contract_of_another_station_is_not_there(world: World) -> None:
    foreign = world.contracts[f"{CANARY}-paid"]

    assert world.a.clerk(CONTRACT, id=foreign["id"]) is None
    assert world.a.clerk("query($n:String){contract(number:$n){id}}", n=foreign["number"]) is None
    assert world.b.clerk(CONTRACT, id=foreign["id"]) == {"id": foreign["id"], "number": foreign["number"]}


def test_s2_a_shared_customer_shows_each_station_its_own_contracts(world: World, owner: str) -> None:
    # Given somebody who rents at both stations
    start = local(world.monday, 11) + 21 * DAY
    somebody = person("shared", "both")
    here = world.a.booked(start, start + DAY, customer=somebody, caller=world.a.clerk, payment=WAIVED)
    there = world.b.booked(start, start + DAY, customer=somebody, caller=world.b.clerk, payment=WAIVED)
    assert here["customer"]["id"] == there["customer"]["id"]

    # When each looks at the customer
    query = "query($id:ID!){contract(id:$id){customer{contracts(first:100){totalCount nodes{id}}}}}"
    of_each = ((world.a, here), (world.b, there))
    seen = [side.clerk(query, id=one["id"])["customer"]["contracts"] for side, one in of_each]

    # Then each sees one contract; what is stored is not shown to the second, however often it books
    assert seen == [{"totalCount": 1, "nodes": [{"id": one["id"]}]} for one in (here, there)]
    stored = "query($id:ID!){customer(id:$id){id}}"
    known = [side.clerk(stored, id=here["customer"]["id"]) for side in (world.a, world.b)]
    assert known == [{"id": here["customer"]["id"]}, None]
    world.b.booked(start + 7 * DAY, start + 8 * DAY, customer=somebody, caller=world.b.clerk, payment=WAIVED)
    assert world.b.clerk(stored, id=here["customer"]["id"]) is None


def test_who_had_a_car_is_told_to_those_who_may_see_the_contract(world: World) -> None:
    # Given a car that was rented at Alpha and then at Bravo, and two that were only with one of them
    query = "query($p:String!,$at:DateTime!){vehicleUse(plate:$p,at:$at){contract{id}}}"
    monday, tuesday = local(world.monday, 9), local(world.monday, 11) + DAY
    cases = [
        (f"{prefix}-{name}", at) for prefix in ("alpha", CANARY) for name, at in (("paid", monday), ("out", monday))
    ]

    # Then a foreign contract is answered like none
    for name, at in [*cases, ("alpha-oneway", tuesday)]:
        contract = world.contracts[name]
        own, foreign = (world.a, world.b) if name.startswith("alpha") else (world.b, world.a)
        asked = {"p": contract["vehicle"]["plate"], "at": at.isoformat()}
        assert own.clerk(query, **asked) == {"contract": {"id": contract["id"]}}
        seen = foreign.clerk(query, **asked)
        assert seen == ({"contract": {"id": contract["id"]}} if name == "alpha-oneway" else None)


def test_s3_a_vehicle_that_moved_brings_its_damages_but_not_the_contracts(world: World) -> None:
    query = "query($id:ID){vehicle(id:$id){damages{description contract{id}}}}"

    seen = world.b.clerk(query, id=world.moved)["damages"]

    assert [damage["description"] for damage in seen] == ["alpha old dent", "alpha new scratch", f"{CANARY} seen here"]
    assert [damage["contract"] for damage in seen] == [None, None, None]


def test_s3_the_old_station_keeps_its_contract_and_sees_nothing_new(world: World) -> None:
    query = """query($id:ID,$p:PeriodInput!){contract(id:$id){vehicle{id plate damages{description} blocks{id}
      occupancy(period:$p){kind}}}}"""

    vehicle = world.a.clerk(query, id=world.contracts["alpha-paid"]["id"], p=AROUND)["vehicle"]

    assert [damage["description"] for damage in vehicle["damages"]] == ["alpha new scratch"]
    assert (vehicle["id"], vehicle["blocks"]) == (world.moved, [])
    assert vehicle["occupancy"] == [{"kind": "CHECKED_OUT"}]  # its own
    assert world.a.clerk("query($id:ID){vehicle(id:$id){id}}", id=world.moved) is None


def test_s4_counts_count_what_the_viewer_may_see(world: World, owner: str) -> None:
    both = world.admin(TOTALS)
    for side in (world.a, world.b):
        seen = side.clerk(TOTALS)
        for name, total in seen.items():
            nodes = side.clerk("{" + name + "(first:100){nodes{id}}}")["nodes"]
            assert total["totalCount"] == len(nodes), name
            assert 0 < total["totalCount"] < both[name]["totalCount"], name


@pytest.mark.usefixtures("unchanged")
def test_s4_a_cursor_of_another_station_opens_nothing(world: World) -> None:
    page = "query($a:String){contracts(first:100,after:$a){nodes{id}}}"
    (cursor,) = [edge["cursor"] for edge in world.b.clerk("{contracts(first:1){edges{cursor}}}")["edges"]]
    own = {one["id"] for one in world.a.clerk(page)["nodes"]}

    seen = world.a.clerk(page, a=cursor)["nodes"]

    assert {one["id"] for one in seen} <= own


@pytest.mark.parametrize("kind", ["documents", "protocols", "photos"])
def test_s5_files_of_another_station_are_not_found(world: World, owner: str, hidden: Hidden, kind: str) -> None:
    table = kind.removesuffix("s")
    with_file = {
        "document": "select id::text from document where pdf_key is not null",
        "protocol": "select id::text from protocol where pdf_key is not null",
        "photo": "select photo_id::text as id from protocol_photo",
    }[table]
    wanted = [row["id"] for row in rows(owner, with_file) if row["id"] in hidden.ids[table]]
    assert wanted

    for one in wanted:
        path = f"/media/{kind}/{one}"
        statuses = [
            world.server.http.get(path, headers={"authorization": f"Bearer {who.token}"}).status_code
            for who in (world.a.clerk, world.a.website, world.b.clerk, world.admin)
        ]
        assert statuses == [404, 404, 200, 200]
        assert world.server.http.get(path).status_code == 404
        forged = world.server.http.get(path, params={"expires": "99999999999", "signature": "0" * 64})
        assert (forged.status_code, forged.content) == (404, b"")


def test_s5_a_signed_link_opens_only_what_it_was_signed_for(world: World, owner: str, hidden: Hidden) -> None:
    query = "query($id:ID){contract(id:$id){documents{pdfUrl}}}"
    (link, *_) = world.a.clerk(query, id=world.contracts["alpha-paid"]["id"])["documents"]
    url = link["pdfUrl"]
    own = url.split("/media/documents/")[1].split("?")[0]

    assert world.server.http.get(url).status_code == 200
    assert world.server.http.get(url.replace(own, hidden.ids["document"][0])).status_code == 404
    assert world.server.http.get(url.replace("expires=", "expires=9")).status_code == 404


@pytest.mark.usefixtures("unchanged")
def test_s6_another_stations_contract_cannot_be_acted_on(world: World) -> None:
    foreign = world.contracts[f"{CANARY}-out"]

    said = world.a.check_in({**foreign, "drivers": []}, world.server.now(), km=11_000)

    assert said == {
        "__typename": "Rejection",
        "problemCode": "NOT_FOUND",
        "message": "There is no such contract.",
        "field": ["input", "contractId"],
    }


def test_s7_a_manager_of_two_stations_sees_both_and_not_a_third(world: World) -> None:
    third = open_dealership(world.server, admin=world.admin, cars=1)
    add_user(world.admin, "two@example.com", "MANAGER", [world.a.station["id"], world.b.station["id"]])
    manager = world.server.sign_in("two@example.com")

    codes = [station["code"] for station in manager("{stations{code}}")]
    stations = {node["station"]["id"] for node in manager("{vehicles(first:100){nodes{station{id}}}}")["nodes"]}

    assert sorted(codes) == sorted([world.a.station["code"], world.b.station["code"]])
    assert stations == {world.a.station["id"], world.b.station["id"]}
    assert manager("query($id:ID){station(id:$id){id}}", id=third.station["id"]) is None
    assert manager("query($id:ID){vehicle(id:$id){id}}", id=third.vehicles[0]["id"]) is None


def test_s8_a_change_of_role_and_stations_acts_on_the_next_request(world: World) -> None:
    # Given a manager of Bravo who is signed in
    user = add_user(world.admin, "changing@example.com", "MANAGER", [world.b.station["id"]])
    them = world.server.sign_in("changing@example.com")
    assert them(CONTRACT, id=world.contracts[f"{CANARY}-paid"]["id"]) is not None
    assert them.error_code("{users{id}}") is None

    # When they become yard staff at Alpha
    change = {"role": "YARD", "stationIds": [world.a.station["id"]]}
    assert world.admin(USER_UPDATE, id=user["id"], i=change) == {"__typename": "User"}

    # Then the very next request knows it
    assert them.error_code("{users{id}}") == "FORBIDDEN"
    assert them(CONTRACT, id=world.contracts[f"{CANARY}-paid"]["id"]) is None
    assert [station["id"] for station in them("{stations{id}}")] == [world.a.station["id"]]


def test_the_return_station_sees_a_contract_once_the_car_is_out(world: World) -> None:
    # Given a contract from Alpha to Bravo, which is out and back, and one from Bravo to Alpha, which is only booked
    there, here = world.contracts["alpha-oneway"], world.contracts[f"{CANARY}-oneway"]

    assert world.b.clerk(CONTRACT, id=there["id"]) == {"id": there["id"], "number": there["number"]}
    assert world.a.clerk(CONTRACT, id=here["id"]) is None


def test_of_the_return_station_one_sees_the_label_and_no_more(world: World) -> None:
    contract = world.contracts["alpha-oneway"]["id"]
    label = "query($id:ID){contract(id:$id){returnStation{id code name} protocols{station{id code name}}}}"
    b = {key: world.b.station[key] for key in ("id", "code", "name")}

    seen = world.a.clerk(label, id=contract)

    assert seen["returnStation"] == b
    assert seen["protocols"][1]["station"] == b
    for more in ("phone", "email", "version", "openingHours{opens}", "address{street}"):
        query = "query($id:ID){contract(id:$id){returnStation{" + more + "}}}"
        assert world.a.clerk.error_code(query, id=contract) == "FORBIDDEN", more


def test_a_field_that_is_refused_leaves_the_rest_of_the_answer_whole(world: World) -> None:
    # Given a document where one contract has a field that is refused, beside much that is read at the same time
    query = """query($p:PeriodInput!){contracts(first:20){nodes{number group{code} vehicle{plate blocks{id} damages{id}
      group{code} occupancy(period:$p){kind}}
      customer{email contracts(first:3){totalCount}} documents{number} protocols{station{phone} vehicle{plate}}}}
      stations{code} vehicleGroups{code} customers(first:3){totalCount}}"""

    # When it is asked for again and again, then only that is refused, and never is it a fault of ours
    for _ in range(10):
        answer = world.a.clerk.post(query, {"p": AROUND})
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
        assert all("station" in error["path"] for error in answer["errors"])
    assert len(world.a.clerk("{stations{code}}")) == 1


def test_an_own_car_that_stands_elsewhere_stays_in_the_list(world: World) -> None:
    # Given a car of Alpha's that a customer has left at Bravo
    car = world.contracts["alpha-oneway"]["vehicle"]["id"]
    nodes = world.a.clerk("{vehicles(first:100){nodes{id station{id}}}}")["nodes"]

    # Then Alpha's list has it, and names its home: where else it stands is not Alpha's to see
    assert [node["station"] for node in nodes if node["id"] == car] == [{"id": world.a.station["id"]}]


@pytest.mark.usefixtures("unchanged")
def test_an_own_car_that_stands_elsewhere_is_not_blocked_from_afar(world: World) -> None:
    car, start = world.contracts["alpha-oneway"]["vehicle"]["id"], world.server.now() + timedelta(days=90)
    period = {"start": start.isoformat(), "end": (start + DAY).isoformat()}
    version = world.a.clerk("query($id:ID){vehicle(id:$id){version}}", id=car)["version"]
    away = "This vehicle stands at another station; what happens to it is decided there."

    blocked = world.a.clerk(BLOCK, v=car, p=period, n="mine")
    pulled = world.a.clerk(UPDATE, id=car, v=version, i={"stationId": world.a.station["id"]})

    assert blocked == {"__typename": "Rejection", "message": away}
    assert pulled == {"__typename": "Rejection", "message": away}


def test_a_website_sees_only_what_it_has_booked(world: World, owner: str) -> None:
    made = rows(
        owner,
        "select id::text from contract where station_id = %(a)s and client_id is not null",
        a=world.a.station["id"],
    )

    seen = world.a.website("{contracts(first:100){totalCount nodes{id notes{id} emails{id} history{at}}}}")

    assert {node["id"] for node in seen["nodes"]} == {row["id"] for row in made}
    assert seen["totalCount"] == len(made)
    assert all(node[name] == [] for node in seen["nodes"] for name in ("notes", "emails", "history"))
    assert world.a.website(CONTRACT, id=world.contracts["alpha-waived"]["id"]) is None


def test_a_website_learns_nothing_of_a_customer_who_is_known_already(world: World) -> None:
    # Given a customer whom Bravo knows with salutation and birth date
    known = person("known", "there")
    start = local(world.monday, 12) + 24 * DAY
    world.b.booked(start, start + DAY, customer=known)

    # When Alpha's website books under that address and sends no more than a name
    sent = {"firstName": known["firstName"], "lastName": known["lastName"], "email": known["email"]}
    address = {"address": {"street": "Neue Str. 2", "postcode": "10115", "city": "Berlin"}}
    contract = world.a.booked(start, start + DAY, customer={**sent, **address})

    # Then it reads what it sent
    query = "query($id:ID){contract(id:$id){customer{phone birthDate salutation address{street} reviewNeeded versions{at}}}}"
    assert world.a.website(query, id=contract["id"])["customer"] == {
        "phone": None,
        "birthDate": None,
        "salutation": None,
        "address": {"street": "Neue Str. 2"},
        "reviewNeeded": False,
        "versions": [],
    }


def test_a_plate_or_code_of_another_station_is_no_secret_to_be_found_out(world: World) -> None:
    # A plate is unique per station: that Bravo has it must not show.
    other = open_dealership(world.server, admin=world.admin, cars=0)
    add_car(world.b, plate="B-XX 4711")
    made: dict[str, Any] = add_car(other, plate="B-XX 4711")

    assert made["plate"] == "B-XX 4711"


def test_a_return_cannot_be_recorded_at_a_station_that_is_not_ones_own(world: World, owner: str) -> None:
    contract: dict[str, Any] = world.contracts["alpha-out"]
    caller: Api = world.a.yard
    request = {
        "protocolId": new_id(),
        "contractId": contract["id"],
        "stationId": world.b.station["id"],
        "occurredAt": world.server.now().isoformat(),
        "condition": {"odometerKm": 12_000, "fuelEighths": 8},
        "signature": {"missingReason": "left early"},
    }
    before = counts(owner)

    said = caller(CHECK_IN, input=request)

    assert (said["problemCode"], said["field"]) == ("NOT_FOUND", ["input", "stationId"])
    assert counts(owner) == before
    assert world.a.contract(contract["id"])["state"] == "CHECKED_OUT"
