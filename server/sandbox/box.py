"""The sandbox: everything outside replaced, on one machine, with nothing real behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx2
from starlette.applications import Starlette

from server.clock import Clock
from server.config import Settings
from server.gateways.mailer import SmtpMailer
from server.gateways.telecash import TelecashGateway, TelecashSettings
from server.sandbox import demo_data
from server.sandbox.clock import SandboxClock
from server.sandbox.mail_catcher import MailCatcher
from server.sandbox.telecash import SimulatorConfig, create_simulator
from server.services.outside import Outside

TELECASH_PATH = "/sandbox/telecash"


class Sandbox:
    """Clock, mail catcher and Telecash simulator of one data directory; all of them survive a kill."""

    def __init__(self, settings: Settings) -> None:
        directory = settings.data_dir.absolute() / "sandbox"
        self.settings = settings
        self._directory = directory
        self.clock = SandboxClock(directory, settings.sandbox_begins)
        self.mails = MailCatcher(directory / "mails", self.clock)
        self._config = SimulatorConfig(production=settings.environment == "production")
        self.simulator: Starlette = create_simulator(self.clock, directory / "telecash", self._config)
        self.access: dict[str, str] = {}

    def telecash_settings(self) -> TelecashSettings:
        """How the client reaches the simulator: over HTTP, like the real one."""
        base = f"http://{self.settings.host}:{self.settings.port}{TELECASH_PATH}"
        return TelecashSettings(
            service_url=f"{base}/ipgapi/services",
            connect_url=f"{self.settings.base_url}{TELECASH_PATH}/connect/gateway/processing",
            store_id=self._config.store_id,
            user=self._config.user,
            password=self._config.password,
            shared_secret=self._config.shared_secret,
        )

    def mailer(self, sender: str) -> SmtpMailer:
        """Mails go to the catcher, by SMTP."""
        return SmtpMailer(self.mails.url, sender)

    async def prepare(self, outside: Outside) -> None:
        """Starts the mail catcher and fills an empty database: with demo data, or with the least that works."""
        self.mails.start()
        self.access = await demo_data.prepare(
            outside,
            self.clock,
            full=self.settings.demo_data,
            access_file=self._directory / "access.json",
            gateway_at=self.gateway_at,
        )

    @asynccontextmanager
    async def gateway_at(self, clock: Clock) -> AsyncIterator[TelecashGateway]:
        """The client on the same books under another clock, without a network: for payments of the past, before the
        server listens.
        """
        simulator = create_simulator(clock, self._directory / "telecash", self._config)
        transport = httpx2.ASGITransport(app=simulator)
        settings = replace(self.telecash_settings(), service_url="http://sandbox.invalid/ipgapi/services")
        try:
            async with TelecashGateway(settings, transport=transport) as gateway:
                yield gateway
        finally:
            simulator.state.store.close()

    def close(self) -> None:
        """Ends what runs beside the server."""
        self.mails.stop()
        store = getattr(self.simulator.state, "store", None)
        if store is not None:
            store.close()
