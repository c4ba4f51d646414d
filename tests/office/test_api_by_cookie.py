"""The API with a browser's session: for pages of ours, and for nobody else's."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from server.office.guard import HEADER
from tests.dealership import Dealership
from tests.office.browser import Clerk

VIEWER = {"query": "{ viewer { role user { email } } }"}


def ask(clerk: Clerk, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    answer = clerk.http.post(f"{clerk.base}/graphql", json=VIEWER, headers=headers)
    return answer.status_code, answer.json()


def token_of(clerk: Clerk) -> str:
    clerk.open("/office/")
    return str(clerk.page.xpath("//input[@name='formToken']/@value")[0])


def test_a_page_of_ours_asks_as_the_person_who_is_signed_in(dealership: Dealership, clerk: Clerk) -> None:
    status, answer = ask(clerk, {HEADER: token_of(clerk)})
    assert status == 200
    assert answer["data"]["viewer"]["role"] == "CLERK"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {HEADER: "abc.def"},
        {HEADER: "OURS", "sec-fetch-site": "cross-site"},
        {HEADER: "OURS", "origin": "https://evil.example"},
    ],
)
def test_a_cookie_alone_is_nobody(clerk: Clerk, headers: dict[str, str]) -> None:
    ours = token_of(clerk)
    status, answer = ask(clerk, {name: ours if value == "OURS" else value for name, value in headers.items()})
    assert status == 401
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_bearer_token_needs_no_page(dealership: Dealership) -> None:
    with httpx2.Client() as http:
        headers = {"authorization": f"Bearer {dealership.clerk.token}", "sec-fetch-site": "cross-site"}
        answer = http.post(f"{dealership.server.base}/graphql", json=VIEWER, headers=headers)
    assert answer.json()["data"]["viewer"]["role"] == "CLERK"
