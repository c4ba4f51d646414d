"""A simulator on a real socket, a clock to move and the real client, shared by the tests of this folder."""

import asyncio
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette

from server.gateways.payment import Attempt, Checkout, StoredCard
from server.gateways.telecash import TelecashGateway, TelecashSettings
from server.sandbox.telecash import SimulatorConfig
from server.sandbox.telecash.store import Store

START = datetime(2030, 1, 15, 9, 20, 30, tzinfo=UTC)
CONFIG = SimulatorConfig()
APPROVED = StoredCard(token="tok-approved", network_ref="0223MCC599836")

_numbers = count(1)
_TLS = ssl.create_default_context()  # made once: loading the certificates takes longer than a test


def fetch(method: str, url: str, **options: Any) -> httpx2.Response:
    """One plain request, as a person with a terminal would make it."""
    return httpx2.request(method, url, verify=_TLS, trust_env=False, **options)


class MovableClock:
    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, **span: float) -> None:
        self._now += timedelta(**span)

    def restart(self) -> None:
        self._now = START


@contextmanager
def serving(app: Starlette, **options: Any) -> Iterator[int]:
    """Runs the application in a thread on a free loopback port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1, **options)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def settings_for(base: str, **changes: Any) -> TelecashSettings:
    values: dict[str, Any] = {
        "service_url": f"{base}/ipgapi/services",
        "connect_url": f"{base}/connect/gateway/processing",
        "store_id": CONFIG.store_id,
        "user": CONFIG.user,
        "password": CONFIG.password,
        "shared_secret": CONFIG.shared_secret,
        "read_timeout": 5.0,
    }
    return TelecashSettings(**(values | changes))


@dataclass
class World:
    """One running simulator. `base` is its address."""

    base: str
    clock: MovableClock
    store: Store
    directory: Path

    def gateway(self, **changes: Any) -> TelecashGateway:
        return TelecashGateway(settings_for(self.base, **changes))

    def script(self, operation: str | None, outcome: str, order: str | None = None, times: int = 1) -> None:
        wish = {"operation": operation, "order": order, "outcome": outcome, "times": times}
        assert fetch("POST", f"{self.base}/script", json=wish).status_code == 201

    def switch(self, **wishes: Any) -> None:
        assert fetch("PUT", f"{self.base}/switches", json=wishes).status_code == 200

    def ledger(self) -> list[dict[str, str]]:
        lines: list[dict[str, str]] = fetch("GET", f"{self.base}/ledger").json()
        return lines

    def states(self) -> list[tuple[str, str, str]]:
        return [(line["type"], line["amount"], line["state"]) for line in self.ledger()]

    async def post_raw(self, body: bytes | str, **options: Any) -> httpx2.Response:
        headers = {"Content-Type": "text/xml; charset=utf-8"} | options.pop("headers", {})
        auth = options.pop("auth", (CONFIG.user, CONFIG.password))
        method = options.pop("method", "POST")
        async with httpx2.AsyncClient(verify=_TLS, trust_env=False) as client:
            return await client.request(
                method, f"{self.base}/ipgapi/services", content=body, headers=headers, auth=auth, **options
            )


def new_attempt(order_ref: str | None = None) -> Attempt:
    number = next(_numbers)
    return Attempt(order_ref=order_ref or f"RB-{number:04d}-D1", attempt_ref=f"A{number:08d}")


def new_checkout(world: World, **changes: Any) -> Checkout:
    values: dict[str, Any] = {
        "attempt": new_attempt(),
        "kind": "sale",
        "amount_cents": 4950,
        "token": f"own-token-{next(_numbers)}",
        "at": world.clock.now(),
        "success_url": "https://shop.example/ok",
        "fail_url": "https://shop.example/fail",
        "notify_url": "",
    }
    return Checkout(**(values | changes))


class Browser:
    """What a customer's browser does on the hosted page, without a browser."""

    def __init__(self, base: str) -> None:
        self._client = httpx2.AsyncClient(verify=_TLS, trust_env=False, follow_redirects=True)
        self._base = base
        self.page = ""

    async def open(self, url: str, fields: dict[str, str]) -> httpx2.Response:
        return self._read(await self._client.post(url, data=fields))

    async def submit(self, **entered: str) -> httpx2.Response:
        action = re.search(r'<form method="post" action="([^"]+)"', self.page)
        assert action, self.page
        return self._read(await self._client.post(self._base + unescape(action[1]), data=entered))

    async def pay(self, number: str, **changes: str) -> httpx2.Response:
        card = {"cardnumber": number, "expmonth": "12", "expyear": "2033", "cvm": "123", "bname": "Erika Muster"}
        return await self.submit(**(card | {"action": "pay"} | changes))

    def answer(self) -> tuple[str, dict[str, str]]:
        """Address and fields of the form that takes the customer back to the shop."""
        target = re.search(r'<form method="post" action="([^"]+)" id="forward"', self.page)
        assert target, self.page
        fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', self.page)
        return unescape(target[1]), {unescape(name): unescape(value) for name, value in fields}

    async def aclose(self) -> None:
        await self._client.aclose()

    def _read(self, response: httpx2.Response) -> httpx2.Response:
        self.page = response.text
        return response


async def until(condition: Any, seconds: float = 3.0) -> None:
    """Waits until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
