"""Booking: one car, one charge, whatever happens to the answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.calendar import local, next_weekday, soon
from tests.dealership import Dealership, add_car, at_once, open_dealership, request_of
from tests.driving import SandboxServer, new_id

DAY = timedelta(days=1)


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    """One of the next days, at nine."""
    return soon(dealership.server)


def money(dealership: Dealership, contract: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(line["type"], line["amount"], line["state"]) for line in dealership.server.ledger(contract["number"])]


def test_a_booking_takes_one_day_and_blocks_the_deposit(dealership: Dealership, start: datetime) -> None:
    contract = dealership.booked(start, start + 3 * DAY)

    assert contract["state"] == "RESERVED"
    assert contract["price"]["total"]["amount"] == "177.00"
    assert contract["paid"]["amount"] == "59.00"
    assert contract["due"]["amount"] == "118.00"
    (advance,) = contract["documents"]
    assert (advance["type"], advance["total"]["amount"]) == ("ADVANCE_INVOICE", "59.00")
    dealership.server.settle()
    (mail,) = dealership.server.mails(contract["customer"]["email"])
    assert mail["template"] == "BOOKING_CONFIRMATION"
    raw = dealership.server.http.get(f"/sandbox/mails/{mail['id']}").text
    assert f'filename="Anzahlungsrechnung {advance["number"]}.pdf"' in raw


def test_a_token_that_nobody_knows_is_a_wrong_input(dealership: Dealership, start: datetime) -> None:
    request = request_of(dealership, start, start + DAY, 1)
    request["payment"]["cardToken"] = "nobody-knows-it"

    answers = [at_once(dealership, [request], 1)[0] for _ in range(2)]

    assert answers[0] == answers[1]
    assert {name: answers[0][name] for name in ("__typename", "problemCode", "field")} == {
        "__typename": "Rejection",
        "problemCode": "INVALID_INPUT",
        "field": ["input", "payment", "cardToken"],
    }
    (left,) = dealership.website("{contracts{nodes{number state payments{kind state}}}}")["nodes"]
    assert (left["state"], left["payments"]) == ("CANCELLED", [{"kind": "SALE", "state": "FAILED"}])
    assert money(dealership, left) == [("sale", "59.00", "failed")]


def test_the_deposit_waits_until_the_day_before(dealership: Dealership) -> None:
    # A hold taken two weeks ahead would be dead at hand-over (domain 3.10).
    start = local(next_weekday(dealership.server, 1, weeks=2), 9)
    contract = dealership.booked(start, start + DAY)
    assert contract["deposit"]["state"] == "NONE"
    assert [line[0] for line in money(dealership, contract)] == ["sale"]

    dealership.server.move_to(start - timedelta(hours=23))

    assert dealership.contract(contract["id"])["deposit"]["state"] == "ACTIVE"
    assert money(dealership, contract) == [("sale", "59.00", "approved"), ("preAuth", "300.00", "approved")]


def test_a_hold_is_renewed_before_it_ends(dealership: Dealership, start: datetime) -> None:
    contract = dealership.booked(start, start + 10 * DAY)
    dealership.server.move_to(start)
    if dealership.contract(contract["id"])["deposit"]["state"] == "NONE":
        dealership.server.advance(minutes=1)
    dealership.check_out(contract, start)

    dealership.server.move_to(start + 7 * DAY)

    assert dealership.contract(contract["id"])["deposit"]["state"] == "ACTIVE"
    holds = [state for kind, _amount, state in money(dealership, contract) if kind == "preAuth"]
    assert holds.count("approved") == 1
    assert len(holds) > 1


def test_a_declined_card_books_nothing(dealership: Dealership, start: datetime) -> None:
    result = dealership.book(start, start + DAY, card="tok-declined")

    assert (result["__typename"], result["problemCode"]) == ("PaymentDeclined", "PAYMENT_DECLINED")
    assert free(dealership, start) == 2
    lines = [
        line for line in dealership.server.ledger() if line["order_id"].startswith(dealership.station["code"] + "-")
    ]
    assert [(line["type"], line["state"]) for line in lines] == [("sale", "declined")]


def test_a_refused_deposit_gives_the_day_back(dealership: Dealership, start: datetime) -> None:
    result = dealership.book(start, start + DAY, card="tok-hold-declined")

    assert result["__typename"] == "PaymentDeclined"
    assert free(dealership, start) == 2
    dealership.server.settle()
    lines = dealership.server.ledger(dealership.station["code"] + "-")
    assert [(line["type"], line["amount"], line["state"]) for line in lines] == [
        ("sale", "59.00", "approved"),
        ("preAuth", "300.00", "declined"),
        ("return", "59.00", "approved"),
    ]
    assert dealership.server.mails(template="BOOKING_CONFIRMATION") == [
        mail
        for mail in dealership.server.mails(template="BOOKING_CONFIRMATION")
        if dealership.station["code"] not in mail["subject"]
    ]


def free(dealership: Dealership, start: datetime, length: timedelta = DAY) -> int:
    found = dealership.website(
        "query($s:ID!,$p:PeriodInput!,$g:ID){availability(stationId:$s,period:$p,groupId:$g){groups{freeCount nextFree}}}",
        s=dealership.station["id"],
        p={"start": start.isoformat(), "end": (start + length).isoformat()},
        g=dealership.group["id"],
    )
    count: int = found["groups"][0]["freeCount"]
    return count


def test_a_lost_answer_is_unresolved_and_then_found(dealership: Dealership, start: datetime) -> None:
    key = new_id()
    customer = {"lastName": "Vergessen", "email": "lost.answer@example.com"}

    first = dealership.book(start, start + DAY, card="tok-lost-answer", key=key, customer=customer)
    assert first["problemCode"] == "PAYMENT_UNRESOLVED"
    dealership.server.settle()
    again = dealership.book(start, start + DAY, card="tok-lost-answer", key=key, customer=customer)

    assert again["__typename"] == "Booking", again
    assert again["contract"]["state"] == "RESERVED"
    assert money(dealership, again["contract"]) == [("sale", "59.00", "approved"), ("preAuth", "300.00", "approved")]


def test_a_request_that_never_arrived_is_sent_again_with_the_same_order(
    dealership: Dealership, start: datetime
) -> None:
    key = new_id()
    customer = {"lastName": "Verloren", "email": "lost.request@example.com"}
    dealership.server.script("sale", "drop-before")

    first = dealership.book(start, start + DAY, key=key, customer=customer)
    assert first["problemCode"] == "PAYMENT_UNRESOLVED"
    dealership.server.settle()
    dealership.server.advance(minutes=14)
    again = dealership.book(start, start + DAY, key=key, customer=customer)

    assert again["__typename"] == "Booking", again
    assert again["contract"]["state"] == "RESERVED"
    assert money(dealership, again["contract"]) == [("sale", "59.00", "approved"), ("preAuth", "300.00", "approved")]


def test_a_gateway_fault_charges_nobody_twice(dealership: Dealership, start: datetime) -> None:
    for outcome in ("fault:server", "garbage", "503", "process-then-503"):
        key = new_id()
        customer = {"lastName": "Fehler", "email": f"{outcome.replace(':', '.')}@example.com"}
        dealership.server.script("sale", outcome)
        dealership.book(start, start + DAY, key=key, customer=customer)
        dealership.server.settle()
        dealership.server.advance(minutes=14)

        again = dealership.book(start, start + DAY, key=key, customer=customer)

        assert again["__typename"] == "Booking", (outcome, again)
        assert [line for line in money(dealership, again["contract"]) if line[0] == "sale"] == [
            ("sale", "59.00", "approved")
        ], outcome
        start += 7 * DAY


def test_the_same_key_gets_the_first_answer(dealership: Dealership, start: datetime) -> None:
    key = new_id()
    customer = {"lastName": "Doppelt", "email": "double@example.com"}

    first = dealership.book(start, start + DAY, key=key, customer=customer)
    second = dealership.book(start, start + DAY, key=key, customer=customer)
    other = dealership.book(start, start + 2 * DAY, key=key, customer=customer)

    assert second["contract"]["id"] == first["contract"]["id"]
    assert other["problemCode"] == "IDEMPOTENCY_CONFLICT"
    assert other["field"] == ["input", "idempotencyKey"]
    assert [line[0] for line in money(dealership, first["contract"])] == ["sale", "preAuth"]
    assert free(dealership, start) == 1


def test_a_hundred_at_once_for_ten_cars(server: SandboxServer) -> None:
    dealership = open_dealership(server, cars=10)
    start = soon(server)

    results = at_once(dealership, [request_of(dealership, start, start + DAY, n) for n in range(100)], 25)

    won = [result for result in results if result["__typename"] == "Booking"]
    lost = [result for result in results if result["__typename"] == "NoVehicleAvailable"]
    assert (len(won), len(lost)) == (10, 90)
    assert all(result["alternatives"] for result in lost)
    assert len({result["contract"]["vehicle"]["id"] for result in won}) == 10
    lines = server.ledger(dealership.station["code"] + "-")
    assert (
        sorted((line["type"], line["state"]) for line in lines)
        == [("preAuth", "approved")] * 10 + [("sale", "approved")] * 10
    )
    assert free(dealership, start) == 0

    # and then fifty repeats of one key
    key = new_id()
    later = start + 7 * DAY
    repeated = at_once(dealership, [request_of(dealership, later, later + DAY, 777, key)] * 50, 25)
    assert {result["__typename"] for result in repeated} == {"Booking"}
    (contract_id,) = {result["contract"]["id"] for result in repeated}
    number = repeated[0]["contract"]["number"]
    assert [line["type"] for line in server.ledger(number)].count("sale") == 1
    assert dealership.contract(contract_id)["state"] == "RESERVED"


def test_the_last_car_goes_to_one_of_twenty(server: SandboxServer) -> None:
    # A3
    dealership = open_dealership(server, cars=1)
    start = soon(server)

    results = at_once(dealership, [request_of(dealership, start, start + DAY, 200 + n) for n in range(20)], 20)

    assert [result["__typename"] for result in results].count("Booking") == 1
    assert [result["__typename"] for result in results].count("NoVehicleAvailable") == 19
    assert [line["type"] for line in server.ledger(dealership.station["code"] + "-")].count("sale") == 1


def test_refusals_name_the_field(dealership: Dealership, start: datetime) -> None:
    # A10, and inputs that are wrong
    now = dealership.server.now()
    sunday = local(next_weekday(dealership.server, 6), 10)
    cases: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"end": start}, "INVALID_INPUT", ["input", "period", "end"]),
        ({"start": now - timedelta(minutes=16), "end": now + DAY}, "INVALID_INPUT", ["input", "period", "start"]),
        ({"start": now + 366 * DAY, "end": now + 367 * DAY}, "INVALID_INPUT", ["input", "period", "start"]),
        ({"end": start + 366 * DAY}, "INVALID_INPUT", ["input", "period", "end"]),
        ({"start": sunday, "end": sunday + 2 * DAY}, "OUTSIDE_OPENING_HOURS", ["input", "period", "start"]),
        ({"customer": {"lastName": "X", "email": "nonsense"}}, "INVALID_INPUT", ["input", "customer", "email"]),
        ({"customer": {"email": "a@example.com"}}, "INVALID_INPUT", ["input", "customer", "lastName"]),
        ({"extras": [{"code": "HELICOPTER"}]}, "INVALID_INPUT", ["input", "extras"]),
        ({"extras": [{"code": "ONE_WAY", "quantity": -5}]}, "INVALID_INPUT", ["input", "extras", "0", "quantity"]),
        ({"tariffCode": "NO-SUCH"}, "NOT_FOUND", ["input", "tariffCode"]),
        ({"groupId": new_id()}, "NOT_FOUND", ["input", "groupId"]),
        ({"stationId": "nonsense"}, "NOT_FOUND", ["input", "stationId"]),
        ({"payment": {"method": "STORED_CARD"}}, "INVALID_INPUT", ["input", "payment", "cardToken"]),
        ({"payment": {"method": "WAIVED", "waiverReason": "x"}}, "NOT_ALLOWED", ["input", "payment", "method"]),
        ({"payment": {"method": "HOSTED_PAGE", "successUrl": "javascript:alert(1)"}}, "INVALID_INPUT", ["input", "payment", "successUrl"]),
    ]  # fmt: skip
    before = len(dealership.server.ledger())
    for change, code, field in cases:
        begin, end = change.pop("start", start), change.pop("end", start + DAY)
        result = dealership.book(begin, end, **change)
        assert (result["problemCode"], result["field"]) == (code, field), (change, result)
    assert len(dealership.server.ledger()) == before
    assert free(dealership, start) == 2


def test_a_closed_start_names_the_next_possible_instant(dealership: Dealership) -> None:
    # A7: the start on a closed Sunday is refused, a period across Sunday is fine.
    sunday = next_weekday(dealership.server, 6)
    closed = dealership.book(local(sunday, 10), local(sunday + DAY, 10))
    across = dealership.book(local(sunday - DAY, 10), local(sunday + DAY, 10))

    assert closed["__typename"] == "OutsideOpeningHours"
    assert datetime.fromisoformat(closed["nextPossible"]) == local(sunday + DAY, 7)
    assert across["__typename"] == "Booking"


def test_staff_may_waive_the_payment_with_a_reason(dealership: Dealership, start: datetime) -> None:
    silent = dealership.book(start, start + DAY, caller=dealership.clerk, payment={"method": "WAIVED"})
    told = dealership.book(
        start, start + DAY, caller=dealership.clerk, payment={"method": "WAIVED", "waiverReason": "goodwill"}
    )

    assert silent["field"] == ["input", "payment", "waiverReason"]
    contract = told["contract"]
    assert (contract["state"], contract["deposit"]["state"]) == ("RESERVED", "WAIVED")
    assert contract["documents"] == []
    assert dealership.server.ledger(contract["number"]) == []


def test_a_known_customer_is_updated_a_stranger_is_flagged(dealership: Dealership, start: datetime) -> None:
    email = f"familie@{dealership.station['code'].lower()}.example.com"
    first = {"firstName": "Eva", "lastName": "Muster", "email": email, "birthDate": "1980-05-01"}
    moved = {**first, "phone": "+49 30 7654321", "email": email.upper()}
    son = {"firstName": "Max", "lastName": "Anders", "email": email, "birthDate": "2004-02-02"}

    one = dealership.booked(start, start + DAY, customer=first)
    two = dealership.booked(start + 7 * DAY, start + 8 * DAY, customer=moved)
    three = dealership.booked(start + 14 * DAY, start + 15 * DAY, customer=son)

    assert one["customer"]["id"] == two["customer"]["id"] == three["customer"]["id"]
    # The website sees what it sent, whoever is stored.
    assert (three["customer"]["firstName"], three["customer"]["lastName"]) == ("Max", "Anders")
    stored = dealership.clerk(
        "query($id:ID!){customer(id:$id){firstName lastName phone birthDate reviewNeeded versions{source changed}}}",
        id=one["customer"]["id"],
    )
    assert (stored["firstName"], stored["lastName"], stored["birthDate"]) == ("Eva", "Muster", "1980-05-01")
    assert stored["phone"] == "+49 30 7654321"
    assert stored["reviewNeeded"] is True
    assert stored["versions"] == [{"source": "WEBSITE", "changed": ["phone"]}]
    assert "CUSTOMER_REVIEW" in dealership.contract(three["id"])["flags"]
    assert "CUSTOMER_REVIEW" not in dealership.contract(two["id"])["flags"]


def test_a_held_car_is_free_again_after_fifteen_minutes(dealership: Dealership, start: datetime) -> None:
    # A4, first half
    urls = {"method": "HOSTED_PAGE", "successUrl": "https://shop.example/ok", "failureUrl": "https://shop.example/no"}
    held = dealership.booked(start, start + DAY, payment=urls)
    assert held["state"] == "HELD"
    assert free(dealership, start) == 1

    dealership.server.advance(minutes=16)

    assert dealership.contract(held["id"])["state"] == "CANCELLED"
    assert free(dealership, start) == 2
    assert dealership.server.ledger(held["number"]) == []


def test_instants_carry_the_stations_offset(dealership: Dealership, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)

    shown = datetime.fromisoformat(contract["period"]["start"])
    assert shown == start
    assert shown.utcoffset() in {timedelta(hours=1), timedelta(hours=2)}
    assert start.tzinfo is UTC


def test_a_car_needs_its_turnaround(server: SandboxServer) -> None:
    # A1 and A2
    dealership = open_dealership(server, cars=1)
    start = soon(server)
    dealership.booked(start, start + timedelta(hours=1))  # busy until 10:00, turnaround 60

    early = dealership.book(start + timedelta(minutes=119), start + DAY)
    exact = dealership.book(start + timedelta(minutes=120), start + DAY)
    assert early["__typename"] == "NoVehicleAvailable"
    assert exact["__typename"] == "Booking"

    quick = open_dealership(server, cars=1, turnaroundMinutes=0)
    quick.booked(start, start + timedelta(hours=1))
    assert quick.book(start + timedelta(hours=1), start + DAY)["__typename"] == "Booking"


def test_a_late_car_is_not_offered_and_its_next_contract_is_at_risk(server: SandboxServer) -> None:
    # A5
    dealership = open_dealership(server, cars=1)
    start = soon(server)
    out = dealership.booked(start, start + DAY)
    following = dealership.booked(start + 7 * DAY, start + 8 * DAY)
    server.move_to(start)
    dealership.check_out(out, start)

    server.move_to(start + 2 * DAY)

    assert dealership.contract(out["id"])["flags"] == ["OVERDUE"]
    assert "AT_RISK" in dealership.contract(following["id"])["flags"]
    assert free(dealership, start + 20 * DAY) == 0
    listed = dealership.clerk("{contracts(filter:{flags:[AT_RISK]}){nodes{id}}}")
    assert [node["id"] for node in listed["nodes"]] == [following["id"]]
    dealership.check_in(out, start + 2 * DAY, km=10_100)
    assert free(dealership, start + 20 * DAY) == 1


def test_a_block_takes_a_car_out_and_names_what_is_in_its_way(server: SandboxServer) -> None:
    # A6
    dealership = open_dealership(server, cars=1)
    start = soon(server)
    contract = dealership.booked(start, start + DAY)
    block = """mutation($v:ID!,$p:PeriodInput!){blockVehicle(vehicleId:$v,period:$p,reason:WORKSHOP,note:"HU"){__typename
      ...on VehicleBlock{id} ...on PeriodConflict{conflicts{kind contract{id}}}}}"""
    car = dealership.vehicles[0]["id"]

    hit = dealership.clerk(block, v=car, p={"start": start.isoformat(), "end": (start + DAY).isoformat()})
    assert hit["conflicts"] == [{"kind": "RESERVED", "contract": {"id": contract["id"]}}]
    later = local(next_weekday(server, 1, weeks=2), 9)
    assert free(dealership, later) == 1
    made = dealership.clerk(block, v=car, p={"start": later.isoformat(), "end": (later + DAY).isoformat()})
    assert free(dealership, later) == 0
    dealership.clerk("mutation($b:ID!){unblockVehicle(blockId:$b){__typename}}", b=made["id"])
    assert free(dealership, later) == 1


def test_a_certain_car_can_be_asked_for(dealership: Dealership, start: datetime) -> None:
    wanted = add_car(dealership)
    first = dealership.book(start, start + DAY, vehicleId=wanted["id"])
    second = dealership.book(start, start + DAY, vehicleId=wanted["id"])

    assert first["contract"]["vehicle"]["id"] == wanted["id"]
    assert second["__typename"] == "NoVehicleAvailable"


def test_a_local_time_without_offset_is_refused(dealership: Dealership) -> None:
    # A9
    code = dealership.website.error_code(
        "query($s:ID!,$p:PeriodInput!){availability(stationId:$s,period:$p){groups{freeCount}}}",
        s=dealership.station["id"],
        p={"start": "2027-03-28T02:30:00", "end": "2027-03-28T12:00:00"},
    )
    assert code == "BAD_USER_INPUT"
