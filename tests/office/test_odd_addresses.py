"""Addresses and forms that no page of ours makes: each is answered with a page, and nothing is a fault of ours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from server.office.routes import MOST_SENT
from tests.calendar import soon
from tests.dealership import Dealership
from tests.office.browser import Clerk

ODD = ["0001-01-01", "9999-12-31", "2026-02-30", "x", "%00", "😀", "-1", "1e9"]
PAGES = [
    "/office/?day={}",
    "/office/?station={}",
    "/office/plan?from={}",
    "/office/plan?days={}",
    "/office/plan?group={}",
    "/office/plan/lanes/{}",
    "/office/contracts?after={}",
    "/office/contracts?state={}&flag={}&station={}",
    "/office/contracts/{}",
    "/office/customers/{}",
    "/office/customers?q={}",
    "/office/vehicles/{}",
    "/office/vehicles?group={}&status={}",
    "/office/damages/{}",
    "/office/damages/{}.{}",
    "/office/emails/{}.{}/resend",
    "/office/documents/{}",
    "/office/documents?type={}",
    "/office/tariffs/{}",
    "/office/search?q={}",
    "/office/book?customer={}",
    "/office/book?vehicleId={}",
    "/office/book?input.period.start={}",
    "/office/paid?contract={}&reason={}",
    "/office/{}",
]


@pytest.mark.parametrize("page", PAGES)
def test_an_odd_address_is_answered_with_a_page(clerk: Clerk, page: str) -> None:
    for odd in ODD:
        clerk.open(page.replace("{}", odd))
        assert clerk.status < 500, (odd, clerk.alerts())
        assert clerk.page.xpath("//main"), odd


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "'onload='"]
)
def test_what_an_address_says_is_text(clerk: Clerk, text: str) -> None:
    for page, name in (("search", "q"), ("customers", "q"), ("contracts", "q")):
        asked = {name: text}
        clerk._read(clerk.http.get(f"{clerk.base}/office/{page}", params=asked, headers=clerk.headers))
        assert clerk.status == 200
        assert "<script>alert" not in clerk.answer.text
        assert "<img src=x" not in clerk.answer.text
        assert "49" not in clerk.text("//h1")
        assert not clerk.page.xpath("//*[@onload] | //*[@onerror]")


def test_a_stored_name_is_text(dealership: Dealership, clerk: Clerk) -> None:
    start = soon(dealership.server)
    name = {"firstName": "<b>Anna</b>", "lastName": '"><script>', "email": "anna.script@example.com"}
    contract = dealership.booked(start, start + timedelta(days=1), customer=name)
    for path in (f"/office/contracts/{contract['number']}", f"/office/plan?from={start.date()}", "/office/contracts"):
        clerk.open(path)
        assert "<script>" not in clerk.answer.text
        assert "<b>Anna" not in clerk.answer.text


def test_a_form_is_bounded(clerk: Clerk) -> None:
    clerk.open("/office/password")
    fields = [*clerk.forms()[-1].form_values(), ("current", "x" * MOST_SENT)]
    answer = clerk.http.post(f"{clerk.base}/office/password", data=dict(fields), headers=clerk.headers)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "values",
    [{"period__end": "0001-01-01T00:00"}, {"period__end": "9999-12-31T23:59"}, {"version": "x"}, {"period__start": ""}],
)
def test_an_odd_form_is_shown_again(dealership: Dealership, clerk: Clerk, values: dict[str, Any]) -> None:
    start: datetime = soon(dealership.server)
    contract = dealership.booked(start, start + timedelta(days=1))
    clerk.open(f"/office/contracts/{contract['number']}/change-period")
    clerk.send("save", **values)
    assert clerk.status < 500
    assert dealership.contract(contract["id"])["version"] == contract["version"]


def test_a_file_is_not_taken(clerk: Clerk) -> None:
    clerk.open("/office/password")
    fields = dict(clerk.forms()[-1].form_values())
    answer = clerk.http.post(f"{clerk.base}/office/password", data=fields, files={"current": ("a.txt", b"x")})
    assert answer.status_code < 500
