"""Persistence, the control routes and what they must never show."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.gateways.payment import Outcome, StoredCard
from server.gateways.telecash import TelecashGateway
from server.sandbox.telecash import create_simulator
from server.sandbox.telecash.request_log import scrub

from .test_transport import card, sale
from .vault import deleted
from .world import (
    APPROVED,
    CONFIG,
    Browser,
    MovableClock,
    World,
    fetch,
    new_attempt,
    new_checkout,
    serving,
    settings_for,
)

SERVE = """
import sys
from pathlib import Path
import uvicorn
from server.clock import SystemClock
from server.sandbox.telecash import create_simulator
uvicorn.run(create_simulator(SystemClock(), Path(sys.argv[1])), port=int(sys.argv[2]), log_level="critical", ws="none")
"""


def start_process(directory: Path, port: int) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(directory), str(port)], cwd=root)
    for _ in range(400):
        try:
            fetch("GET", f"http://127.0.0.1:{port}/cards")
        except httpx2.TransportError:
            time.sleep(0.02)
        else:
            return process
    raise AssertionError


async def test_ledger_survives_a_kill(tmp_path: Path) -> None:
    with serving(create_simulator(MovableClock(), tmp_path / "other")) as taken:
        port = taken  # a port that was free a moment ago
    base, attempt = f"http://127.0.0.1:{port}", new_attempt()
    process = start_process(tmp_path / "data", port)
    async with TelecashGateway(settings_for(base)) as gateway:
        wish = {"operation": "sale", "outcome": "delay:30"}
        assert fetch("POST", f"{base}/script", json=wish).status_code == 201
        async with TelecashGateway(settings_for(base, read_timeout=0.5)) as hurried:
            assert (await hurried.charge(attempt, APPROVED, 5900)).outcome is Outcome.UNKNOWN
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process = start_process(tmp_path / "data", port)
        try:
            [line] = await gateway.lookup_order(attempt.order_ref)
            assert line.outcome is Outcome.APPROVED
            assert [one["amount"] for one in fetch("GET", f"{base}/ledger").json()] == ["59.00"]
        finally:
            process.kill()
            process.wait()


async def test_reopening_keeps_everything(tmp_path: Path) -> None:
    clock, sale_attempt, hold_attempt = MovableClock(), new_attempt(), new_attempt()
    for opening in range(2):
        simulator = create_simulator(clock, tmp_path)
        with serving(simulator) as port:
            world = World(f"http://127.0.0.1:{port}", clock, simulator.state.store, tmp_path)
            async with world.gateway() as gateway:
                if opening == 0:
                    await gateway.charge(sale_attempt, APPROVED, 5900)
                    await gateway.hold(hold_attempt, APPROVED, 30000)
                    assert await deleted(world, "tok-approved-mastercard")
                else:
                    assert (await gateway.charge(sale_attempt, APPROVED, 5900)).code == "-5003"
                    captured = await gateway.capture(new_attempt(hold_attempt.order_ref), 100)
                    assert captured.outcome is Outcome.APPROVED
        simulator.state.store.close()


async def test_requests_are_logged_without_card_data(world: World, gateway: TelecashGateway, browser: Browser) -> None:
    await world.post_raw(sale(card()))
    await world.post_raw(sale(card("4035874000424978", year="2033")))
    attempt = new_attempt()
    await gateway.charge(attempt, APPROVED, 100)
    form = gateway.checkout_form(new_checkout(world))
    await browser.open(form.url, dict(form.fields))
    await browser.pay("4035 8740 0042 4977", cvm="987")
    shown = fetch("GET", f"{world.base}/requests").text
    for secret in ("4035874000424977", "4035 8740", "424978", ">123<", "987", "Erika", CONFIG.password, "Basic "):
        assert secret not in shown
    assert "403587...4977" in shown
    entries = fetch("GET", f"{world.base}/requests").json()
    named = [entry for entry in entries if entry["order_id"] == attempt.order_ref]
    assert [(one["operation"], one["merchant_transaction_id"], one["answer"]) for one in named] == [
        ("sale", attempt.attempt_ref, "200")
    ]


async def test_dropped_requests_are_logged_as_dropped(world: World, gateway: TelecashGateway) -> None:
    world.script("sale", "drop-before")
    await gateway.charge(new_attempt(), APPROVED, 100)
    assert fetch("GET", f"{world.base}/requests").json()[-1]["answer"] == "dropped"


async def test_the_client_logs_no_secrets(
    world: World, gateway: TelecashGateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="server")
    await gateway.charge(new_attempt(), APPROVED, 100)
    await gateway.charge(new_attempt(), StoredCard(token="tok-declined"), 100)
    assert "telecash sale" in caplog.text
    for secret in ("tok-", CONFIG.password, CONFIG.shared_secret, "0223MCC599836"):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("body", "clean"),
    [
        ("cardnumber=4035874000424977&cvm=123&bname=Me&x=1", "cardnumber=403587...4977&cvm=***&bname=***&x=1"),
        ("cardnumber=4035+8740+0042+4977", "cardnumber=403587...4977"),
        ("cardnumber=4035%208740%200042%204977", "cardnumber=403587...4977"),
        ("<v1:CardCodeValue>123</v1:CardCodeValue>", "<v1:CardCodeValue>***</v1:CardCodeValue>"),
        ("<v1:TDate>1719826009</v1:TDate>", "<v1:TDate>1719826009</v1:TDate>"),
    ],
)
def test_scrubbing(body: str, clean: str) -> None:
    assert scrub(body) == clean


def test_cards_are_listed(world: World) -> None:
    cards = fetch("GET", f"{world.base}/cards").json()
    assert {"number": "4035874000424977", "brand": "VISA", "does": "approved"} in cards
    does = " ".join(one["does"] for one in cards)
    for word in ("declined 51", "expired", "3-D Secure challenge", "lost answer"):
        assert word in does


@pytest.mark.parametrize(
    "wish",
    [
        None,
        [],
        {"operation": "sale"},
        {"operation": "steal", "outcome": "503"},
        {"operation": "sale", "outcome": "explode"},
        {"operation": "sale", "outcome": "delay:-1"},
        {"operation": "sale", "outcome": "delay:99999"},
        {"operation": "sale", "outcome": "503", "times": 0},
        {"operation": "sale", "outcome": "503", "order": 5},
        {"operation": "inquiry", "outcome": "decline:51"},
    ],
)
def test_nonsense_is_refused(world: World, wish: object) -> None:
    assert fetch("POST", f"{world.base}/script", json=wish).status_code == 400


def test_scripts_can_be_seen_and_forgotten(world: World) -> None:
    world.script("sale", "decline:51", "RB-1", 2)
    expected = {"operation": "sale", "order": "RB-1", "outcome": "decline:51", "times": 2}
    assert fetch("GET", f"{world.base}/script").json() == {"scripts": [expected]}
    fetch("DELETE", f"{world.base}/script")
    assert fetch("GET", f"{world.base}/script").json() == {"scripts": []}


@pytest.mark.parametrize("wish", [{"nothing": True}, {"waiting": 1}, {"notification": "maybe"}, []])
def test_unknown_switches(world: World, wish: object) -> None:
    assert fetch("PUT", f"{world.base}/switches", json=wish).status_code == 400


STEPS = st.lists(
    st.tuples(st.sampled_from(["charge", "refund", "cancel"]), st.integers(1, 300), st.sampled_from(["", "drop"])),
    max_size=6,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_lookups_always_tell_the_ledger(
    world: World, gateway: TelecashGateway, steps: list[tuple[str, int, str]]
) -> None:
    """Whatever was lost on the way: what the client can look up is what happened, and refunds stay within charges."""
    sale_attempt = new_attempt()
    reference = ""
    for operation, euros, trouble in steps:
        if trouble:
            world.script(None, "process-then-drop", sale_attempt.order_ref)
        follow_up = new_attempt(sale_attempt.order_ref)
        if operation == "charge":
            result = await gateway.charge(sale_attempt, APPROVED, euros * 100)
            reference = reference or result.gateway_ref or ""
        elif operation == "refund":
            await gateway.refund(follow_up, euros * 100)
        elif reference:
            await gateway.cancel(follow_up, reference)
        fetch("DELETE", f"{world.base}/script")
    lines = await gateway.lookup_order(sale_attempt.order_ref)
    names = {"sale": "sale", "return": "refund", "void": "void"}
    truth = [
        line for line in world.ledger() if line["order_id"] == sale_attempt.order_ref and line["state"] != "failed"
    ]
    assert [(line.kind, f"{line.amount_cents / 100:.2f}") for line in lines] == [
        (names[line["type"]], line["amount"]) for line in truth
    ]
    taken = sum(line.amount_cents for line in lines if line.kind == "sale" and line.state != "VOIDED")
    assert sum(line.amount_cents for line in lines if line.kind == "refund") <= taken
