"""What a rental leaves on the disk: whole rentals, each with photos, protocols, invoices and mails, made by the services
themselves, and what the tables and the object store have grown by between two counts of them.

    python3 dev.py exec python -m benchmarks.growth --rentals 60
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import itertools
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from server.database import Database
from server.database.embedded import SUPERUSER
from server.models import Protocol
from server.models.protocol import PhotoSlot
from server.models.staff import Role
from server.services.billing import collection, documents, invoice
from server.services.handover import paper, photos
from server.services.handover.report import PhotoReport
from server.services.payments import deposits
from tests.builders.bench import Bench, outside_of, owners, telecash
from tests.builders.rentals import rented
from tests.builders.rows import Shop, company, open_shop
from tests.clusters import migrated, private_folder
from tests.driving import signature
from tests.services.retention.rental import licensed
from tests.services.samples import at

PHOTOS = 8
"""Of one protocol: the car from four sides, two corners, the dashboard and the inside."""
SIZES = """
select c.relname as name, pg_total_relation_size(c.oid) as bytes from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
"""
_pictures = itertools.count(1)


@dataclass(frozen=True)
class Stock:
    """Bytes and rows of tables, bytes and number of objects by the first word of their key."""

    bytes: Counter[str]
    rows: Counter[str]
    object_bytes: Counter[str]
    objects: Counter[str]


@cache
def _grain() -> Image.Image:
    made = Image.frombytes("RGB", (400, 300), hashlib.shake_256(b"grain").digest(400 * 300 * 3))
    return made.resize((2048, 1536), Image.Resampling.BICUBIC)


def photo_like() -> bytes:
    """A picture that compresses about as badly as one of a camera (coarse grain, scaled up), another one each time."""
    number, out = next(_pictures), io.BytesIO()
    ImageChops.offset(_grain(), 7 * number, 3 * number).save(out, "JPEG", quality=80)
    return out.getvalue()


async def uploaded(shop: Shop, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    await photos.upload(shop.bench.outside, shop.somebody(Role.YARD), sha256, content, now=shop.bench.now)
    return sha256


async def recorded(shop: Shop) -> dict[str, Any]:
    slots = list(PhotoSlot)[:PHOTOS]
    taken = [PhotoReport(await uploaded(shop, photo_like()), slot, None) for slot in slots]
    signed = await uploaded(shop, signature(20 + next(_pictures) % 60))
    return {"photos": tuple(taken), "signature_sha256": signed, "signature_missing_reason": None}


async def rental(shop: Shop, number: int) -> None:
    """Booked, out, back, billed, paid, everything printed; the next one begins a week later."""
    bench, start = shop.bench, at("2026-09-08 09:00") + number * timedelta(days=7)
    bench.clock.move_to(max(bench.now, start - timedelta(days=2)))
    contract = await rented(
        shop,
        start,
        start + timedelta(days=1),
        drivers=(licensed(),),
        km=100 * (number + 1),
        out={"km": 10_000 + 100 * number, **await recorded(shop)},
        back_with=await recorded(shop),
    )
    for protocol in await bench.all(Protocol, contract_id=contract.id):
        await paper.make(bench.outside, protocol.id)
    await invoice.bill(bench.outside, contract.id)
    await collection.collect(bench.outside, contract.id)
    await deposits.release(bench.outside, contract.id)
    await documents.print_unprinted(bench.outside, contract.id)


async def stock(bench: Bench, media: Path) -> Stock:
    async with bench.owned() as session:
        sizes = {row.name: row.bytes for row in await session.rows(SIZES)}
        rows = {name: await session.value(f"select count(*) from {name}") for name in sizes}
    return Stock(Counter(sizes), Counter(rows), *stored(media))


def stored(media: Path) -> tuple[Counter[str], Counter[str]]:
    """Bytes and number of the objects."""
    object_bytes: Counter[str] = Counter()
    objects: Counter[str] = Counter()
    for path in media.rglob("*"):
        if path.is_file():
            kind = path.relative_to(media).parts[0]
            name = f"{kind} (small)" if path.stem.endswith("-small") else kind
            objects[name] += 1
            object_bytes[name] += path.stat().st_size
    return object_bytes, objects


def report(before: Stock, after: Stock, rentals: int) -> None:
    print(f"{'of one rental':<28}{'rows':>8}{'bytes':>12}")
    for name, grown in (after.bytes - before.bytes).most_common():
        print(f"{name:<28}{(after.rows[name] - before.rows[name]) / rentals:>8.1f}{grown / rentals:>12,.0f}")
    print(f"{'database':<28}{'':>8}{(after.bytes - before.bytes).total() / rentals:>12,.0f}")
    for name, grown in (after.object_bytes - before.object_bytes).most_common():
        print(f"{name:<28}{(after.objects[name] - before.objects[name]) / rentals:>8.1f}{grown / rentals:>12,.0f}")


async def measure(rentals: int) -> None:
    folder = private_folder("ersatzwagen-growth-")
    cluster = migrated(folder / "data")
    try:
        async with telecash(folder) as books, owners(cluster.url(SUPERUSER)) as owner:
            database = Database(cluster.url(), books.clock)
            bench = Bench(outside_of(database, books, folder / "media"), books, owner)
            await bench.put(company())
            shop = await open_shop(bench)
            # Small tables grow by whole pages: what the first ones take says nothing.
            for number in range(rentals // 3):
                await rental(shop, number)
            before = await stock(bench, folder / "media")
            for number in range(rentals // 3, rentals // 3 + rentals):
                await rental(shop, number)
            report(before, await stock(bench, folder / "media"), rentals)
            await database.close()
    finally:
        cluster.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rentals", type=int, default=60)
    asyncio.run(measure(parser.parse_args().rentals))


if __name__ == "__main__":
    main()
