"""Customers changed through the API by the office, and the doubt about one taken away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.calendar import soon
from tests.dealership import Dealership
from tests.driving import new_id

DAY = timedelta(days=1)
PROBLEM = "...on Problem{problemCode field} ...on VersionConflict{currentVersion}"
CUSTOMER = "id firstName lastName email status reviewNeeded version address{street} versions{source changed}"
UPDATE = f"""mutation($id:ID!,$v:Int!,$i:CustomerUpdate!){{updateCustomer(id:$id,version:$v,input:$i){{__typename
  ...on Customer{{{CUSTOMER}}} {PROBLEM}}}}}"""
RESOLVE = f"""mutation($id:ID!,$v:Int!,$s:Boolean!){{resolveCustomerReview(contractId:$id,version:$v,samePerson:$s){{
  __typename ...on Contract{{id version flags customer{{{CUSTOMER}}}}} {PROBLEM}}}}}"""


def anna(email: str, **more: Any) -> dict[str, Any]:
    address = {"street": "Hauptstr. 1", "postcode": "10115", "city": "Berlin"}
    return {"firstName": "Anna", "lastName": "Beispiel", "email": email, "address": address, **more}


def test_a_clerk_changes_a_customer_and_a_second_one_is_told(dealership: Dealership) -> None:
    # Given
    start, email = soon(dealership.server), f"{new_id()}@example.com"
    contract = dealership.booked(start, start + DAY, customer=anna(email))
    who = contract["customer"]["id"]

    # When
    change = {"lastName": "Neumann", "status": "CAUTION", "address": None}
    done = dealership.clerk(UPDATE, id=who, v=1, i=change)
    second = dealership.clerk(UPDATE, id=who, v=1, i={"lastName": "Altmann"})
    refused = dealership.clerk(UPDATE, id=who, v=2, i={"lastName": None})

    # Then
    assert (done["lastName"], done["status"], done["address"], done["version"]) == ("Neumann", "CAUTION", None, 2)
    fields = ["city", "country", "last_name", "postcode", "status", "street"]
    assert done["versions"] == [{"source": "STAFF", "changed": fields}]
    assert (second["__typename"], second["currentVersion"]) == ("VersionConflict", 2)
    assert (refused["problemCode"], refused["field"]) == ("INVALID_INPUT", ["input", "lastName"])
    assert dealership.clerk(UPDATE, id=new_id(), v=1, i={})["problemCode"] == "NOT_FOUND"


def test_a_doubtful_booking_gets_a_customer_of_its_own(dealership: Dealership) -> None:
    # Given Bernd, who books with Anna's address
    start, email = soon(dealership.server), f"{new_id()}@example.com"
    known = dealership.booked(start, start + DAY, customer=anna(email))
    doubtful = dealership.booked(start + DAY * 7, start + DAY * 8, customer=anna(email, firstName="Bernd"))
    assert "CUSTOMER_REVIEW" in doubtful["flags"]

    # When
    done = dealership.clerk(RESOLVE, id=doubtful["id"], v=doubtful["version"], s=False)
    again = dealership.clerk(RESOLVE, id=doubtful["id"], v=done["version"], s=False)

    # Then
    assert (done["version"], done["flags"]) == (doubtful["version"] + 1, [])
    assert (done["customer"]["firstName"], done["customer"]["email"]) == ("Bernd", email)
    assert done["customer"]["id"] != known["customer"]["id"]
    assert not done["customer"]["reviewNeeded"]
    assert (again["problemCode"], again["field"]) == ("INVALID_INPUT", ["contractId"])
