"""What a job needs and may be without: a mail server, an object store, a payment gateway, each of which goes away and
comes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from server.gateways.mailer import SmtpMailer
from server.gateways.object_store import open_object_store
from server.gateways.payment import PaymentGateway
from server.gateways.telecash import TelecashGateway, TelecashSettings
from server.jobs.loops import Worker
from server.sandbox.mail_catcher import MailCatcher
from server.services.outside import Outside
from server.worker import create_worker
from tests.builders.bench import Bench

NOWHERE = "http://127.0.0.1:1"


@dataclass
class Gateway:
    """The simulator's client, or one whose gateway cannot be reached."""

    there: PaymentGateway
    away: bool = False

    def __getattr__(self, name: str) -> Any:
        return getattr(_unreachable() if self.away else self.there, name)


@dataclass
class OutsideWorld:
    """A bench with a real mail server and a folder of its own, and the worker that needs them."""

    bench: Bench
    mails: MailCatcher
    media: Path
    gateway: Gateway

    @property
    def outside(self) -> Outside:
        return self.bench.outside

    def worker(self) -> Worker:
        return create_worker(self.outside)

    def take_away(self, what: str) -> None:
        """mail, store or gateway."""
        if what == "mail":
            self.mails.behave("down")
        elif what == "store":
            self.media.rename(self.media.with_name("unmounted"))
            self.media.write_text("no folder")
        else:
            self.gateway.away = True

    def bring_back(self, what: str) -> None:
        if what == "mail":
            self.mails.behave("ok")
        elif what == "store":
            self.media.unlink()
            self.media.with_name("unmounted").rename(self.media)
        else:
            self.gateway.away = False

    async def pass_time(self, until: datetime) -> None:
        """The clock goes on, and the worker does every job in its time."""
        worker = self.worker()
        await worker.run_due()
        while (due := await worker.next_due()) is not None and due <= until:
            self.bench.clock.move_to(max(due, self.bench.now))
            await worker.run_due()
        self.bench.clock.move_to(until)

    def arrived(self) -> list[tuple[str, str, int]]:
        """Template, recipient and how often, of every mail that the mail server has taken."""
        return [(mail["template"], mail["to"], mail["arrivals"]) for mail in self.mails.mails()]


@contextmanager
def outside_world(bench: Bench, folder: Path) -> Iterator[OutsideWorld]:
    """Everything is there."""
    mails = MailCatcher(folder / "mails", bench.clock)
    media = folder / "media-of-jobs"
    gateway = Gateway(bench.outside.gateway)
    bench.outside = replace(
        bench.outside,
        mailer=SmtpMailer(mails.url, "test@example.com"),
        objects=open_object_store(media.absolute().as_uri()),
        gateway=gateway,
    )
    mails.start()
    try:
        yield OutsideWorld(bench, mails, media, gateway)
    finally:
        mails.stop()


def _unreachable() -> PaymentGateway:
    return TelecashGateway(
        TelecashSettings(
            service_url=NOWHERE, connect_url=NOWHERE, store_id="1", user="u", password="p", shared_secret="s"
        )
    )


def once_each(arrived: Sequence[tuple[str, str, int]]) -> bool:
    """Whether no mail has arrived twice."""
    return all(times == 1 for _template, _to, times in arrived)
