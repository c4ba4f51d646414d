"""Another process on the same books: the server's database and gateway, over a network that can fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from server.database import Database
from server.database.embedded import Cluster
from server.gateways.mailer import SmtpMailer
from server.gateways.object_store import open_object_store
from server.gateways.telecash import TelecashGateway, TelecashSettings
from server.sandbox.clock import SandboxClock
from server.sandbox.telecash import SimulatorConfig
from server.security import LinkSigner, Sealer
from server.services.outside import Outside
from tests.driving import SandboxServer


class SlowNetwork(httpx2.AsyncBaseTransport):
    """Lets inquiries through; whatever moves money waits for a connection that in the end does not come about."""

    def __init__(self) -> None:
        self._real = httpx2.AsyncHTTPTransport()
        self.waiting = asyncio.Event()
        self.over = asyncio.Event()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if b"IPGApiOrderRequest" in await request.aread():
            self.waiting.set()
            await self.over.wait()
            raise httpx2.ConnectTimeout("no connection", request=request)
        return await self._real.handle_async_request(request)

    async def aclose(self) -> None:
        await self._real.aclose()


@asynccontextmanager
async def beside(server: SandboxServer, network: httpx2.AsyncBaseTransport) -> AsyncIterator[Outside]:
    """What a second worker process of this server would work with."""
    store = SimulatorConfig()
    settings = TelecashSettings(
        service_url=f"{server.base}/sandbox/telecash/ipgapi/services",
        connect_url=f"{server.base}/sandbox/telecash/connect/gateway/processing",
        store_id=store.store_id,
        user=store.user,
        password=store.password,
        shared_secret=store.shared_secret,
    )
    data_dir = Path(server.data_dir)
    clock = SandboxClock(data_dir / "sandbox")
    database = Database(Cluster(data_dir).url(), clock)
    async with TelecashGateway(settings, transport=network) as gateway:
        yield Outside(
            database=database,
            clock=clock,
            gateway=gateway,
            mailer=SmtpMailer("smtp://127.0.0.1:1", "test@example.com"),
            objects=open_object_store((data_dir / "media").absolute().as_uri()),
            base_url=server.base,
            mail_domain="example.com",
            sealer=Sealer(b"of the tests"),
            links=LinkSigner(b"of the tests"),
        )
    await database.close()
