"""A card's token is good for the customer on whose payment page it was made, and one that nobody knows is no decline."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import DomainError
from server.models import (
    Contract,
    Customer,
    Document,
    HostedPayment,
    IdempotencyRecord,
    Job,
    Occupancy,
    Payment,
    StoredCard,
)
from server.models.payment import PaymentMethod
from server.models.staff import Role
from tests.builders.bench import Bench
from tests.builders.rentals import book, customer
from tests.builders.rows import Shop, open_shop
from tests.builders.till import Till
from tests.services.payments.test_payment_page import paid, post
from tests.services.samples import at

START, END = at("2026-09-08 09:00"), at("2026-09-09 09:00")
WRITTEN = (Contract, Customer, Occupancy, Payment, Job, IdempotencyRecord, StoredCard, Document)
PAGE: dict[str, Any] = {
    "method": PaymentMethod.HOSTED_PAGE,
    "card_token": None,
    "success_url": "https://shop.example/ok",
    "failure_url": "https://shop.example/no",
}
NOT_USABLE = (
    "INVALID_INPUT",
    ["input", "payment", "card_token"],
    "No card of this customer is stored under this token: use another token, or the payment page.",
    "Unter diesem Token ist keine Karte dieses Kunden hinterlegt: bitte ein anderes oder die Zahlungsseite nehmen.",
)


@pytest.fixture
def books() -> Till:
    return Till()


@pytest.fixture
def till(books: Till) -> Till:
    return books


async def refused(shop: Shop, **more: Any) -> tuple[str, list[str] | None, str, str]:
    with pytest.raises(DomainError) as raised:
        await book(shop, START, END, **more)
    said = raised.value
    return said.code.value, said.field, said.message.en, said.message.de


async def token_of_page(bench: Bench, shop: Shop, email: str) -> str:
    """The token under which a customer's card was stored on the payment page."""
    contract = await book(shop, START, END, customer=customer(email=email), **PAGE)
    assert isinstance(bench.books, Till)
    await post(bench, "/payment/return", await paid(bench, bench.books, contract))
    (card,) = await bench.all(StoredCard, contract_id=contract.id)
    token: str = card.token
    return token


@pytest.mark.parametrize("role", [Role.CLERK, Role.ADMIN])
@pytest.mark.parametrize("spelt", [str, str.upper, " {} ".format])
@pytest.mark.parametrize("elsewhere", [False, True])
async def test_another_customers_token_is_refused(
    bench: Bench, till: Till, role: Role, spelt: Any, elsewhere: bool
) -> None:
    # Given: a card from Anna's payment page, here or at a station that the caller does not see
    shop = await open_shop(bench, cars=2)
    token = await token_of_page(bench, await open_shop(bench) if elsewhere else shop, "anna@example.com")
    before, moved = await bench.counts(*WRITTEN), till.lines()

    # When
    said = await refused(shop, role=role, customer=customer(email="eve@example.com"), card_token=spelt(token))

    # Then: nothing was written and nothing was sent
    assert said == NOT_USABLE
    assert await bench.counts(*WRITTEN) == before
    assert till.lines() == moved


async def test_a_page_that_is_still_open_makes_no_token_for_others(bench: Bench) -> None:
    # Given: the name stands in the form that the browser posts, before anything was paid
    shop = await open_shop(bench, cars=2)
    held = await book(shop, START, END, **PAGE)
    (page,) = await bench.all(HostedPayment, contract_id=held.id)
    before = await bench.counts(*WRITTEN)

    assert await refused(shop, card_token=page.token) == NOT_USABLE
    assert await bench.counts(*WRITTEN) == before


async def test_the_customers_own_token_and_those_from_elsewhere_are_good(bench: Bench, till: Till) -> None:
    shop = await open_shop(bench, cars=4)
    token = await token_of_page(bench, shop, "anna@example.com")

    own = await book(shop, START, END, customer=customer(email="ANNA@example.com"), card_token=token)
    twice = [await book(shop, START, END, card_token="tok-approved") for _ in range(2)]

    for contract in (own, *twice):
        assert contract.state.value == "RESERVED"
        assert till.ledger(contract) == [("sale", "59.00", "approved"), ("hold", "300.00", "approved")]
