"""The running system: what settings turn into. Made once per process by the server, the worker and the command line."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from obstore.exceptions import BaseError
from sqlmodel import col, select

from server import migrate
from server.clock import Clock, SystemClock
from server.config import Settings
from server.database import ADMINISTRATION, Database
from server.database.embedded import DATABASE, SUPERUSER, Cluster
from server.database.poolers import TransactionPooling, require_sessions
from server.database.roles import UnsafeLogin, check_login, missing_roles
from server.errors import DomainError
from server.gateways.mailer import MailUnavailable, OutgoingMail, SmtpMailer, UnfitSender
from server.gateways.object_store import ObjectStore, open_object_store
from server.gateways.telecash import TelecashGateway, TelecashSettings
from server.jobs import release_leases
from server.jobs.loops import Worker
from server.models import User
from server.models.staff import Role
from server.security import LinkSigner, Sealer
from server.services.outside import Outside
from server.services.people import staff
from server.services.people.staff import NewUser
from server.worker import create_worker, recover

if TYPE_CHECKING:
    from server.sandbox.box import Sandbox

_TRIES_END_SECONDS = 10.0
"""How long jobs that have begun are waited for when the process ends."""
_log = structlog.get_logger("runtime")


class NotConfigured(RuntimeError):
    """A setting is missing that cannot be done without."""


NOT_UP_TO_DATE = "the database is not up to date: run `ersatzwagen db upgrade`"


class NoMailer:
    """Keeps mails waiting until an SMTP server is configured."""

    async def send(self, mail: OutgoingMail) -> None:
        """There is nobody to hand it to: the mail waits, and says why."""
        raise MailUnavailable(f"no mail server is configured (ERSATZWAGEN_SMTP_URL): {mail.template} waits")


@dataclass
class Runtime:
    """Everything a process works with."""

    settings: Settings
    outside: Outside
    worker: Worker
    sandbox: Sandbox | None
    ends: bool = False
    """It was told to end, and answers only until others have taken its place."""
    at_end: list[Callable[[], None]] = field(default_factory=list)
    """Called when it is told so: whoever waits for something is to wait elsewhere."""

    def end(self) -> None:
        """It is told to end."""
        self.ends = True
        for tell in self.at_end:
            tell()

    async def start(self) -> None:
        """What is done once, before the first request or job."""
        await _first_administrator(self)
        if self.settings.database_url is None:
            await release_leases(self.outside.database)
        if self.sandbox is not None:
            await self.sandbox.prepare(self.outside)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """The worker in the background. Begins only when the server answers: the sandbox's gateway is in it."""
        await recover(self.outside)
        if isinstance(self.outside.mailer, NoMailer):
            _log.warning("mails.wait", reason="ERSATZWAGEN_SMTP_URL is not set")
        settle()
        task = asyncio.create_task(self.worker.run_forever())
        try:
            yield
        finally:
            await self.worker.come_to_rest(_TRIES_END_SECONDS)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    @asynccontextmanager
    async def hearing(self) -> AsyncIterator[None]:
        """Changes are heard of meanwhile: what hardly changes is kept in memory, and subscribers are told. For who
        answers callers; a worker has no use for it.
        """
        task = asyncio.create_task(self.outside.database.hearing())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def settle() -> None:
    """What has been loaded stays until the end: modules, schema, templates. Looked through again and again by the
    collector, some hundred MB of it would stop everybody for up to half a second each time. Nearly all that a request
    makes goes with it, without the collector: it need not look after every seven hundred objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(25_000, 20, 50)


def prepare_database(settings: Settings) -> tuple[str, Cluster | None]:
    """The database's address, with its tables up to date. A database of one's own is only checked."""
    if settings.database_url is not None:
        try:
            check_login(settings.database_url)
            require_sessions(settings.database_url)
        except (UnsafeLogin, TransactionPooling) as unsafe:
            raise NotConfigured(str(unsafe)) from unsafe
        if migrate.checked(migrate.standing(settings.database_url)) is migrate.Fit.BEHIND:
            raise NotConfigured(NOT_UP_TO_DATE)
        if missing := missing_roles(settings.database_url):
            raise NotConfigured(missing)
        return settings.database_url, None
    require_data_dir(settings)
    cluster = Cluster(settings.data_dir)
    try:
        cluster.start()
        migrate.create_database(cluster.url(SUPERUSER, "postgres"), DATABASE)
        migrate.upgrade(cluster.url(SUPERUSER))
    except BaseException:
        cluster.stop()
        raise
    return cluster.url(), cluster


def create_runtime(settings: Settings, database_url: str) -> Runtime:
    """Wires gateways, clock and worker as the settings say."""
    sandbox = _sandbox(settings)
    clock: Clock = sandbox.clock if sandbox else SystemClock()
    require_data_dir(settings)
    telecash = sandbox.telecash_settings() if sandbox else telecash_settings_of(settings)
    secret = _secret(settings).encode()
    outside = Outside(
        database=Database(database_url, clock),
        clock=clock,
        gateway=TelecashGateway(telecash),
        mailer=sandbox.mailer(settings.mail_from) if sandbox else mailer_of(settings) or NoMailer(),
        objects=object_store_of(settings),
        base_url=settings.base_url,
        mail_domain=settings.mail_from.rstrip(">").rpartition("@")[2] or "ersatzwagen.example",
        sealer=Sealer(secret),
        links=LinkSigner(secret),
    )
    return Runtime(settings, outside, create_worker(outside), sandbox)


def _sandbox(settings: Settings) -> Sandbox | None:
    if not settings.sandbox:
        return None
    from server.sandbox.box import Sandbox  # noqa: PLC0415  # never imported outside the sandbox

    return Sandbox(settings)


def mailer_of(settings: Settings) -> SmtpMailer | None:
    """Who hands mails over; None without a mail server. NotConfigured if its address, or the sender's, is wrong."""
    if not settings.smtp_url:
        return None
    try:
        return SmtpMailer(settings.smtp_url, settings.mail_from)
    except UnfitSender as error:
        raise NotConfigured(f"ERSATZWAGEN_MAIL_FROM: {error}") from error
    except ValueError as error:
        raise NotConfigured(f"ERSATZWAGEN_SMTP_URL: {error}") from error


def object_store_of(settings: Settings) -> ObjectStore:
    """Where pictures and documents lie. NotConfigured if there can be nothing."""
    try:
        return open_object_store(settings.media_url or (settings.data_dir.absolute() / "media").as_uri())
    except ValueError as error:
        raise NotConfigured(f"ERSATZWAGEN_MEDIA_URL: {error}") from error
    except BaseError as error:
        reason = str(error).partition("\n")[0]
        raise NotConfigured(f"ERSATZWAGEN_MEDIA_URL: correct it, or the variables AWS_… ({reason})") from error
    except OSError as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise NotConfigured(
            f"ERSATZWAGEN_MEDIA_URL: pictures and documents cannot be kept there ({reason}): let this user write there"
        ) from error


def require_data_dir(settings: Settings) -> None:
    """NotConfigured unless the data directory can be written to, where the settings keep anything there."""
    if settings.database_url and settings.media_url and settings.secret_key and not settings.sandbox:
        return
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.data_dir):
            pass
    except OSError as error:
        raise NotConfigured(
            f"ERSATZWAGEN_DATA_DIR: nothing can be kept in {settings.data_dir} ({error.strerror}): let this user write"
            " there, or name another"
        ) from error


def telecash_settings_of(settings: Settings) -> TelecashSettings:
    """What the gateway is spoken to with."""
    base = (settings.telecash_url or "https://telecash.invalid").rstrip("/")
    return TelecashSettings(
        service_url=f"{base}/ipgapi/services",
        connect_url=f"{base}/connect/gateway/processing",
        store_id=settings.telecash_store_id,
        user=settings.telecash_user,
        password=settings.telecash_password.get_secret_value(),
        shared_secret=settings.telecash_shared_secret.get_secret_value(),
        certificate=settings.telecash_certificate,
        key=settings.telecash_key,
    )


def _secret(settings: Settings) -> str:
    """The key that signs links: configured, or made once and kept in the data directory."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    file = Path(settings.data_dir) / "secret-key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32), encoding="utf-8")
    return file.read_text(encoding="utf-8")


async def _first_administrator(runtime: Runtime) -> None:
    settings, now = runtime.settings, runtime.outside.clock.now()
    if settings.admin_email is None or settings.admin_password is None:
        return
    async with runtime.outside.database.transaction(ADMINISTRATION) as session:
        if await session.first(select(User).where(col(User.role) == Role.ADMIN)) is not None:
            return
        password = settings.admin_password.get_secret_value()
        new = NewUser(email=settings.admin_email, name="Administrator", role=Role.ADMIN, password=password)
        try:
            await staff.create_user(session, new, now=now)
        except DomainError as error:
            raise NotConfigured(f"ERSATZWAGEN_ADMIN_EMAIL, ERSATZWAGEN_ADMIN_PASSWORD: {error}") from error
