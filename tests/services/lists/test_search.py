"""One search finds what a clerk types, in every spelling, and only what is the clerk's."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from server.errors import InvalidInput
from server.models import Contract, Customer, Document
from server.models.contract import ContractState
from server.models.recipient import PostalAddress, Recipient
from server.models.staff import Role
from server.security import Principal
from server.services.booking.plan import WorkshopReference
from server.services.lists import hits, search
from server.services.lists.hits import Hit, HitKind, HitMatch
from server.services.lists.search import ContractFilter
from tests.builders.bench import Bench
from tests.builders.rentals import book, customer
from tests.builders.rows import Shop, open_shop
from tests.services.lists.test_flat_lists import buffers
from tests.services.samples import at

START, END = at("2026-09-08 09:00"), at("2026-09-09 09:00")
DAY = timedelta(days=1)
ADDRESS = PostalAddress(street="Hauptstr. 1", postcode="10115", city="Berlin")
PAYER = Recipient(name="Nürnberger Beteiligungs-AG", address=ADDRESS, email="schaden@nuernberger.example")
ANNA: dict[str, Any] = {
    "first_name": "Anna",
    "last_name": "Schreiber-Müller",
    "email": "anna.schreiber@example.com",
    "phone": "+49 30 1234567",
}


async def rented(bench: Bench) -> tuple[Shop, Contract]:
    """A shop with the car B-AS 1101, and a contract of Anna with everything that can be searched."""
    shop = await open_shop(bench, cars=0)
    car = await shop.add_car(plate="B-AS 1101", vin="WVWZZZ1JZXW000001")
    contract = await book(
        shop,
        START,
        END,
        vehicle_id=car.id,
        customer=customer(**ANNA),
        workshop=WorkshopReference(order_number="WA-2026/0815", customer_plate="MÜ-XY 77"),
    )
    await paid_by(bench, contract, PAYER)
    return shop, contract


async def paid_by(bench: Bench, contract: Contract, payer: Recipient) -> None:
    """As if the payer had paid the advance."""
    given = {"payer": json.dumps(payer.as_json()), "id": contract.id}
    async with bench.owned(past_triggers=True) as session:
        await session.write("update contract set payer = cast(:payer as jsonb) where id = :id", given)
        await session.write("update document set recipient = cast(:payer as jsonb) where contract_id = :id", given)


async def found(shop: Shop, text: str, *, role: Role = Role.CLERK, most: int = 20, station: Any = None) -> list[Hit]:
    return await found_by(shop.bench, shop.somebody(role), text, most=most, station=station)


async def found_by(bench: Bench, who: Principal, text: str, *, most: int = 20, station: Any = None) -> list[Hit]:
    async with bench.outside.database.snapshot(who.scope) as session:
        return await hits.of_everything(session, text, station, most)


def said(found: Sequence[Hit]) -> list[tuple[str, str]]:
    return [(hit.kind.value, hit.matched.value) for hit in found]


@pytest.mark.parametrize("plate", ["B-AS 1101", "B AS 1101", "BAS 1101", "b-as1101", "bas1101", "В AS·1101"])
async def test_a_car_by_its_plate(bench: Bench, plate: str) -> None:
    shop, contract = await rented(bench)
    other = await shop.add_car(plate="B-AS 1102")
    # When, Then: the car, and the contract that it is planned for
    car, booked = await found(shop, plate)
    assert (car.kind, car.matched, car.title) == (HitKind.VEHICLE, HitMatch.PLATE, "B-AS 1101 · VW Golf")
    assert (booked.kind, booked.row.id) == (HitKind.CONTRACT, contract.id)
    assert other.id not in {hit.row.id for hit in (car, booked)}


@pytest.mark.parametrize(
    "name",
    [
        "Schreiber, Anna",
        "anna SCHREIBER",
        "Schreiber-Müller",
        "schreiber mueller",
        "Muller Anna",
        unicodedata.normalize("NFD", "Müller"),
        "Müll",
        "Anna Schr",
        "Schrieber",
        "Schreibr Anna",
        "Shreiber-Muler",
    ],
)
async def test_a_customer_by_name(bench: Bench, name: str) -> None:
    shop, contract = await rented(bench)
    stored = (await bench.all(Customer))[0]
    hits_ = {hit.kind: hit for hit in await found(shop, name)}
    assert hits_[HitKind.CUSTOMER].row.id == stored.id
    assert hits_[HitKind.CONTRACT].row.id == contract.id
    assert hits_[HitKind.CONTRACT].title == f"{contract.number} · Anna Schreiber-Müller"


@pytest.mark.parametrize(
    ("stored", "asked"), [("Strauß", "STRAUSS"), ("Strauss", "strauß"), ("Jørgensen", "jorgensen")]
)
async def test_letters_of_every_kind(bench: Bench, stored: str, asked: str) -> None:
    shop = await open_shop(bench)
    await book(shop, START, END, customer=customer(last_name=stored))
    assert said(await found(shop, asked)) == [("CONTRACT", "NAME"), ("CUSTOMER", "NAME"), ("DOCUMENT", "NAME")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("WA-2026/0815", [("CONTRACT", "WORKSHOP_ORDER")]),
        ("wa 2026 0815", [("CONTRACT", "WORKSHOP_ORDER")]),
        ("MÜ XY77", [("CONTRACT", "CUSTOMER_PLATE")]),
        ("+49 30 1234567", [("CONTRACT", "PHONE"), ("CUSTOMER", "PHONE")]),
        ("+49 30 1234", [("CONTRACT", "PHONE"), ("CUSTOMER", "PHONE")]),
        ("030/1234567", [("CONTRACT", "PHONE"), ("CUSTOMER", "PHONE")]),
        ("0049 (0)30 1234567", [("CONTRACT", "PHONE"), ("CUSTOMER", "PHONE")]),
        ("Anna.Schreiber@Example.com", [("CONTRACT", "EMAIL"), ("CUSTOMER", "EMAIL")]),
        ("Nuernberger Beteiligung", [("CONTRACT", "PAYER"), ("DOCUMENT", "NAME")]),
        ("WVWZZZ1JZXW000001", [("VEHICLE", "VIN")]),
        ("Schreiber Golf", []),
        ("Wagenknecht", []),
        ("%_", []),
        ("'; drop table contract --", []),
    ],
)
async def test_by_everything_else(bench: Bench, text: str, expected: list[tuple[str, str]]) -> None:
    shop, _ = await rented(bench)
    assert said(await found(shop, text)) == expected


async def test_numbers(bench: Bench) -> None:
    shop, contract = await rented(bench)
    (invoice,) = await bench.all(Document)
    for text in (contract.number, contract.number.lower().replace("-", " ")):
        assert said(await found(shop, text)) == [("CONTRACT", "NUMBER")]
    for text in (invoice.number, invoice.number.replace("-", "")):
        (hit,) = await found(shop, text)
        assert (hit.kind, hit.matched, hit.row.id) == (HitKind.DOCUMENT, HitMatch.NUMBER, invoice.id)
        assert hit.title == f"{invoice.number} · {PAYER.name}"


async def test_the_best_comes_first(bench: Bench) -> None:
    # Given: an old contract, one that begins so, one that is open, and a name that is only like it
    shop = await open_shop(bench, cars=4)
    names = ["Weber", "Weberling", "Weber", "Webber"]
    made = [
        await book(shop, START, END, vehicle_id=car.id, customer=customer(last_name=name))
        for name, car in zip(names, shop.vehicles, strict=True)
    ]
    async with bench.owned(past_triggers=True) as session:
        await session.write("update contract set state = 'BILLED' where id = :id", {"id": made[0].id})
    # When
    hits_ = [hit for hit in await found(shop, "Weber") if hit.kind is HitKind.CONTRACT]
    # Then
    assert [hit.row.id for hit in hits_] == [made[place].id for place in (2, 0, 1, 3)]
    assert [hit.matched for hit in hits_] == [HitMatch.NAME] * 3 + [HitMatch.SIMILAR]
    assert len(await found(shop, "Weber", most=2)) == 2
    assert (await bench.contract(made[0].id)).state is ContractState.BILLED


@pytest.mark.parametrize("asked", ["Maier", "Meyer", "Maeier"])
async def test_short_names_with_an_error(bench: Bench, asked: str) -> None:
    # Given: one that is like it, and one that is hardly so
    shop = await open_shop(bench, cars=2)
    meier = await book(shop, START, END, customer=customer(last_name="Meier"))
    await book(shop, START, END, customer=customer(last_name="Beyerlein"))
    # When, Then
    contracts = [hit for hit in await found(shop, asked) if hit.kind is HitKind.CONTRACT]
    assert [(hit.row.id, hit.matched) for hit in contracts] == [(meier.id, HitMatch.SIMILAR)]


async def test_lists_find_the_same(bench: Bench) -> None:
    shop, contract = await rented(bench)
    (invoice,) = await bench.all(Document)
    clerk = shop.somebody()
    async with bench.outside.database.snapshot(clerk.scope) as session:
        for text in ("B AS 1101", "BAS 1101", "Schreiber, Anna", "Schrieber", invoice.number, "+49 30 1234", "mueller"):
            listing = search.contracts(ContractFilter(search=text), "START_ASC", clerk, bench.now)
            assert [row.id for row in await listing.rows(session, 10, None)] == [contract.id], text
            assert await listing.count(session) == 1
        for text in ("Schreiber, Anna", "Schrieber", "+49 30 1234", unicodedata.normalize("NFD", "Müller")):
            assert len(await search.customers(text).rows(session, 10, None)) == 1, text
        for text in ("nuernberger ag", "Nurnberger", invoice.number.replace("-", " ")):
            assert [row.id for row in await search.documents(search=text).rows(session, 10, None)] == [invoice.id], text
        assert await search.customers("Wagenknecht").rows(session, 10, None) == []
        assert len(await search.customers("  ").rows(session, 10, None)) == 1


async def test_nobody_finds_what_is_elsewhere(bench: Bench) -> None:
    # Given the same names at two stations, and a website that has booked nothing
    here, mine = await rented(bench)
    there = await open_shop(bench, cars=0)
    await there.add_car(plate="B-AS 1101")
    theirs = await book(there, START, END, customer=customer(**ANNA | {"email": "other@example.com"}))
    await paid_by(bench, theirs, PAYER)
    (foreign,) = await bench.all(Document, station_id=there.station.id)
    # When, Then
    for text in ("Schreiber", "Schrieber", "Nürnberger", "B-AS 1101", "030 1234567"):
        hits_ = await found(here, text)
        assert hits_, text
        assert {hit.row.id for hit in hits_ if hit.kind is HitKind.CONTRACT} <= {mine.id}, text
        assert there.station.id not in {getattr(hit.row, "station_id", None) for hit in hits_}, text
    for text in (theirs.number, foreign.number, "other@example.com"):
        assert await found(here, text) == [], text
        assert await found(there, text), text
    # A station of others finds nothing either, and an administrator finds all
    assert await found(here, "Schreiber", station=there.station.id) == []
    assert len(await found(here, "Schreiber", station=here.station.id)) == 2
    everywhere = await found(here, "B-AS 1101", role=Role.ADMIN)
    assert [hit.kind for hit in everywhere] == [HitKind.VEHICLE] * 2 + [HitKind.CONTRACT] * 2
    assert len(await found(here, "B-AS 1101", role=Role.ADMIN, station=there.station.id)) == 2
    website = await there.website()
    async with bench.outside.database.snapshot(website.scope) as session:
        listing = search.contracts(ContractFilter(search="Schreiber"), "START_ASC", website, bench.now)
        assert await listing.rows(session, 10, None) == []


@pytest.mark.parametrize(("text", "why"), [("x", "too short"), (" x ", "too short"), ("", "empty"), ("x" * 101, "too long"), ("a\0b", "printed")])  # fmt: skip
async def test_what_cannot_be_searched_for(bench: Bench, text: str, why: str) -> None:
    shop = await open_shop(bench)
    with pytest.raises(InvalidInput, match=why) as refusal:
        await found(shop, text)
    assert refusal.value.field == ["text"]


async def test_a_thousand_words_of_marks_cost_nothing(bench: Bench) -> None:
    shop, _ = await rented(bench)
    assert await found(shop, "ab" + "\u0301" * 98) == []
    assert await found(shop, "a b c d e f g h i j k l m") == []
    with pytest.raises(InvalidInput) as refusal:
        search.customers("x" * 101)
    assert refusal.value.field == ["search"]


_MANY = """
insert into contract select (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(),
  'number', 'OLD-' || n, 'state', 'BILLED', 'workshop_order_number', 'OLD' || n, 'workshop_plate', null, 'payer', null,
  'search_text', lower('old-' || n || ' ' || md5(n::text) || ' ' || md5((n * 7)::text) || '@example.com'),
  'customer_copy', c.customer_copy || jsonb_build_object('last_name', md5(n::text), 'first_name', 'Z', 'phone', null,
    'email', md5((n * 7)::text) || '@example.com')))).*
from contract c, generate_series(cast(:first as int), cast(:last as int)) n where c.id = :contract"""
_MANY_CUSTOMERS = """
insert into customer select (jsonb_populate_record(c, jsonb_build_object('id', md5('c' || n)::uuid, 'last_name',
  md5(n::text), 'first_name', 'Z', 'phone', null, 'email', md5(n::text) || '@e.de', 'email_key', md5(n::text)))).*
from customer c, generate_series(cast(:first as int), cast(:last as int)) n where c.last_name like 'Schreiber%'"""
_THEIR_STATION = """
insert into customer_station select md5('c' || n)::uuid, s.station_id
from customer_station s, generate_series(cast(:first as int), cast(:last as int)) n
where s.customer_id = (select id from customer where last_name like 'Schreiber%')"""


async def _many(bench: Bench, contract: Contract, first: int, last: int) -> None:
    async with bench.owned(past_triggers=True) as session:
        for statement in (_MANY, _MANY_CUSTOMERS, _THEIR_STATION):
            given = {"first": first, "last": last} | ({"contract": contract.id} if statement is _MANY else {})
            await session.write(statement, given)
        for table in ("contract", "customer", "customer_station"):
            await session.write(f"analyze {table}")
            await session.write(
                f"select gin_clean_pending_list('ix_{table}_search')"
            ) if table != "customer_station" else None


@pytest.mark.parametrize("text", ["B AS 1101", "Schreiber, Anna", "Schrieber", "030 1234567", "WA-2026/0815", "Mül"])
async def test_many_thousands_of_others_cost_a_search_nothing(bench: Bench, text: str) -> None:
    # Given
    shop, contract = await rented(bench)

    async def asked(session: Any) -> None:
        assert contract.id in {hit.row.id for hit in await hits.of_everything(session, text, None, 20)}

    async def listed(session: Any) -> None:
        listing = search.contracts(ContractFilter(search=text), "CREATED_DESC", shop.somebody(), bench.now)
        assert [row.id for row in await listing.rows(session, 20, None)] == [contract.id]

    await _many(bench, contract, 1, 1_000)
    before = [await buffers(shop, one) for one in (asked, listed)]
    # When there are six times as many
    await _many(bench, contract, 1_001, 6_000)
    after = [await buffers(shop, one) for one in (asked, listed)]
    # Then
    assert all(more <= few * 1.5 + 60 for few, more in zip(before, after, strict=True)), (before, after)
