"""The same silence, two different truths: only an inquiry tells whether the money moved."""

import time

import pytest

from server.gateways.payment import GatewayMisconfigured, GatewayUnreachable, Outcome, StoredCard
from server.gateways.telecash import TelecashGateway
from tests.silence import silent_server

from .world import APPROVED, World, new_attempt


@pytest.mark.parametrize("outcome", ["process-then-drop", "process-then-fault", "process-then-503", "garbage"])
async def test_processed_then_lost(world: World, gateway: TelecashGateway, outcome: str) -> None:
    attempt = new_attempt()
    world.script("sale", outcome, attempt.order_ref)
    assert (await gateway.charge(attempt, APPROVED, 5900)).outcome is Outcome.UNKNOWN
    line = await gateway.lookup_attempt(attempt.attempt_ref)
    assert line
    assert (line.kind, line.outcome, line.amount_cents) == ("sale", Outcome.APPROVED, 5900)
    again = await gateway.charge(attempt, APPROVED, 5900)
    assert (again.outcome, again.code) == (Outcome.UNKNOWN, "-5003")
    assert [state for state in world.states() if state[2] == "approved"] == [("sale", "59.00", "approved")]


@pytest.mark.parametrize("outcome", ["drop-before", "fault:server", "503"])
async def test_lost_before_processing(world: World, gateway: TelecashGateway, outcome: str) -> None:
    attempt = new_attempt()
    world.script("sale", outcome, attempt.order_ref)
    assert (await gateway.charge(attempt, APPROVED, 5900)).outcome is Outcome.UNKNOWN
    assert await gateway.lookup_attempt(attempt.attempt_ref) is None
    assert await gateway.lookup_order(attempt.order_ref) == ()
    assert world.ledger() == []
    assert (await gateway.charge(attempt, APPROVED, 5900)).outcome is Outcome.APPROVED
    assert world.states() == [("sale", "59.00", "approved")]


async def test_token_that_loses_answers(world: World, gateway: TelecashGateway) -> None:
    card, attempt = StoredCard(token="tok-lost-answer"), new_attempt()
    assert (await gateway.charge(attempt, card, 5900)).outcome is Outcome.UNKNOWN
    assert (await gateway.charge(attempt, card, 5900)).code == "-5003"
    [line] = await gateway.lookup_order(attempt.order_ref)
    assert line.outcome is Outcome.APPROVED
    assert (await gateway.hold(new_attempt(), card, 100)).outcome is Outcome.APPROVED
    assert [line["state"] for line in world.ledger()] == ["approved", "failed", "approved"]


async def test_lost_follow_ups_are_found_by_attempt(world: World, gateway: TelecashGateway) -> None:
    sale = new_attempt()
    await gateway.charge(sale, APPROVED, 10000)
    refund = new_attempt(sale.order_ref)
    world.script("return", "process-then-drop", sale.order_ref)
    assert (await gateway.refund(refund, 2000)).outcome is Outcome.UNKNOWN
    found = await gateway.lookup_attempt(refund.attempt_ref)
    assert found
    assert (found.kind, found.amount_cents, found.outcome) == ("refund", 2000, Outcome.APPROVED)
    other = new_attempt()
    charged = await gateway.charge(other, APPROVED, 500)
    void = new_attempt(other.order_ref)
    world.script("void", "process-then-drop", other.order_ref)
    assert (await gateway.cancel(void, charged.gateway_ref or "")).outcome is Outcome.UNKNOWN
    found = await gateway.lookup_attempt(void.attempt_ref)
    assert found
    assert (found.kind, found.outcome) == ("void", Outcome.APPROVED)
    assert {line.kind: line.state for line in await gateway.lookup_order(other.order_ref)}["sale"] == "VOIDED"


async def test_fault_that_contradicts_itself(world: World, gateway: TelecashGateway) -> None:
    attempt = new_attempt()
    world.script("sale", "process-then-contradict")
    assert (await gateway.charge(attempt, APPROVED, 100)).outcome is Outcome.UNKNOWN
    assert (await gateway.lookup_order(attempt.order_ref))[0].outcome is Outcome.APPROVED


async def test_scripted_refusals(world: World, gateway: TelecashGateway) -> None:
    world.script("sale", "decline:51")
    world.script("sale", "failed:-30053")
    world.script("sale", "failed:-10601")
    world.script("sale", "fraud:-5005")
    results = [await gateway.charge(new_attempt(), APPROVED, 100) for _ in range(5)]
    assert [result.outcome for result in results] == [
        Outcome.DECLINED,
        Outcome.UNKNOWN,
        Outcome.REJECTED,
        Outcome.DECLINED,
        Outcome.APPROVED,
    ]
    world.script("sale", "fault:merchant")
    with pytest.raises(GatewayMisconfigured):
        await gateway.charge(new_attempt(), APPROVED, 100)
    assert [line["state"] for line in world.ledger()] == ["declined", "failed", "failed", "declined", "approved"]


async def test_scripts_match_operation_and_order(world: World, gateway: TelecashGateway) -> None:
    ours = new_attempt()
    world.script("sale", "decline:05", times=2)
    world.script("sale", "decline:51", ours.order_ref)
    assert (await gateway.hold(new_attempt(), APPROVED, 100)).outcome is Outcome.APPROVED
    assert (await gateway.charge(ours, APPROVED, 100)).code == "51"
    assert (await gateway.charge(new_attempt(), APPROVED, 100)).code == "05"
    assert (await gateway.charge(new_attempt(), APPROVED, 100)).code == "05"
    assert (await gateway.charge(new_attempt(), APPROVED, 100)).outcome is Outcome.APPROVED


async def test_slow_answers(world: World, gateway: TelecashGateway) -> None:
    world.script("sale", "delay:0.3")
    began = time.monotonic()
    assert (await gateway.charge(new_attempt(), APPROVED, 100)).outcome is Outcome.APPROVED
    assert time.monotonic() - began >= 0.3
    async with world.gateway(read_timeout=0.2) as hurried:
        attempt = new_attempt()
        world.script("sale", "delay:0.6")
        assert (await hurried.charge(attempt, APPROVED, 100)).outcome is Outcome.UNKNOWN
        assert (await gateway.lookup_order(attempt.order_ref))[0].outcome is Outcome.APPROVED


@pytest.mark.parametrize("mode", ["false", "error", "empty"])
async def test_every_way_of_knowing_nothing(world: World, gateway: TelecashGateway, mode: str) -> None:
    world.switch(unknown_order=mode)
    assert await gateway.lookup_order("RB-nothing") == ()
    assert await gateway.lookup_attempt("A-nothing") is None


async def test_inquiry_sees_late(world: World, gateway: TelecashGateway) -> None:
    world.switch(visibility_delay_seconds=30)
    attempt = new_attempt()
    await gateway.charge(attempt, APPROVED, 100)
    assert await gateway.lookup_order(attempt.order_ref) == ()
    world.clock.advance(seconds=30)
    assert len(await gateway.lookup_order(attempt.order_ref)) == 1


@pytest.mark.parametrize("outcome", ["drop-before", "process-then-drop", "fault:server", "garbage", "503"])
async def test_a_failed_inquiry_is_not_an_empty_one(world: World, gateway: TelecashGateway, outcome: str) -> None:
    attempt = new_attempt()
    await gateway.charge(attempt, APPROVED, 100)
    world.script("inquiry", outcome, attempt.order_ref)
    with pytest.raises(GatewayUnreachable):
        await gateway.lookup_order(attempt.order_ref)
    assert len(await gateway.lookup_order(attempt.order_ref)) == 1


async def test_nobody_there() -> None:
    world = World("http://127.0.0.1:9", None, None, None)  # type: ignore[arg-type]
    async with world.gateway() as gateway:
        with pytest.raises(GatewayUnreachable):
            await gateway.charge(new_attempt(), APPROVED, 100)
        with pytest.raises(GatewayUnreachable):
            await gateway.lookup_order("RB-1")


async def test_untidy_and_misspelt_answers(world: World, gateway: TelecashGateway) -> None:
    for misspelt in (False, True):
        world.switch(misspelt_faults=misspelt)
        for _ in range(12):
            attempt = new_attempt()
            approved = await gateway.charge(attempt, APPROVED, 3550)
            assert (approved.outcome, bool(approved.gateway_ref)) == (Outcome.APPROVED, True)
            declined = await gateway.charge(new_attempt(), StoredCard(token="tok-declined"), 3550)
            assert (declined.outcome, declined.code) == (Outcome.DECLINED, "51")
            [line] = await gateway.lookup_order(attempt.order_ref)
            assert (line.amount_cents, line.gateway_ref, line.attempt_ref) == (
                3550,
                approved.gateway_ref,
                attempt.attempt_ref,
            )


@pytest.mark.parametrize("goes_on", [b"", b"X-More: x\r\n"], ids=["silent", "dribbling"])
async def test_an_answer_that_never_ends_is_a_lost_one(goes_on: bytes) -> None:
    """Each part of it comes in time; the whole does not."""
    async with silent_server(b"HTTP/1.1 200 OK\r\n", goes_on) as (address, connected):
        world = World(f"http://{address}", None, None, None)  # type: ignore[arg-type]
        async with world.gateway(read_timeout=0.3, connect_timeout=0.3) as gateway:
            assert (await gateway.charge(new_attempt(), APPROVED, 100)).outcome is Outcome.UNKNOWN
            with pytest.raises(GatewayUnreachable):
                await gateway.lookup_order("RB-1")
    assert connected == [1, 1]
