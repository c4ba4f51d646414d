"""Bookings that are called off, and what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from server.models import Contract, Document, Email, HistoryEntry, Job, OpenItem
from server.models.email import EmailTemplate
from server.models.recipient import PostalAddress, Recipient
from server.services.acting import Acting
from server.services.billing import collection
from server.services.changes import edit
from server.services.changes.edit import Prospect
from server.services.ends import cancellation
from server.services.payments import deposits
from tests.builders.bench import Bench
from tests.builders.rows import Shop
from tests.services.samples import at

START = at("2026-09-10 09:00")
DAY = timedelta(days=1)
END = START + DAY
PAYER = Recipient(
    name="Versicherung AG", address=PostalAddress(street="Allee 1", postcode="20095", city="Hamburg", country="DE")
)


async def cancel(shop: Shop, contract: Contract, *, reason: str | None = None) -> Contract:
    """By a clerk, and the jobs that follow."""
    now = await shop.bench.contract(contract.id)
    acting = Acting(shop.bench.now, shop.somebody())
    await cancellation.cancel(shop.bench.outside, acting, contract.id, now.version, reason)
    await collection.collect(shop.bench.outside, contract.id)
    await deposits.release(shop.bench.outside, contract.id)
    return await shop.bench.contract(contract.id)


async def look(shop: Shop, contract: Contract) -> Prospect:
    acting = Acting(shop.bench.now, shop.somebody())
    return await edit.preview(shop.bench.outside, acting, contract.id, cancellation.look)


async def mail_of(bench: Bench, contract: Contract) -> Email:
    (found,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CANCELLATION)
    mail: Email = found
    return mail


def said(mail: Email) -> str:
    return mail.text.replace("\u00a0", " ")


async def written(bench: Bench, contract: Contract) -> list[Any]:
    now = await bench.contract(contract.id)
    kinds = [Document, Email, HistoryEntry, OpenItem]
    counts = [len(await bench.all(kind, contract_id=contract.id)) for kind in kinds]
    return [now.version, now.state, counts, await bench.payments(contract.id), len(await bench.all(Job))]
