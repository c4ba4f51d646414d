"""Money after billing, through the API as the roles that may: paid elsewhere, given up, taken back, another payer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.calendar import DAY, soon
from tests.dealership import Dealership

RECORD = """mutation($d:ID!,$a:Decimal!,$r:String!){recordExternalPayment(documentId:$d,amount:$a,reference:$r){__typename
  ...on Document{number openItem{open{amount} reminders writtenOff{amount}}} ...on Rejection{problemCode field}}}"""
CANCEL = """mutation($d:ID!){cancelDocument(documentId:$d,reason:"Falscher Name"){__typename
  ...on Document{type number total{amount} net{amount} vat{amount} payable{amount} refersTo{number}}
  ...on Rejection{problemCode field message}}}"""
WRITE_OFF = """mutation($i:ID!){writeOffOpenItem(openItemId:$i,reason:"Insolvenz"){__typename
  ...on Document{openItem{open{amount} writtenOff{amount}}} ...on Rejection{problemCode}}}"""
PAYER = """mutation($c:ID!,$v:Int!){changePayer(contractId:$c,version:$v,payer:{name:"Versicherung AG",reference:"S-4711",
  email:"schaden@versicherung.example",address:{street:"Allee 3",postcode:"10115",city:"Berlin",country:"DE"}}){__typename
  ...on Contract{version settlementState payer{name}} ...on Rejection{problemCode field}}}"""
OWED = "query($s:ID!){openItems(stationId:$s){nodes{id open{amount} document{id number contract{id}}}}}"
WAIVED = {"method": "WAIVED", "waiverReason": "Stammkunde"}


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


def billed(dealership: Dealership, start: datetime, **more: Any) -> dict[str, Any]:
    """Two days for 118.00."""
    return dealership.rent(start, start + 2 * DAY, **more)


def final_of(dealership: Dealership, contract: dict[str, Any]) -> dict[str, Any]:
    documents = dealership.contract(contract["id"])["documents"]
    return [one for one in documents if one["type"] == "FINAL_INVOICE"][-1]


def owed(dealership: Dealership, contract: dict[str, Any]) -> list[dict[str, Any]]:
    items = dealership.clerk(OWED, s=dealership.station["id"])["nodes"]
    return [item for item in items if item["document"]["contract"]["id"] == contract["id"]]


def on_account(dealership: Dealership, start: datetime) -> dict[str, Any]:
    return billed(dealership, start, caller=dealership.clerk, payment=WAIVED)


def test_a_transfer_in_two_parts(dealership: Dealership, start: datetime) -> None:
    contract = on_account(dealership, start)
    final = final_of(dealership, contract)

    first = dealership.clerk(RECORD, d=final["id"], a="50.00", r="KA 17")
    again = dealership.clerk(RECORD, d=final["id"], a="50.00", r="KA 17")
    too_much = dealership.clerk(RECORD, d=final["id"], a="68.01", r="KA 18")
    last = dealership.clerk(RECORD, d=final["id"], a="68.00", r="Kasse 2/118")

    assert first["openItem"]["open"]["amount"] == again["openItem"]["open"]["amount"] == "68.00"
    assert (too_much["problemCode"], too_much["field"]) == ("INVALID_INPUT", ["amount"])
    assert last["openItem"]["open"]["amount"] == "0.00"
    now = dealership.contract(contract["id"])
    assert (now["settlementState"], now["paid"]["amount"]) == ("PAID", "118.00")
    assert owed(dealership, contract) == []
    assert dealership.server.ledger(contract["number"]) == []


def test_a_manager_gives_up_what_is_left(dealership: Dealership, start: datetime) -> None:
    contract = on_account(dealership, start)
    (item,) = owed(dealership, contract)
    assert item["open"]["amount"] == "118.00"

    done = dealership.admin(WRITE_OFF, i=item["id"])

    assert done["openItem"] == {"open": {"amount": "0.00"}, "writtenOff": {"amount": "118.00"}}
    assert dealership.contract(contract["id"])["settlementState"] == "WRITTEN_OFF"


def test_an_invoice_is_taken_back_and_billed_anew(dealership: Dealership, start: datetime) -> None:
    # Given
    contract = billed(dealership, start)
    final = final_of(dealership, contract)
    # When
    mirror = dealership.admin(CANCEL, d=final["id"])
    dealership.server.settle()
    # Then
    amounts = [mirror[name]["amount"] for name in ("total", "net", "vat", "payable")]
    assert (mirror["type"], amounts) == ("CANCELLATION_INVOICE", ["-118.00", "-99.16", "-18.84", "-59.00"])
    assert mirror["refersTo"]["number"] == final["number"]
    now = dealership.contract(contract["id"])
    assert (now["state"], now["paid"]["amount"]) == ("RETURNED", "59.00")
    sent = dealership.server.mails(contract["customer"]["email"])
    assert [mail["template"] for mail in sent].count("CORRECTION") == 1
    # A second time it is gone
    again = dealership.admin(CANCEL, d=final["id"])
    assert (again["problemCode"], mirror["number"] in again["message"]) == ("INVALID_INPUT", True)
    # When a clerk settles
    dealership.clerk(
        "mutation($c:ID!,$v:Int!){settleContract(contractId:$c,version:$v){__typename}}",
        c=contract["id"],
        v=now["version"],
    )
    dealership.server.settle()
    now = dealership.contract(contract["id"])
    assert (now["state"], now["settlementState"], now["paid"]["amount"]) == ("BILLED", "PAID", "118.00")


def test_another_payer_after_billing(dealership: Dealership, start: datetime) -> None:
    """D6 through the API: a clerk may not, a manager may; two at once are one."""
    contract = billed(dealership, start)
    version = contract["version"]

    refused = dealership.clerk(PAYER, c=contract["id"], v=version)
    done = dealership.admin(PAYER, c=contract["id"], v=version)
    second = dealership.admin(PAYER, c=contract["id"], v=version)
    dealership.server.settle()

    assert (refused["problemCode"], refused["field"]) == ("NOT_ALLOWED", ["payer"])
    assert done["payer"]["name"] == "Versicherung AG"
    assert second["__typename"] == "VersionConflict"
    now = dealership.contract(contract["id"])
    totals = [(one["type"], one["total"]["amount"]) for one in now["documents"]]
    assert totals == [
        ("ADVANCE_INVOICE", "59.00"),
        ("FINAL_INVOICE", "118.00"),
        ("CANCELLATION_INVOICE", "-118.00"),
        ("CANCELLATION_INVOICE", "-59.00"),
        ("FINAL_INVOICE", "118.00"),
    ]
    assert (now["settlementState"], now["paid"]["amount"]) == ("OPEN", "0.00")
    (item,) = owed(dealership, contract)
    assert (item["document"]["number"], item["open"]["amount"]) == (now["documents"][-1]["number"], "118.00")
    assert [
        (one["type"], one["amount"]) for one in dealership.server.ledger(contract["number"]) if one["type"] == "return"
    ] == [
        ("return", "59.00"),
        ("return", "59.00"),
    ]


def test_a_deposit_is_renewed_while_the_car_is_out_and_its_end_is_flagged(
    dealership: Dealership, start: datetime
) -> None:
    """D7: a new hold before the first one ends; once the card refuses, a flag, and the rental goes on."""
    # Given: out for three weeks
    contract = dealership.checked_out(start, start + 21 * DAY)
    number = contract["number"]
    query = "query($i:ID){contract(id:$i){state flags deposit{state}}}"
    # When the first hold comes to its end
    dealership.server.move_to(start + 5 * DAY)
    dealership.server.settle()
    # Then
    holds = [(one["order_id"], one["state"]) for one in dealership.server.ledger(number) if one["type"] == "preAuth"]
    assert holds == [(f"{number}-H1", "voided"), (f"{number}-H2", "approved")]
    assert dealership.clerk(query, i=contract["id"])["deposit"]["state"] == "ACTIVE"
    # When the card refuses the next ones
    for hold in range(3, 20):
        dealership.server.script("preAuth", "decline:51", f"{number}-H{hold}")
    dealership.server.move_to(start + 16 * DAY)
    dealership.server.settle()
    # Then
    now = dealership.clerk(query, i=contract["id"])
    assert (now["state"], now["deposit"]["state"]) == ("CHECKED_OUT", "FAILED")
    assert "DEPOSIT_MISSING" in now["flags"]
