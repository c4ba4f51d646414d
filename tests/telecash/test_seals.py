"""The hosted page's seals: vectors of the vendor's guide, our own, and what a forged answer meets."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from server.gateways.payment import Attempt, Checkout, NoticeRejected, Outcome
from server.gateways.telecash import TelecashSettings, connect

SETTINGS = TelecashSettings(
    service_url="https://gateway.example/ipgapi/services",
    connect_url="https://gateway.example/connect/gateway/processing",
    store_id="10010012345",
    user="WS10010012345._.1",
    password="secret-password",
    shared_secret="sharedsecret",
)
CHECKOUT = Checkout(
    attempt=Attempt(order_ref="RB-7F3K-D1", attempt_ref="01J9ZKD1SALE"),
    kind="sale",
    amount_cents=4900,
    token="b1f6c0de-5b0a-4a5e-9c07-2f6f0a1c9e11",
    at=datetime(2030, 1, 15, 9, 20, 30, tzinfo=UTC),
    success_url="https://shop.example/pay/ok",
    fail_url="https://shop.example/pay/fail",
    notify_url="https://api.example/telecash/notify",
    locale="de",
)
APPROVAL = "Y:123456:4515720673:PPXM:390743"


def test_vendor_request_vector() -> None:
    message = (
        "13.00|combinedpage|978|HMACSHA256|M|https://localhost:8643/webshop/response_failure.jsp"
        "|https://localhost:8643/webshop/response_success.jsp|10123456789|Europe/Berlin"
        "|https://localhost:8643/webshop/transactionNotification|2021:09:06-16:43:04|sale"
    )
    assert connect.seal("sharedsecret", message) == "EapafBqqOF6N/kch8USkHPGh+fwSko24h6FpQnQHfQ8="


def test_vendor_return_vector() -> None:
    message = "Y:ECI2/5:Authenticated|13.00|978|2020:04:17-17:32:41|10123456789"
    assert connect.seal("sharedsecret", message) == "LarWYFSNgEToq13HlvyslX6hywi2T/nMn8jMY+1kxkI="


def test_our_form() -> None:
    form = connect.checkout_form(SETTINGS, CHECKOUT)
    assert form.url == SETTINGS.connect_url
    assert form.fields["hashExtended"] == "0Bzsh42GrTWz7V9ltgl+7EF62boeXGdcb009ofFlHf0="
    assert connect.request_message(form.fields) == (
        "true|49.00|combinedpage|978|HMACSHA256|b1f6c0de-5b0a-4a5e-9c07-2f6f0a1c9e11|de_DE|01J9ZKD1SALE|RB-7F3K-D1"
        "|https://shop.example/pay/fail|https://shop.example/pay/ok|10010012345|04|Europe/Berlin"
        "|https://api.example/telecash/notify|2030:01:15-10:20:30|sale|FIRST"
    )


@pytest.mark.parametrize(
    ("locale", "language"), [("de", "de_DE"), ("de-AT", "de_DE"), ("en_US", "en_GB"), ("fr", "en_GB")]
)
def test_languages(locale: str, language: str) -> None:
    assert connect.checkout_form(SETTINGS, replace(CHECKOUT, locale=locale)).fields["language"] == language


def test_hold_and_bad_order() -> None:
    assert connect.checkout_form(SETTINGS, replace(CHECKOUT, kind="hold")).fields["txntype"] == "preauth"
    with pytest.raises(ValueError, match="hyphens"):
        connect.checkout_form(SETTINGS, replace(CHECKOUT, attempt=Attempt(order_ref="RB_1", attempt_ref="A")))


def returned(**changes: str) -> dict[str, str]:
    form = {
        "approval_code": APPROVAL,
        "oid": "RB-7F3K-D1",
        "chargetotal": "49.00",
        "currency": "978",
        "txndatetime": "2030:01:15-10:20:30",
        "storename": "10010012345",
        "status": "ABGELEHNT",
        "ipgTransactionId": "84515720673",
        "schemeTransactionId": "0223MCC599836",
        "response_hash": "Kx6YaLj9RpqernFfY1+SsQARYMCsO4/qyFZLfZvkxQE=",
        "notification_hash": "2wB9G0RKcuNs8V/jV3s1gY4GYmvWRNS30csU2fqfJA8=",
    }
    return form | changes


def test_authentic_answers_decide_by_approval_code_alone() -> None:
    for notice in (
        connect.read_return(SETTINGS, returned(), CHECKOUT),
        connect.read_notification(SETTINGS, returned(), CHECKOUT),
    ):
        assert notice.outcome is Outcome.APPROVED
        assert (notice.order_ref, notice.gateway_ref, notice.network_ref, notice.code) == (
            "RB-7F3K-D1",
            "84515720673",
            "0223MCC599836",
            None,
        )


def test_what_the_form_says_of_store_time_and_currency_is_ignored() -> None:
    form = returned(storename="666", txndatetime="2031:01:01-00:00:00", currency="840")
    assert connect.read_return(SETTINGS, form, CHECKOUT).outcome is Outcome.APPROVED
    del form["storename"]
    assert connect.read_notification(SETTINGS, form, CHECKOUT).outcome is Outcome.APPROVED


@pytest.mark.parametrize(
    "changes",
    [
        {"response_hash": "", "notification_hash": ""},
        {"response_hash": "ä", "notification_hash": "ä"},
        {"approval_code": "Y:1:2:3:4"},
        {"chargetotal": "48.00"},
        {"oid": "RB-7F3K-D2"},
        {"oid": ""},
    ],
)
def test_forged_answers(changes: dict[str, str]) -> None:
    for read in (connect.read_return, connect.read_notification):
        with pytest.raises(NoticeRejected):
            read(SETTINGS, returned(**changes), CHECKOUT)


def test_answers_of_other_checkouts() -> None:
    for other in (
        replace(CHECKOUT, amount_cents=4800),
        replace(CHECKOUT, at=CHECKOUT.at.replace(second=31)),
        replace(CHECKOUT, attempt=Attempt(order_ref="RB-7F3K-D2", attempt_ref="X")),
    ):
        with pytest.raises(NoticeRejected):
            connect.read_return(SETTINGS, returned(), other)


@pytest.mark.parametrize(
    ("approval", "outcome", "code"),
    [
        ("N:51:Insufficient funds", Outcome.DECLINED, "51"),
        ("N:-5101:3DS failed", Outcome.REJECTED, "-5101"),
        ("N:-5993:cancelled", Outcome.REJECTED, "-5993"),
        ("N:-30053:timeout", Outcome.UNKNOWN, "-30053"),
        ("N:-5003:exists", Outcome.UNKNOWN, "-5003"),
        ("?:waiting", Outcome.PENDING, None),
        ("", Outcome.UNKNOWN, None),
    ],
)
@pytest.mark.parametrize("amount", ["49.00", "49,00", "49", "49,0"])
def test_outcomes_and_ways_to_write_the_amount(approval: str, outcome: Outcome, code: str | None, amount: str) -> None:
    seal = connect.seal("sharedsecret", f"{approval}|{amount}|978|2030:01:15-10:20:30|10010012345")
    form = returned(approval_code=approval, chargetotal=amount, response_hash=seal)
    notice = connect.read_return(SETTINGS, form, CHECKOUT)
    assert (notice.outcome, notice.code) == (outcome, code)


@pytest.mark.parametrize(
    ("at", "zone", "written"),
    [
        ("2030-10-26T23:59:59+00:00", "Europe/Berlin", "2030:10:27-01:59:59"),
        ("2030-10-27T00:30:00+00:00", "UTC", "2030:10:27-00:30:00"),
        ("2030-10-27T01:30:00+00:00", "UTC", "2030:10:27-01:30:00"),
        ("2030-10-27T02:00:00+00:00", "Europe/Berlin", "2030:10:27-03:00:00"),
        ("2030-03-31T00:59:59+00:00", "Europe/Berlin", "2030:03:31-01:59:59"),
        ("2030-03-31T01:00:00+00:00", "Europe/Berlin", "2030:03:31-03:00:00"),
    ],
)
def test_the_hour_that_comes_twice_is_written_in_utc(at: str, zone: str, written: str) -> None:
    form = connect.checkout_form(SETTINGS, replace(CHECKOUT, at=datetime.fromisoformat(at)))

    assert (form.fields["timezone"], form.fields["txndatetime"]) == (zone, written)


def test_time_zone_of_the_store() -> None:
    summer = replace(CHECKOUT, at=datetime(2030, 7, 1, 9, 0, 0, tzinfo=UTC))
    assert connect.transaction_time(SETTINGS, summer) == "2030:07:01-11:00:00"
    assert connect.transaction_time(replace(SETTINGS, time_zone=ZoneInfo("UTC")), summer) == "2030:07:01-09:00:00"


def test_secrets_stay_out_of_repr() -> None:
    shown = repr(SETTINGS) + repr(CHECKOUT)
    assert "secret-password" not in shown
    assert "sharedsecret" not in shown
    assert CHECKOUT.token not in shown
