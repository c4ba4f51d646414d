"""PDFs that go with a claim: uploaded before, seen by whoever works there, as many as a mail takes."""

from __future__ import annotations

import asyncio
import hashlib
import io
from typing import Any

import pytest
from PIL import Image

from server.errors import InvalidInput
from server.models import DamageEvidence, Email, EvidenceFile, Photo
from server.models.staff import Role
from server.security import Principal
from server.services.claims import bundle, evidence, withdrawal
from server.services.handover import photos
from tests.builders.bench import Bench
from tests.builders.rows import Shop, open_shop
from tests.papers import empty_pdf
from tests.services.claims.damaged import (
    CUSTOMER,
    acting,
    claim_it,
    claims,
    collect,
    damage_of,
    damaged,
    decided_for_customer,
    said,
    scratch,
    written,
)


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def upload(shop: Shop, content: bytes, who: Principal | None = None, sha256: str | None = None) -> EvidenceFile:
    by = who or shop.somebody()
    wanted = sha256 or sha256_of(content)
    return await evidence.upload(shop.bench.outside, by, wanted, content, now=shop.bench.now)


def noise(seed: int) -> bytes:
    grain = hashlib.shake_256(bytes([seed])).digest(400 * 300 * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (400, 300), grain).resize((1600, 1200)).save(out, "JPEG", quality=85)
    return out.getvalue()


async def upload_photos(shop: Shop, number: int) -> tuple[str, ...]:
    yard, hashes = shop.somebody(Role.YARD), list[str]()
    for seed in range(number):
        content = noise(seed)
        hashes.append(sha256_of(content))
        await photos.upload(shop.bench.outside, yard, hashes[-1], content, now=shop.bench.now)
    return tuple(hashes)


async def test_a_pdf_is_stored_once_with_its_pages(bench: Bench) -> None:
    shop = await open_shop(bench)
    clerk, content = shop.somebody(), empty_pdf(3)

    stored = [await upload(shop, content, clerk) for _ in range(2)]

    assert [(file.sha256, file.pages, file.size) for file in stored] == [(sha256_of(content), 3, len(content))] * 2
    (row,) = await bench.all(EvidenceFile)
    assert row.stations == [shop.station.id]
    assert await bench.outside.objects.get(row.object_key) == content


async def test_the_same_pdf_sent_twice_at_once_is_one(bench: Bench) -> None:
    shop = await open_shop(bench)
    clerk, content = shop.somebody(), empty_pdf()

    stored = await asyncio.gather(*(upload(shop, content, clerk) for _ in range(3)))

    assert len({file.id for file in stored}) == 1
    assert len(await bench.all(EvidenceFile)) == 1


@pytest.mark.parametrize(
    ("content", "sha256", "field"),
    [
        (b"no pdf", None, "file"),
        (empty_pdf(51), None, "file"),
        (empty_pdf(), "0" * 64, "sha256"),
        (empty_pdf(), "no hash", "sha256"),
    ],
)
async def test_what_cannot_be_taken_is_refused_with_its_field(
    bench: Bench, content: bytes, sha256: str | None, field: str
) -> None:
    shop = await open_shop(bench)

    with pytest.raises(InvalidInput) as refusal:
        await upload(shop, content, sha256=sha256)

    assert refusal.value.field == [field]
    assert await bench.all(EvidenceFile) == []


async def test_evidence_and_photos_go_with_the_mail(bench: Bench) -> None:
    shop = await open_shop(bench)
    bill, estimate = await upload(shop, empty_pdf(1)), await upload(shop, empty_pdf(2))
    contract = await damaged(shop, scratch(photos=await upload_photos(shop, 2)))
    await decided_for_customer(shop, "620.00")

    await claim_it(shop, evidence=(estimate.sha256.upper(), bill.sha256, estimate.sha256))

    (mail,) = await bench.all(Email, contract_id=contract.id, template="DAMAGE_CLAIM")
    (document,) = await claims(bench, contract)
    number = contract.number
    assert [file.name for file in mail.attachments] == [
        f"Schadenersatzforderung {document.number}.pdf",
        f"{number}-Beleg-1.pdf",
        f"{number}-Beleg-2.pdf",
        f"Übergabeprotokoll {number}.pdf",
        f"Rückgabeprotokoll {number}.pdf",
        f"{number}-Foto-1.jpg",
        f"{number}-Foto-2.jpg",
    ]
    (text,) = await said(bench, contract, "DAMAGE_CLAIM")
    assert "2 Belege zu den Reparaturkosten liegen bei." in text
    assert "2 Fotos des Schadens liegen bei." in text
    assert "Die Protokolle von Übergabe und Rückgabe liegen bei." in text
    kept = sorted(await bench.all(DamageEvidence), key=lambda one: one.position)
    assert [one.evidence_file_id for one in kept] == [estimate.id, bill.id]


async def test_a_claim_that_is_made_anew_may_have_the_same_evidence_and_more(bench: Bench) -> None:
    # Given: a claim with an estimate, taken back
    shop = await open_shop(bench)
    bill, estimate = await upload(shop, empty_pdf(1)), await upload(shop, empty_pdf(2))
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    await claim_it(shop, evidence=(estimate.sha256,))
    await collect(bench, contract)
    (first,) = await claims(bench, contract)
    await withdrawal.cancel_document(bench.outside, acting(shop, Role.MANAGER), first.id, "falscher Betrag")
    await collect(bench, contract)
    # When
    await claim_it(shop, evidence=(bill.sha256, estimate.sha256))
    # Then: both go with the new mail, and each is kept once
    mails = await bench.all(Email, contract_id=contract.id, template="DAMAGE_CLAIM")
    names = [file.name for file in mails[-1].attachments]
    assert names[1:3] == [f"{contract.number}-Beleg-1.pdf", f"{contract.number}-Beleg-2.pdf"]
    kept = sorted(await bench.all(DamageEvidence), key=lambda one: one.position)
    assert [(one.evidence_file_id, one.position) for one in kept] == [(estimate.id, 0), (bill.id, 1)]


async def test_the_mail_stays_below_ten_megabytes(bench: Bench) -> None:
    # Given: forty photos of the damage, and an estimate that leaves no room for protocols
    shop = await open_shop(bench)
    heavy = await upload(shop, empty_pdf(weight=5_800_000))
    contract = await damaged(shop, scratch(photos=await upload_photos(shop, 12)))
    await decided_for_customer(shop, "620.00")

    await claim_it(shop, evidence=(heavy.sha256,))

    (mail,) = await bench.all(Email, contract_id=contract.id, template="DAMAGE_CLAIM")
    sizes = [len(await bench.outside.objects.get(file.key)) for file in mail.attachments]
    assert sum(sizes) * 4 / 3 + len(mail.html) + len(mail.text) < 10_000_000
    (text,) = await said(bench, contract, "DAMAGE_CLAIM")
    assert "Übergabeprotokoll (http://ersatzwagen.invalid/media/protocols/" in text
    assert "Rückgabeprotokoll (http://ersatzwagen.invalid/media/protocols/" in text
    assert "Alle Fotos der Rückgabe (http://ersatzwagen.invalid/media/protocols/" in text
    assert "Die Protokolle von Übergabe und Rückgabe liegen bei." not in text


async def refused(shop: Shop, hashes: tuple[str, ...]) -> Any:
    before = await written(shop.bench)
    with pytest.raises(InvalidInput) as refusal:
        await claim_it(shop, evidence=hashes)
    assert await written(shop.bench) == before
    assert (await damage_of(shop.bench)).liability is CUSTOMER
    return refusal.value.field


async def test_evidence_that_is_not_there_is_refused_by_its_place(bench: Bench) -> None:
    shop, other = await open_shop(bench), await open_shop(bench)
    mine, theirs = await upload(shop, empty_pdf(1)), await upload(other, empty_pdf(2))
    await damaged(shop)
    await decided_for_customer(shop, "620.00")

    assert await refused(shop, (mine.sha256, "f" * 64)) == ["evidence", "1"]
    assert await refused(shop, (mine.sha256, theirs.sha256)) == ["evidence", "1"]
    assert await refused(shop, ("nonsense",)) == ["evidence", "0"]
    assert await refused(shop, tuple(f"{number:064x}" for number in range(bundle.MOST_EVIDENCE + 1))) == ["evidence"]


async def test_more_evidence_than_a_mail_takes_is_refused(bench: Bench) -> None:
    shop = await open_shop(bench)
    heavy = [await upload(shop, empty_pdf(pages, weight=4_000_000)) for pages in (1, 2)]
    await damaged(shop)
    await decided_for_customer(shop, "620.00")

    assert await refused(shop, tuple(file.sha256 for file in heavy)) == ["evidence"]


async def test_a_colleague_may_use_what_was_uploaded_at_the_station(bench: Bench) -> None:
    shop = await open_shop(bench)
    stored = await upload(shop, empty_pdf(), shop.somebody())
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")

    await claim_it(shop, role=Role.MANAGER, evidence=(stored.sha256,))

    assert len(await claims(bench, contract)) == 1
    assert await bench.all(Photo) == []
