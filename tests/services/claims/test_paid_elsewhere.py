"""What is open of a claim is paid elsewhere, reminded of, disputed or given up like other debts, and not as rent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.errors import InvalidInput
from server.models import Contract, Document, HistoryEntry, OpenItem, Protocol
from server.models.contract_parts import HistoryAction
from server.models.document import DocumentType
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.services.changes import readings
from server.services.changes.readings import Reading
from server.services.claims import decisions
from server.services.receivables import external, reminders, write_off
from server.services.receivables.external import ExternalPayment
from tests.builders.bench import Bench
from tests.builders.rows import Shop, open_shop
from tests.services.claims.damaged import (
    acting,
    claim_it,
    claims,
    collect,
    damage_of,
    damaged,
    decided_for_customer,
    open_cents,
    said,
)


async def short(shop: Shop) -> tuple[Contract, OpenItem]:
    """A claim of which the card has refused 320.00."""
    contract = await damaged(shop, card_token="tok-declined-later")
    await decided_for_customer(shop, "620.00")
    await claim_it(shop)
    await collect(shop.bench, contract)
    (item,) = await shop.bench.all(OpenItem, contract_id=contract.id)
    return contract, item


async def test_a_transfer_pays_the_claim_and_no_rent(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract, item = await short(shop)

    await external.record(bench.outside, acting(shop), item.document_id, ExternalPayment(12_000, "T-1"))
    await collect(bench, contract)
    assert ((await damage_of(bench)).liability.value, await open_cents(bench, contract)) == ("CLAIMED", [20_000])
    for _ in range(2):
        await external.record(bench.outside, acting(shop), item.document_id, ExternalPayment(20_000, "T-2"))
    await collect(bench, contract)

    assert ((await damage_of(bench)).liability.value, await open_cents(bench, contract)) == ("PAID", [0])
    settled = await bench.contract(contract.id)
    assert (settled.settlement_state.value, settled.paid_cents) == ("PAID", 5_900)


async def test_a_claim_is_given_up_with_its_damage_only(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract, item = await short(shop)

    with pytest.raises(InvalidInput) as refusal:
        await write_off.write_off(bench.outside, acting(shop, Role.MANAGER), item.id, "Insolvenz")
    assert "`writeOffDamage`" in str(refusal.value)
    assert await open_cents(bench, contract) == [32_000]

    damage = await damage_of(bench)
    boss = acting(shop, Role.MANAGER)
    await decisions.write_off(bench.outside, boss, damage.id, damage.version, "Insolvenz")

    (now,) = await bench.all(OpenItem, contract_id=contract.id)
    assert (now.open_cents, now.written_off_cents) == (0, 32_000)
    (document,) = await claims(bench, contract)
    (entry,) = await bench.all(HistoryEntry, action=HistoryAction.DAMAGE_WRITTEN_OFF)
    assert (entry.before, entry.after) == (document.number, "320.00")
    assert (await bench.contract(contract.id)).settlement_state.value == "PAID"


async def test_a_reminder_speaks_of_a_claim_and_none_of_what_is_disputed(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract, item = await short(shop)
    bench.clock.move_to(bench.now + timedelta(days=18))

    await reminders.remind(bench.outside, item.id)
    (text,) = await said(bench, contract, "PAYMENT_REMINDER")
    (document,) = await claims(bench, contract)
    assert f"die Forderung {document.number} zu Vertrag {contract.number} war am" in text
    assert "Davon sind noch 320,00 € offen." in text

    damage = await damage_of(bench)
    await decisions.dispute(bench.outside, acting(shop), damage.id, damage.version, "war schon da")
    bench.clock.move_to(bench.now + timedelta(days=20))
    await reminders.remind(bench.outside, item.id)
    assert len(await said(bench, contract, "PAYMENT_REMINDER")) == 1


async def test_a_disputed_claim_that_is_paid_after_all_is_paid(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract, item = await short(shop)
    damage = await damage_of(bench)
    await decisions.dispute(bench.outside, acting(shop), damage.id, damage.version, "war schon da")

    await external.record(bench.outside, acting(shop), item.document_id, ExternalPayment(32_000, "T-1"))
    await collect(bench, contract)

    assert (await damage_of(bench)).liability.value == "PAID"
    assert await open_cents(bench, contract) == [0]


async def test_an_invoice_that_is_issued_anew_does_not_count_what_was_transferred_for_a_damage(bench: Bench) -> None:
    # Given: the card has paid the rent of 118.00, a transfer a part of the claim
    shop = await open_shop(bench)
    contract = await damaged(shop, km=400)
    await decided_for_customer(shop, "620.00")
    bench.books.script("sale", "decline:51")
    await claim_it(shop)
    await collect(bench, contract)
    (item,) = await bench.all(OpenItem, contract_id=contract.id)
    await external.record(bench.outside, acting(shop), item.document_id, ExternalPayment(10_000, "T-1"))
    back = next(one for one in await bench.all(Protocol, contract_id=contract.id) if one.type is ProtocolType.CHECK_IN)
    # When the rental becomes dearer
    await readings.correct(
        bench.outside, acting(shop, Role.MANAGER), back.id, Reading(odometer_km=10_500), "Tippfehler"
    )
    # Then
    final = (await bench.all(Document, contract_id=contract.id, type=DocumentType.FINAL_INVOICE))[-1]
    ways = [part["way"] for part in (final.view or {})["payments"]]
    assert "PAID_ELSEWHERE" not in ways
    assert ways[0] == "CHARGED"
