"""The hosted page from the sealed form to the shop: what the customer's browser and the shop's server get."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from server.gateways.payment import Checkout, NoticeRejected, Outcome, StoredCard
from server.gateways.telecash import TelecashGateway
from server.sandbox.telecash import create_simulator

from .vault import shown
from .world import Browser, MovableClock, World, new_attempt, new_checkout, serving, settings_for, until

VISA, CHALLENGED, LOST, REFUSED = "4035874000424977", "4147463011110059", "4147463011110067", "4147463011110091"


@dataclass
class Shop:
    """The shop's server: keeps the notifications it gets."""

    address: str
    forms: list[dict[str, str]]


@pytest.fixture(scope="session")
def running_shop() -> Iterator[Shop]:
    forms: list[dict[str, str]] = []

    async def notify(request: Request) -> Response:
        forms.append({name: str(value) for name, value in (await request.form()).items()})
        return Response()

    with serving(Starlette(routes=[Route("/notify", notify, methods=["POST"])])) as port:
        yield Shop(f"http://127.0.0.1:{port}/notify", forms)


@pytest.fixture
def shop(running_shop: Shop) -> Shop:
    running_shop.forms.clear()
    return running_shop


async def start(gateway: TelecashGateway, browser: Browser, checkout: Checkout) -> None:
    form = gateway.checkout_form(checkout)
    response = await browser.open(form.url, dict(form.fields))
    assert response.status_code == 200


async def test_paying(world: World, gateway: TelecashGateway, browser: Browser, shop: Shop) -> None:
    checkout = new_checkout(world, notify_url=shop.address)
    await start(gateway, browser, checkout)
    assert "49,50" in browser.page
    await browser.pay(VISA)
    url, fields = browser.answer()
    assert url == checkout.success_url
    assert (fields["status"], fields["chargetotal"]) == ("GENEHMIGT", "49,50")
    notice = gateway.read_return(fields, checkout)
    assert notice.outcome is Outcome.APPROVED
    assert gateway.read_notification(shop.forms[0], checkout) == notice
    [line] = await gateway.lookup_order(checkout.attempt.order_ref)
    assert (line.attempt_ref, line.amount_cents, line.network_ref) == (
        checkout.attempt.attempt_ref,
        4950,
        notice.network_ref,
    )
    card = StoredCard(token=checkout.token, network_ref=notice.network_ref)
    world.switch(strict_credential_on_file=True, missing_scheme_reference_code="65")
    assert (await gateway.charge(new_attempt(), card, 1000)).outcome is Outcome.APPROVED
    facts = await shown(world, checkout.token)
    assert facts
    assert (facts.last4, facts.expiry) == ("4977", (2033, 12))


async def test_paying_in_english_with_a_hold(world: World, gateway: TelecashGateway, browser: Browser) -> None:
    checkout = new_checkout(world, kind="hold", locale="en")
    await start(gateway, browser, checkout)
    assert 'lang="en"' in browser.page
    assert "€49.50" in browser.page
    await browser.pay(VISA)
    _, fields = browser.answer()
    assert (fields["status"], fields["chargetotal"]) == ("APPROVED", "49.50")
    assert gateway.read_return(fields, checkout).outcome is Outcome.APPROVED
    assert world.states() == [("preAuth", "49.50", "approved")]


@pytest.mark.parametrize(
    ("action", "outcome", "code", "state"),
    [
        ("confirm", Outcome.APPROVED, None, "approved"),
        ("fail", Outcome.REJECTED, "-5101", "failed"),
        ("cancel", Outcome.REJECTED, "-5993", "failed"),
    ],
)
async def test_challenge(
    world: World, gateway: TelecashGateway, browser: Browser, action: str, outcome: Outcome, code: str, state: str
) -> None:
    checkout = new_checkout(world)
    await start(gateway, browser, checkout)
    await browser.pay(CHALLENGED)
    assert "3-D Secure" in browser.page
    assert "lässt die Zahlung 15 Minuten nach Beginn scheitern." in browser.page
    assert world.ledger() == []
    await browser.submit(action=action)
    url, fields = browser.answer()
    assert url == (checkout.success_url if state == "approved" else checkout.fail_url)
    notice = gateway.read_return(fields, checkout)
    assert (notice.outcome, notice.code) == (outcome, code)
    assert [line["state"] for line in world.ledger()] == [state]
    [line] = await gateway.lookup_order(checkout.attempt.order_ref)
    assert (line.outcome, line.code) == (outcome, code)
    stored = await shown(world, checkout.token)
    assert (stored is not None) is (state == "approved")
    assert ("hosteddataid" in fields) is (state == "approved")


async def test_walking_away_from_the_challenge(world: World, gateway: TelecashGateway, browser: Browser) -> None:
    checkout = new_checkout(world)
    await start(gateway, browser, checkout)
    await browser.pay(CHALLENGED)
    assert await gateway.lookup_order(checkout.attempt.order_ref) == ()
    world.clock.advance(minutes=14)
    assert await gateway.lookup_order(checkout.attempt.order_ref) == ()
    world.clock.advance(minutes=1)
    [line] = await gateway.lookup_order(checkout.attempt.order_ref)
    assert (line.outcome, line.code) == (Outcome.REJECTED, "-5103")


@pytest.mark.parametrize(
    ("number", "outcome", "code"),
    [
        ("4704550000000005", Outcome.DECLINED, "51"),
        ("5165850000000008", Outcome.DECLINED, "54"),
        (REFUSED, Outcome.REJECTED, "-5101"),
    ],
)
async def test_refused_cards(
    world: World, gateway: TelecashGateway, browser: Browser, number: str, outcome: Outcome, code: str
) -> None:
    checkout = new_checkout(world)
    await start(gateway, browser, checkout)
    await browser.pay(number)
    url, fields = browser.answer()
    assert url == checkout.fail_url
    notice = gateway.read_return(fields, checkout)
    assert (notice.outcome, notice.code) == (outcome, code)
    assert await shown(world, checkout.token) is None


@pytest.mark.parametrize(
    "entered",
    [
        {"cardnumber": "4035874000424978"},
        {"cardnumber": "378282246310005", "cvm": "1234"},
        {"cardnumber": VISA, "expyear": "2029"},
        {"cardnumber": VISA, "expmonth": "x"},
        {"cardnumber": VISA, "cvm": "12"},
        {"cardnumber": ""},
    ],
)
async def test_typing_errors_can_be_corrected(
    world: World, gateway: TelecashGateway, browser: Browser, entered: dict[str, str]
) -> None:
    checkout = new_checkout(world)
    await start(gateway, browser, checkout)
    response = await browser.pay(entered.pop("cardnumber"), **entered)
    assert response.status_code == 422
    assert 'role="alert"' in browser.page
    assert world.ledger() == []
    await browser.pay("4035 8740 0042 4977")
    assert gateway.read_return(browser.answer()[1], checkout).outcome is Outcome.APPROVED


async def test_cancelling_on_the_card_page(world: World, gateway: TelecashGateway, browser: Browser) -> None:
    checkout = new_checkout(world)
    await start(gateway, browser, checkout)
    await browser.submit(action="cancel")
    assert gateway.read_return(browser.answer()[1], checkout).code == "-5993"


async def test_lost_answer(world: World, gateway: TelecashGateway, browser: Browser, shop: Shop) -> None:
    checkout = new_checkout(world, notify_url=shop.address)
    await start(gateway, browser, checkout)
    await browser.pay(LOST)
    assert 'id="forward"' not in browser.page
    assert shop.forms == []
    assert (await gateway.lookup_order(checkout.attempt.order_ref))[0].outcome is Outcome.APPROVED


async def test_paying_twice_pays_once(world: World, gateway: TelecashGateway, browser: Browser, shop: Shop) -> None:
    checkout = new_checkout(world, notify_url=shop.address)
    await start(gateway, browser, checkout)
    card_page = browser.page
    await browser.pay(VISA)
    first = browser.answer()
    browser.page = card_page
    await browser.pay(VISA)
    assert browser.answer() == first
    assert len(shop.forms) == 1
    form = gateway.checkout_form(checkout)
    await browser.open(form.url, dict(form.fields))
    assert gateway.read_return(browser.answer()[1], checkout).code == "-5003"
    assert [line["state"] for line in world.ledger()] == ["approved", "failed"]


@pytest.mark.parametrize(("mode", "count"), [("before", 1), ("after", 1), ("twice", 2), ("never", 0)])
async def test_notifications(
    world: World, gateway: TelecashGateway, browser: Browser, shop: Shop, mode: str, count: int
) -> None:
    world.switch(notification=mode)
    checkout = new_checkout(world, notify_url=shop.address)
    await start(gateway, browser, checkout)
    await browser.pay(VISA)
    await until(lambda: len(shop.forms) == count)
    assert all(gateway.read_notification(form, checkout).outcome is Outcome.APPROVED for form in shop.forms)


async def test_unreachable_shop(world: World, gateway: TelecashGateway, browser: Browser) -> None:
    checkout = new_checkout(world, notify_url="http://127.0.0.1:9/notify")
    await start(gateway, browser, checkout)
    await browser.pay(VISA)
    assert gateway.read_return(browser.answer()[1], checkout).outcome is Outcome.APPROVED


@pytest.mark.parametrize("switch", [{"wrong_hash": True}, {"tampered_order": "RB-9999-D1"}])
async def test_forged(
    world: World, gateway: TelecashGateway, browser: Browser, shop: Shop, switch: dict[str, Any]
) -> None:
    world.switch(**switch)
    checkout = new_checkout(world, notify_url=shop.address)
    await start(gateway, browser, checkout)
    await browser.pay(VISA)
    with pytest.raises(NoticeRejected):
        gateway.read_return(browser.answer()[1], checkout)
    with pytest.raises(NoticeRejected):
        gateway.read_notification(shop.forms[0], checkout)


async def test_missing_store_and_waiting(world: World, gateway: TelecashGateway, browser: Browser) -> None:
    world.switch(missing_store=True, waiting=True)
    checkout = new_checkout(world)
    await start(gateway, browser, checkout)
    await browser.pay(VISA)
    _, fields = browser.answer()
    assert "storename" not in fields
    assert gateway.read_return(fields, checkout).outcome is Outcome.PENDING
    assert (await gateway.lookup_order(checkout.attempt.order_ref))[0].outcome is Outcome.PENDING
    assert world.ledger() == []
    world.clock.advance(seconds=61)
    assert (await gateway.lookup_order(checkout.attempt.order_ref))[0].outcome is Outcome.APPROVED


async def test_scripts_reach_the_hosted_page(world: World, gateway: TelecashGateway, browser: Browser) -> None:
    checkout = new_checkout(world)
    world.script("sale", "decline:05", checkout.attempt.order_ref)
    await start(gateway, browser, checkout)
    await browser.pay(VISA)
    assert gateway.read_return(browser.answer()[1], checkout).code == "05"
    other = new_checkout(world)
    world.script("sale", "drop-before", other.attempt.order_ref)
    await start(gateway, browser, other)
    await browser.pay(VISA)
    assert await gateway.lookup_order(other.attempt.order_ref) == ()


async def test_mounted_below_a_path(tmp_path: Any) -> None:
    clock = MovableClock()
    simulator = create_simulator(clock, tmp_path)
    app = Starlette(routes=[Mount("/sandbox/telecash", app=simulator)])
    with serving(app) as port:
        origin = f"http://127.0.0.1:{port}"
        world = World(f"{origin}/sandbox/telecash", clock, simulator.state.store, tmp_path)
        browser = Browser(origin)
        async with TelecashGateway(settings_for(world.base)) as gateway:
            checkout = replace(new_checkout(world), success_url=f"{origin}/ok")
            await start(gateway, browser, checkout)
            await browser.pay(CHALLENGED)
            await browser.submit(action="confirm")
            assert browser.answer()[0] == f"{origin}/ok"
            world.script("sale", "process-then-drop")
            card = StoredCard(token=checkout.token)
            assert (await gateway.charge(new_attempt(), card, 100)).outcome is Outcome.UNKNOWN
        await browser.aclose()
    simulator.state.store.close()
