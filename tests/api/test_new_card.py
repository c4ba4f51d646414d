"""Another card by a payment page: the deposit moves to it, and the old card is left alone from then on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.browser import Browser, pay
from tests.calendar import DAY, soon
from tests.dealership import Dealership

ASK = """mutation($c:ID!,$v:Int!,$s:String!){replaceCard(contractId:$c,version:$v,successUrl:$s,
  failureUrl:"https://shop.example/no"){__typename ...on Booking{contract{id version} paymentForm{url fields{name value} expiresAt}}
  ...on Rejection{problemCode field}}}"""
PLACE = """mutation($c:ID!,$v:Int!){placeDeposit(contractId:$c,version:$v){__typename
  ...on Contract{version deposit{state}} ...on Rejection{problemCode field} ...on PaymentDeclined{reason}}}"""
SUCCESS = "https://shop.example/new-card"


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


def asked(dealership: Dealership, contract: dict[str, Any], success: str = SUCCESS) -> Any:
    version = dealership.contract(contract["id"])["version"]
    return dealership.website(ASK, c=contract["id"], v=version, s=success)


def standing(dealership: Dealership, contract: dict[str, Any]) -> list[Any]:
    now = dealership.contract(contract["id"])
    return [now["version"], now["deposit"], now["payments"], dealership.server.ledger(contract["number"])]


def lines_of(dealership: Dealership, number: str) -> list[tuple[str, str, str, str]]:
    lines = dealership.server.ledger(number)
    return [
        (line["type"], line["order_id"].removeprefix(f"{number}-"), line["amount"], line["state"]) for line in lines
    ]


def test_the_deposit_moves_to_the_new_card(dealership: Dealership, start: datetime) -> None:
    # Given: booked with a stored card, the deposit is held on it
    contract = dealership.booked(start, start + DAY)
    number = contract["number"]
    assert dealership.contract(contract["id"])["deposit"]["state"] == "ACTIVE"
    # When the customer enters another one on the page
    booking = asked(dealership, contract)
    assert booking["__typename"] == "Booking", booking
    browser = Browser(dealership)
    browser.open(booking["paymentForm"])
    assert "300,00" in browser.page
    pay(browser)
    back = browser.until_back_at_the_shop()
    dealership.server.settle()
    # Then
    assert back == f"{SUCCESS}?contract={number}"
    assert lines_of(dealership, number) == [
        ("sale", "D1", "59.00", "approved"),
        ("preAuth", "H1", "300.00", "voided"),
        ("preAuth", "K1", "300.00", "approved"),
        ("void", "H1", "300.00", "approved"),
    ]
    now = dealership.contract(contract["id"])
    assert (now["state"], now["deposit"]["state"], now["paid"]["amount"]) == ("RESERVED", "ACTIVE", "59.00")
    history = dealership.clerk("query($i:ID){contract(id:$i){history{action}}}", i=contract["id"])["history"]
    assert [entry["action"] for entry in history if entry["action"].startswith("CARD")] == [
        "CARD_ASKED",
        "CARD_REPLACED",
    ]
    # And what is to be paid after the return goes to the new card, whose deposit is lifted at the end
    dealership.server.move_to(start)
    dealership.check_out(now, start)
    dealership.server.move_to(start + 2 * DAY)
    result = dealership.check_in(now, start + 2 * DAY, km=10_100)
    assert result["__typename"] == "Protocol", result
    dealership.server.settle()
    billed = dealership.contract(contract["id"])
    assert (billed["settlementState"], billed["deposit"]["state"]) == ("PAID", "RELEASED")
    assert ("sale", "F1", "59.00", "approved") in lines_of(dealership, number)


def test_weeks_ahead_a_card_is_stored_and_no_deposit_blocked(dealership: Dealership, start: datetime) -> None:
    # Given: the deposit is placed the day before the start
    contract = dealership.booked(start + 21 * DAY, start + 22 * DAY)
    number = contract["number"]
    # When another card is entered
    browser = Browser(dealership)
    browser.open(asked(dealership, contract)["paymentForm"])
    assert "1,00" in browser.page
    pay(browser)
    browser.until_back_at_the_shop()
    dealership.server.settle()
    # Then: one euro was blocked, and is lifted
    assert lines_of(dealership, number)[1:] == [
        ("preAuth", "K1", "1.00", "voided"),
        ("void", "K1", "1.00", "approved"),
    ]
    assert dealership.contract(contract["id"])["deposit"]["state"] == "NONE"
    # And the deposit is placed in its time
    dealership.server.move_to(start + 20 * DAY + DAY / 2)
    dealership.server.settle()
    assert lines_of(dealership, number)[-1] == ("preAuth", "H2", "300.00", "approved")


def test_a_page_that_nobody_completes_changes_nothing(dealership: Dealership, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    before = lines_of(dealership, contract["number"])
    asked(dealership, contract)

    dealership.server.advance(minutes=100)
    dealership.server.settle()

    now = dealership.contract(contract["id"])
    assert (now["state"], now["deposit"]["state"]) == ("RESERVED", "ACTIVE")
    assert lines_of(dealership, contract["number"]) == before
    holds = [one["state"] for one in now["payments"] if one["kind"] == "HOLD"]
    assert holds == ["SUCCEEDED", "FAILED"]


@pytest.mark.parametrize("success", ["no address", "javascript:alert(1)"])
def test_an_address_that_is_none_is_refused(dealership: Dealership, start: datetime, success: str) -> None:
    contract = dealership.booked(start, start + DAY)
    before = standing(dealership, contract)

    refused = asked(dealership, contract, success)

    assert (refused["problemCode"], refused["field"]) == ("INVALID_INPUT", ["successUrl"])
    assert standing(dealership, contract) == before


def test_a_deposit_that_stands_is_not_placed_again(dealership: Dealership, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    before = standing(dealership, contract)

    refused = dealership.clerk(PLACE, c=contract["id"], v=before[0])

    assert (refused["problemCode"], refused["field"]) == ("NOT_ALLOWED", ["contractId"])
    assert standing(dealership, contract) == before
