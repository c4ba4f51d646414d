"""The sandbox's start page: what it shows is what is, and its buttons do what they say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.sandbox.telecash.cards import FIRST_TOKENS, TEST_CARDS
from tests.calendar import soon
from tests.dealership import Dealership
from tests.driving import SandboxServer


def test_the_root_leads_to_it(server: SandboxServer) -> None:
    answer = server.http.get("/", follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (307, "/sandbox")


def test_it_shows_cards_sign_ins_mails_and_money(dealership: Dealership) -> None:
    # given a booking that was paid
    start = soon(dealership.server)
    contract = dealership.booked(start, start + timedelta(days=1))
    dealership.server.settle()

    # when somebody opens the page
    page = dealership.server.http.get("/sandbox").text

    # then all of it is there
    assert all(card.number in page for card in TEST_CARDS)
    assert all(token in page for token in FIRST_TOKENS)
    assert "/graphql" in page
    assert contract["customer"]["email"] in page
    assert contract["payments"][0]["orderReference"] in page


def test_a_mail_opens_as_its_reader_sees_it_and_loads_nothing(dealership: Dealership) -> None:
    start = soon(dealership.server)
    contract = dealership.booked(start, start + timedelta(days=1))
    dealership.server.settle()
    mails = dealership.server.http.get("/sandbox/mails").json()
    (confirmation,) = [
        mail
        for mail in mails
        if contract["customer"]["email"] in mail["to"] and mail["template"] == "BOOKING_CONFIRMATION"
    ]

    page = dealership.server.http.get(f"/sandbox/mails/{confirmation['id']}/page")

    assert contract["number"] in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert dealership.server.http.get("/sandbox/mails/nothing/page").status_code == 404


def test_its_buttons_move_the_clock_and_order_failures(server: SandboxServer) -> None:
    before = server.now()

    hour = server.http.post("/sandbox/page/clock", data={"minutes": "60"}, follow_redirects=False)
    failure = {"operation": "sale", "outcome": "decline:05"}
    order = server.http.post("/sandbox/page/order", data=failure, follow_redirects=False)
    page = server.http.get("/sandbox").text

    assert (hour.status_code, hour.headers["location"]) == (303, "/sandbox")
    assert timedelta(hours=1) <= server.now() - before < timedelta(hours=2)
    assert (order.status_code, order.headers["location"]) == (303, "/sandbox")
    assert "sale → decline:05" in page
    server.http.delete("/sandbox/telecash/script")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("clock", {"minutes": "61"}),
        ("clock", {}),
        ("order", {"operation": "sale", "outcome": "nonsense"}),
        ("order", {"mode": "nonsense"}),
    ],
)
def test_a_made_up_value_does_nothing(server: SandboxServer, path: str, form: dict[str, str]) -> None:
    before = server.now()

    answer = server.http.post(f"/sandbox/page/{path}", data=form)

    assert answer.status_code == 400
    assert server.now() - before < timedelta(minutes=30)
    assert server.http.get("/sandbox/telecash/script").json() == {"scripts": []}


FOREIGN = [
    {"origin": "https://elsewhere.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"host": "elsewhere.example"},
]
"""How a browser on this machine shows that a page of somebody else asks, or that a foreign name leads here."""


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda headers: " ".join(map(": ".join, headers.items())))
def test_pages_of_others_find_nothing_here(server: SandboxServer, headers: dict[str, str]) -> None:
    # Given
    before = server.now()
    # When: everything that moves or tells something is asked
    asked = [
        ("GET", "/sandbox", None),
        ("POST", "/sandbox/page/clock", {"minutes": "60"}),
        ("POST", "/sandbox/page/order", {"operation": "sale", "outcome": "decline:05"}),
        ("PUT", "/sandbox/clock", {"advance_minutes": 60}),
        ("POST", "/sandbox/settle", {}),
        ("GET", "/sandbox/mails", None),
        ("POST", "/sandbox/smtp", {"mode": "451"}),
        ("GET", "/sandbox/telecash/ledger", None),
        ("POST", "/sandbox/telecash/script", {"operation": "sale", "outcome": "decline:05"}),
        ("POST", "/sandbox/telecash/reset", {}),
    ]
    found = {path: server.http.request(how, path, json=body, headers=headers).status_code for how, path, body in asked}
    # Then
    assert found == dict.fromkeys(found, 404)
    assert server.now() - before < timedelta(minutes=30)
    assert server.http.get("/sandbox/telecash/script").json() == {"scripts": []}


def test_under_a_foreign_name_nobody_is_signed_in(server: SandboxServer) -> None:
    headers = {"accept": "text/html", "host": "elsewhere.example"}
    ours, theirs = (server.http.get("/graphql", headers=h) for h in ({"accept": "text/html"}, headers))
    assert ("ersatzwagen" in ours.cookies, "ersatzwagen" in theirs.cookies) == (True, False)
