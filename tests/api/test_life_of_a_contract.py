"""The life of a contract through the API: each step after booking with its guard, its effects and the gateway's books."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.calendar import soon
from tests.dealership import CONTRACT, Dealership, add_user
from tests.driving import Api, new_id

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PROBLEM = """__typename ...on Problem{problemCode message field} ...on InvalidTransition{state allowed}
  ...on VersionConflict{currentVersion} ...on Contract{...contract}"""
CONFLICTS = PROBLEM + " ...on PeriodConflict{conflicts{contract{id} kind period{start end}}}"
VERSIONED = "mutation($id:ID!,$v:Int!){%s(contractId:$id,version:$v){" + PROBLEM + "}}" + CONTRACT
CANCEL, NO_SHOW = VERSIONED % "cancelContract", VERSIONED % "markNoShow"
UNDO_NO_SHOW = (
    'mutation($id:ID!,$v:Int!){undoNoShow(contractId:$id,version:$v,reason:"Stau"){' + PROBLEM + "}}" + CONTRACT
)
CHANGE_PERIOD = (
    "mutation($id:ID!,$v:Int!,$p:PeriodInput!,$f:Boolean!,$r:String){changePeriod(contractId:$id,version:$v,period:$p,"
    "force:$f,reason:$r){" + CONFLICTS + "}}" + CONTRACT
)
PREVIEW = """query($id:ID!,$c:ContractChange!){changePreview(contractId:$id,change:$c){before{total{amount}}
  after{total{amount}} moved{amount} fee{amount} problems{problemCode} conflicts{contract{id}}}}"""
UNDO = 'mutation($id:ID!){undoProtocol(protocolId:$id,reason:"falscher Vertrag"){' + PROBLEM + "}}" + CONTRACT
CORRECT = (
    "mutation($id:ID!,$r:ReadingInput!){correctReading(protocolId:$id,reading:$r,reason:\"Zahlendreher\"){"
    + PROBLEM + "}}" + CONTRACT
)  # fmt: skip
SWAP = (
    """mutation($id:ID!,$v:Int!,$car:ID!,$in:CheckInInput!,$out:CheckOutInput!){swapVehicle(contractId:$id,version:$v,
  vehicleId:$car,returned:$in,handedOut:$out,waiveFuel:true){""" + PROBLEM + "}}" + CONTRACT
)  # fmt: skip
PAYER = (
    "mutation($id:ID!,$v:Int!,$p:PayerInput){changePayer(contractId:$id,version:$v,payer:$p){" + PROBLEM + "}}"
    + CONTRACT
)  # fmt: skip


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


@pytest.fixture
def manager(dealership: Dealership) -> Api:
    email = f"leitung-{new_id()}@example.com"
    add_user(dealership.admin, email, "MANAGER", [dealership.station["id"]])
    return dealership.server.sign_in(email)


def do(caller: Api, mutation: str, contract: dict[str, Any], **more: Any) -> dict[str, Any]:
    """With the version that was read."""
    result: dict[str, Any] = caller(mutation, id=contract["id"], v=contract["version"], **more)
    return result


def period(start: datetime, end: datetime) -> dict[str, str]:
    return {"start": start.isoformat(), "end": end.isoformat()}


def books(dealership: Dealership, contract: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What the gateway has really done, in its order."""
    lines = dealership.server.ledger(contract["number"])
    return [(line["type"], line["amount"], line["state"]) for line in lines]


def mails(dealership: Dealership, contract: dict[str, Any]) -> list[str]:
    return [mail["template"] for mail in dealership.server.mails(contract["customer"]["email"])]


def settled(dealership: Dealership, contract: dict[str, Any]) -> dict[str, Any]:
    dealership.server.settle()
    return dealership.contract(contract["id"])


def test_cancelled_in_time_all_goes_back(dealership: Dealership, start: datetime) -> None:
    """Domain 4.3 row 7, D4."""
    contract = dealership.booked(start + 2 * DAY, start + 3 * DAY)
    look = dealership.website(PREVIEW, id=contract["id"], c={"cancel": True})

    done = do(dealership.website, CANCEL, contract)

    assert (look["fee"]["amount"], look["moved"]["amount"], look["problems"]) == ("0.00", "-59.00", [])
    assert done["state"] == "CANCELLED"
    after = settled(dealership, contract)
    assert (after["settlementState"], after["paid"]["amount"], after["deposit"]["state"]) == (
        "PAID",
        "0.00",
        "RELEASED",
    )
    totals = [
        (one["type"], one["total"]["amount"], one["net"]["amount"], one["vat"]["amount"]) for one in after["documents"]
    ]
    assert totals == [
        ("ADVANCE_INVOICE", "59.00", "49.58", "9.42"),
        ("CANCELLATION_INVOICE", "-59.00", "-49.58", "-9.42"),
    ]
    assert [(kind, amount) for kind, amount, _ in books(dealership, contract)] == [
        ("sale", "59.00"), ("preAuth", "300.00"), ("return", "59.00"), ("void", "300.00"),
    ]  # fmt: skip
    assert sorted(mails(dealership, contract)) == ["BOOKING_CONFIRMATION", "CANCELLATION", "REFUND"]


def test_nobody_comes_and_a_manager_takes_it_up_again(dealership: Dealership, start: datetime, manager: Api) -> None:
    """Rows 8 and 9, D5."""
    contract = dealership.booked(start, start + 2 * DAY)
    assert do(dealership.clerk, NO_SHOW, contract)["problemCode"] == "NOT_ALLOWED"
    dealership.server.move_to(start + 2 * HOUR)

    gone = do(dealership.clerk, NO_SHOW, contract)
    assert (gone["state"], gone["documents"][-1]["total"]["amount"]) == ("NO_SHOW", "59.00")
    gone = settled(dealership, contract)
    assert (gone["settlementState"], gone["documents"][-1]["payable"]["amount"]) == ("PAID", "0.00")
    back = do(manager, UNDO_NO_SHOW, gone)

    assert (back["state"], back["due"]["amount"]) == ("RESERVED", "59.00")
    assert settled(dealership, contract)["deposit"]["state"] == "ACTIVE"
    assert (
        dealership.check_out(dealership.contract(contract["id"]), dealership.server.now())["__typename"] == "Protocol"
    )


def test_extended_while_it_is_out_and_what_is_in_the_way_is_named(
    dealership: Dealership, start: datetime, manager: Api
) -> None:
    """Rows 5 and 10."""
    # Given both cars out or booked
    contract = dealership.checked_out(start, start + DAY)
    contract = dealership.contract(contract["id"])
    following = dealership.booked(start + DAY + 2 * HOUR, start + 3 * DAY, vehicleId=contract["vehicle"]["id"])
    longer = period(start, start + 2 * DAY)

    # When
    look = dealership.clerk(PREVIEW, id=contract["id"], c={"period": longer})
    refused = do(dealership.clerk, CHANGE_PERIOD, contract, p=longer, f=False)
    clerk = do(dealership.clerk, CHANGE_PERIOD, contract, p=longer, f=True, r="Panne im Ausland")
    forced = do(manager, CHANGE_PERIOD, contract, p=longer, f=True, r="Panne im Ausland")

    # Then
    assert (look["after"]["total"]["amount"], [one["problemCode"] for one in look["problems"]]) == (
        "118.00",
        ["PERIOD_CONFLICT"],
    )
    assert [one["contract"]["id"] for one in refused["conflicts"]] == [following["id"]]
    assert (clerk["problemCode"], clerk["field"]) == ("NOT_ALLOWED", ["force"])
    assert (forced["state"], forced["price"]["total"]["amount"]) == ("CHECKED_OUT", "118.00")
    moved = dealership.contract(following["id"])
    assert moved["vehicle"]["id"] != contract["vehicle"]["id"]
    assert settled(dealership, contract)["state"] == "CHECKED_OUT"
    assert "CHANGE" in mails(dealership, contract)
    assert do(dealership.clerk, CHANGE_PERIOD, contract, p=longer, f=False)["__typename"] == "VersionConflict"


def test_a_swap_in_the_yard_and_both_cars_on_one_invoice(dealership: Dealership, start: datetime) -> None:
    """Row 10, E21."""
    contract = dealership.contract(dealership.checked_out(start, start + 2 * DAY)["id"])
    other = next(one for one in dealership.vehicles if one["id"] != contract["vehicle"]["id"])
    km, at = contract["vehicle"]["odometerKm"], start + 5 * HOUR
    dealership.server.move_to(at)

    def report(km: int, fuel: int) -> dict[str, Any]:
        return {
            "protocolId": new_id(),
            "contractId": contract["id"],
            "occurredAt": at.isoformat(),
            "condition": {"odometerKm": km, "fuelEighths": fuel},
            "signature": {"missingReason": "test"},
        }

    mine = {"in": report(km + 210, 3), "out": report(other["odometerKm"], 8)}
    swapped = do(dealership.yard, SWAP, contract, car=other["id"], **mine)
    again = do(dealership.yard, SWAP, contract, car=other["id"], **mine)
    dealership.server.move_to(start + 2 * DAY)
    dealership.check_in(contract, start + 2 * DAY, km=other["odometerKm"] + 120, condition={"fuelEighths": 6})

    assert (swapped["vehicle"]["id"], again["version"]) == (other["id"], swapped["version"])
    billed = settled(dealership, contract)
    final = billed["documents"][-1]
    assert (final["total"]["amount"], final["net"]["amount"], final["vat"]["amount"]) == ("166.75", "140.13", "26.62")
    assert (final["payable"]["amount"], billed["paid"]["amount"]) == ("107.75", "166.75")
    assert sorted(one["type"] for one in billed["protocols"]) == ["CHECK_IN", "CHECK_OUT", "SWAP_IN", "SWAP_OUT"]


def test_a_return_is_taken_back_and_a_reading_put_right(dealership: Dealership, start: datetime, manager: Api) -> None:
    """Rows 12 and 13, also after billing."""
    billed = dealership.rent(start, start + DAY, km=250)
    assert (billed["state"], billed["paid"]["amount"]) == ("BILLED", "84.00")
    back = billed["protocols"][-1]

    out = manager(UNDO, id=back["id"])
    dealership.server.settle()
    dealership.server.move_to(start + DAY + HOUR / 2)
    at = dealership.server.now()
    dealership.check_in(billed, at, km=dealership.contract(billed["id"])["vehicle"]["odometerKm"])
    again = settled(dealership, billed)
    right = manager(CORRECT, id=again["protocols"][-1]["id"], r={"odometerKm": billed["vehicle"]["odometerKm"] - 60})
    done = settled(dealership, billed)

    assert (out["state"], out["settlementState"]) == ("CHECKED_OUT", "NONE")
    assert (again["state"], again["paid"]["amount"]) == ("BILLED", "84.00")
    assert (right["state"], right["price"]["total"]["amount"]) == ("BILLED", "69.00")
    assert (done["paid"]["amount"], done["settlementState"]) == ("69.00", "PAID")
    payable = sum(float(one["payable"]["amount"]) for one in done["documents"])
    assert payable == pytest.approx(69.0)
    refunds = [amount for kind, amount, _ in books(dealership, billed) if kind == "return"]
    assert refunds == ["15.00"]
    assert mails(dealership, billed).count("CORRECTION") == 2


def test_an_insurer_pays_after_all(dealership: Dealership, start: datetime) -> None:
    payer = {"name": "Versicherung AG", "address": {"street": "Allee 3", "postcode": "10115", "city": "Berlin"}}
    contract = dealership.booked(start, start + DAY)

    changed = do(dealership.clerk, PAYER, contract, p=payer)

    assert changed["documents"][-1]["total"]["amount"] == "-59.00"
    assert settled(dealership, contract)["paid"]["amount"] == "0.00"
    assert [kind for kind, _, _ in books(dealership, contract)] == ["sale", "preAuth", "return"]


STATES = ["HELD", "CHECKED_OUT", "BILLED", "CANCELLED", "NO_SHOW"]


def brought_to(dealership: Dealership, state: str, start: datetime) -> dict[str, Any]:
    if state == "HELD":
        pages = {"method": "HOSTED_PAGE", "successUrl": "https://s.example/a", "failureUrl": "https://s.example/b"}
        return dealership.booked(start, start + DAY, payment=pages)
    if state == "BILLED":
        return dealership.rent(start, start + DAY)
    if state == "CHECKED_OUT":
        return dealership.checked_out(start, start + DAY)
    contract = dealership.booked(start, start + DAY)
    if state == "NO_SHOW":
        dealership.server.move_to(start + 2 * HOUR)
    do(dealership.clerk, NO_SHOW if state == "NO_SHOW" else CANCEL, contract)
    return contract


@pytest.mark.parametrize("state", STATES)
def test_anything_else_is_no_transition(dealership: Dealership, start: datetime, manager: Api, state: str) -> None:
    # Given a contract in that state
    contract = dealership.contract(brought_to(dealership, state, start)["id"])
    assert contract["state"] == state
    dealership.server.settle()
    before, sent = dealership.contract(contract["id"]), mails(dealership, contract)
    possible = {
        "NO_SHOW": {"undoNoShow"},
        "CHECKED_OUT": {"changePeriod", "changePayer"},
        "BILLED": {"changePayer"},
    }.get(state, set())

    # When everything is tried that its state does not allow
    tried: dict[str, Callable[[], dict[str, Any]]] = {
        "cancelContract": lambda: do(manager, CANCEL, before),
        "markNoShow": lambda: do(manager, NO_SHOW, before),
        "undoNoShow": lambda: do(manager, UNDO_NO_SHOW, before),
        "changePeriod": lambda: do(manager, CHANGE_PERIOD, before, p=period(start, start + 2 * DAY), f=False),
        "changePayer": lambda: do(manager, PAYER, before, p=None),
    }
    answers = {name: attempt() for name, attempt in tried.items() if name not in possible}

    # Then each says where the contract stands, and nothing has changed
    assert {name: answer["__typename"] for name, answer in answers.items()} == dict.fromkeys(
        answers, "InvalidTransition"
    )
    assert {answer["state"] for answer in answers.values()} == {state}
    after = dealership.contract(contract["id"])
    assert (after["version"], after["state"], len(after["documents"])) == (
        before["version"], state, len(before["documents"]),
    )  # fmt: skip
    assert mails(dealership, contract) == sent
