"""A claim that is taken back by hand: what was paid for it goes back, and its damage is decided anew."""

from __future__ import annotations

from typing import Any

import pytest

from server.database import SYSTEM
from server.errors import DomainError, InvalidInput, InvalidTransition
from server.models import Contract, Document, Email, HistoryEntry, OpenItem, Protocol
from server.models.contract_parts import HistoryAction
from server.models.damage import DamageLiability
from server.models.document import DocumentType
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.services.billing import cancellations, invoice
from server.services.changes import readings
from server.services.changes.readings import Reading
from server.services.claims import decisions, withdrawal
from server.services.receivables import external
from server.services.receivables.external import ExternalPayment
from tests.builders.bench import Bench
from tests.builders.rows import Shop, open_shop
from tests.rendering.reading import words_of
from tests.services.claims.damaged import (
    CUSTOMER,
    acting,
    claim_it,
    claims,
    collect,
    damage_of,
    damaged,
    decide,
    decided_for_customer,
    moved,
    open_cents,
    said,
    written,
)

D1 = [("capture", "300.00", "approved"), ("sale", "320.00", "approved")]


async def take_back(shop: Shop, document: Document, reason: str = "Der Schaden war schon bekannt") -> Document:
    """A manager takes a document back; the money moves as the job moves it."""
    boss = acting(shop, Role.MANAGER)
    mirror_id = await withdrawal.cancel_document(shop.bench.outside, boss, document.id, reason)
    (mirror,) = await shop.bench.all(Document, id=mirror_id)
    return mirror


async def claimed(shop: Shop, net: str = "620.00", **more: Any) -> tuple[Contract, Document]:
    """A day's rental with a scratch that is claimed, and all paid that a card pays."""
    contract = await damaged(shop, **more)
    await decided_for_customer(shop, net)
    await claim_it(shop)
    await collect(shop.bench, contract)
    return contract, (await claims(shop.bench, contract))[-1]


async def dispute(shop: Shop) -> None:
    damage = await damage_of(shop.bench)
    await decisions.dispute(shop.bench.outside, acting(shop), damage.id, damage.version, "war schon da")


async def refused(shop: Shop, contract: Contract, document: Document, reason: str = "Irrtum") -> DomainError:
    """Why it cannot be taken back; nothing is written, sent or moved."""
    before = [await written(shop.bench), moved(shop.bench, contract), (await damage_of(shop.bench)).version]
    with pytest.raises(DomainError) as refusal:
        await take_back(shop, document, reason)
    assert [await written(shop.bench), moved(shop.bench, contract), (await damage_of(shop.bench)).version] == before
    return refusal.value


async def test_d1_paid_and_disputed_goes_back_to_the_card_whole(bench: Bench) -> None:
    # Given: D1, 620.00 of which the hold paid 300.00 and the card 320.00, disputed
    shop = await open_shop(bench)
    contract, claim = await claimed(shop)
    await dispute(shop)
    assert (moved(bench, contract), (await damage_of(bench)).liability.value) == (D1, "DISPUTED")
    version = (await bench.contract(contract.id)).version
    # When
    mirror = await take_back(shop, claim)
    await collect(bench, contract)
    # Then: the mirror, outside VAT
    assert (mirror.type, mirror.refers_to_id) == (DocumentType.CANCELLATION_INVOICE, claim.id)
    assert (mirror.total_cents, mirror.net_cents, mirror.vat_cents) == (-62_000, -62_000, 0)
    assert (mirror.payable_cents, mirror.moves_cents, mirror.vat_rate_bp) == (-62_000, -62_000, 0)
    assert [(line.kind.value, line.total_cents) for line in mirror.lines] == [("DAMAGE", -62_000)]
    # and the money: each payment by itself, and no rent
    assert moved(bench, contract)[2:] == [("refund", "320.00", "approved"), ("refund", "300.00", "approved")]
    now = await bench.contract(contract.id)
    assert (now.paid_cents, now.settlement_state.value, now.billing_block) == (5_900, "PAID", None)
    assert now.version > version
    assert await open_cents(bench, contract) == []
    # and the damage
    damage = await damage_of(bench)
    assert (damage.liability, damage.claim_document_id) == (CUSTOMER, None)
    entries = await bench.all(HistoryEntry, contract_id=contract.id)
    (cancelled,) = [one for one in entries if one.action is HistoryAction.DOCUMENT_CANCELLED]
    assert (cancelled.before, cancelled.after) == (claim.number, mirror.number)
    anew = [one for one in entries if one.action is HistoryAction.DAMAGE_DECIDED][-1]
    assert (anew.before, anew.after) == ("DISPUTED", "DECIDED_CUSTOMER, estimate 620.00")
    assert anew.reason == cancelled.reason == "Der Schaden war schon bekannt"
    assert HistoryAction.SETTLED not in [one.action for one in entries]


async def test_the_mails_say_what_is_taken_back_and_what_goes_where(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract, claim = await claimed(shop)

    mirror = await take_back(shop, claim)
    await collect(bench, contract)

    (text,) = await said(bench, contract, "CORRECTION")
    assert f"wir haben die Schadenersatzforderung {claim.number} zurückgenommen: sie gilt nicht mehr." in text
    assert "Grund: Der Schaden war schon bekannt" in text
    assert "620,00 € auf Ihre Karte" in text
    assert f"Anbei: {mirror.number}" in text
    assert "echnung" not in text
    (mail,) = await bench.all(Email, contract_id=contract.id, template="CORRECTION")
    assert [file.name for file in mail.attachments] == [f"Rücknahme einer Schadenersatzforderung {mirror.number}.pdf"]
    (refund,) = await said(bench, contract, "REFUND")
    assert "wir haben 620,00 € auf die Karte zurückgebucht, mit der Sie bezahlt haben." in refund
    ways = (mirror.view or {})["payments"]
    assert [(part["way"], part["amount_cents"]) for part in ways] == [("TO_BE_REFUNDED", 62_000)]


async def test_the_same_in_english_and_on_paper(bench: Bench) -> None:
    # Given: 300.00 from the hold, 320.00 by transfer
    shop = await open_shop(bench)
    contract, claim = await claimed(shop, card_token="tok-declined-later")
    await external.record(bench.outside, acting(shop), claim.id, ExternalPayment(32_000, "T-1"))
    async with bench.owned() as session:
        await session.write("update contract set language = 'EN'")

    mirror = await take_back(shop, claim, "Known before")

    (text,) = await said(bench, contract, "CORRECTION")
    assert f"we have withdrawn the claim for damages {claim.number}: it no longer applies. Reason: Known before" in text
    assert "620.00 EUR, 300.00 EUR of it to your card" in text
    assert "We will transfer whatever does not go back to the card; if we do not have your bank details yet" in text
    assert "nvoice" not in text
    printed = words_of(await bench.outside.objects.get(mirror.pdf_key))
    assert "Withdrawal of a claim for damages" in printed
    assert f"We hereby withdraw the claim for damages {claim.number}" in printed
    assert "it is outside the scope of VAT and contains none" in printed
    assert "Withdrawn" in printed
    assert "include VAT" not in printed
    assert "nvoice" not in printed


async def test_what_was_transferred_is_transferred_back_and_is_no_rent(bench: Bench) -> None:
    # Given: 300.00 from the hold, 120.00 by transfer, 200.00 still open
    shop = await open_shop(bench)
    contract, claim = await claimed(shop, card_token="tok-declined-later")
    await external.record(bench.outside, acting(shop), claim.id, ExternalPayment(12_000, "T-1"))
    assert await open_cents(bench, contract) == [20_000]
    # When
    mirror = await take_back(shop, claim)
    await collect(bench, contract)
    # Then: the card takes its part, a clerk has to transfer the rest
    assert mirror.moves_cents == -42_000
    assert (mirror.view or {})["payments"] == []
    assert moved(bench, contract)[2:] == [("refund", "300.00", "approved")]
    assert await open_cents(bench, contract) == [0, -12_000]
    now = await bench.contract(contract.id)
    assert (now.paid_cents, now.billing_block) == (5_900, "REFUND_ABOVE_PAYMENT")
    (text,) = await said(bench, contract, "CORRECTION")
    assert "420,00 €, davon 300,00 € auf Ihre Karte" in text
    assert "Was nicht auf die Karte zurückgeht, überweisen wir" in text
    # When: the clerk has transferred it, and enters it twice
    for _ in range(2):
        await external.record(bench.outside, acting(shop), mirror.id, ExternalPayment(-12_000, "T-2"))
    await collect(bench, contract)
    # Then
    now = await bench.contract(contract.id)
    assert (now.paid_cents, now.billing_block, now.settlement_state.value) == (5_900, None, "PAID")
    assert await open_cents(bench, contract) == [0, 0]
    assert moved(bench, contract)[3:] == []
    async with bench.owned() as session:
        assert await cancellations.kept_elsewhere(session, contract.id) == 0
        assert await cancellations.kept_of_cancelled(session, contract.id) == 0
    assert len(await said(bench, contract, "REFUND")) == 2


async def test_a_clerk_who_settles_has_transferred_it_and_nothing_is_settled_anew(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract, claim = await claimed(shop, card_token="tok-declined-later")
    await external.record(bench.outside, acting(shop), claim.id, ExternalPayment(32_000, "T-1"))
    await collect(bench, contract)
    await take_back(shop, claim)
    await collect(bench, contract)
    assert await open_cents(bench, contract) == [0, -32_000]
    before = await bench.contract(contract.id)

    await invoice.settle_by_hand(bench.outside, shop.somebody(), contract.id, before.version)
    await collect(bench, contract)

    now = await bench.contract(contract.id)
    assert (now.billing_block, now.paid_cents, await open_cents(bench, contract)) == (None, 5_900, [0, 0])
    assert moved(bench, contract)[2:] == [("refund", "300.00", "approved")]
    assert await bench.all(HistoryEntry, contract_id=contract.id, action=HistoryAction.SETTLED) == []


async def test_of_a_capture_that_paid_the_rent_too_its_share_stays(bench: Bench) -> None:
    # Given: D3c, one capture of 174.38, of which 54.38 were the rent's
    shop = await open_shop(bench)
    emptier = {"fuel": 5}
    contract, claim = await claimed(shop, "120.00", back_with=emptier, card_token="tok-declined-later")
    assert moved(bench, contract)[1:] == [("capture", "174.38", "approved")]

    await take_back(shop, claim)
    await collect(bench, contract)

    assert moved(bench, contract)[2:] == [("refund", "120.00", "approved")]
    now = await bench.contract(contract.id)
    assert (now.paid_cents, now.settlement_state.value) == (5_900 + 5_438, "PAID")
    assert await open_cents(bench, contract) == [0]
    deposit = await bench.deposit(contract.id)
    assert (deposit.state.value, deposit.used_cents) == ("PARTLY_USED", 17_438)


async def test_of_a_claim_that_is_open_nothing_goes_back(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop, card_token="tok-declined-later")
    await decided_for_customer(shop, "620.00")
    bench.books.script("capture", "decline:05")
    await claim_it(shop)
    await collect(bench, contract)
    (claim,) = await claims(bench, contract)
    assert await open_cents(bench, contract) == [62_000]
    before = moved(bench, contract)

    mirror = await take_back(shop, claim)
    await collect(bench, contract)

    assert (mirror.total_cents, mirror.moves_cents) == (-62_000, 0)
    assert (moved(bench, contract), await open_cents(bench, contract)) == (before, [0])
    assert (await damage_of(bench)).liability is CUSTOMER
    assert (await bench.contract(contract.id)).billing_block is None
    (text,) = await said(bench, contract, "CORRECTION")
    assert "Dafür war nichts bezahlt: es geht nichts zurück." in text
    assert await said(bench, contract, "REFUND") == []


async def test_after_it_was_written_off_what_was_paid_goes_back(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract, claim = await claimed(shop, card_token="tok-declined-later")
    damage = await damage_of(bench)
    boss = acting(shop, Role.MANAGER)
    await decisions.write_off(bench.outside, boss, damage.id, damage.version, "Insolvenz")

    await take_back(shop, claim)
    await collect(bench, contract)

    assert moved(bench, contract)[2:] == [("refund", "300.00", "approved")]
    (item,) = await bench.all(OpenItem, contract_id=contract.id)
    assert (item.open_cents, item.written_off_cents) == (0, 0)
    assert (await damage_of(bench)).liability is CUSTOMER
    assert (await bench.contract(contract.id)).paid_cents == 5_900


async def test_it_is_claimed_anew_with_another_amount_and_taken_back_again(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract, first = await claimed(shop)
    await take_back(shop, first)
    await collect(bench, contract)
    # When: half of it, the deposit is used
    await decide(shop, CUSTOMER, final_net="310.00")
    await claim_it(shop)
    await collect(bench, contract)
    # Then: a document, a mail and an order of its own
    second = (await claims(bench, contract))[-1]
    assert (second.id != first.id, second.total_cents) == (True, 31_000)
    assert moved(bench, contract)[4:] == [("sale", "310.00", "approved")]
    assert len(await said(bench, contract, "DAMAGE_CLAIM")) == 2
    damage = await damage_of(bench)
    assert (damage.liability.value, damage.claim_document_id) == ("PAID", second.id)
    # When that is wrong, too
    await take_back(shop, second)
    await collect(bench, contract)
    # Then
    assert moved(bench, contract)[5:] == [("refund", "310.00", "approved")]
    assert (await bench.contract(contract.id)).paid_cents == 5_900
    await decide(shop, DamageLiability.DECIDED_OWN_COST)
    assert (await damage_of(bench)).liability.value == "DECIDED_OWN_COST"


async def test_twice_or_without_a_reason_it_is_refused(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract, claim = await claimed(shop)
    blank = await refused(shop, contract, claim, " ")
    assert (type(blank), list(blank.field or [])) == (InvalidInput, ["reason"])

    mirror = await take_back(shop, claim)
    await collect(bench, contract)

    twice = await refused(shop, contract, claim)
    assert (type(twice), list(twice.field or [])) == (InvalidInput, ["document_id"])
    assert str(twice) == f"{claim.number} was taken back by {mirror.number} already."
    of_mirror = await refused(shop, contract, mirror)
    assert str(of_mirror) == "Only an advance invoice, a final invoice or a claim for a damage is taken back by hand."


async def test_while_its_money_is_under_way_it_is_refused(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    await claim_it(shop)
    (claim,) = await claims(bench, contract)
    # Not begun yet
    early = await refused(shop, contract, claim)
    assert (early.code.value, list(early.field or [])) == ("PAYMENT_UNRESOLVED", ["document_id"])
    # Its answer is lost
    bench.books.script("sale", "lost")
    await collect(bench, contract)
    assert (await refused(shop, contract, claim)).code.value == "PAYMENT_UNRESOLVED"
    # Known
    await bench.look_up(contract.id)
    await collect(bench, contract)
    await take_back(shop, claim)
    await collect(bench, contract)
    assert moved(bench, contract)[2:] == [("refund", "320.00", "approved"), ("refund", "300.00", "approved")]


async def test_a_refund_whose_answer_is_lost_is_looked_up_and_never_repeated(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract, claim = await claimed(shop)
    bench.books.script("refund", "lost")

    await take_back(shop, claim)
    await collect(bench, contract)

    assert [state for _kind, state, _cents in await bench.payments(contract.id)].count("UNKNOWN") == 1
    assert moved(bench, contract)[2:] == [("refund", "320.00", "approved")]
    await bench.look_up(contract.id)
    await collect(bench, contract)
    assert moved(bench, contract)[2:] == [("refund", "320.00", "approved"), ("refund", "300.00", "approved")]
    assert (await bench.contract(contract.id)).paid_cents == 5_900


async def test_a_refund_that_is_refused_waits_for_a_clerk(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract, claim = await claimed(shop)
    bench.books.script("refund", "decline:05")

    await take_back(shop, claim)
    await collect(bench, contract)

    assert await open_cents(bench, contract) == [-62_000]
    now = await bench.contract(contract.id)
    assert (now.billing_block, now.paid_cents) == ("REFUND_REFUSED", 5_900)


async def test_it_neither_settles_an_open_invoice_nor_keeps_it_from_being_settled(bench: Bench) -> None:
    # Given: the card has refused 54.38 of the rent, and paid nothing of the claim beyond the hold
    shop = await open_shop(bench)
    emptier = {"fuel": 5}
    contract, claim = await claimed(shop, back_with=emptier, card_token="tok-declined-later")
    assert await open_cents(bench, contract) == [5_438, 32_000]
    # When
    await take_back(shop, claim)
    await collect(bench, contract)
    # Then: the rent is as open as it was
    now = await bench.contract(contract.id)
    assert (now.settlement_state.value, now.paid_cents) == ("OPEN", 5_900)
    assert await open_cents(bench, contract) == [5_438, 0]
    assert moved(bench, contract)[3:] == [("refund", "300.00", "approved")]
    # When it is paid
    (final,) = await bench.all(Document, contract_id=contract.id, type=DocumentType.FINAL_INVOICE)
    await external.record(bench.outside, acting(shop), final.id, ExternalPayment(5_438, "T-1"))
    await collect(bench, contract)
    # Then
    now = await bench.contract(contract.id)
    assert (now.settlement_state.value, now.paid_cents) == ("PAID", 5_900 + 5_438)


async def test_an_invoice_that_waits_for_its_money_is_settled_although_a_claim_was_taken_back_since(
    bench: Bench,
) -> None:
    # Given: the rent has just become dearer by 25.00, and is not charged yet
    shop = await open_shop(bench)
    contract, claim = await claimed(shop, km=400)
    paid = (await bench.contract(contract.id)).paid_cents
    back = next(one for one in await bench.all(Protocol, contract_id=contract.id) if one.type is ProtocolType.CHECK_IN)
    boss, right = acting(shop, Role.MANAGER), Reading(odometer_km=back.odometer_km + 100)
    await readings.correct(bench.outside, boss, back.id, right, "Tippfehler")
    assert (await bench.contract(contract.id)).settlement_state.value == "OPEN"

    await take_back(shop, claim)
    await collect(bench, contract)

    now = await bench.contract(contract.id)
    assert (now.settlement_state.value, now.paid_cents) == ("PAID", paid + 2_500)
    assert sorted(moved(bench, contract)[3:]) == [
        ("refund", "300.00", "approved"),
        ("refund", "320.00", "approved"),
        ("sale", "25.00", "approved"),
    ]


async def test_the_final_invoice_goes_its_own_way_after_a_claim_was_taken_back(bench: Bench) -> None:
    # Given: the rent of 118.00 and the claim are paid, the claim is taken back
    shop = await open_shop(bench)
    contract, claim = await claimed(shop, km=400)
    await take_back(shop, claim)
    await collect(bench, contract)
    paid = (await bench.contract(contract.id)).paid_cents
    (final,) = await bench.all(Document, contract_id=contract.id, type=DocumentType.FINAL_INVOICE)
    # When the invoice is taken back, too
    mirror = await take_back(shop, final, "Falscher Name")
    await collect(bench, contract)
    # Then: what was paid for it goes back, and nothing more
    assert -mirror.moves_cents == paid - 5_900 == final.payable_cents
    assert (await bench.contract(contract.id)).paid_cents == 5_900


async def test_what_a_clerk_says_of_the_claim_is_not_said_of_the_rent(bench: Bench) -> None:
    # Given: 200.00 of a claim that was taken back are owed by hand
    shop = await open_shop(bench)
    contract = await damaged(shop, km=400)
    await decided_for_customer(shop, "500.00")
    bench.books.script("sale", "decline:51")
    await claim_it(shop)
    await collect(bench, contract)
    (claim,) = await claims(bench, contract)
    await external.record(bench.outside, acting(shop), claim.id, ExternalPayment(20_000, "T-1"))
    await take_back(shop, claim)
    await collect(bench, contract)
    assert await open_cents(bench, contract) == [0, -20_000]
    paid = (await bench.contract(contract.id)).paid_cents
    # and the rent has just become cheaper: its refund is not made yet
    back = next(one for one in await bench.all(Protocol, contract_id=contract.id) if one.type is ProtocolType.CHECK_IN)
    boss, right = acting(shop, Role.MANAGER), Reading(odometer_km=back.odometer_km - 100)
    await readings.correct(bench.outside, boss, back.id, right, "Tippfehler")
    # When the clerk says that the 200.00 were transferred
    waiting = await bench.contract(contract.id)
    async with bench.outside.database.transaction(SYSTEM) as session:
        await invoice.release_block(session, contract.id, waiting.version, acting(shop))
    # Then the rent is not settled before the card gets back what the rent owes
    assert (await bench.contract(contract.id)).settlement_state.value == "REFUND_PENDING"
    await collect(bench, contract)
    now = await bench.contract(contract.id)
    assert (now.paid_cents, now.settlement_state.value, now.billing_block) == (paid - 2_500, "PAID", None)
    assert moved(bench, contract)[-1] == ("refund", "25.00", "approved")


async def test_a_decision_does_not_take_a_claim_back(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract, _claim = await claimed(shop)
    before = await written(bench)

    for wanted in (CUSTOMER, DamageLiability.DECIDED_OWN_COST):
        with pytest.raises(InvalidTransition) as refusal:
            await decide(shop, wanted)
        assert "`cancelDocument`" in str(refusal.value)

    assert (await damage_of(bench)).liability.value == "PAID"
    assert (await written(bench), moved(bench, contract)) == (before, D1)
