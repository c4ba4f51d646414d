"""The client's money operations against the simulator's ledger: what the client believes is what happened."""

from dataclasses import replace

import pytest

from server.gateways.payment import GatewayMisconfigured, Outcome, PaymentResult, StoredCard
from server.gateways.telecash import TelecashGateway, messages

from .vault import deleted, shown
from .world import APPROVED, World, new_attempt


async def test_charge(world: World, gateway: TelecashGateway) -> None:
    attempt = new_attempt()
    result = await gateway.charge(attempt, APPROVED, 5900)
    assert result.outcome is Outcome.APPROVED
    assert result.auth_code
    assert result.network_ref
    [line] = world.ledger()
    assert line == {
        "order_id": attempt.order_ref,
        "transaction_id": result.gateway_ref,
        "type": "sale",
        "amount": "59.00",
        "currency": "EUR",
        "state": "approved",
        "card": "403587...4977",
        "at": "2030-01-15T09:20:30+00:00",
    }


async def test_hold_and_partial_capture_once(world: World, gateway: TelecashGateway) -> None:
    hold = new_attempt()
    assert (await gateway.hold(hold, APPROVED, 30000)).outcome is Outcome.APPROVED
    too_much = await gateway.capture(new_attempt(hold.order_ref), 30001)
    assert (too_much.outcome, too_much.code) == (Outcome.REJECTED, "-10503")
    assert (await gateway.capture(new_attempt(hold.order_ref), 12050)).outcome is Outcome.APPROVED
    again = await gateway.capture(new_attempt(hold.order_ref), 100)
    assert (again.outcome, again.code) == (Outcome.REJECTED, "-10501")
    assert world.states() == [
        ("preAuth", "300.00", "approved"),
        ("postAuth", "300.01", "failed"),
        ("postAuth", "120.50", "approved"),
        ("postAuth", "1.00", "failed"),
    ]


async def test_refund_up_to_what_was_taken(world: World, gateway: TelecashGateway) -> None:
    sale = new_attempt()
    await gateway.charge(sale, APPROVED, 10000)
    assert (await gateway.refund(new_attempt(sale.order_ref), 2000)).outcome is Outcome.APPROVED
    assert (await gateway.refund(new_attempt(sale.order_ref), 8000)).outcome is Outcome.APPROVED
    more = await gateway.refund(new_attempt(sale.order_ref), 1)
    assert (more.outcome, more.code) == (Outcome.REJECTED, "-10601")
    assert [one for one in world.states() if one[2] == "approved"] == [
        ("sale", "100.00", "approved"),
        ("return", "20.00", "approved"),
        ("return", "80.00", "approved"),
    ]


async def test_void_only_until_the_clearing(world: World, gateway: TelecashGateway) -> None:
    first, second = new_attempt(), new_attempt()
    voided = await gateway.charge(first, APPROVED, 1000)
    assert (await gateway.cancel(new_attempt(first.order_ref), voided.gateway_ref or "")).outcome is Outcome.APPROVED
    again = await gateway.cancel(new_attempt(first.order_ref), voided.gateway_ref or "")
    assert again.code == "-5019"
    settled = await gateway.charge(second, APPROVED, 2000)
    world.clock.advance(days=1)
    late = await gateway.cancel(new_attempt(second.order_ref), settled.gateway_ref or "")
    assert (late.outcome, late.code) == (Outcome.REJECTED, "-5019")
    [line] = await gateway.lookup_order(second.order_ref)
    assert (line.state, line.outcome) == ("SETTLED", Outcome.APPROVED)
    assert [one for one in world.states() if one[2] == "voided"] == [("sale", "10.00", "voided")]


async def test_releasing_a_hold(world: World, gateway: TelecashGateway) -> None:
    hold = new_attempt()
    placed = await gateway.hold(hold, APPROVED, 30000)
    assert (await gateway.cancel(new_attempt(hold.order_ref), placed.gateway_ref or "")).outcome is Outcome.APPROVED
    late = await gateway.capture(new_attempt(hold.order_ref), 100)
    assert late.code == "-5004"
    world.switch(void_hold=False)
    other = await gateway.hold(new_attempt(), APPROVED, 30000)
    assert (await gateway.cancel(new_attempt(), other.gateway_ref or "")).code == "-5019"
    assert world.states()[:2] == [("preAuth", "300.00", "voided"), ("void", "300.00", "approved")]


@pytest.mark.parametrize(("token", "days"), [("tok-approved", 5), ("tok-approved-mastercard", 30)])
async def test_holds_lapse_by_brand(world: World, gateway: TelecashGateway, token: str, days: int) -> None:
    early, late = new_attempt(), new_attempt()
    await gateway.hold(early, StoredCard(token=token), 30000)
    await gateway.hold(late, StoredCard(token=token), 30000)
    world.clock.advance(days=days, seconds=-1)
    assert (await gateway.capture(new_attempt(early.order_ref), 100)).outcome is Outcome.APPROVED
    world.clock.advance(seconds=1)
    assert (await gateway.capture(new_attempt(late.order_ref), 100)).code == "-5004"
    assert [state for _, _, state in world.states()] == ["approved", "expired", "approved", "failed"]


async def test_follow_ups_of_nothing(gateway: TelecashGateway) -> None:
    assert (await gateway.capture(new_attempt(), 100)).code == "-5008"
    assert (await gateway.refund(new_attempt(), 100)).code == "-5008"
    assert (await gateway.cancel(new_attempt(), "84500999999")).code == "-5008"
    hold, sale = new_attempt(), new_attempt()
    await gateway.hold(hold, APPROVED, 100)
    await gateway.charge(sale, APPROVED, 100)
    assert (await gateway.refund(new_attempt(hold.order_ref), 100)).code == "-5009"
    assert (await gateway.capture(new_attempt(sale.order_ref), 100)).code == "-5004"


async def credit(gateway: TelecashGateway, cents: int) -> PaymentResult:
    """A payment to a card without an earlier charge: the product makes none, the simulator knows it."""
    attempt = new_attempt()
    message = messages.card_transaction(
        gateway._settings.store_id, "credit", attempt, APPROVED, amount_cents=cents, currency="EUR", initiator=None
    )
    return await gateway._move_money("credit", attempt, message)


async def test_old_orders_take_credit_only(world: World, gateway: TelecashGateway) -> None:
    sale = new_attempt()
    await gateway.charge(sale, APPROVED, 10000)
    world.clock.advance(days=181)
    assert (await gateway.refund(new_attempt(sale.order_ref), 100)).code == "-5995"
    assert (await credit(gateway, 1500)).outcome is Outcome.APPROVED
    world.switch(credit_allowed=False)
    with pytest.raises(GatewayMisconfigured):
        await credit(gateway, 1500)


async def test_an_order_exists_once(world: World, gateway: TelecashGateway) -> None:
    attempt = new_attempt()
    await gateway.charge(attempt, APPROVED, 100)
    again = await gateway.charge(attempt, APPROVED, 100)
    assert (again.outcome, again.code) == (Outcome.UNKNOWN, "-5003")
    line = await gateway.lookup_attempt(attempt.attempt_ref)
    assert line
    assert line.outcome is Outcome.APPROVED
    declined = new_attempt()
    await gateway.charge(declined, StoredCard(token="tok-declined"), 100)
    assert (await gateway.charge(declined, APPROVED, 100)).code == "-5003"
    assert [state for *_, state in world.states()] == ["approved", "failed", "declined", "failed"]


@pytest.mark.parametrize(
    ("token", "operation", "code"),
    [
        ("tok-declined", "charge", "51"),
        ("tok-declined", "hold", "51"),
        ("tok-expired", "charge", "54"),
        ("tok-hold-declined", "hold", "51"),
    ],
)
async def test_declining_tokens(gateway: TelecashGateway, token: str, operation: str, code: str) -> None:
    attempt = new_attempt()
    result = await getattr(gateway, operation)(attempt, StoredCard(token=token), 100)
    assert (result.outcome, result.code) == (Outcome.DECLINED, code)
    assert result.message
    assert result.retry_advice
    [line] = await gateway.lookup_order(attempt.order_ref)
    assert (line.outcome, line.code, line.state) == (Outcome.DECLINED, code, "DECLINED")


async def test_card_that_declines_later(gateway: TelecashGateway) -> None:
    card = StoredCard(token="tok-declined-later")
    assert (await gateway.charge(new_attempt("RB-7F3K-D1"), card, 5900)).outcome is Outcome.APPROVED
    assert (await gateway.hold(new_attempt("RB-7F3K-DEP1"), card, 30000)).outcome is Outcome.APPROVED
    assert (await gateway.charge(new_attempt("RB-7F3K-KM1"), card, 700)).code == "51"
    assert (await gateway.charge(new_attempt("RB-8888-D1"), card, 5900)).outcome is Outcome.APPROVED


async def test_unknown_token(gateway: TelecashGateway) -> None:
    result = await gateway.charge(new_attempt(), StoredCard(token="tok-nobody-knows"), 100)
    assert result.outcome is Outcome.REJECTED


async def test_too_many_transactions(world: World, gateway: TelecashGateway) -> None:
    sale = new_attempt()
    await gateway.charge(sale, APPROVED, 10000)
    world.switch(max_transactions_per_order=1)
    assert (await gateway.refund(new_attempt(sale.order_ref), 100)).code == "-5997"


async def test_duplicate_window(world: World, gateway: TelecashGateway) -> None:
    world.switch(duplicate_window_seconds=60)
    await gateway.charge(new_attempt(), APPROVED, 5900)
    same = await gateway.charge(new_attempt(), APPROVED, 5900)
    assert (same.outcome, same.code) == (Outcome.DECLINED, "-5005")
    assert (await gateway.charge(new_attempt(), APPROVED, 6000)).outcome is Outcome.APPROVED
    world.clock.advance(seconds=61)
    assert (await gateway.charge(new_attempt(), APPROVED, 5900)).outcome is Outcome.APPROVED


async def test_cents_choose_the_answer_when_switched_on(world: World, gateway: TelecashGateway) -> None:
    assert (await gateway.charge(new_attempt(), APPROVED, 1351)).outcome is Outcome.APPROVED
    world.switch(amount_rules=True)
    assert (await gateway.charge(new_attempt(), APPROVED, 1351)).code == "51"
    assert (await gateway.charge(new_attempt(), APPROVED, 1300)).outcome is Outcome.APPROVED


async def test_store_that_demands_security_codes(world: World, gateway: TelecashGateway) -> None:
    world.switch(cvv_mandatory=True)
    with pytest.raises(GatewayMisconfigured, match="-12000"):
        await gateway.charge(new_attempt(), APPROVED, 100)


async def test_strict_credential_on_file(world: World, gateway: TelecashGateway) -> None:
    world.switch(strict_credential_on_file=True, missing_scheme_reference_code="65")
    assert (await gateway.charge(new_attempt(), APPROVED, 100)).outcome is Outcome.APPROVED
    bare = replace(APPROVED, network_ref=None)
    assert (await gateway.charge(new_attempt(), bare, 100)).code == "65"
    with world.store.database.transaction() as connection:
        connection.execute("UPDATE vault SET first_scheme_id = NULL")
    assert (await gateway.charge(new_attempt(), APPROVED, 100)).code == "65"


async def test_vault(world: World, gateway: TelecashGateway) -> None:
    facts = await shown(world, "tok-approved")
    assert facts
    assert (facts.brand, facts.last4, facts.expiry) == ("VISA", "4977", (2035, 12))
    assert await deleted(world, "unknown")
    world.switch(vault_contracted=False)
    with pytest.raises(GatewayMisconfigured):
        await gateway.charge(new_attempt(), APPROVED, 100)
