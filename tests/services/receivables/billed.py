"""Rentals that are billed and not paid by a card, and what a test asks of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from server.models import Contract, Document, Email, HistoryEntry, OpenItem
from server.models.document import DocumentType
from server.models.payment import PaymentMethod
from server.models.recipient import PostalAddress, Recipient
from server.models.staff import Role
from server.services.acting import Acting
from server.services.billing import collection, invoice
from server.services.payments import deposits
from server.services.receivables import external
from server.services.receivables.external import ExternalPayment
from tests.builders.bench import Bench, texts
from tests.builders.rentals import rented
from tests.builders.rows import Shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
END = START + 2 * DAY
INSURER = Recipient(
    name="Versicherung AG",
    address=PostalAddress(street="Allee 3", postcode="10115", city="Berlin"),
    reference="S-4711",
    email="schaden@versicherung.example",
)


async def on_account(shop: Shop, **more: Any) -> Contract:
    """Two days for 118.00 that nobody has paid: without a card and a deposit."""
    waived = {"method": PaymentMethod.WAIVED, "card_token": None, "waiver_reason": "Stammkunde"}
    return await billed(shop, **(waived | more))


async def billed(shop: Shop, **more: Any) -> Contract:
    """Two days, billed, and all that a card pays paid."""
    contract = await rented(shop, START, END, **more)
    await invoice.settle(shop.bench.outside, contract.id)
    return await work(shop.bench, contract)


async def work(bench: Bench, contract: Contract) -> Contract:
    """What the jobs do, twice: they may be run again at any time."""
    for _ in range(2):
        await invoice.bill(bench.outside, contract.id)
        await collection.collect(bench.outside, contract.id)
        await deposits.release(bench.outside, contract.id)
    return await bench.contract(contract.id)


async def final_of(bench: Bench, contract: Contract) -> Document:
    """The last final invoice."""
    return (await bench.all(Document, contract_id=contract.id, type=DocumentType.FINAL_INVOICE))[-1]


async def item_of(bench: Bench, document: Document) -> OpenItem:
    (item,) = await bench.all(OpenItem, document_id=document.id)
    return item


async def pay(shop: Shop, document: Document, cents: int, reference: str = "KA-1", role: Role = Role.CLERK) -> Contract:
    acting = Acting(shop.bench.now, shop.somebody(role))
    await external.record(shop.bench.outside, acting, document.id, ExternalPayment(cents, reference))
    return await work(shop.bench, await shop.bench.contract(document.contract_id))


async def written(bench: Bench, contract: Contract) -> list[Any]:
    """Everything that a refusal leaves as it was."""
    now = await bench.contract(contract.id)
    counts = [len(await bench.all(kind, contract_id=contract.id)) for kind in (Document, Email, HistoryEntry)]
    items = texts(await bench.all(OpenItem, contract_id=contract.id), "open_cents", "written_off_cents", "reminders")
    return [now.version, now.state, now.settlement_state, now.paid_cents, counts, items, bench.books.ledger(contract)]
