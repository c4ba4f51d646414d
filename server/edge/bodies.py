"""Request bodies: counted while they arrive, parsed strictly, and turned into one GraphQL request.

Everything that cannot be meant is refused with 400 before GraphQL sees it: NaN, infinite numbers, lone surrogates,
invalid UTF-8, NUL characters, deep nesting, long lists, batches, files that are mapped to nowhere.
"""

from __future__ import annotations

import asyncio
from codecs import BOM_UTF8
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from server.edge.answers import HttpRefusal
from server.edge.limits import ARRIVAL_SECONDS, announced_length
from server.edge.literals import LONGEST_LIST
from server.errors import CallerErrorCode

JSON, MULTIPART = "application/json", "multipart/form-data"
PREFLIGHT_HEADER = "graphql-require-preflight"
MOST_JSON_BYTES = 256 * 1024
MOST_STRANGERS_BYTES = 16 * 1024
"""Their documents end at 4,000 characters, and a mail address with a password is shorter."""
SLOWEST_UPLOAD = 8 * 1024
"""Bytes a second."""
MOST_MULTIPART_BYTES = 14 * 1024 * 1024
MOST_FILES = 2
MOST_FILE_PLACES = 4
DEEPEST = 40


@dataclass
class Asked:
    """A GraphQL request as it was sent."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    close: Callable[[], Awaitable[None]] | None = field(default=None, repr=False)
    """Closes uploaded files; to be called when the operation is over."""
    taken: bool = False
    """Whether an operation has begun with it, and will close it."""


def media_type_of(request: Request) -> str:
    """The body's media type if it is one of the two that are read. Raises HttpRefusal.

    A browser sends neither without asking first, except multipart from a form: that needs a header no form can send.
    """
    given = request.headers.getlist("content-type")
    kind, _, parameters = (given[0] if len(given) == 1 else "").partition(";")
    kind = kind.strip().lower()
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HttpRefusal(415, "Compressed bodies are not read.")
    named = _parameters(parameters)
    if kind in {JSON, MULTIPART} and {value for name, value in named if name == "charset"} - {"utf-8", "utf8"}:
        raise HttpRefusal(415, "The charset must be utf-8, or left out: JSON in any other is not read.")
    if kind == JSON and all(name == "charset" for name, _value in named):
        return JSON
    if kind == MULTIPART:
        if not request.headers.get(PREFLIGHT_HEADER, "").strip():
            raise HttpRefusal(400, "Multipart requests need a non-empty GraphQL-Require-Preflight header.")
        return MULTIPART
    raise HttpRefusal(415, "Content-Type must be application/json, or multipart/form-data for uploads.")


def _parameters(text: str) -> list[tuple[str, str]]:
    """Names and values behind a media type, in small letters and without quotes."""
    parts = [part.partition("=") for part in text.lower().split(";") if part.strip()]
    return [(name.strip(), value.strip(' \t"')) for name, _sign, value in parts]


class Held(Protocol):
    """What a request keeps in memory, or beside it, until it is answered."""

    def add(self, amount: int) -> None:
        """So many bytes more. HttpRefusal (503) if there is no more room for this caller's."""


async def read_request(
    request: Request,
    media_type: str,
    held: Held,
    *,
    most_json: int = MOST_JSON_BYTES,
    seconds: float = ARRIVAL_SECONDS,
) -> Asked:
    """The GraphQL request in the body. Raises HttpRefusal.

    Files come from yards with slow networks: they have the time besides that what has come needs at `SLOWEST_UPLOAD`.
    """
    try:
        async with asyncio.timeout(seconds) as patience:
            if media_type == JSON:
                body = bytearray()
                async for chunk in _counted(request, most_json, held):
                    body += chunk
                return asked_in(parse_json(bytes(body)))
            chunks = _counted(request, MOST_MULTIPART_BYTES, held)
            return await _multipart(request, _patient(chunks, patience))
    except TimeoutError:
        raise HttpRefusal(408, "The body took too long to arrive.", connection="close") from None
    except ClientDisconnect:
        raise HttpRefusal(400, "The connection closed early.") from None


async def _patient(chunks: AsyncGenerator[bytes, None], patience: asyncio.Timeout) -> AsyncGenerator[bytes, None]:
    """Chunks, with the more time for the rest the more of them have come."""
    without, arrived = patience.when() or 0, 0
    async for chunk in chunks:
        arrived += len(chunk)
        patience.reschedule(without + arrived / SLOWEST_UPLOAD)
        yield chunk


async def _counted(request: Request, most_bytes: int, held: Held) -> AsyncGenerator[bytes, None]:
    if announced_length(request.headers) > most_bytes:
        raise _too_large(most_bytes)
    arrived = 0
    async for chunk in request.stream():
        arrived += len(chunk)
        if arrived > most_bytes:
            raise _too_large(most_bytes)
        held.add(len(chunk))
        yield chunk


def _too_large(most_bytes: int) -> HttpRefusal:
    # The connection is closed, because nobody wants to read the rest.
    return HttpRefusal(
        413, f"The body is larger than {most_bytes // 1024} KB.", CallerErrorCode.TOO_EXPENSIVE, connection="close"
    )


def parse_json(body: bytes | str) -> Any:
    """Strict JSON with bounded nesting and lists and without NUL characters. Raises HttpRefusal.

    A byte-order mark before it is passed over, as RFC 8259 (8.1) allows: some systems write one in front of UTF-8.
    """
    try:
        value = orjson.loads(body.removeprefix("\ufeff") if isinstance(body, str) else body.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError:
        raise HttpRefusal(400, "The body is not valid JSON in UTF-8.") from None
    waiting = [(value, 1)]
    while waiting:
        inner, depth = waiting.pop()
        if isinstance(inner, str):
            if "\0" in inner:
                raise HttpRefusal(400, "A text contains a NUL character.")
        elif isinstance(inner, dict | list):
            if depth > DEEPEST:
                raise HttpRefusal(400, f"The JSON is nested deeper than {DEEPEST} levels.")
            if len(inner) > LONGEST_LIST:
                raise HttpRefusal(400, f"A list or object has more than {LONGEST_LIST} elements.")
            waiting.extend((part, depth + 1) for part in inner)
            if isinstance(inner, dict):
                waiting.extend((part, depth + 1) for part in inner.values())
    return value


def asked_in(body: Any) -> Asked:
    """The GraphQL request in parsed JSON. Raises HttpRefusal."""
    if isinstance(body, list):
        raise HttpRefusal(400, "Batches are not supported: send one request.")
    if not isinstance(body, dict):
        raise HttpRefusal(400, "The body must be a JSON object.")
    query, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise HttpRefusal(400, "`query` must be a text with a GraphQL document.")
    if variables is not None and not isinstance(variables, dict):
        raise HttpRefusal(400, "`variables` must be an object.")
    if name is not None and not isinstance(name, str):
        raise HttpRefusal(400, "`operationName` must be a text.")
    if not isinstance(body.get("extensions", {}), dict | None):
        raise HttpRefusal(400, "`extensions` must be an object.")
    return Asked(query, variables, name or None)


async def _multipart(request: Request, chunks: AsyncGenerator[bytes, None]) -> Asked:
    form = await _form(request.headers, chunks)
    try:
        operations, places = form.getlist("operations"), form.getlist("map")
        if len(operations) != 1 or len(places) != 1:
            raise HttpRefusal(400, "A multipart request has one part `operations` and one part `map`.")
        if not isinstance(operations[0], str) or not isinstance(places[0], str):
            raise HttpRefusal(400, "`operations` and `map` must not be files.")
        body = parse_json(operations[0])
        asked = asked_in(body)
        files = {key: part for key, part in form.multi_items() if isinstance(part, UploadFile)}
        if len(files) != len(form.multi_items()) - 2:
            raise HttpRefusal(400, "Each file needs a name of its own, and other parts are not read.")
        _place_files(asked, parse_json(places[0]), files)
    except BaseException:
        await form.close()
        raise
    asked.close = form.close
    return asked


async def _form(headers: Headers, stream: AsyncGenerator[bytes, None]) -> FormData:
    parser = MultiPartParser(headers, stream, max_files=MOST_FILES, max_fields=2, max_part_size=MOST_JSON_BYTES)
    try:
        return await parser.parse()
    except MultiPartException:
        raise HttpRefusal(400, "The multipart body cannot be read, or has too many or too large parts.") from None


def _place_files(asked: Asked, places: Any, files: dict[str, UploadFile]) -> None:
    """Puts the files where `map` says: each at a null in the variables."""
    if not isinstance(places, dict) or places.keys() != files.keys():
        raise HttpRefusal(400, "`map` must be an object that names exactly the files that were sent.")
    paths = [(key, path) for key, listed in places.items() for path in _listed(listed)]
    if len(paths) > MOST_FILE_PLACES:
        raise HttpRefusal(400, "`map` names too many places.")
    for key, path in paths:
        first, *inner = path.split(".")
        if first != "variables" or not inner:
            raise HttpRefusal(400, "Files belong in the variables.")
        target: Any = asked.variables
        for step in inner[:-1]:
            target = _inside(target, step)
        if _inside(target, inner[-1]) is not None:
            raise HttpRefusal(400, "A file can only take the place of a null.")
        target[int(inner[-1]) if isinstance(target, list) else inner[-1]] = files[key]


def _listed(value: Any) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(path, str) for path in value):
        raise HttpRefusal(400, "`map` must give a list of paths for each file.")
    return value


def _inside(target: Any, step: str) -> Any:
    if isinstance(target, dict) and step in target:
        return target[step]
    if isinstance(target, list) and step.isascii() and step.isdigit() and len(step) < 5 and int(step) < len(target):
        return target[int(step)]
    raise HttpRefusal(400, "`map` names a place that does not exist.")
