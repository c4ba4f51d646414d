"""The payment page comes back: the seal is judged by the gateway, and nothing here knows the words of its form."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from server import payment_page
from server.errors import PaymentDeclined
from server.models import Contract, HostedPayment, Payment
from server.models.payment import PaymentMethod
from server.services.booking import saga
from server.services.payments import hosted_page
from tests.builders.bench import Bench
from tests.builders.rentals import book, request
from tests.builders.rows import open_shop
from tests.builders.till import Till
from tests.services.samples import at

START, END = at("2026-09-08 09:00"), at("2026-09-09 09:00")
PAGE: dict[str, Any] = {
    "method": PaymentMethod.HOSTED_PAGE,
    "card_token": None,
    "success_url": "https://shop.example/ok?step=3",
    "failure_url": "https://shop.example/no",
}


@pytest.fixture
def books() -> Till:
    """Telecash's own page is walked through in tests/api/test_hosted_page.py."""
    return Till()


@pytest.fixture
def till(books: Till) -> Till:
    return books


async def post(bench: Bench, path: str, form: dict[str, str]) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=Starlette(routes=payment_page.routes(bench.outside)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://ersatzwagen.invalid") as browser:
        return await browser.post(path, data=form)


async def held(bench: Bench) -> Contract:
    return await book(await open_shop(bench), START, END, **PAGE)


async def paid(bench: Bench, till: Till, contract: Contract) -> dict[str, str]:
    """The customer pays on the page; what it sends back."""
    (hosted,) = await bench.all(HostedPayment, contract_id=contract.id)
    (payment,) = await bench.all(Payment, contract_id=contract.id)
    return till.pay_on_page(hosted_page._checkout(bench.outside, hosted, payment))


async def test_the_form_is_the_gateways(bench: Bench, till: Till) -> None:
    contract = await held(bench)

    opened = await hosted_page.form_of(bench.outside, contract.id)

    assert opened is not None
    form, until = opened
    assert (form.url, form.fields) == ("https://till.invalid/pay", {"basket": f"{contract.number}-D1"})
    assert until == bench.now + timedelta(minutes=15)
    assert till.book == []


@pytest.mark.parametrize("path", [hosted_page.RETURN_PATH, hosted_page.NOTIFY_PATH])
async def test_what_was_paid_on_the_page_books(bench: Bench, till: Till, path: str) -> None:
    contract = await held(bench)
    form = await paid(bench, till, contract)

    answer = await post(bench, path, form)

    assert (await bench.contract(contract.id)).state.value == "RESERVED"
    assert till.ledger(contract) == [("sale", "59.00", "approved"), ("hold", "300.00", "approved")]
    if path == hosted_page.RETURN_PATH:
        where = f"https://shop.example/ok?step=3&contract={contract.number}"
        assert (answer.status_code, answer.headers["location"]) == (303, where)
    else:
        assert (answer.status_code, answer.text) == (200, "ok")


async def test_a_customer_who_did_not_pay_is_sent_to_the_other_address(bench: Bench, till: Till) -> None:
    contract = await held(bench)
    form = await paid(bench, till, contract)
    till.book.clear()

    answer = await post(bench, hosted_page.RETURN_PATH, {**form, "verdict": "no"})

    assert answer.headers["location"] == f"https://shop.example/no?contract={contract.number}"
    assert (await bench.contract(contract.id)).paid_cents == 0


@pytest.mark.parametrize("forged", [{"mark": "mine"}, {"basket": "B-2026-999999-D1"}, {"basket": ""}])
async def test_what_is_not_the_gateways_changes_nothing(bench: Bench, till: Till, forged: dict[str, str]) -> None:
    contract = await held(bench)
    form = await paid(bench, till, contract) | forged

    answers = [await post(bench, path, form) for path in (hosted_page.RETURN_PATH, hosted_page.NOTIFY_PATH)]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert (await bench.contract(contract.id)).state.value == "HELD"
    assert await bench.payments(contract.id) == [("SALE", "PENDING", 5_900)]


async def test_a_page_that_nobody_filled_in_is_no_declined_card(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    clerk, wanted = shop.somebody(), request(shop, START, END, **PAGE)
    contract_id = await saga.book(bench.outside, clerk, wanted)
    # When: the fifteen minutes are over
    bench.later(minutes=16)
    await saga.expire(bench.outside, contract_id)
    # Then: the same key says just that
    with pytest.raises(PaymentDeclined) as raised:
        await saga.book(bench.outside, clerk, wanted)
    assert raised.value.message.de == (
        "Die Zahlung ist nicht rechtzeitig eingegangen; das Fahrzeug ist nicht mehr vorgemerkt."
    )
    assert raised.value.reason is None
