"""What keeps a command from its work, in one line that says what to do. No line shows a password."""

from __future__ import annotations

import re
import socket

import psycopg

from server.backup import BackupFailed
from server.database import CONNECTIONS
from server.database.embedded import NoPostgres
from server.database.poolers import ADVICE, TransactionPooling
from server.database.roles import Caller, UnsafeLogin
from server.errors import DomainError
from server.gateways.mailer import MailUnavailable
from server.gateways.payment import GatewayMisconfigured
from server.migrate import NewerSchema, TablesInUse
from server.runtime import NotConfigured

_SAID = (
    *(NotConfigured, DomainError, BackupFailed, UnsafeLogin, TransactionPooling, NewerSchema, TablesInUse),
    *(NoPostgres, GatewayMisconfigured, MailUnavailable),
)
"""These say what to do themselves."""
_URL = "ERSATZWAGEN_DATABASE_URL"
OF_SERVE = sum(CONNECTIONS.values()) + 2
"""How many connections `serve` opens at most: its callers', one that listens for jobs, and one for changes of what is
kept in memory.
"""
OF_WORKER = CONNECTIONS[Caller.SYSTEM] + CONNECTIONS[Caller.RETENTION] + 1
"""The same of `worker`, which has no callers."""
_NO_CONNECTION = (
    f"the database has no connection left: raise its max_connections to {OF_SERVE} for each serve, {OF_WORKER} for each"
    " worker, and what others need"
)
# The server's words, and what follows from them: while a connection is made, the driver tells no code.
_REFUSALS = (
    ("hot standby mode", f"only a standby answers, and it takes no writes: promote it, or name the primary in {_URL}"),
    ("session is read-only", f"the database that answers takes no writes: name one that does in {_URL}"),
    (
        "unsupported startup parameter",
        "a pooler does not know a setting of the address: leave it out, or let the pooler know or ignore it",
    ),
    ("statement pooling mode", ADVICE),
    ("server_login_retry", "a pooler answers, and the database behind it does not: look at both"),
    ("query_wait_timeout", "the pooler has no connection left for us: raise its default_pool_size"),
    ("password authentication failed", f"the database does not take the password of this login: correct it in {_URL}"),
    ("no password supplied", f"the database asks for a password: write it into {_URL}"),
    ("pg_hba.conf", "the database lets this login or machine not in: add a line to its pg_hba.conf"),
    (
        "is not permitted to log in",
        f"the role in {_URL} is no login: name ersatzwagen_app, or a login that is a member",
    ),
    ("too many clients", _NO_CONNECTION),
    ("remaining connection slots", _NO_CONNECTION),
    ("starting up", "the database is still starting up: try again in a moment"),
    ("shutting down", "the database is shutting down: start it again"),
    ("could not translate host name", f"the database's host has no address: correct its name in {_URL}"),
    ("failed to resolve host", f"the database's host has no address: correct its name in {_URL}"),
    ("name or service not known", f"the database's host has no address: correct its name in {_URL}"),
    ("connection refused", f"nobody answers for the database: start PostgreSQL, or correct host and port in {_URL}"),
    ("no such file or directory", f"nobody answers for the database: start PostgreSQL, or correct the host in {_URL}"),
    ("no route to host", f"the database's host cannot be reached: look at the network, and at the host in {_URL}"),
    ("timeout", f"the database does not answer in time: look at firewalls, and at host and port in {_URL}"),
    (
        "ssl",
        "the database refuses the encryption that was asked for: look at sslmode in the address and at its settings",
    ),
)
_WRONG_VALUE = re.compile(r'invalid (\w+) value: "([^"]*)"')
"""What libpq says of an option of the address; none of those is a secret."""
_BY_CODE = {
    psycopg.errors.InsufficientPrivilege: "the login may not do this: `db` commands are the owner's, with CREATEROLE",
    psycopg.errors.FeatureNotSupported: "the database lacks an extension: install PostgreSQL's contrib package",
    psycopg.errors.UndefinedFile: "the database lacks an extension: install PostgreSQL's contrib package",
}


def advice(error: BaseException) -> str | None:
    """What to do about it; None if it is a fault of this program, about which an operator can do nothing."""
    if isinstance(error, _SAID):
        return _line(str(error))
    if isinstance(error, UnicodeEncodeError) and "\udc80" <= error.object[error.start] <= "\udcff":
        # How Python keeps the bytes of what the system gave it and is no text.
        return "an argument or a setting is no text in UTF-8: write it again"
    driver = _driver_error(error)
    if driver is not None:
        return _of_database(driver)
    if isinstance(error, socket.gaierror):
        return f"a host has no address ({error.strerror}): correct its name in the settings"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}. Make it usable, or name another in the settings"
    return None


def _of_database(error: psycopg.Error) -> str | None:
    said = _line(str(error))
    if 'role "' in said and "does not exist" in said:
        return "the database has no such login: `ersatzwagen db upgrade`, as the owner, makes ersatzwagen_app"
    if 'database "' in said and "does not exist" in said:
        return f"there is no database of that name: create it, or correct the name in {_URL}"
    if wrong := _WRONG_VALUE.search(said):
        return f"{wrong[1]} of the address cannot be {wrong[2]}: correct it in {_URL}"
    for code, words in _BY_CODE.items():
        if isinstance(error, code):
            return f"{words} ({_line(error.diag.message_primary or '')})"
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return None
    found = next((words for sign, words in _REFUSALS if sign in said.lower()), None)
    return found or f"the database cannot be used: {said[:300]}"


def _driver_error(error: BaseException) -> psycopg.Error | None:
    """SQLAlchemy wraps the driver's errors."""
    seen: BaseException | None = error
    while seen is not None:
        original = getattr(seen, "orig", seen)
        if isinstance(original, psycopg.Error):
            return original
        seen = seen.__cause__
    return None


def _line(text: str) -> str:
    return " ".join(text.split())
