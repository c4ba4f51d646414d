"""A quote keeps its price for a day, for the rental that it was made for, and for nobody who makes one up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from server.database import SYSTEM
from server.errors import InvalidInput
from server.models import Contract
from server.models.contract import ContractKind
from server.security import Principal, Sealer
from server.services.booking import quotes, saga
from server.services.booking.quotes import Quote, QuoteRequest
from server.services.people.drivers import DriverDetails
from tests.builders.bench import Bench
from tests.builders.rentals import book, request
from tests.builders.rows import Shop, open_shop, tariff
from tests.services.samples import DAY as A_DAY
from tests.services.samples import KOMPAKT, at

START, END = at("2026-09-10 09:00").astimezone(UTC), at("2026-09-11 09:00").astimezone(UTC)
DAY = timedelta(days=1)
BEFORE_MIDNIGHT = at("2026-09-08 23:50")
DEARER = replace(KOMPAKT, bundles=(replace(A_DAY, price_cents=8_900),))


async def quoted(shop: Shop, caller: Principal | None = None, **more: Any) -> Quote:
    asked = QuoteRequest(
        station_id=shop.station.id,
        group_id=shop.group.id,
        start=START,
        end=END,
        kind=ContractKind.RENTAL,
        tariff_code=None,
        extras=(),
    )
    bench = shop.bench
    async with bench.outside.database.transaction(SYSTEM) as session:
        wanted, seal = replace(asked, **more), bench.outside.sealer
        return await quotes.quote(session, caller or shop.somebody(), wanted, seal, language="de", now=bench.now)


async def with_a_new_price_at_midnight(bench: Bench) -> Shop:
    """59.00 until the eighth, 89.00 from the ninth on."""
    bench.clock.move_to(BEFORE_MIDNIGHT)
    shop = await open_shop(bench, cars=3)
    shop.tariff.valid_until = date(2026, 9, 8)
    await bench.put(shop.tariff, tariff(shop.group, DEARER, valid_from=date(2026, 9, 9)))
    return shop


async def test_what_was_quoted_is_what_is_booked_the_next_day(bench: Bench) -> None:
    shop = await with_a_new_price_at_midnight(bench)
    quote = await quoted(shop)
    bench.later(minutes=20)

    kept, anew = await book(shop, START, END, quote_id=quote.id), await book(shop, START, END)

    assert (quote.price.total_cents, kept.total_cents, anew.total_cents) == (5_900, 5_900, 8_900)
    assert quote.valid_until == BEFORE_MIDNIGHT + DAY


async def test_the_last_second_counts_and_the_next_does_not(bench: Bench) -> None:
    shop = await with_a_new_price_at_midnight(bench)
    quote = await quoted(shop)

    bench.clock.move_to(quote.valid_until)
    assert (await book(shop, START, END, quote_id=quote.id)).total_cents == 5_900
    bench.later(seconds=1)

    await refused(shop, quote.id, "This quote is no longer valid; ask for a new one.")


async def refused(shop: Shop, quote_id: str, message: str, **changes: Any) -> None:
    before = await shop.bench.counts(Contract)
    wanted = replace(request(shop, START, END, quote_id=quote_id), **changes)
    with pytest.raises(InvalidInput) as raised:
        await saga.book(shop.bench.outside, shop.somebody(), wanted)
    assert (str(raised.value), raised.value.field) == (message, ["input", "quote_id"])
    assert await shop.bench.counts(Contract) == before


@pytest.mark.parametrize(
    "changes", [{"start": START + timedelta(hours=1)}, {"end": END + DAY}, {"kind": ContractKind.COURTESY}]
)
async def test_it_counts_for_the_rental_that_it_was_made_for(bench: Bench, changes: dict[str, Any]) -> None:
    shop = await open_shop(bench)
    quote = await quoted(shop)

    message = "This quote was made for another station, group, period or kind of rental."
    await refused(shop, quote.id, message, **changes)


async def test_nobody_can_make_or_change_one(bench: Bench) -> None:
    shop = await open_shop(bench)
    quote = await quoted(shop)
    text, _, seal = quote.id.partition(".")
    forged = Sealer(b"somebody else").of("quote", text)
    for made_up in (
        "",
        "x",
        str(uuid4()),
        f"{text}.{forged}",
        f"{text[:-2]}AA.{seal}",
        text,
        quote.id + "0",
        "x" * 9_999,
    ):
        await refused(shop, made_up, "This is not the id of a quote.")


async def test_extras_may_come_to_it_at_the_quoted_terms(bench: Bench) -> None:
    shop = await with_a_new_price_at_midnight(bench)
    quote = await quoted(shop)
    bench.later(minutes=20)
    drivers = [customer_driver(name) for name in ("Berta", "Carl")]

    contract = await book(shop, START, END, quote_id=quote.id, drivers=tuple(drivers))

    assert [(line.kind.value, line.total_cents) for line in contract.price.lines] == [
        ("RENTAL", 5_900),
        ("EXTRA", 1_000),
    ]


def customer_driver(name: str) -> DriverDetails:

    return DriverDetails(first_name=name, last_name="Beispiel")


async def test_another_tariff_beside_it_is_refused(bench: Bench) -> None:
    shop = await open_shop(bench)
    quote = await quoted(shop)
    wanted = request(shop, START, END, quote_id=quote.id, tariff_code="OTHER")

    with pytest.raises(InvalidInput) as raised:
        await saga.book(bench.outside, shop.somebody(), wanted)

    assert raised.value.field == ["input", "tariff_code"]
