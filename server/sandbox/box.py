"""The sandbox: everything outside replaced, on one machine, with nothing real behind it."""

from __future__ import annotations

from starlette.applications import Starlette

from server.config import Settings
from server.gateways.mailer import SmtpMailer
from server.gateways.telecash import TelecashSettings
from server.sandbox.clock import SandboxClock
from server.sandbox.mail_catcher import MailCatcher
from server.sandbox.telecash import SimulatorConfig, create_simulator
from server.services.outside import Outside

TELECASH_PATH = "/sandbox/telecash"


class Sandbox:
    """Clock, mail catcher and Telecash simulator of one data directory; all of them survive a kill."""

    def __init__(self, settings: Settings) -> None:
        directory = settings.data_dir.absolute() / "sandbox"
        self._settings = settings
        self.clock = SandboxClock(directory)
        self.mails = MailCatcher(directory / "mails", self.clock)
        self._config = SimulatorConfig(production=settings.environment == "production")
        self.simulator: Starlette = create_simulator(self.clock, directory / "telecash", self._config)
        self.access: dict[str, str] = {}

    def telecash_settings(self) -> TelecashSettings:
        """How the client reaches the simulator: over HTTP, like the real one."""
        base = f"http://{self._settings.host}:{self._settings.port}{TELECASH_PATH}"
        return TelecashSettings(
            service_url=f"{base}/ipgapi/services",
            connect_url=f"{self._settings.base_url}{TELECASH_PATH}/connect/gateway/processing",
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
        from server.sandbox import demo_data  # noqa: PLC0415  # only where it is needed

        self.mails.start()
        self.access = await demo_data.prepare(outside, self.clock, full=self._settings.demo_data)

    def close(self) -> None:
        """Ends what runs beside the server."""
        self.mails.stop()
        store = getattr(self.simulator.state, "store", None)
        if store is not None:
            store.close()
