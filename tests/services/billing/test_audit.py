"""The audit of a station's documents: it finds every gap and every change that somebody makes past the database's guard."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from server.database import Scope
from server.errors import DomainError
from server.models import Contract, Document, DocumentSeries
from server.models.columns import uuid7
from server.models.document import DocumentType
from server.models.staff import Role
from server.services.acting import Acting
from server.services.billing import audit, invoice
from server.services.billing.audit import MOST_MISSING, DocumentAudit
from server.services.changes import readings
from server.services.changes.readings import Reading
from tests.builders.bench import Bench
from tests.builders.rentals import book, rented
from tests.builders.rows import Shop, open_shop
from tests.services.changes.test_readings import protocol_of
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)


async def five(bench: Bench) -> tuple[Shop, Contract, list[Document]]:
    """Five documents: advance and final invoice of one rental, corrected after the bill, and the advance of another."""
    shop = await open_shop(bench, cars=2)
    contract = await rented(shop, START, START + DAY, km=210)
    await invoice.settle(bench.outside, contract.id)
    acting = Acting(bench.now, shop.somebody(Role.MANAGER))
    await readings.correct(
        bench.outside, acting, (await protocol_of(bench, contract)).id, Reading(odometer_km=10_190), "Zahlendreher"
    )
    await book(shop, START + 2 * DAY, START + 3 * DAY)
    issued: list[Document] = await bench.all(Document)
    assert [one.running_number for one in issued] == [1, 2, 3, 4, 5]
    return shop, contract, issued


async def audited(shop: Shop, year: int = 2026) -> DocumentAudit:
    scope = shop.somebody(Role.MANAGER).scope
    return await audit.of_series(shop.bench.outside, scope, shop.station.id, year)


async def force(bench: Bench, statement: str, **values: Any) -> None:
    async with bench.owned(past_triggers=True) as session:
        assert await session.write(statement, values) == 1


def named(shop: Shop, *running: int) -> tuple[str, ...]:
    return tuple(f"{shop.station.code}-2026-{number:06d}" for number in running)


async def test_a_whole_chain_holds(bench: Bench) -> None:
    shop, _, _ = await five(bench)
    found = await audited(shop)
    assert found == DocumentAudit(shop.station, 2026, 5, named(shop, 5)[0], (), None)


async def test_a_year_without_documents_holds(bench: Bench) -> None:
    shop, _, _ = await five(bench)
    assert await audited(shop, 2025) == DocumentAudit(shop.station, 2025, 0, None, (), None)


async def test_what_is_issued_later_is_looked_at_too(bench: Bench) -> None:
    shop, _, _ = await five(bench)
    await book(shop, START + 7 * DAY, START + 8 * DAY)
    assert (await audited(shop)).last_number == named(shop, 6)[0]


@pytest.mark.parametrize(("gone", "broken"), [(1, 2), (2, 3), (4, 5), (5, 5)])
async def test_a_document_that_was_taken_out(bench: Bench, gone: int, broken: int) -> None:
    shop, _, issued = await five(bench)
    await force(bench, "delete from document where id = :id", id=issued[gone - 1].id)
    found = await audited(shop)
    assert (found.issued, found.last_number) == (4, named(shop, 5)[0])
    assert (found.missing, found.broken_at) == (named(shop, gone), named(shop, broken)[0])


@pytest.mark.parametrize(
    "change",
    [
        "total_cents = total_cents + 1",
        "payable_cents = 0",
        """lines = jsonb_set(lines, '{0,text}', '"Miete"')""",
        """recipient = jsonb_set(recipient, '{name}', '"Jemand anders"')""",
        """view = jsonb_set(view, '{contract_number}', '"X-1"')""",
        "view = null",
        "issued_at = issued_at + interval '1 second'",
        "type = 'DAMAGE_CLAIM'",
        "previous_hash = null",
        "chain_hash = repeat('0', 64)",
    ],
)
async def test_a_document_that_was_changed(bench: Bench, change: str) -> None:
    shop, _, issued = await five(bench)
    await force(bench, f"update document set {change} where id = :id", id=issued[1].id)
    found = await audited(shop)
    assert (found.missing, found.broken_at) == ((), named(shop, 2)[0])


@pytest.mark.parametrize(("running", "broken"), [(2, 3), (5, 5)])
async def test_a_document_that_was_changed_and_sealed_anew(bench: Bench, running: int, broken: int) -> None:
    """The next document, and behind the last one the series itself, know the seal that was issued."""
    shop, _, issued = await five(bench)
    changed = issued[running - 1]
    changed.net_cents -= 1
    values = {"id": changed.id, "net": changed.net_cents, "seal": changed.seal()}
    await force(bench, "update document set net_cents = :net, chain_hash = :seal where id = :id", **values)
    assert (await audited(shop)).broken_at == named(shop, broken)[0]


async def test_numbers_that_were_exchanged(bench: Bench) -> None:
    shop, _, issued = await five(bench)
    await force(bench, "update document set running_number = 9 where id = :id", id=issued[4].id)
    found = await audited(shop)
    assert (found.missing, found.broken_at) == (named(shop, 5, 6, 7, 8), named(shop, 9)[0])


@pytest.mark.parametrize("target", ["another station's document", "another document", "nothing", "no document at all"])
async def test_a_cancellation_that_takes_back_something_else(bench: Bench, target: str) -> None:
    shop, _, issued = await five(bench)
    mirror = issued[2]
    assert mirror.type is DocumentType.CANCELLATION_INVOICE
    elsewhere = await open_shop(bench)
    await book(elsewhere, START + 9 * DAY, START + 10 * DAY)
    foreign: UUID = (await bench.all(Document, station_id=elsewhere.station.id))[0].id
    refers_to = {
        "another station's document": foreign,
        "another document": issued[0].id,
        "nothing": None,
        "no document at all": uuid7(),
    }[target]
    await force(bench, "update document set refers_to_id = :other where id = :id", id=mirror.id, other=refers_to)
    assert (await audited(shop)).broken_at == named(shop, 3)[0]
    assert (await audited(elsewhere)).broken_at is None


async def test_missing_numbers_are_named_up_to_a_limit(bench: Bench) -> None:
    shop, _, _ = await five(bench)
    await force(bench, "update document_series set last_number = 1000 where station_id = :id", id=shop.station.id)
    found = await audited(shop)
    assert (found.issued, found.last_number) == (5, named(shop, 1000)[0])
    assert found.missing == named(shop, *range(6, 6 + MOST_MISSING))
    assert found.broken_at == named(shop, 1000)[0]


async def test_a_series_that_forgot_its_documents(bench: Bench) -> None:
    shop, _, _ = await five(bench)
    await force(bench, "delete from document_series where station_id = :id", id=shop.station.id)
    found = await audited(shop)
    assert (found.missing, found.broken_at) == ((), named(shop, 5)[0])


def sealed_like_version_0_1(document: Document) -> str:
    """As that version made it: with the hash of the PDF in the place of what it shows."""
    content = {
        "number": document.number,
        "type": document.type.value,
        "issued_at": document.issued_at.isoformat(),
        "recipient": document.recipient_json,
        "lines": document.lines_json,
        "total": document.total_cents,
        "net": document.net_cents,
        "vat": document.vat_cents,
        "payable": document.payable_cents,
        "pdf": document.sha256,
        "previous": document.previous_hash,
    }
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def series_of(shop: Shop, pattern: Document, count: int, *, old: bool) -> list[Document]:
    """A station's year that was issued long ago, document after document, as many as wanted."""
    chain: list[Document] = []
    for running in range(1, count + 1):
        values = pattern.model_dump() | {"id": uuid7(), "year": 2025, "running_number": running}
        values |= {"number": f"{shop.station.code}-2025-{running:06d}", "type": pattern.type}
        values |= {"previous_hash": chain[-1].chain_hash if chain else None}
        if old:
            values |= {"view_json": None, "sha256": "ab" * 32}
        document = Document(**values)
        document.chain_hash = sealed_like_version_0_1(document) if old else document.seal()
        chain.append(document)
    async with shop.bench.owned(past_triggers=True) as session:
        await session.store(*chain)
        last = DocumentSeries(station_id=shop.station.id, year=2025, last_number=count, last_hash=chain[-1].chain_hash)
        await session.store(last)
    return chain


async def test_documents_of_version_0_1_keep_their_seal(bench: Bench) -> None:
    shop, _, issued = await five(bench)
    old = await series_of(shop, issued[0], 3, old=True)
    assert (await audited(shop, 2025)).broken_at is None
    # And the hash of their PDF is what holds them
    await force(bench, "update document set sha256 = repeat('cd', 32) where id = :id", id=old[1].id)
    assert (await audited(shop, 2025)).broken_at == old[1].number


async def test_a_long_year_is_read_to_its_end(bench: Bench) -> None:
    shop, _, issued = await five(bench)
    chain = await series_of(shop, issued[0], 1_203, old=False)
    found = await audited(shop, 2025)
    assert (found.issued, found.last_number, found.missing, found.broken_at) == (1_203, chain[-1].number, (), None)
    # At the edge of what is read at once, and behind it
    for gone in (999, 1_000, 1_100):
        await force(bench, "delete from document where id = :id", id=chain[gone].id)
    found = await audited(shop, 2025)
    assert (found.issued, found.broken_at) == (1_200, chain[1_001].number)
    assert found.missing == (chain[999].number, chain[1_000].number, chain[1_100].number)


async def test_several_are_looked_at_one_after_the_other(bench: Bench) -> None:
    shop, _, _ = await five(bench)
    async with bench.outside.long_read:
        waiting = [asyncio.create_task(audited(shop)) for _ in range(3)]
        await asyncio.sleep(0.2)
        assert not any(task.done() for task in waiting)
    assert {found.issued for found in await asyncio.gather(*waiting)} == {5}


async def test_a_foreign_station_is_not_there(bench: Bench) -> None:
    shop, _, _ = await five(bench)
    elsewhere = await open_shop(bench)
    for scope in (elsewhere.somebody(Role.MANAGER).scope, Scope()):
        for wanted in (shop.station.id, uuid7(), None):
            with pytest.raises(DomainError) as refused:
                await audit.of_series(bench.outside, scope, wanted, 2026)
            assert (refused.value.code.value, refused.value.field) == ("NOT_FOUND", ["station_id"])
