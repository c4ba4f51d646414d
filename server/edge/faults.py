"""What nobody has foreseen, on every route: the caller gets a reference, the log the same one with types and places.

Neither gets the text of the exception, which may quote a card number or a customer.
"""

from __future__ import annotations

import secrets
import traceback
from typing import NamedTuple

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server import metrics
from server.database.outage import OUTAGE, RETRY_AFTER_SECONDS, is_away
from server.edge.language import language_of
from server.errors import Sentence
from server.gateways.object_store import StoreUnavailable

UNEXPECTED = Sentence("Unexpected error.", "Unerwarteter Fehler.")
_FRAMES = 25
_log = structlog.get_logger("faults")


class Absence(NamedTuple):
    """What a caller is told of something that is away, and after how many seconds to come again."""

    says: Sentence
    retry_after: int


DATABASE_AWAY = Absence(
    Sentence(
        "The database cannot be reached at the moment: repeat this in a few seconds.",
        "Die Datenbank ist im Moment nicht erreichbar: bitte in einigen Sekunden wiederholen.",
    ),
    RETRY_AFTER_SECONDS,
)
STORE_AWAY = Absence(
    Sentence(
        "Photos and documents cannot be reached at the moment: repeat this in a minute.",
        "Fotos und Dokumente sind im Moment nicht erreichbar: bitte in einer Minute wiederholen.",
    ),
    30,
)


def absence(error: BaseException) -> Absence | None:
    """Whether the database or the object store is away, when that is what is behind an error; the log is told."""
    if is_away(error):
        OUTAGE.began(error)
        return DATABASE_AWAY
    if isinstance(error, StoreUnavailable):
        _log.warning("store.away", reason=str(error))
        return STORE_AWAY
    return None


class Faults:
    """Answers for routes that fail: 503 while the database or the object store is away, else 500 with a reference."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        started = failed_to_start = False

        async def noted(message: Message) -> None:
            nonlocal started, failed_to_start
            started, failed_to_start = True, message["type"] == "lifespan.startup.failed"
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except ClientDisconnect:
            return
        except Exception as error:
            if failed_to_start:
                raise  # nobody was answered yet: whoever starts the server says what it was
            if scope["type"] != "http" or started:
                if absence(error) is None:
                    reported(error, place=place_in(scope))
                raise Interrupted from None
            await _answer(error, scope)(scope, receive, send)


class Interrupted(Exception):
    """An answer could not be finished; why stands in the log already."""


def reported(error: BaseException, **about: object) -> str:
    """Logs and counts a fault; returns the reference under which it is found."""
    reference = secrets.token_hex(6)
    metrics.faults.inc()
    _log.error("unexpected_error", reference=reference, errors=types_of(error), frames=frames_of(error), **about)
    return reference


def _answer(error: Exception, scope: Scope) -> Response:
    language = language_of(Headers(scope=scope).get("accept-language"))
    away = absence(error)
    if away is not None:
        return PlainTextResponse(away.says.within(language), 503, {"retry-after": str(away.retry_after)})
    reference = reported(error, place=place_in(scope))
    return PlainTextResponse(f"{UNEXPECTED.within(language)} ({reference})", 500)


def place_in(scope: Scope) -> str:
    """The pattern of the route that a request was for; never its path, which is whatever the caller wrote."""
    return getattr(scope.get("route"), "path", "no route")


def types_of(error: BaseException) -> list[str]:
    """The types of an exception and of those that it came from."""
    types: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(types) < 10:
        types.append(f"{type(seen).__module__}.{type(seen).__qualname__}")
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return types


def frames_of(error: BaseException) -> list[str]:
    """Where it was raised: files, lines and functions, without values."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
