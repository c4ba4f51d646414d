"""What a website may book is the policy of its API client; staff are not bound by it, and a refusal writes nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from server.database import SYSTEM
from server.errors import DomainError
from server.models import ApiClient, ClientStation, Contract, Customer, IdempotencyRecord, Job, Occupancy, Payment
from server.models.contract import ContractKind
from server.models.payment import PaymentMethod
from server.models.recipient import PostalAddress, Recipient
from server.security import Principal
from server.services.booking import saga
from server.services.booking.plan import WorkshopReference
from server.services.people import staff
from server.services.people.client_policies import PolicyRequest
from server.services.people.drivers import DriverDetails
from tests.builders.bench import NOW, Bench
from tests.builders.rentals import book, customer, request
from tests.builders.rows import Shop, open_shop
from tests.services.booking.test_quotes import quoted
from tests.services.samples import at

START, END = at("2026-09-08 09:00"), at("2026-09-09 09:00")
WRITTEN = (Contract, Customer, Occupancy, Payment, Job, IdempotencyRecord)
PAGE: dict[str, Any] = {
    "method": PaymentMethod.HOSTED_PAGE,
    "card_token": None,
    "success_url": "https://shop.example/ok",
    "failure_url": "https://shop.example/no",
}
COURTESY: dict[str, Any] = {"kind": ContractKind.COURTESY}
ORDER = WorkshopReference("W-1")
PAYER = Recipient(name="Leasing AG", address=PostalAddress(street="Allee 3", postcode="10115", city="Berlin"))
NINE_MORE = tuple(DriverDetails(first_name=f"F{n}", last_name=f"Fahrer {n}") for n in range(9))
TEN_MORE = (*NINE_MORE, DriverDetails(first_name="Otto", last_name="Zuviel"))


async def booked(shop: Shop, caller: Principal, **more: Any) -> Contract:
    contract_id = await saga.book(shop.bench.outside, caller, request(shop, START, END, **more))
    return await shop.bench.contract(contract_id)


async def refused(shop: Shop, caller: Principal, **more: Any) -> tuple[str, list[str] | None, str, str]:
    """Code, field and both sentences of a refusal that wrote nothing and sent nothing."""
    before, moved = await shop.bench.counts(*WRITTEN), shop.bench.books.lines()
    with pytest.raises(DomainError) as raised:
        await booked(shop, caller, **more)
    assert await shop.bench.counts(*WRITTEN) == before
    assert shop.bench.books.lines() == moved
    said = raised.value
    return said.code.value, said.field, said.message.en, said.message.de


@pytest.mark.parametrize(
    ("policy", "wanted", "answer"),
    [
        ({}, {**COURTESY, "workshop": ORDER}, (
            "NOT_ALLOWED", ["input", "kind"],
            "This website may book only: RENTAL.",
            "Diese Website darf nur buchen: RENTAL.",
        )),
        ({"kinds": (ContractKind.COURTESY, ContractKind.TEST_DRIVE)}, {}, (
            "NOT_ALLOWED", ["input", "kind"],
            "This website may book only: COURTESY, TEST_DRIVE.",
            "Diese Website darf nur buchen: COURTESY, TEST_DRIVE.",
        )),
        *(({"kinds": (ContractKind.COURTESY,)}, {**COURTESY, "workshop": workshop}, (
            "INVALID_INPUT", ["input", "workshop", "order_number"],
            "A courtesy car that is booked online needs the number of its workshop order.",
            "Ein Ersatzwagen, der online gebucht wird, braucht die Nummer seines Werkstattauftrags.",
        )) for workshop in (None, WorkshopReference(customer_plate="B-XY 1"), WorkshopReference(" \u200b"))),
        ({}, {"payer": PAYER}, (
            "NOT_ALLOWED", ["input", "payer"],
            "This website may not name another payer: the customer pays.",
            "Diese Website darf niemand anderen als Zahler nennen: es zahlt der Kunde.",
        )),
        ({}, {"drivers": TEN_MORE}, (
            "INVALID_INPUT", ["input", "drivers"],
            "A booking on this website has at most 10 drivers, the renter included.",
            "Eine Buchung auf dieser Website hat höchstens 10 Fahrer, den Mieter eingeschlossen.",
        )),
    ],
)  # fmt: skip
async def test_what_the_policy_does_not_allow_is_refused(
    bench: Bench, policy: dict[str, Any], wanted: dict[str, Any], answer: tuple[str, list[str], str, str]
) -> None:
    shop = await open_shop(bench)
    website = await shop.website(**policy)

    assert await refused(shop, website, **wanted) == answer
    # Who works there is not bound by it.
    assert (await book(shop, START, END, **wanted)).state.value == "RESERVED"


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ({}, {}),
        ({"kinds": (ContractKind.COURTESY,)}, {**COURTESY, "workshop": ORDER}),
        ({"may_name_payer": True}, {"payer": PAYER}),
        ({}, {"drivers": NINE_MORE}),
        # Whoever is named twice is one driver.
        ({}, {"drivers": (*NINE_MORE, NINE_MORE[0])}),
        ({"drivers": 11}, {"drivers": TEN_MORE}),
    ],
)
async def test_what_it_allows_is_booked(bench: Bench, policy: dict[str, Any], wanted: dict[str, Any]) -> None:
    shop = await open_shop(bench)
    website = await shop.website(**policy)

    contract = await booked(shop, website, **wanted)

    assert (contract.state.value, contract.client_id) == ("RESERVED", website.id)


async def test_a_quote_says_what_would_be_refused(bench: Bench) -> None:
    shop = await open_shop(bench)
    website = await shop.website()

    for caller, code in ((website, "NOT_ALLOWED"), (shop.somebody(), None)):
        problem = (await quoted(shop, caller, **COURTESY)).problem
        assert (problem.code.value if problem else None) == code
    assert (await quoted(shop, website)).problem is None


async def test_one_address_keeps_five_cars_at_a_time(bench: Bench) -> None:
    # Given: five bookings of one address wait for their payment, however it is written
    shop = await open_shop(bench, cars=7)
    website, other_site = await shop.website(), await shop.website()
    spellings = ["anna@müller.example", "ANNA@Müller.example", " anna@xn--mller-kva.example ", "Anna@müller.example"]
    held = [await booked(shop, website, customer=customer(email=email), **PAGE) for email in [*spellings, spellings[0]]]

    # When, then: the sixth is refused; another address, another website and staff are not
    assert await refused(shop, website, customer=customer(email=spellings[1]), **PAGE) == (
        "NOT_ALLOWED",
        ["input", "customer", "email"],
        "Too many bookings of this address are waiting for their payment. Pay one of them, or wait 15 minutes.",
        "Zu viele Buchungen unter dieser Adresse warten auf ihre Zahlung. Bitte eine davon bezahlen"
        " oder 15 Minuten warten.",
    )
    assert (await booked(shop, website, **PAGE)).state.value == "HELD"
    assert (await booked(shop, other_site, customer=customer(email=spellings[0]), **PAGE)).state.value == "HELD"
    assert {contract.state.value for contract in held} == {"HELD"}


async def test_a_website_keeps_as_many_cars_as_its_policy_says(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench, cars=5)
    website = await shop.website(open_holds=2)
    for _ in range(2):
        await booked(shop, website, **PAGE)

    # When, then: the third is refused; what is paid at once is held for a moment as well
    for payment in (PAGE, {}):
        assert await refused(shop, website, **payment) == (
            "NOT_ALLOWED",
            None,
            "Too many bookings of this website are waiting for their payment. Please try again in some minutes.",
            "Zu viele Buchungen dieser Website warten auf ihre Zahlung. Bitte in einigen Minuten wieder versuchen.",
        )
    assert (await book(shop, START, END)).state.value == "RESERVED"
    # Then: what was not paid in time no longer counts, although no job has come by
    bench.later(minutes=15)
    assert (await booked(shop, website, **PAGE)).state.value == "HELD"


async def test_what_is_paid_no_longer_counts(bench: Bench) -> None:
    shop = await open_shop(bench, cars=3)
    website = await shop.website(open_holds=1)

    contracts = [await booked(shop, website) for _ in range(3)]

    assert [contract.state.value for contract in contracts] == ["RESERVED"] * 3


async def test_nobody_holds_more_by_asking_all_at_once(bench: Bench) -> None:
    # Given: eight stations, so that the bookings do not wait for each other's cars
    shops = [await open_shop(bench) for _ in range(8)]
    website = await shops[0].website(open_holds=3)
    everywhere = replace(website, stations=tuple(shop.station.id for shop in shops))

    results = await asyncio.gather(*(booked(shop, everywhere, **PAGE) for shop in shops), return_exceptions=True)

    assert sum(isinstance(result, Contract) for result in results) == 3
    assert [result.code.value for result in results if isinstance(result, DomainError)] == ["NOT_ALLOWED"] * 5
    assert await bench.counts(Contract) == [3]


@pytest.mark.parametrize(
    ("wanted", "field", "message"),
    [
        (PolicyRequest(kinds=()), "kinds", "A website needs at least one kind of contract that it may book."),
        (PolicyRequest(open_holds=0), "open_holds", "This must lie between 1 and 1000."),
        (PolicyRequest(open_holds_per_customer=1001), "open_holds_per_customer", "This must lie between 1 and 1000."),
        (PolicyRequest(drivers=51), "drivers", "This must lie between 1 and 50."),
    ],
)
async def test_a_policy_that_makes_no_sense_makes_no_client(
    bench: Bench, wanted: PolicyRequest, field: str, message: str
) -> None:
    shop = await open_shop(bench)

    async with bench.outside.database.transaction(SYSTEM) as session:
        with pytest.raises(DomainError) as raised:
            await staff.create_client(session, "Shop", [shop.station.id], wanted, now=NOW)

    assert (raised.value.code.value, raised.value.field, str(raised.value)) == (
        "INVALID_INPUT",
        ["policy", field],
        message,
    )
    assert await bench.counts(ApiClient, ClientStation) == [0, 0]
