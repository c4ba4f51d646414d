"""A rental that leaves everything behind that a rental can: mails, papers, pictures, signatures, a card of its own."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any
from uuid import UUID

from server.models import Contract, Document, Driver, Email, Photo, Protocol
from server.models.protocol import PhotoSlot
from server.models.staff import Role
from server.sandbox.telecash import vault
from server.sandbox.telecash.cards import recognise
from server.sandbox.telecash.config import SimulatorConfig
from server.services.acting import Acting
from server.services.billing import collection, documents, invoice
from server.services.booking.plan import WorkshopReference
from server.services.changes import notes
from server.services.handover import paper, photos
from server.services.handover.report import PhotoReport
from server.services.payments import deposits
from server.services.people.drivers import DriverDetails
from tests.builders.bench import Bench, Telecash
from tests.builders.rentals import rented
from tests.builders.rows import Shop
from tests.driving import picture, signature
from tests.services.claims.damaged import DAY, START

TOKEN = "tok-of-its-own"
CANARY = "Zzkanarienvogel"
"""In every text that says something of the customer."""


def keep_card(bench: Bench, token: str = TOKEN) -> None:
    """As the payment page would have stored it."""
    assert isinstance(bench.books, Telecash)
    with bench.books.store.database.transaction() as connection:
        card = recognise("4035874000424977", 12, 2033)
        vault.keep(connection, SimulatorConfig().store_id, token, card, vault.FIRST_SCHEME_ID)


def has_card(bench: Bench, token: str = TOKEN) -> bool:
    assert isinstance(bench.books, Telecash)
    with bench.books.store.database.transaction() as connection:
        return vault.find(connection, SimulatorConfig().store_id, token) is not None


async def taken(shop: Shop, *seeds: int) -> tuple[PhotoReport, ...]:
    return tuple([PhotoReport(await _uploaded(shop, picture(seed)), PhotoSlot.FRONT, None) for seed in seeds])


async def signed(shop: Shop, height: int) -> dict[str, Any]:
    return {"signature_sha256": await _uploaded(shop, signature(height)), "signature_missing_reason": None}


async def _uploaded(shop: Shop, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    bench = shop.bench
    await photos.upload(bench.outside, shop.somebody(Role.YARD), sha256, content, now=bench.now)
    return sha256


def licensed(name: str = "Anna") -> DriverDetails:
    return DriverDetails(
        first_name=name,
        last_name=CANARY,
        birth_date=date(1980, 2, 3),
        licence_number="B072RRE2I55",
        licence_class="B",
        licence_issued=date(2001, 2, 3),
        licence_valid_until=date(2033, 1, 18),
    )


async def whole_rental(shop: Shop, *scratches: Any, **more: Any) -> Contract:
    """Booked with a card of its own, out and back with pictures and signatures, billed and paid; with scratches, they
    are still to be decided about.
    """
    bench = shop.bench
    keep_card(bench)
    values: dict[str, Any] = {
        "card_token": TOKEN,
        "drivers": (licensed(),),
        "workshop": WorkshopReference(order_number=CANARY, customer_plate="B-ZZ 1"),
        "note": f"Frau {CANARY} ist nett.",
        "out": {"photos": await taken(shop, 1, 2), "remarks": CANARY, **await signed(shop, 20)},
        "back_with": {"photos": await taken(shop, 3, 4), **await signed(shop, 40)},
    }
    values["back_with"]["damages"] = scratches
    contract = await rented(shop, START, START + DAY, **(values | more))
    for protocol in await bench.all(Protocol, contract_id=contract.id):
        await paper.make(bench.outside, protocol.id)
    await invoice.bill(bench.outside, contract.id)
    await collection.collect(bench.outside, contract.id)
    await deposits.release(bench.outside, contract.id)
    await notes.add(bench.outside, Acting(bench.now, shop.somebody()), contract.id, f"Noch etwas zu {CANARY}.")
    await documents.print_unprinted(bench.outside, contract.id)
    return await bench.contract(contract.id)


async def files_of(bench: Bench, contract_id: UUID) -> dict[str, set[str]]:
    """The keys of a contract's objects, by what they are."""
    printed = await bench.all(Protocol, contract_id=contract_id)
    pictures = {photo.sha256: photo for photo in await bench.all(Photo)}
    hashes = {protocol.signature_sha256 for protocol in printed}
    return {
        "documents": {one.pdf_key for one in await bench.all(Document, contract_id=contract_id)},
        "protocols": {one.pdf_key for one in printed},
        "signatures": {pictures[sha256].object_key for sha256 in hashes if sha256 in pictures},
        "photos": {
            key
            for sha256, photo in pictures.items()
            if sha256 not in hashes
            for key in (photo.object_key, photo.thumbnail_key)
        },
    }


async def left(bench: Bench, files: dict[str, set[str]]) -> dict[str, int]:
    """How many of some objects are still there."""
    there = await bench.outside.objects.keys()
    return {name: len(keys & there) for name, keys in files.items()}


async def mentions(bench: Bench, word: str = CANARY) -> list[str]:
    """Tables that still say a word, in any column."""
    async with bench.owned() as session:
        tables = [
            row.tablename for row in await session.rows("select tablename from pg_tables where schemaname = 'public'")
        ]
        return sorted(
            [
                table
                for table in tables
                if await session.value(f"select 1 from {table} t where t::text ilike '%{word}%' limit 1")
            ]
        )


async def rows_left(bench: Bench, contract_id: UUID) -> list[int]:
    """Drivers, mails, protocols, documents."""
    models = (Driver, Email, Protocol, Document)
    return [len(await bench.all(model, contract_id=contract_id)) for model in models]
