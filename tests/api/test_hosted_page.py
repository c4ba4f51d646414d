"""Booking on the gateway's payment page, as a customer's browser goes through it."""

from __future__ import annotations

import email
import email.policy
import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.browser import Browser, pay
from tests.calendar import soon
from tests.dealership import Dealership
from tests.driving import new_id

DAY = timedelta(days=1)
PAYMENT = {
    "method": "HOSTED_PAGE",
    "successUrl": "https://shop.example/booked?step=3",
    "failureUrl": "https://shop.example/failed",
}


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


def left_open(dealership: Dealership, start: datetime, minutes: int) -> tuple[dict[str, Any], Browser]:
    """A booking given up because its page was not completed in time, and the browser that still shows the page."""
    booking = dealership.book(start, start + DAY, payment=PAYMENT)
    browser = Browser(dealership)
    browser.open(booking["paymentForm"])
    dealership.server.advance(minutes=minutes)
    contract = dealership.contract(booking["contract"]["id"])
    assert contract["state"] == "CANCELLED"
    return contract, browser


def test_paid_on_the_page(dealership: Dealership, start: datetime) -> None:
    booking = dealership.book(start, start + DAY, payment=PAYMENT)
    held, form = booking["contract"], booking["paymentForm"]
    assert held["state"] == "HELD"
    browser = Browser(dealership)

    browser.open(form)
    assert "59,00" in browser.page
    pay(browser)
    back = browser.until_back_at_the_shop()

    assert back == f"https://shop.example/booked?step=3&contract={held['number']}"
    contract = dealership.contract(held["id"])
    assert contract["state"] == "RESERVED"
    assert contract["deposit"]["state"] == "ACTIVE"
    lines = dealership.server.ledger(held["number"])
    assert [(line["type"], line["amount"], line["state"]) for line in lines] == [
        ("sale", "59.00", "approved"),
        ("preAuth", "300.00", "approved"),
    ]
    assert [document["type"] for document in contract["documents"]] == ["ADVANCE_INVOICE"]


def test_the_browser_alone_proves_nothing(dealership: Dealership, start: datetime) -> None:
    held = dealership.booked(start, start + DAY, payment=PAYMENT)
    forged = {
        "oid": f"{held['number']}-D1",
        "approval_code": "Y:000000:1:PPXM:1",
        "chargetotal": "59,00",
        "currency": "978",
        "response_hash": "Zm9yZ2Vk",
    }

    response = dealership.server.http.post("/payment/return", data=forged)
    notification = dealership.server.http.post(
        "/payment/notification", data={**forged, "notification_hash": "Zm9yZ2Vk"}
    )

    assert (response.status_code, notification.status_code) == (400, 400)
    assert dealership.contract(held["id"])["state"] == "HELD"


def test_what_is_no_form_is_not_read_to_its_end(dealership: Dealership) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 1024  # no length is announced

    form = {"content-type": "application/x-www-form-urlencoded"}
    for path in ("/payment/return", "/payment/notification"):
        assert dealership.server.http.post(path, content=endless(), headers=form).status_code == 413


@pytest.fixture
def declined(dealership: Dealership) -> str:
    """A card that the bank declines with 51."""
    cards = dealership.server.http.get("/sandbox/telecash/cards").json()
    number: str = next(card["number"] for card in cards if "51" in card["does"] or "declined" in card["does"].lower())
    return number


def lines_of(dealership: Dealership, number: str) -> list[tuple[str, str, str]]:
    lines = dealership.server.ledger(number)
    return [(line["type"], line["order_id"].removeprefix(f"{number}-"), line["state"]) for line in lines]


def told_at(address: str) -> dict[str, str]:
    return dict(httpx2.URL(address).params)


def test_after_a_declined_card_another_may_be_tried(dealership: Dealership, start: datetime, declined: str) -> None:
    # Given: declined on the page
    key, who = new_id(), {"lastName": "Versuch", "email": "versuch@example.com", "language": "DE"}
    booking = dealership.book(start, start + DAY, payment=PAYMENT, key=key, customer=who)
    contract = booking["contract"]
    browser = Browser(dealership)
    browser.open(booking["paymentForm"])
    pay(browser, declined)
    back = browser.until_back_at_the_shop()
    # Then: the shop hears why, and the car is kept
    assert back.startswith("https://shop.example/failed?")
    assert told_at(back) == {
        "contract": contract["number"],
        "reason": "Limit oder Guthaben der Karte reichen nicht aus. (51)",
        "code": "51",
    }
    assert dealership.contract(contract["id"])["state"] == "HELD"
    # When: the same key gives the form of the next try
    again = dealership.book(start, start + DAY, payment=PAYMENT, key=key, customer=who)
    assert again["paymentForm"]["expiresAt"] == booking["paymentForm"]["expiresAt"]
    assert again["paymentForm"]["fields"] != booking["paymentForm"]["fields"]
    browser.open(again["paymentForm"])
    pay(browser)
    back = browser.until_back_at_the_shop()
    # Then
    assert back == f"https://shop.example/booked?step=3&contract={contract['number']}"
    assert dealership.contract(contract["id"])["state"] == "RESERVED"
    assert lines_of(dealership, contract["number"]) == [
        ("sale", "D1", "declined"),
        ("sale", "D2", "approved"),
        ("preAuth", "H1", "approved"),
    ]


def test_a_deposit_that_is_refused_after_the_sale_is_said_to_be_that(dealership: Dealership, start: datetime) -> None:
    # Given: the page's sale succeeds, the hold on the same card does not
    key, who = new_id(), {"lastName": "Kaution", "email": "kaution@example.com", "language": "DE"}
    booking = dealership.book(start, start + DAY, payment=PAYMENT, key=key, customer=who)
    number, browser = booking["contract"]["number"], Browser(dealership)
    browser.open(booking["paymentForm"])
    pay(browser, "5239290700000069")
    # Then: the shop hears why, and that the money goes back
    assert told_at(browser.until_back_at_the_shop()) == {
        "contract": number,
        "reason": "Limit oder Guthaben der Karte reichen nicht aus. (51)",
        "code": "51",
    }
    again = dealership.book(start, start + DAY, payment=PAYMENT, key=key, customer=who)
    assert (again["__typename"], again["message"]) == (
        "PaymentDeclined",
        "The deposit could not be placed on the card. What was taken for the rental goes back; please try another card.",
    )
    assert lines_of(dealership, number) == [
        ("sale", "D1", "approved"),
        ("preAuth", "H1", "declined"),
        ("return", "D1", "approved"),
    ]


def test_too_late_is_not_declined_because_another_card_was(
    dealership: Dealership, start: datetime, declined: str
) -> None:
    # Given: one card was declined, and the page of the next try is open
    key, who = new_id(), {"lastName": "Spät", "email": "spaet@example.com", "language": "DE"}
    booking = dealership.book(start, start + DAY, payment=PAYMENT, key=key, customer=who)
    browser = Browser(dealership)
    browser.open(booking["paymentForm"])
    pay(browser, declined)
    browser.until_back_at_the_shop()
    again = dealership.book(start, start + DAY, payment=PAYMENT, key=key, customer=who)
    browser.open(again["paymentForm"])
    # When it is paid after the fifteen minutes
    dealership.server.advance(minutes=16)
    pay(browser)
    # Then
    assert told_at(browser.until_back_at_the_shop()) == {
        "contract": booking["contract"]["number"],
        "reason": "Ihre Zahlung kam an, als das Fahrzeug nicht mehr für Sie vorgemerkt war.",
    }


def test_what_an_address_says_of_itself_is_not_mistaken_for_ours(dealership: Dealership, start: datetime) -> None:
    addresses = {
        "successUrl": "https://shop.example/booked?contract=EVIL&step=3&reason=x",
        "failureUrl": "https://shop.example/failed?c%6Fde=x",
    }
    booking = dealership.book(start, start + DAY, payment={**PAYMENT, **addresses})
    browser = Browser(dealership)
    browser.open(booking["paymentForm"])
    pay(browser)
    number = booking["contract"]["number"]
    assert browser.until_back_at_the_shop() == f"https://shop.example/booked?step=3&contract={number}"


def test_a_second_window_after_success_leads_to_success(dealership: Dealership, start: datetime) -> None:
    booking = dealership.book(start, start + DAY, payment=PAYMENT)
    first, second = Browser(dealership), Browser(dealership)
    first.open(booking["paymentForm"])
    second.open(booking["paymentForm"])

    pay(first)
    first.until_back_at_the_shop()
    pay(second)
    back = second.until_back_at_the_shop()

    number = booking["contract"]["number"]
    assert back == f"https://shop.example/booked?step=3&contract={number}"
    assert [line for line in lines_of(dealership, number) if line[2] == "approved"] == [
        ("sale", "D1", "approved"),
        ("preAuth", "H1", "approved"),
    ]


def test_when_the_time_is_over_the_key_says_that_it_was_declined(
    dealership: Dealership, start: datetime, declined: str
) -> None:
    key, who = new_id(), {"lastName": "Vorbei", "email": "vorbei@example.com"}
    booking = dealership.book(start, start + DAY, payment=PAYMENT, key=key, customer=who)
    browser = Browser(dealership)
    browser.open(booking["paymentForm"])
    pay(browser, declined)
    browser.until_back_at_the_shop()

    dealership.server.advance(minutes=16)

    again = dealership.book(start, start + DAY, payment=PAYMENT, key=key, customer=who)
    assert (again["__typename"], again["problemCode"]) == ("PaymentDeclined", "PAYMENT_DECLINED")
    contract = dealership.contract(booking["contract"]["id"])
    assert (contract["state"], contract["paid"]["amount"]) == ("CANCELLED", "0.00")
    assert lines_of(dealership, contract["number"]) == [("sale", "D1", "declined")]
    assert dealership.server.mails("vorbei@example.com") == []


def test_nobody_tries_for_ever(dealership: Dealership, start: datetime, declined: str) -> None:
    key, who = new_id(), {"lastName": "Oft", "email": "oft@example.com"}
    for _ in range(8):
        booking = dealership.book(start, start + DAY, payment=PAYMENT, key=key, customer=who)
        browser = Browser(dealership)
        browser.open(booking["paymentForm"])
        pay(browser, declined)
        browser.until_back_at_the_shop()

    assert (
        dealership.book(start, start + DAY, payment=PAYMENT, key=key, customer=who)["__typename"] == "PaymentDeclined"
    )
    number = booking["contract"]["number"]
    assert lines_of(dealership, number) == [("sale", f"D{n}", "declined") for n in range(1, 9)]


def test_paid_and_the_browser_closed(dealership: Dealership, start: datetime) -> None:
    booking = dealership.book(start, start + DAY, payment=PAYMENT)
    browser = Browser(dealership)
    browser.open(booking["paymentForm"])
    pay(browser)  # and never follows the page back

    dealership.server.advance(minutes=16)

    assert dealership.contract(booking["contract"]["id"])["state"] == "RESERVED"


def test_paid_too_late_is_refunded(dealership: Dealership, start: datetime) -> None:
    # A4, second half: the page was open, the car is gone, the payment succeeds all the same.
    contract, browser = left_open(dealership, start, minutes=16)

    pay(browser)
    # The gateway's own notification is faster than the customer: the refund, of the same order, exists already.
    dealership.server.settle()
    assert told_at(browser.until_back_at_the_shop()) == {
        "contract": contract["number"],
        "reason": "Ihre Zahlung kam an, als das Fahrzeug nicht mehr für Sie vorgemerkt war.",
    }
    dealership.server.settle()

    lines = [(line["type"], line["state"]) for line in dealership.server.ledger(contract["number"])]
    assert lines == [("sale", "approved"), ("return", "approved")]
    assert dealership.contract(contract["id"])["state"] == "CANCELLED"
    (mail,) = dealership.server.mails(contract["customer"]["email"])
    assert mail["template"] == "CANCELLATION"
    raw = dealership.server.http.get(f"/sandbox/mails/{mail['id']}").content
    text = email.message_from_bytes(raw, policy=email.policy.default).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "als das Fahrzeug nicht mehr für Sie vorgemerkt war" in text
    assert "59,00" in text


def test_paid_too_late_and_nobody_told_us(dealership: Dealership, start: datetime) -> None:
    contract, browser = left_open(dealership, start, minutes=16)
    dealership.server.http.put("/sandbox/telecash/switches", json={"notification": "never"})
    try:
        pay(browser)  # the browser is closed, and no notification comes
    finally:
        dealership.server.http.put("/sandbox/telecash/switches", json={"notification": "before"})
    assert [line["type"] for line in dealership.server.ledger(contract["number"])] == ["sale"]

    dealership.server.advance(minutes=60)

    assert [line["type"] for line in dealership.server.ledger(contract["number"])] == ["sale", "return"]


@pytest.fixture
def hearing(dealership: Dealership) -> Iterator[None]:
    """After the test the gateway answers again, whatever happened."""
    yield
    hears_again(dealership)


def deaf(dealership: Dealership) -> None:
    """From now on the gateway takes money but answers no question."""
    dealership.server.script("inquiry", "503", times=1000)


def hears_again(dealership: Dealership) -> None:
    assert dealership.server.http.request("DELETE", "/sandbox/telecash/script").status_code < 300


def told(dealership: Dealership, number: str) -> list[str]:
    """What we answered to the gateway's notifications of an order."""
    sent = dealership.server.http.get("/sandbox/telecash/notifications").json()
    return [notice["status"] for notice in sent if notice["order_id"].startswith(number)]


@pytest.mark.usefixtures("hearing")
def test_a_customer_waits_while_the_payment_cannot_be_looked_up(dealership: Dealership, start: datetime) -> None:
    # Given: paid, and the gateway answers no question
    booking = dealership.book(start, start + DAY, payment=PAYMENT)
    contract = booking["contract"]
    browser = Browser(dealership)
    browser.open(booking["paymentForm"])
    deaf(dealership)
    pay(browser)
    browser.answer()
    # Then: the gateway is told to try again, nothing is confirmed on a browser's word, and the customer waits
    assert told(dealership, contract["number"]) == ["503"]
    assert "Ihre Zahlung wird bestätigt" in browser.page
    assert dealership.contract(contract["id"])["state"] == "HELD"
    further = html.unescape(re.search(r'content="3;url=([^"]*)"', browser.page)[1])  # type: ignore[index]
    assert "Ihre Zahlung wird bestätigt" in dealership.server.http.get(further).text
    # When: the gateway answers again, and a job has asked it
    hears_again(dealership)
    dealership.server.advance(minutes=3)
    # Then: the page leads on by itself
    answer = dealership.server.http.get(further)
    assert answer.headers["location"] == f"https://shop.example/booked?step=3&contract={contract['number']}"
    assert dealership.contract(contract["id"])["state"] == "RESERVED"


@pytest.mark.parametrize("query", ["", "payment=x&seal=y", f"payment={new_id()}&seal={'0' * 64}"])
def test_the_waiting_page_of_nobody_is_not_there(dealership: Dealership, query: str) -> None:
    assert dealership.server.http.get(f"/payment/waiting?{query}").status_code == 404


@pytest.mark.usefixtures("hearing")
def test_a_late_payment_whose_look_up_fails_is_looked_up_again(dealership: Dealership, start: datetime) -> None:
    # The hold is over, and the last look after it, too: from now on nobody would look by himself.
    contract, browser = left_open(dealership, start, minutes=74)

    deaf(dealership)
    pay(browser)
    assert told(dealership, contract["number"]) == ["503"]
    (payment,) = dealership.contract(contract["id"])["payments"]
    assert (payment["kind"], payment["state"]) == ("SALE", "UNKNOWN")
    # Asked after 1 and 2 minutes, then after 5: in vain.
    dealership.server.advance(minutes=4)
    assert [line["type"] for line in dealership.server.ledger(contract["number"])] == ["sale"]
    hears_again(dealership)
    dealership.server.advance(minutes=10)

    lines = dealership.server.ledger(contract["number"])
    assert [(line["type"], line["amount"], line["state"]) for line in lines] == [
        ("sale", "59.00", "approved"),
        ("return", "59.00", "approved"),
    ]
    after = dealership.contract(contract["id"])
    assert (after["state"], after["paid"]["amount"]) == ("CANCELLED", "0.00")
    assert [one["state"] for one in after["payments"]] == ["SUCCEEDED", "SUCCEEDED"]


@pytest.mark.usefixtures("hearing")
def test_a_page_that_nobody_paid_on_is_given_up_for_good_once_the_gateway_answers(
    dealership: Dealership, start: datetime
) -> None:
    contract = dealership.book(start, start + DAY, payment=PAYMENT)["contract"]
    dealership.server.advance(minutes=16)
    (given_up,) = dealership.contract(contract["id"])["payments"]
    assert (given_up["state"], given_up["reason"]) == ("FAILED", "The payment page was not completed.")

    # The last look, three quarters of an hour after the hold, gets no answer.
    deaf(dealership)
    dealership.server.advance(minutes=46)
    assert dealership.contract(contract["id"])["payments"][0]["state"] == "UNKNOWN"
    hears_again(dealership)
    dealership.server.advance(hours=1)

    after = dealership.contract(contract["id"])
    assert (after["state"], after["payments"][0]["state"]) == ("CANCELLED", "FAILED")
    assert dealership.server.ledger(contract["number"]) == []


def test_the_same_key_shows_the_same_page(dealership: Dealership, start: datetime) -> None:
    key, customer = "7c9e6679-7425-40de-944b-e07fc1f90ae7", {"lastName": "Seite", "email": "page@example.com"}

    first = dealership.book(start, start + DAY, payment=PAYMENT, key=key, customer=customer)
    again = dealership.book(start, start + DAY, payment=PAYMENT, key=key, customer=customer)

    assert again["contract"]["id"] == first["contract"]["id"]
    assert again["paymentForm"] == first["paymentForm"]
