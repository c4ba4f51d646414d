"""A day's rental that comes back with a scratch, and what people do about that."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from server.models import Contract, Damage, Document, Email, OpenItem, Payment, PaymentShare, Protocol
from server.models.damage import DamageKind, DamageLiability, VehicleView
from server.models.document import DocumentType
from server.models.staff import Role
from server.security import Principal
from server.services.acting import Acting
from server.services.billing import collection as rent
from server.services.billing import invoice
from server.services.claims import claim, collection, decisions
from server.services.claims.claim import ClaimRequest
from server.services.claims.decisions import Decision
from server.services.handover import paper
from server.services.handover.damages import DamageReport
from server.services.payments import deposits
from tests.builders.bench import Bench
from tests.builders.rentals import rented
from tests.builders.rows import Shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
CUSTOMER = DamageLiability.DECIDED_CUSTOMER
CONFIRMED = DamageLiability.CONFIRMED


def scratch(number: int = 1, **more: Any) -> DamageReport:
    values: dict[str, Any] = {
        "id": UUID(int=number),
        "view": VehicleView.LEFT,
        "x": 0.4,
        "y": 0.5,
        "kind": DamageKind.SCRATCH,
        "size_mm": 120,
        "description": None,
        "photos": (),
    }
    return DamageReport(**(values | more))


async def damaged(shop: Shop, *scratches: DamageReport, km: int = 100, **more: Any) -> Contract:
    """Back with new damages, billed, its rent collected, both protocols printed."""
    back_with = {"damages": scratches or (scratch(),), **more.pop("back_with", {})}
    contract = await rented(shop, START, START + DAY, km=km, back_with=back_with, **more)
    bench = shop.bench
    for protocol in await bench.all(Protocol, contract_id=contract.id):
        await paper.make(bench.outside, protocol.id)
    await invoice.bill(bench.outside, contract.id)
    await rent.collect(bench.outside, contract.id)
    await deposits.release(bench.outside, contract.id)
    return await bench.contract(contract.id)


async def damage_of(bench: Bench, number: int = 1) -> Damage:
    (found,) = await bench.all(Damage, id=UUID(int=number))
    damage: Damage = found
    return damage


def acting(shop: Shop, role: Role = Role.CLERK) -> Acting:
    return Acting(shop.bench.now, shop.somebody(role))


async def decide(
    shop: Shop, liability: DamageLiability, *, number: int = 1, who: Principal | None = None, **amounts: str
) -> None:
    """Somebody decides, with amounts in euros."""
    damage = await damage_of(shop.bench, number)
    by = Acting(shop.bench.now, who) if who else acting(shop)
    said = Decision(liability, "geprüft", **{name: Decimal(amount) for name, amount in amounts.items()})
    await decisions.decide(shop.bench.outside, by, damage.id, damage.version, said)


async def decided_for_customer(shop: Shop, net: str, *, number: int = 1) -> None:
    await decide(shop, CONFIRMED, number=number)
    await decide(shop, CUSTOMER, number=number, estimate_net=net)


async def claim_it(shop: Shop, *, number: int = 1, role: Role = Role.CLERK, **more: Any) -> None:
    damage = await damage_of(shop.bench, number)
    wanted = ClaimRequest(damage.id, damage.version, **more)
    await claim.claim(shop.bench.outside, acting(shop, role), wanted)


async def collect(bench: Bench, contract: Contract) -> None:
    """What the job does; twice, because a job may be run again."""
    for _ in range(2):
        await collection.collect(bench.outside, contract.id)


def moved(bench: Bench, contract: Contract) -> list[tuple[str, str, str]]:
    """What happened at the gateway after the booking."""
    return bench.books.ledger(contract)[2:]


async def claims(bench: Bench, contract: Contract) -> list[Document]:
    documents = await bench.all(Document, contract_id=contract.id)
    return [one for one in documents if one.type is DocumentType.DAMAGE_CLAIM]


async def open_cents(bench: Bench, contract: Contract) -> list[int]:
    """What is open of each document, in the order of the documents; nothing of those without an item."""
    items = {item.document_id: item for item in await bench.all(OpenItem, contract_id=contract.id)}
    documents = await bench.all(Document, contract_id=contract.id)
    return [items[one.id].open_cents for one in documents if one.id in items]


async def said(bench: Bench, contract: Contract, template: str) -> list[str]:
    """The texts of a contract's mails of a kind."""
    mails = await bench.all(Email, contract_id=contract.id, template=template)
    return [" ".join(mail.text.replace("\u00a0", " ").split()) for mail in mails]


async def written(bench: Bench) -> list[int]:
    """How much there is: to see that nothing was written, sent or moved."""
    return await bench.counts(Document, Email, Payment, PaymentShare, OpenItem)
