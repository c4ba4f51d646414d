"""Documents are printed after they were numbered: whatever the object store does, a station's series goes on."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from server.database import SYSTEM
from server.gateways.object_store import ObjectStore
from server.models import Contract, Document, Email, Job
from server.models.document import DocumentType
from server.paper import typesetter
from server.paper.views import InvoiceView
from server.services.billing import documents, invoice
from tests.builders.bench import Bench
from tests.builders.rentals import rented
from tests.builders.rows import open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)


async def final_of(bench: Bench, contract: Contract) -> Document:
    (found,) = await bench.all(Document, contract_id=contract.id, type=DocumentType.FINAL_INVOICE)
    document: Document = found
    return document


@dataclass
class BlockedStore:
    """An object store that answers no write until it is let go."""

    behind: ObjectStore
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def put(self, key: str, data: bytes) -> None:
        self.reached.set()
        await self.let_go.wait()
        await self.behind.put(key, data)

    async def get(self, key: str) -> bytes:
        return await self.behind.get(key)

    async def delete(self, key: str) -> None:
        await self.behind.delete(key)

    async def keys(self) -> frozenset[str]:
        return await self.behind.keys()


async def test_a_slow_object_store_does_not_stop_a_stations_invoices(bench: Bench) -> None:
    # Given: two cars are back, and the store hangs at the first invoice's PDF
    shop = await open_shop(bench, cars=2)
    first = await rented(shop, START, START + DAY)
    second = await rented(shop, START + DAY, START + 2 * DAY, vehicle_id=shop.vehicles[1].id)
    store = BlockedStore(bench.outside.objects)
    hanging = asyncio.create_task(invoice.bill(replace(bench.outside, objects=store), first.id))
    await asyncio.wait_for(store.reached.wait(), 30)
    # When: the second is billed meanwhile
    await asyncio.wait_for(invoice.bill(bench.outside, second.id), 30)
    # Then: it is there, printed, with the number after the first one's, and chained to it
    one, two = await final_of(bench, first), await final_of(bench, second)
    assert two.running_number == one.running_number + 1
    assert (one.sha256, two.previous_hash) == (None, one.chain_hash)
    assert two.sha256 == hashlib.sha256(await bench.outside.objects.get(two.pdf_key)).hexdigest()
    # And the first is finished when the store answers
    store.let_go.set()
    await hanging
    printed = await final_of(bench, first)
    assert printed.sha256 == hashlib.sha256(await bench.outside.objects.get(printed.pdf_key)).hexdigest()
    assert printed.seal() == printed.chain_hash == one.chain_hash


async def test_a_mail_that_was_refused_keeps_its_time_when_something_is_printed(bench: Bench) -> None:
    # Given: the mail server did not take the booking's mail, which is tried again later
    shop = await open_shop(bench)
    contract = await rented(shop, START, START + DAY)
    later = bench.now + timedelta(minutes=1)
    async with bench.outside.database.transaction(SYSTEM) as session:
        await session.write("update email set tries = 1", {})
        await session.write("update job set due_at = :later where kind = 'SEND_EMAIL'", {"later": later})
    before = await bench.all(Job, kind="SEND_EMAIL")
    assert before
    # When
    await invoice.bill(bench.outside, contract.id)
    # Then
    after = {job.id: job.due_at for job in await bench.all(Job, kind="SEND_EMAIL")}
    assert [after[job.id] for job in before] == [later] * len(before)
    assert len(after) == len(before) + 1  # the invoice's own


async def test_what_nobody_printed_is_printed_by_its_job_and_shows_the_same(bench: Bench) -> None:
    # Given: the process died between the commit and the PDF
    shop = await open_shop(bench)
    contract = await rented(shop, START, START + DAY)
    store = BlockedStore(bench.outside.objects)
    dying = asyncio.create_task(invoice.bill(replace(bench.outside, objects=store), contract.id))
    await asyncio.wait_for(store.reached.wait(), 30)
    dying.cancel()
    document = await final_of(bench, contract)
    assert document.sha256 is None
    (job,) = await bench.all(Job, key=f"print:{document.id}")
    # When: twice, and the price list and the company's name have changed since
    async with bench.owned() as session:
        await session.write("update station set name = 'Neuer Name'", {})
    await documents.print_pdf(bench.outside, document.id)
    await documents.print_pdf(bench.outside, document.id)
    # Then
    (mail,) = await bench.all(Email, template="FINAL_INVOICE")
    (sending,) = await bench.all(Job, key=f"email:{mail.id}")
    assert sending.due_at == bench.now  # it waited for the paper
    assert (job.kind, job.due_at) == ("PRINT_DOCUMENT", bench.now + documents.PRINTED_WITHIN)
    pdf = await bench.outside.objects.get(document.pdf_key)
    assert (await final_of(bench, contract)).sha256 == hashlib.sha256(pdf).hexdigest()
    assert document.view is not None
    assert pdf == typesetter.render_invoice(InvoiceView.of_json(document.view))
    assert "Neuer Name" not in str(document.view)


async def test_the_hash_of_a_pdf_is_added_once(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, START + DAY)
    await invoice.bill(bench.outside, contract.id)

    for change in ("sha256 = 'x'", "total_cents = 1", "view = null"):
        with pytest.raises(DBAPIError, match="frozen"):
            async with bench.owned() as session:
                await session.write(f"update document set {change} where contract_id = :id", {"id": contract.id})
