"""What recognises a request that is sent again, also by a server that is newer than the one that answered first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from server.database import SYSTEM
from server.errors import DomainError, PaymentDeclined
from server.models import Contract
from server.models.damage import DamageKind, VehicleView
from server.models.fleet import Cleanliness
from server.models.protocol import PhotoSlot
from server.services.booking import idempotency, saga
from server.services.handover.damages import DamageReport
from server.services.handover.report import ConditionReport, HandoverReport, PhotoReport
from tests.builders.bench import Bench
from tests.builders.rentals import customer, request
from tests.builders.rows import open_shop
from tests.services.samples import at

START, END = at("2026-09-08 09:00"), at("2026-09-09 09:00")


async def of_another_version(bench: Bench, stored: str) -> None:
    async with bench.outside.database.transaction(SYSTEM) as session:
        await session.write("update idempotency_record set request_hash = :stored", {"stored": stored})


@pytest.mark.parametrize("stored", ["0" * 64, "1:" + "0" * 64])
async def test_a_key_used_before_an_upgrade_gets_its_answer(bench: Bench, stored: str) -> None:
    shop = await open_shop(bench, cars=2)
    clerk, wanted = shop.somebody(), request(shop, START, END)
    first = await saga.book(bench.outside, clerk, wanted)
    await of_another_version(bench, stored)

    assert await saga.book(bench.outside, clerk, wanted) == first
    assert await bench.counts(Contract) == [1]


@pytest.mark.parametrize(
    ("stored", "english", "german"),
    [
        ('{"message": "The card was declined.", "reason": "51"}', "The card was declined.", "The card was declined."),
        ('{"message": {"en": "Declined.", "de": "Abgelehnt."}, "reason": null}', "Declined.", "Abgelehnt."),
        ('{"message": {"en": "Declined.", "de": "Abgelehnt.", "fr": "Refusé."}}', "Declined.", "Abgelehnt."),
    ],
)
async def test_a_refusal_of_another_version_is_told(bench: Bench, stored: str, english: str, german: str) -> None:
    shop = await open_shop(bench)
    clerk, wanted = shop.somebody(), request(shop, START, END)
    await saga.book(bench.outside, clerk, wanted)
    async with bench.outside.database.transaction(SYSTEM) as session:
        await session.write(
            "update idempotency_record set refusal = cast(:stored as jsonb), contract_id = null", {"stored": stored}
        )

    with pytest.raises(PaymentDeclined) as raised:
        await saga.book(bench.outside, clerk, wanted)

    assert raised.value.message == (english, german)


async def test_in_one_version_something_else_is_a_conflict(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)
    clerk, wanted = shop.somebody(), request(shop, START, END)
    await saga.book(bench.outside, clerk, wanted)
    await of_another_version(bench, f"{idempotency.SHAPE}:{'0' * 64}")

    with pytest.raises(DomainError) as raised:
        await saga.book(bench.outside, clerk, wanted)

    assert raised.value.code.value == "IDEMPOTENCY_CONFLICT"
    assert await bench.counts(Contract) == [1]


async def test_the_shape_of_a_booking_is_known(bench: Bench) -> None:
    """Fails when a field is added, renamed or moved: then raise `SHAPE`, and write the new hash here."""
    wanted = replace(
        request(await open_shop(bench), START, END),
        key=UUID(int=1),
        station_id=UUID(int=2),
        group_id=UUID(int=3),
        customer=customer(email="anna@example.com"),
    )

    assert idempotency.hash_of(wanted) == "4:0e2060896720d082a66dab2671a0364105fc4f7e0433439aea6a719402814a4e"


def test_the_shape_of_a_protocol_is_known() -> None:
    """Fails when a field is added, renamed or moved: tablets send a protocol again after days, and an upgrade."""
    report = HandoverReport(
        protocol_id=UUID(int=1),
        contract_id=UUID(int=2),
        occurred_at=datetime(2026, 9, 8, 7, tzinfo=UTC),
        condition=ConditionReport(10_000, 8, None, Cleanliness.CLEAN, Cleanliness.CLEAN),
        accessories=(("Warndreieck", 1),),
        damages=(DamageReport(UUID(int=3), VehicleView.LEFT, 0.5, 0.25, DamageKind.SCRATCH, 50, "Tür", ("b" * 64,)),),
        photos=(PhotoReport("a" * 64, PhotoSlot.FRONT, datetime(2026, 9, 8, 7, tzinfo=UTC)),),
        signature_sha256="c" * 64,
        signature_missing_reason=None,
        remarks=None,
        override_reason=None,
    )

    assert report.content_hash() == "dbfab43910a3db4d1f587ad83b53d917891ad2d768b72b91fea9652f498d2898"
