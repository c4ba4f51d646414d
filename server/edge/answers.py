"""Answers: errors as the API promises them, and responses with the right status and headers.

An error carries `extensions.code`. What somebody refused on purpose keeps its message; everything else is a fault of
ours: the caller gets a reference, the log gets the same reference with the types and the stack. Neither gets the text
of the exception, which may quote a card number or a customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError
from starlette.responses import Response

from server.database.outage import OUTAGE
from server.edge.documents import InvalidDocument
from server.edge.faults import DATABASE_AWAY, UNEXPECTED, Absence, absence, frames_of, reported, types_of
from server.edge.language import WITHOUT_A_WISH
from server.edge.limits import SECURITY_HEADERS
from server.edge.paths import wire_path
from server.engine.engine import Answered
from server.errors import CallerError, CallerErrorCode, DomainError, Sentence

GRAPHQL_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"

Payload = dict[str, Any]


class HttpRefusal(CallerError):
    """A request that is refused before it is GraphQL: it has an HTTP status whatever the caller accepts."""

    def __init__(
        self,
        status: int,
        message: Sentence | str,
        code: CallerErrorCode = CallerErrorCode.BAD_USER_INPUT,
        **headers: str,
    ) -> None:
        super().__init__(code, message)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def unavailable(error: BaseException) -> HttpRefusal | None:
    """The answer while the database or the object store is away, if that is behind an error: whoever asks again with
    the same key gets what was begun.
    """
    away = absence(error)
    return None if away is None else _come_again(away)


def silent_database() -> HttpRefusal:
    """The answer while the database is there and says nothing."""
    OUTAGE.began(TimeoutError("no answer in time"))
    return _come_again(DATABASE_AWAY)


def _come_again(away: Absence) -> HttpRefusal:
    return HttpRefusal(503, away.says, CallerErrorCode.RATE_LIMITED, retry_after=str(away.retry_after))


@dataclass
class About:
    """What may be said about a request in the log: the operation's name and the document's hash, never its text.

    `language` ("de" or "en") is the one in which its caller is answered.
    """

    language: str = WITHOUT_A_WISH
    operation: str | None = None
    document: str | None = None
    _references: dict[tuple[str, ...], str] = field(default_factory=dict)

    def masked(self, error: BaseException, path: Sequence[str | int] | None = None) -> Payload:
        """Logs an unexpected error and gives what the caller may know of it.

        The same fault in a hundred rows of one answer is one entry in the log, and one reference.
        """
        fault = (*types_of(error), *frames_of(error)[-1:])
        reference = self._references.get(fault)
        if reference is None:
            place = ".".join(map(str, path or ()))
            reference = reported(error, operation=self.operation, document=self.document, path=place)
            self._references[fault] = reference
        extensions = {"code": CallerErrorCode.INTERNAL.value, "reference": reference}
        return {"message": UNEXPECTED.within(self.language), "extensions": extensions}


def _root_of(error: GraphQLError) -> BaseException:
    """The exception that was raised first; graphql-core wraps it once for each level that it passes."""
    root: BaseException = error
    while isinstance(root, GraphQLError) and root.original_error is not None:
        root = root.original_error
    return root


def _is_about_the_request(error: GraphQLError, root: BaseException) -> bool:
    """Whether graphql-core blames the document or the variables.

    Such errors have no path, or point at a place in the document by themselves. A GraphQLError that a resolver or the
    serialisation of a result raised has neither, and may quote the result. ValueError is how scalars refuse an input.
    """
    if error.path is None:
        return isinstance(root, GraphQLError | ValueError)
    return isinstance(root, GraphQLError) and bool(root.nodes)


def error_payload(error: GraphQLError, about: About) -> Payload:
    """One entry of `errors`, with its path and locations."""
    root = _root_of(error)
    if isinstance(root, CallerError):
        payload = caller_error_payload(root, about)
    elif isinstance(root, DomainError):
        payload = domain_error_payload(root, about)
    elif _is_about_the_request(error, root):
        extensions = {"code": CallerErrorCode.BAD_USER_INPUT.value, **(error.extensions or {})}
        payload = {"message": error.message, "extensions": extensions}
    else:
        payload = about.masked(root, error.path)
    if error.locations:
        payload["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        payload["path"] = list(error.path)
    return payload


def caller_error_payload(error: CallerError, about: About) -> Payload:
    """A refusal that was meant for the caller."""
    extensions = {"code": error.code.value} | ({"reason": error.reason} if error.reason else {})
    return {"message": error.said_in(about.language), "extensions": extensions}


def domain_error_payload(error: DomainError, about: About) -> Payload:
    """A refusal of the business that no union of the field's type has taken up."""
    code = CallerErrorCode.BAD_USER_INPUT.value
    extensions = {"code": code, "problemCode": error.code.value, "field": wire_path(error.field)}
    return {"message": error.message.within(about.language), "extensions": extensions}


def failure(error: BaseException, about: About) -> Payload:
    """An answer without data."""
    if isinstance(error, InvalidDocument):
        return {"errors": [error_payload(one, about) for one in error.errors]}
    if isinstance(error, CallerError):
        return {"errors": [caller_error_payload(error, about)]}
    if isinstance(error, DomainError):
        return {"errors": [domain_error_payload(error, about)]}
    return {"errors": [about.masked(error)]}


def execution_payload(result: ExecutionResult, about: About) -> Payload:
    """The answer of an executed operation; without `data` if it never began. HttpRefusal if the database or the object
    store is away.
    """
    if not result.errors:
        return {"data": result.data}
    untold = result.untold if isinstance(result, Answered) else ()
    away = next(filter(None, (unavailable(_root_of(error)) for error in (*result.errors, *untold))), None)
    if away is not None:
        raise away
    for error in untold:
        error_payload(error, about)  # what nobody expected is logged and counted, whoever is told of it
    errors = [error_payload(error, about) for error in result.errors]
    if result.data is None and all(error.path is None for error in result.errors):
        return {"errors": errors}
    return {"data": result.data, "errors": errors}


def status_of(payload: Payload, media_type: str) -> int:
    """The status that the GraphQL-over-HTTP specification asks for.

    `application/json` answers every well-formed request with 200, because such an answer cannot be told from a
    proxy's by its status; but without a valid token it is 401, whether there was none or a bad one.
    """
    code = payload["errors"][0]["extensions"]["code"] if "data" not in payload else None
    if code is None or (media_type == PLAIN_JSON and code != CallerErrorCode.UNAUTHENTICATED):
        return 200
    return {"UNAUTHENTICATED": 401, "FORBIDDEN": 403, "RATE_LIMITED": 429, "INTERNAL": 500}.get(code, 400)


def json_response(
    payload: Payload, media_type: str, about: About, status: int | None = None, headers: dict[str, str] | None = None
) -> Response:
    """The response, with security headers. An answer that is no JSON (a scalar's fault) is masked."""
    try:
        body = orjson.dumps(payload)
    except TypeError as error:
        payload = {"errors": [about.masked(error)]}
        body, status = orjson.dumps(payload), None
    return Response(
        body,
        status or status_of(payload, media_type),
        headers={**SECURITY_HEADERS, **(headers or {})},
        media_type=f"{media_type}; charset=utf-8",
    )


def accepted(header: str | None) -> str | None:
    """The media type to answer with. Clients that name none, or anything, get plain JSON and its statuses."""
    if header is None or not header.strip():
        return PLAIN_JSON
    named = {}
    for entry in header.lower().split(","):
        kind, *parameters = (part.strip() for part in entry.split(";"))
        refused = any(parameter.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for parameter in parameters)
        named[kind] = not refused
    if named.get(GRAPHQL_JSON):
        return GRAPHQL_JSON
    if any(named.get(kind) for kind in (PLAIN_JSON, "application/*", "*/*")):
        return PLAIN_JSON
    return None
