"""A booking step by step: the car is held, the money moved once, and either all of it stands or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from server.errors import DomainError, NoVehicleAvailable, PaymentDeclined, Sentence
from server.models import Contract, Document, Email, Occupancy, Payment, payment_reasons
from server.models.contract import ContractKind
from server.models.contract_attention import BillingBlock
from server.models.payment import PaymentMethod
from server.services.booking import car_hold, saga
from tests.builders.bench import Bench, texts
from tests.builders.rentals import book, request
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at
from tests.traffic import watched

START, END = at("2026-09-08 09:00"), at("2026-09-09 09:00")
DAY = timedelta(days=1)
PAGE: dict[str, Any] = {
    "method": PaymentMethod.HOSTED_PAGE,
    "card_token": None,
    "success_url": "https://shop.example/ok",
    "failure_url": "https://shop.example/no",
}


async def only_contract(bench: Bench) -> Contract:
    (found,) = await bench.all(Contract)
    contract: Contract = found
    return contract


async def refused(shop: Shop, **more: Any) -> DomainError:
    with pytest.raises(DomainError) as raised:
        await book(shop, START, END, **more)
    return raised.value


async def busy(bench: Bench) -> list[tuple[Any, ...]]:
    """Kind, start and end with turnaround of everything that keeps a car busy."""
    return texts(await bench.all(Occupancy, active=True), "kind", "starts_at", "busy_until")


def moved(bench: Bench) -> list[tuple[str, str, str]]:
    """What happened to money: without the attempts that a gateway writes down although it had no card for them."""
    return [line for line in bench.books.lines() if line[2] != "failed"]


async def test_a_booking_takes_a_day_and_holds_the_deposit(bench: Bench) -> None:
    shop = await open_shop(bench)

    contract = await book(shop, START, END + 2 * DAY)

    assert (contract.state.value, contract.total_cents, contract.paid_cents) == ("RESERVED", 17_700, 5_900)
    assert bench.books.ledger(contract) == [("sale", "59.00", "approved"), ("hold", "300.00", "approved")]
    assert await bench.payments(contract.id) == [("SALE", "SUCCEEDED", 5_900), ("HOLD", "SUCCEEDED", 30_000)]
    assert await busy(bench) == [("RESERVED", START, END + 2 * DAY + timedelta(minutes=60))]
    (advance,) = await bench.all(Document)
    assert advance.number == f"{shop.station.code}-2026-000001"
    assert (advance.total_cents, advance.net_cents, advance.vat_cents) == (5_900, 4_958, 942)


async def test_a_deposit_for_next_week_waits_until_the_day_before(bench: Bench) -> None:
    shop = await open_shop(bench)

    contract = await book(shop, START + 7 * DAY, END + 7 * DAY)

    deposit = await bench.deposit(contract.id)
    assert (deposit.state.value, deposit.due_at) == ("NONE", START + 6 * DAY)
    assert bench.books.ledger(contract) == [("sale", "59.00", "approved")]


async def test_a_declined_card_books_nothing(bench: Bench) -> None:
    shop = await open_shop(bench)

    said = await refused(shop, card_token="tok-declined")

    assert isinstance(said, PaymentDeclined)
    contract = await only_contract(bench)
    assert (contract.state.value, contract.paid_cents) == ("CANCELLED", 0)
    assert bench.books.ledger(contract) == [("sale", "59.00", "declined")]
    assert await busy(bench) == []
    assert await bench.counts(Document) == [0]


async def test_a_token_that_nobody_knows_is_a_wrong_input(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    clerk, wanted = shop.somebody(), request(shop, START, END, card_token="nobody-knows-it")

    # When: the same key asks again as well
    answers = []
    for _ in range(2):
        with pytest.raises(DomainError) as raised:
            await saga.book(bench.outside, clerk, wanted)
        answers.append((raised.value.code.value, raised.value.field, raised.value.message.en, raised.value.message.de))

    # Then: it is no decline, nothing moved, and the car is free
    assert (
        answers
        == [
            (
                "INVALID_INPUT",
                ["input", "payment", "card_token"],
                "No card of this customer is stored under this token: use another token, or the payment page.",
                "Unter diesem Token ist keine Karte dieses Kunden hinterlegt:"
                " bitte ein anderes oder die Zahlungsseite nehmen.",
            )
        ]
        * 2
    )
    contract = await only_contract(bench)
    assert (contract.state.value, contract.held_until, contract.paid_cents) == ("CANCELLED", None, 0)
    assert await bench.payments(contract.id) == [("SALE", "FAILED", 5_900)]
    assert moved(bench) == []
    assert await busy(bench) == []
    assert await bench.counts(Document) == [0]
    (payment,) = await bench.all(Payment)
    assert payment_reasons.said(payment.reason) == Sentence(
        "The gateway has no card under this token.",
        "Unter diesem Token ist beim Zahlungsdienst keine Karte hinterlegt.",
    )


async def test_nor_does_a_deposit_alone_know_it(bench: Bench) -> None:
    """A courtesy car has no advance: the deposit is the first to meet the token."""
    shop = await open_shop(bench)

    said = await refused(shop, kind=ContractKind.COURTESY, card_token="nobody-knows-it")

    assert (said.code.value, said.field) == ("INVALID_INPUT", ["input", "payment", "card_token"])
    contract = await only_contract(bench)
    assert (contract.state.value, await bench.payments(contract.id)) == ("CANCELLED", [("HOLD", "FAILED", 30_000)])
    assert moved(bench) == []


async def test_a_declined_deposit_gives_the_advance_back(bench: Bench) -> None:
    shop = await open_shop(bench)

    said = await refused(shop, card_token="tok-hold-declined")

    assert isinstance(said, PaymentDeclined)
    contract = await only_contract(bench)
    assert (contract.state.value, contract.paid_cents, contract.billing_block) == ("CANCELLED", 0, None)
    assert bench.books.ledger(contract) == [
        ("sale", "59.00", "approved"),
        ("hold", "300.00", "declined"),
        ("refund", "59.00", "approved"),
    ]
    assert await busy(bench) == []


async def test_the_same_key_gets_the_first_answer_and_pays_once(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)
    clerk, wanted = shop.somebody(), request(shop, START, END)

    first = await saga.book(bench.outside, clerk, wanted)
    second = await saga.book(bench.outside, clerk, wanted)

    assert second == first
    contract = await only_contract(bench)
    assert [line[0] for line in bench.books.ledger(contract)] == ["sale", "hold"]


async def test_the_same_key_for_something_else_is_a_conflict(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)
    clerk, key = shop.somebody(), uuid4()
    await saga.book(bench.outside, clerk, request(shop, START, END, key=key))

    with pytest.raises(DomainError) as raised:
        await saga.book(bench.outside, clerk, request(shop, START, END + DAY, key=key))

    assert (raised.value.code.value, raised.value.field) == ("IDEMPOTENCY_CONFLICT", ["input", "idempotency_key"])
    assert await bench.counts(Contract) == [1]


async def test_the_last_car_goes_to_one_of_eight(bench: Bench) -> None:
    shop = await open_shop(bench)

    results = await asyncio.gather(*(book(shop, START, END) for _ in range(8)), return_exceptions=True)

    won = [result for result in results if isinstance(result, Contract)]
    lost = [result for result in results if isinstance(result, NoVehicleAvailable)]
    assert (len(won), len(lost)) == (1, 7)
    assert [line[0] for line in bench.books.lines()] == ["sale", "hold"]
    # The next possible time: tomorrow's car with an hour's turnaround.
    assert {(one.start, one.total_cents) for other in lost for one in other.alternatives} == {
        (END + timedelta(hours=1), 5_900)
    }


async def test_a_lost_answer_is_unresolved_and_then_found(bench: Bench) -> None:
    shop = await open_shop(bench)
    clerk, wanted = shop.somebody(), request(shop, START, END)
    bench.books.script("sale", "lost")

    with pytest.raises(DomainError) as raised:
        await saga.book(bench.outside, clerk, wanted)
    assert raised.value.code.value == "PAYMENT_UNRESOLVED"
    contract = await only_contract(bench)
    assert (contract.state.value, await bench.payments(contract.id)) == ("HELD", [("SALE", "UNKNOWN", 5_900)])

    await bench.look_up(contract.id)

    assert await saga.book(bench.outside, clerk, wanted) == contract.id
    assert (await bench.contract(contract.id)).state.value == "RESERVED"
    assert [line[0] for line in bench.books.ledger(contract)] == ["sale", "hold"]


async def test_one_hold_at_a_time_a_car_that_is_held_is_nobody_elses(bench: Bench) -> None:
    shop = await open_shop(bench)
    held = await book(shop, START, END, **PAGE)
    assert (held.state.value, held.held_until) == ("HELD", bench.now + timedelta(minutes=15))

    assert isinstance(await refused(shop), NoVehicleAvailable)

    # Unpaid a minute before the end it is still held; then it is the next one's, although no job has come by.
    bench.later(minutes=14)
    assert isinstance(await refused(shop), NoVehicleAvailable)
    bench.later(minutes=1)
    next_one = await book(shop, START, END)
    assert (next_one.state.value, next_one.vehicle_id) == ("RESERVED", held.vehicle_id)
    assert (await bench.contract(held.id)).state.value == "CANCELLED"


async def test_an_unpaid_hold_ends_after_fifteen_minutes(bench: Bench) -> None:
    shop = await open_shop(bench)
    held = await book(shop, START, END, **PAGE)
    bench.later(minutes=15)

    await saga.expire(bench.outside, held.id)
    await saga.expire(bench.outside, held.id)

    assert (await bench.contract(held.id)).state.value == "CANCELLED"
    assert await busy(bench) == []
    assert bench.books.ledger(held) == []
    assert timedelta(minutes=15) == car_hold.HELD_FOR


async def test_a_customer_whose_money_could_not_go_back_hears_of_it(bench: Bench) -> None:
    """Debited for the day, the deposit declined, and the refund refused, too: a clerk pays it back."""
    shop = await open_shop(bench)
    bench.books.script("refund", "decline:05")

    assert isinstance(await refused(shop, card_token="tok-hold-declined"), PaymentDeclined)

    contract = await only_contract(bench)
    assert (contract.billing_block, contract.paid_cents) == (BillingBlock.ADVANCE_NOT_REFUNDED, 5_900)
    (mail,) = await bench.all(Email, contract_id=contract.id)
    text = " ".join(mail.text.replace("\u00a0", " ").split())
    assert "Erstattung: 59,00 €" in text
    assert "59,00 € auf Ihre Karte" not in text
    assert "Ihre Karte hat die Erstattung nicht angenommen." in text


@asynccontextmanager
async def no_documents(bench: Bench) -> AsyncIterator[None]:
    """While the database takes none, so that whoever confirms fails."""
    async with bench.owned() as session:
        await session.write(
            "create function refuse_documents() returns trigger language plpgsql as"
            " $$ begin raise exception 'no documents today'; end $$"
        )
        await session.write("create trigger refuse before insert on document execute function refuse_documents()")
    try:
        yield
    finally:
        async with bench.owned() as session:
            await session.write("drop trigger refuse on document")
            await session.write("drop function refuse_documents()")


async def test_what_the_gateway_said_is_kept_whatever_fails_behind_it(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    # When
    async with no_documents(bench):
        with pytest.raises(DBAPIError, match="no documents today"):
            await book(shop, START + 7 * DAY, END + 7 * DAY)
    # Then
    contract = await only_contract(bench)
    assert (contract.state.value, contract.paid_cents) == ("HELD", 5_900)
    assert await bench.payments(contract.id) == [("SALE", "SUCCEEDED", 5_900)]
    # When it is gone on with, Then no money moves a second time
    await saga.drive(bench.outside, contract.id)
    assert (await bench.contract(contract.id)).state.value == "RESERVED"
    assert bench.books.ledger(contract) == [("sale", "59.00", "approved")]
    assert await bench.counts(Document) == [1]


async def test_a_booking_with_sale_and_hold_takes_six_transactions(bench: Bench) -> None:
    # Given: one before, so that connections are open
    shop = await open_shop(bench, cars=2)
    await book(shop, START, END)
    # When
    with watched() as traffic:
        await saga.book(bench.outside, shop.somebody(), request(shop, START, END))
    # Then: the hold, two answers of the gateway, and the paper; before them a look at the caller's stations
    begun = [one for one in traffic.statements if one.startswith("begin")]
    assert [one.startswith("begin isolation") for one in begun] == [True, False, False, False, False, False]
    assert len(traffic.statements) - len(begun) <= 82
