"""What an operator wants to know before he sleeps: whether everything that the settings name is there and lets us in.

Nothing is changed, but for a small object that is stored and deleted again; no mail is sent and no money moved.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from uuid import uuid4

import httpx2
import psycopg

from server import migrate
from server.clock import SystemClock
from server.config import Settings
from server.database.connections import conninfo
from server.database.embedded import Cluster, find_binaries
from server.database.poolers import require_sessions
from server.database.roles import check_login, missing_roles
from server.gateways.object_store import (
    NO_CONNECTION,
    NO_CREDENTIALS,
    NO_HTTP,
    NO_SUCH_BUCKET,
    NO_TRUST,
    ObjectMissing,
    StoreUnavailable,
)
from server.gateways.telecash.certificate import UnreadableCertificate, validity_of
from server.gateways.telecash.client import tls_context
from server.runtime import (
    NOT_UP_TO_DATE,
    mailer_of,
    object_store_of,
    require_data_dir,
    telecash_settings_of,
)
from server.start_errors import advice

OLDEST_POSTGRES, NEWEST_POSTGRES = 15, 18
CERTIFICATE_DAYS = 30
"""A certificate that ends sooner is not ok: the bank takes its time to make another one."""
CLOCK_SECONDS = 10
"""How far the machine's clock may be from others: sessions, links and the card page's seals live by it."""
GATEWAY_SECONDS = 15.0
_CONTENT = b"ersatzwagen check\n"
_KEYS = "correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_STORE_ADVICE = {
    NO_SUCH_BUCKET: "make the bucket, or correct its name in ERSATZWAGEN_MEDIA_URL",
    "AccessDenied": "let this key put, get and delete objects of the bucket, and list them (s3:ListBucket)",
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"), _KEYS),
    **dict.fromkeys(("AuthorizationHeaderMalformed", "PermanentRedirect"), "write the bucket's region into AWS_REGION"),
    "RequestTimeTooSkewed": "set this machine's clock by NTP",
    **dict.fromkeys(("ENOSPC", "EDQUOT"), "make room on that disk"),
    "EROFS": "mount it so that it can be written to",
    NO_CREDENTIALS: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    NO_CONNECTION: "look at AWS_ENDPOINT_URL, whether S3 runs there, and at firewalls",
    NO_TRUST: "let this machine trust its authority, or correct the host's name in AWS_ENDPOINT_URL",
    NO_HTTP: "write https:// into AWS_ENDPOINT_URL, or AWS_ALLOW_HTTP=true for an S3 in a network of your own",
}
"""What to do, by S3's own words and ours for what is wrong."""


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, whether it is as it should be, and what it is or what to do."""

    what: str
    is_ok: bool
    says: str


class Fault(Exception):
    """Something is not as it should be; the text says what to do."""


class _Seen(NamedTuple):
    says: str
    clock_ahead: timedelta | None = None
    """How far another machine's clock is ahead of ours."""


async def findings(settings: Settings) -> list[Finding]:
    """Looks at everything that the settings name, one after another."""
    ahead: list[tuple[str, timedelta]] = []

    async def look(what: str, at: Callable[[Settings], Awaitable[_Seen]]) -> Finding:
        try:
            seen = await at(settings)
        except Exception as error:
            # What nobody expected is a finding, too: the others are looked at all the same.
            says = str(error) if isinstance(error, Fault) else advice(error)
            return Finding(what, False, says or f"{type(error).__name__}: a fault of this program, please report it")
        if seen.clock_ahead is not None:
            ahead.append((what, seen.clock_ahead))
        return Finding(what, True, seen.says)

    found = [
        await look("settings", _settings),
        await look("data directory", _data_dir),
        await look("database", _database),
    ]
    if found[-1].is_ok:
        found.append(await look("migrations", _migrations))
    found += [await look("object store", _store), await look("mail server", _mail)]
    found.append(await look("certificate", _certificate))
    if found[-1].is_ok:
        found.append(await look("gateway", _gateway))
    return [*found, _clock(ahead)]


async def _settings(settings: Settings) -> _Seen:
    if settings.environment != "production":
        return _Seen("ENVIRONMENT is development: production asks for more")
    missing = [name for name in ("public_url", "smtp_url", "telecash_url") if not getattr(settings, name)]
    if "mail_from" not in settings.model_fields_set:
        missing.append("mail_from")
    if missing:
        names = ", ".join(f"ERSATZWAGEN_{name.upper()}" for name in missing)
        raise Fault(f"set {names}: without it customers get no mail that they can use, or cannot pay")
    return _Seen("as production needs them")


async def _data_dir(settings: Settings) -> _Seen:
    require_data_dir(settings)
    return _Seen(f"{settings.data_dir.absolute()} can be written to")


async def _database(settings: Settings) -> _Seen:
    url = settings.database_url
    if url is None:
        if not Cluster(settings.data_dir).is_made():
            return _Seen(f"none yet: the first start makes one with the PostgreSQL of {find_binaries()[0]}")
        return await asyncio.to_thread(_private, settings)
    await asyncio.to_thread(check_login, url)
    await asyncio.to_thread(require_sessions, url)
    return await asyncio.to_thread(_asked, url)


def _private(settings: Settings) -> _Seen:
    cluster = Cluster(settings.data_dir)
    cluster.start()
    try:
        check_login(cluster.url())
        return _Seen(f"a private one in {cluster.root}")
    finally:
        cluster.stop()


def _asked(url: str) -> _Seen:
    with psycopg.connect(conninfo(url)) as connection:
        before = SystemClock().now()
        row = connection.execute("select clock_timestamp()").fetchone()
        version, login = connection.info.server_version // 10000, connection.info.user
    if not OLDEST_POSTGRES <= version <= NEWEST_POSTGRES:
        raise Fault(f"this is PostgreSQL {version}: use one from {OLDEST_POSTGRES} to {NEWEST_POSTGRES}")
    return _Seen(f"PostgreSQL {version}, as {login}", row[0] - before if row else None)


async def _migrations(settings: Settings) -> _Seen:
    url, head = settings.database_url, migrate.head()
    if url is None:
        return _Seen(f"{head}: the private database is brought up to date at each start")
    found = await asyncio.to_thread(migrate.standing, url)
    fits = migrate.checked(found)
    if fits is migrate.Fit.BEHIND:
        raise Fault(NOT_UP_TO_DATE)
    if missing := await asyncio.to_thread(missing_roles, url):
        raise Fault(missing)
    return _Seen(head if found is None or fits is migrate.Fit.CURRENT else f"{found.revision}, of the next release")


async def _store(settings: Settings) -> _Seen:
    store, key = object_store_of(settings), f"check/{uuid4()}"
    step = "store"
    try:
        await store.put(key, _CONTENT)
        step = "read"
        if await store.get(key) != _CONTENT:
            raise Fault("what was read is not what was stored: nothing else may write into this place")
        step = "delete"
        await store.delete(key)
        # Whoever may not list a bucket is not told by S3 that an object is missing.
        step = "miss"
        with contextlib.suppress(ObjectMissing):
            await store.get(key)
            raise Fault("what was deleted is still there: nothing else may write into this place")
    except (StoreUnavailable, ObjectMissing) as error:
        place = "ERSATZWAGEN_MEDIA_URL" if settings.media_url else "ERSATZWAGEN_DATA_DIR"
        what = _STORE_ADVICE.get(str(error), f"look at {place}, at its room and at what we may do")
        raise Fault(f"cannot {step} an object ({error}): {what}") from error
    return _Seen("stored, read and deleted an object")


async def _mail(settings: Settings) -> _Seen:
    mailer = mailer_of(settings)
    if mailer is None:
        return _Seen("none: mails wait until ERSATZWAGEN_SMTP_URL is set")
    try:
        await mailer.sign_in()
    except Exception as error:
        said = (advice(error) or type(error).__name__).rstrip(": ")
        raise Fault(f"{said}: look at ERSATZWAGEN_SMTP_URL, its host, port, user and password") from error
    return _Seen("connected and signed in; no mail was sent")


async def _certificate(settings: Settings) -> _Seen:
    if settings.telecash_certificate is None:
        if settings.telecash_url and settings.telecash_url.startswith("https:"):
            raise Fault("set ERSATZWAGEN_TELECASH_CERTIFICATE and _KEY: the gateway asks for them")
        return _Seen("none: ERSATZWAGEN_TELECASH_CERTIFICATE is not set")
    tls_context(telecash_settings_of(settings))
    try:
        validity = validity_of(settings.telecash_certificate)
    except UnreadableCertificate as error:
        raise Fault(f"{error}: correct ERSATZWAGEN_TELECASH_CERTIFICATE") from error
    now = SystemClock().now()
    days = (validity.ends - now).days
    if validity.begins > now:
        raise Fault(f"it is good from {validity.begins:%Y-%m-%d} on only: look at the clock, or use the one before")
    if validity.ends <= now:
        raise Fault(f"it ended on {validity.ends:%Y-%m-%d}: no card can be charged. Install a new one from Telecash")
    if days < CERTIFICATE_DAYS:
        raise Fault(f"it ends in {days} days, on {validity.ends:%Y-%m-%d}: order a new one from Telecash now")
    return _Seen(f"good for {days} days, until {validity.ends:%Y-%m-%d}")


async def _gateway(settings: Settings) -> _Seen:
    if not settings.telecash_url:
        return _Seen("none: ERSATZWAGEN_TELECASH_URL is not set, so no card can be charged")
    names = ("telecash_store_id", "telecash_user", "telecash_password", "telecash_shared_secret")
    if missing := [f"ERSATZWAGEN_{name.upper()}" for name in names if not _text(getattr(settings, name))]:
        raise Fault(f"set {', '.join(missing)}: they come with the welcome letter")
    wanted = telecash_settings_of(settings)
    secure = wanted.service_url.startswith("https:")
    try:
        async with httpx2.AsyncClient(
            verify=tls_context(wanted) if secure else False, timeout=GATEWAY_SECONDS, trust_env=False
        ) as http:
            before = SystemClock().now()
            answer = await http.head(wanted.service_url)
    except (httpx2.HTTPError, OSError) as error:
        reason = f"no connection ({type(error).__name__})"
        raise Fault(f"{reason}: look at ERSATZWAGEN_TELECASH_URL, firewalls and certificates") from error
    return _Seen(f"answers at {wanted.service_url}", _ahead(answer.headers.get("date"), before))


def _text(value: object) -> str:
    read = getattr(value, "get_secret_value", None)
    return str(read() if callable(read) else value)


def _ahead(date: str | None, before: datetime) -> timedelta | None:
    try:
        told = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    return told - before if told.tzinfo is not None else None


def _clock(others: list[tuple[str, timedelta]]) -> Finding:
    wrong = [(what, by) for what, by in others if abs(by) > timedelta(seconds=CLOCK_SECONDS)]
    if wrong:
        what, by = wrong[0]
        way = "behind" if by > timedelta() else "ahead of"
        says = f"this machine is {abs(by).total_seconds():.0f} s {way} the {what}: set both by NTP"
        return Finding("clock", False, says)
    compared = f"as the {' and the '.join(what for what, _by in others)} has it" if others else "compared with no other"
    return Finding("clock", True, f"{SystemClock().now():%Y-%m-%d %H:%M:%SZ}, {compared}")
