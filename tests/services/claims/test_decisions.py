"""People decide: what may follow what, who hears of it, and what a refusal leaves as it was."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from server.errors import DomainError, InvalidTransition, NotFound, Refused, VersionConflict
from server.models import HistoryEntry, OpenItem, Protocol
from server.models.contract_parts import HistoryAction
from server.models.damage import DamageLiability, RepairState
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.services.claims import claim, decisions
from server.services.claims.claim import ClaimRequest
from server.services.claims.decisions import Decision
from server.services.ends import undo
from server.services.handover import damages
from tests.builders.bench import Bench, texts
from tests.builders.rows import open_shop
from tests.services.claims.damaged import (
    CONFIRMED,
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
    scratch,
    written,
)


async def test_a_confirmed_damage_is_told_to_the_customer(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)

    await decide(shop, CONFIRMED)

    damage = await damage_of(bench)
    assert (damage.liability.value, damage.version) == ("CONFIRMED", 2)
    (text,) = await said(bench, contract, "DAMAGE_NOTICE")
    assert "Nach unserer Prüfung ist er entstanden, während Sie das Fahrzeug hatten." in text
    assert "Berechnet wird dafür nichts, bevor Sie eine Forderung mit allen Belegen erhalten haben." in text
    assert "Schaden: Kratzer, linke Seite, 120 mm" in text
    assert "300,00 € bleiben bis zur Klärung auf Ihrer Karte blockiert, nicht abgebucht." in text
    assert moved(bench, contract) == []


async def test_an_english_customer_reads_english(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    async with bench.owned() as session:
        await session.write("update contract set language = 'EN'")

    await decided_for_customer(shop, "1500.00")
    await claim_it(shop)

    (notice,) = await said(bench, contract, "DAMAGE_NOTICE")
    assert (
        "As far as we can tell, it happened while you had the car. Who pays for it has not been decided yet." in notice
    )
    assert "Damage: Scratch, left side, 120 mm" in notice
    (text,) = await said(bench, contract, "DAMAGE_CLAIM")
    assert "Claim (outside VAT): 1,000.00 EUR" in text
    assert (
        "300.00 EUR will be taken from the deposit that is blocked on your card. If that fails, we will charge this amount"
        " to your stored card as well. - 700.00 EUR will be charged to your stored card."
    ) in text
    assert "The protocols of hand-over and return are attached." in text
    (document,) = await claims(bench, contract)
    assert [line.text for line in document.lines] == ["Scratch, left side, 120 mm", "Limit by your deductible"]


async def test_every_decision_is_in_the_history(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)

    await decided_for_customer(shop, "620.00")
    await decide(shop, CUSTOMER, final_net="580.50")

    entries = await bench.all(HistoryEntry, contract_id=contract.id, action=HistoryAction.DAMAGE_DECIDED)
    assert texts(entries, "before", "after", "reason") == [
        ("SUSPECTED", "CONFIRMED", "geprüft"),
        ("CONFIRMED", "DECIDED_CUSTOMER, estimate 620.00", "geprüft"),
        ("DECIDED_CUSTOMER", "DECIDED_CUSTOMER, estimate 620.00, final 580.50", "geprüft"),
    ]
    assert len(await said(bench, contract, "DAMAGE_NOTICE")) == 1


async def test_the_final_amount_counts_before_the_estimate(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    await decide(shop, CUSTOMER, final_net="580.50")

    await claim_it(shop)

    (document,) = await claims(bench, contract)
    assert document.total_cents == 58_050
    assert "laut Rechnung" in document.lines[0].explanation


@pytest.mark.parametrize(
    ("before", "wanted", "here", "allowed"),
    [
        ((), "DECIDED_CUSTOMER", "vermutet", "verworfen, bestätigt"),
        (("REJECTED",), "CONFIRMED", "verworfen", None),
        (("CONFIRMED",), "REJECTED", "bestätigt", "der Kunde zahlt, eine Versicherung zahlt"),
        (("CONFIRMED", "DECIDED_OWN_COST"), "DECIDED_CUSTOMER", "die Firma zahlt selbst", None),
        (
            ("CONFIRMED", "DECIDED_CUSTOMER"),
            "DECIDED_CUSTOMER",
            "der Kunde zahlt",
            "gefordert, eine Versicherung zahlt",
        ),
    ],
)
async def test_anything_else_is_refused_with_what_is_allowed(
    bench: Bench, before: tuple[str, ...], wanted: str, here: str, allowed: str | None
) -> None:
    shop = await open_shop(bench)
    await damaged(shop)
    for step in before:
        await decide(shop, DamageLiability(step))
    stood, rows = await damage_of(bench), await written(bench)

    with pytest.raises(InvalidTransition) as refusal:
        await decide(shop, DamageLiability(wanted))

    assert f"Stand des Schadens: {here}." in refusal.value.message.de
    assert (allowed or "Danach ist nichts mehr möglich") in refusal.value.message.de
    now = await damage_of(bench)
    assert (now.liability, now.version) == (stood.liability, stood.version)
    assert await written(bench) == rows


@pytest.mark.parametrize("wanted", ["KNOWN", "SUSPECTED", "CLAIMED", "PAID", "DISPUTED", "WRITTEN_OFF"])
async def test_what_is_no_decision_is_refused_with_its_field(bench: Bench, wanted: str) -> None:
    shop = await open_shop(bench)
    await damaged(shop)

    with pytest.raises(DomainError) as refusal:
        await decide(shop, DamageLiability(wanted))

    assert refusal.value.field == ["liability"]
    assert (await damage_of(bench)).version == 1


@pytest.mark.parametrize(
    ("amount", "field"), [("0", "estimate_net"), ("-5.00", "final_net"), ("1.005", "estimate_net")]
)
async def test_an_odd_amount_is_refused_with_its_field(bench: Bench, amount: str, field: str) -> None:
    shop = await open_shop(bench)
    await damaged(shop)
    amounts: dict[str, Any] = {field: amount}

    with pytest.raises(DomainError) as refusal:
        await decide(shop, CONFIRMED, **amounts)

    assert refusal.value.field == [field]
    assert (await damage_of(bench)).version == 1


async def test_of_two_clerks_the_second_hears_that_somebody_was_faster(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    damage = await damage_of(bench)
    await decide(shop, CONFIRMED)
    rows = await written(bench)

    late = Decision(DamageLiability.REJECTED, "alt")
    with pytest.raises(VersionConflict) as refusal:
        await decisions.decide(bench.outside, acting(shop), damage.id, damage.version, late)

    assert refusal.value.current_version == 2
    assert (await damage_of(bench)).liability is CONFIRMED
    assert await written(bench) == rows
    assert len(await said(bench, contract, "DAMAGE_NOTICE")) == 1


async def test_another_station_does_not_know_the_damage(bench: Bench) -> None:
    shop, other = await open_shop(bench), await open_shop(bench)
    await damaged(shop)
    damage = await damage_of(bench)

    with pytest.raises(NotFound):
        await decide(shop, CONFIRMED, who=other.somebody())
    with pytest.raises(NotFound):
        await claim.claim(bench.outside, acting(other), ClaimRequest(damage.id, damage.version))

    assert (await damage_of(bench)).version == 1


async def test_who_has_only_the_car_does_not_decide_but_may_repair(bench: Bench) -> None:
    # Given: the car has moved on to another station, which sees its damages
    shop, other = await open_shop(bench), await open_shop(bench)
    await damaged(shop)
    async with bench.owned() as session:
        await session.write("update vehicle set station_id = :there", {"there": other.station.id})

    with pytest.raises(NotFound):
        await decide(shop, CONFIRMED, who=other.somebody())
    damage = await damage_of(bench)
    await decisions.repair(bench.outside, acting(other), damage.id, damage.version, RepairState.REPAIRED)

    repaired = await damage_of(bench)
    assert (repaired.liability.value, repaired.repair.value, repaired.version) == ("SUSPECTED", "REPAIRED", 2)


async def test_a_damage_that_nobody_is_suspected_of_cannot_be_claimed(bench: Bench) -> None:
    shop = await open_shop(bench)
    yard = shop.somebody(Role.YARD)
    async with bench.outside.database.transaction(yard.scope) as session:
        await damages.report(session, shop.vehicles[0].id, scratch(7), now=bench.now)

    for step in (decide(shop, CONFIRMED, number=7), claim_it(shop, number=7)):
        with pytest.raises(InvalidTransition) as refusal:
            await step
        assert "The damage's state: known before. Nothing can follow." in str(refusal.value)

    assert (await damage_of(bench, 7)).version == 1


async def test_a_claim_without_an_amount_says_what_is_missing(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decide(shop, CONFIRMED)
    await decide(shop, CUSTOMER)
    rows = await written(bench)

    with pytest.raises(Refused) as refusal:
        await claim_it(shop)

    assert refusal.value.code.value == "BILLING_BLOCKED"
    assert str(refusal.value) == "The claim lacks: an amount (`estimateNet` or `finalNet`)."
    assert await written(bench) == rows
    assert moved(bench, contract) == []
    assert (await damage_of(bench)).liability is CUSTOMER


async def test_a_claim_without_both_protocols_says_what_is_missing(bench: Bench) -> None:
    # Given: the return was never printed, and the hand-over did not happen like that
    shop = await open_shop(bench)
    await damaged(shop)
    await decided_for_customer(shop, "620.00")
    async with bench.owned(past_triggers=True) as session:
        await session.write("update protocol set voided = true where type = 'CHECK_OUT'")
        await session.write("update protocol set pdf_key = null where type = 'CHECK_IN'")

    with pytest.raises(Refused) as refusal:
        await claim_it(shop)

    assert str(refusal.value) == "The claim lacks: the printed check-out protocol, the printed check-in protocol."
    assert len(await bench.all(Protocol)) == 2
    assert (await damage_of(bench)).liability is CUSTOMER


async def test_the_same_claim_sent_twice_is_one(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    damage = await damage_of(bench)
    wanted = ClaimRequest(damage.id, damage.version)
    await claim.claim(bench.outside, acting(shop), wanted)

    with pytest.raises(VersionConflict):
        await claim.claim(bench.outside, acting(shop), wanted)
    await collect(bench, contract)

    assert len(await claims(bench, contract)) == 1
    assert [line[0] for line in moved(bench, contract)] == ["capture", "sale"]
    assert len(await said(bench, contract, "DAMAGE_CLAIM")) == 1


async def test_after_six_months_only_a_manager_claims_with_a_reason(bench: Bench) -> None:
    # Given: returned on 9 September
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "1500.00")
    bench.later(days=182)

    for role in (Role.CLERK, Role.MANAGER):
        with pytest.raises(Refused) as refusal:
            await claim_it(shop, role=role)
        assert "(§ 548 BGB): the last day was 9 Mar 2027" in str(refusal.value)
    with pytest.raises(Refused) as refusal:
        await claim_it(shop, role=Role.CLERK, override_reason="Anerkannt")
    assert refusal.value.field == ["override_reason"]
    assert await claims(bench, contract) == []

    await claim_it(shop, role=Role.MANAGER, override_reason="Schriftlich anerkannt")

    # What is too late is not dearer because of that.
    (document,) = await claims(bench, contract)
    assert document.total_cents == 100_000
    (entry,) = await bench.all(HistoryEntry, action=HistoryAction.DAMAGE_CLAIMED)
    assert (entry.reason, entry.after) == ("Schriftlich anerkannt", document.number)


async def test_on_the_last_day_it_is_in_time(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    bench.later(days=181)

    await claim_it(shop)

    assert len(await claims(bench, contract)) == 1


async def test_gross_negligence_is_not_limited_by_the_deductible(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "1500.00")

    await claim_it(shop, role=Role.MANAGER, override_reason="Grob fahrlässig: Einfahrtshöhe missachtet")

    (document,) = await claims(bench, contract)
    assert document.total_cents == 150_000
    assert (
        "Die Selbstbeteiligung begrenzt diese Forderung nicht: Grob fahrlässig: Einfahrtshöhe missachtet."
        in document.lines[0].explanation
    )


async def test_what_is_open_of_a_claim_is_disputed_then_written_off(bench: Bench) -> None:
    # Given: the card refuses what the deposit does not cover
    shop = await open_shop(bench)
    contract = await damaged(shop, card_token="tok-declined-later")
    await decided_for_customer(shop, "620.00")
    await claim_it(shop)
    await collect(bench, contract)
    assert await open_cents(bench, contract) == [32_000]
    # When
    damage = await damage_of(bench)
    await decisions.dispute(bench.outside, acting(shop), damage.id, damage.version, "Kunde: war schon da")
    assert (await damage_of(bench)).liability.value == "DISPUTED"
    damage = await damage_of(bench)
    boss = acting(shop, Role.MANAGER)
    await decisions.write_off(bench.outside, boss, damage.id, damage.version, "nicht einbringlich")
    # Then
    assert (await damage_of(bench)).liability.value == "WRITTEN_OFF"
    assert await open_cents(bench, contract) == [0]
    (entry,) = await bench.all(HistoryEntry, action=HistoryAction.DAMAGE_WRITTEN_OFF)
    (document,) = await claims(bench, contract)
    assert (entry.before, entry.after, entry.reason) == (document.number, "320.00", "nicht einbringlich")


async def test_what_is_paid_can_be_disputed_and_not_written_off(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    await claim_it(shop)
    await collect(bench, contract)
    damage = await damage_of(bench)
    await decisions.dispute(bench.outside, acting(shop), damage.id, damage.version, "Kunde widerspricht")
    damage = await damage_of(bench)

    boss = acting(shop, Role.MANAGER)
    with pytest.raises(Refused) as refusal:
        await decisions.write_off(bench.outside, boss, damage.id, damage.version, "Kulanz")

    assert refusal.value.code.value == "NOT_ALLOWED"
    assert (await damage_of(bench)).liability.value == "DISPUTED"


async def test_nobody_disputes_while_the_money_is_under_way(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    await claim_it(shop)
    damage = await damage_of(bench)

    with pytest.raises(Refused) as refusal:
        await decisions.dispute(bench.outside, acting(shop), damage.id, damage.version, "Kunde widerspricht")

    assert refusal.value.code.value == "PAYMENT_UNRESOLVED"
    await collect(bench, contract)
    assert (await damage_of(bench)).liability.value == "PAID"
    assert await bench.all(OpenItem) == []


async def test_a_blank_reason_is_refused(bench: Bench) -> None:
    shop = await open_shop(bench)
    await damaged(shop)
    damage = await damage_of(bench)
    blank = Decision(CONFIRMED, " \u200b", Decimal("1.00"))

    with pytest.raises(DomainError) as refusal:
        await decisions.decide(bench.outside, acting(shop), damage.id, 1, blank)

    assert refusal.value.field == ["reason"]
    assert (await damage_of(bench)).claim_deadline == (damage.seen_at + timedelta(days=181)).date()


async def test_until_it_is_claimed_it_may_be_decided_for_the_customer(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")

    await decide(shop, DamageLiability.DECIDED_INSURER)
    await collect(bench, contract)

    assert (await damage_of(bench)).liability.value == "DECIDED_INSURER"
    assert moved(bench, contract) == [("void", "300.00", "approved")]
    assert "Sie müssen dafür nichts zahlen." in (await said(bench, contract, "DAMAGE_NOTICE"))[-1]


async def test_a_return_whose_damage_is_claimed_is_not_taken_back(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    await claim_it(shop)
    (back,) = await bench.all(Protocol, contract_id=contract.id, type=ProtocolType.CHECK_IN)

    with pytest.raises(Refused) as refusal:
        await undo.undo(bench.outside, acting(shop, Role.MANAGER), back.id, "falscher Vertrag")

    assert str(refusal.value) == "A damage that was found at this return is claimed already."
    assert (await bench.contract(contract.id)).state.value == "BILLED"
