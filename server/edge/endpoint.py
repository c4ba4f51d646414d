"""The GraphQL endpoint: GraphQL over HTTP for a Strawberry schema, with POST only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractAsyncContextManager
from inspect import isawaitable
from typing import Any

import strawberry
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from server.edge import answers
from server.edge.answers import About, HttpRefusal, Payload
from server.edge.bodies import (
    MOST_JSON_BYTES,
    MOST_STRANGERS_BYTES,
    MULTIPART,
    Asked,
    media_type_of,
    read_request,
)
from server.edge.documents import ANONYMOUS_LIMITS, SIGN_IN, Documents, Prepared
from server.edge.fairness import (
    BYTES_OF_FILES,
    BYTES_OF_STRANGERS,
    BYTES_OF_USERS,
    HeldBytes,
    address_of,
    holder_of,
    shares_of,
)
from server.edge.guard import Operation
from server.edge.language import language_of
from server.edge.operation_figures import measured
from server.edge.running import CallerGone, Pace, Runner
from server.edge.shares import Stock
from server.errors import CallerError, CallerErrorCode, Sentence
from server.security import Principal

Authenticate = Callable[[str, str], Awaitable[Principal | None]]
"""Who a token belongs to; the second text is the address that it came from."""
OpenContext = Callable[[Request, Principal | None], AbstractAsyncContextManager[Any]]
_LONGEST_TOKEN = 300
STRANGERS_PATIENCE = 5.0
"""Seconds: a shift that begins signs in together, behind one address."""
_SIGN_IN_AGAIN = Sentence(
    "The token or API key is not valid, or not any more: sign in again, or use a valid key.",
    "Token oder API-Schlüssel sind ungültig oder abgelaufen: bitte neu anmelden oder einen gültigen Schlüssel nehmen.",
)
_USUAL = Pace()


class GraphQLEndpoint:
    """An ASGI application for one route. `open_context` is entered for each operation and gives `info.context`."""

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        authenticate: Authenticate,
        open_context: OpenContext,
        anonymous_fields: frozenset[str] = frozenset({"signIn", "refreshSession"}),
        pace: Pace = _USUAL,
        ide: Callable[[Request], Response] | None = None,
        level_by_level: bool = True,
    ) -> None:
        """`level_by_level`: whether our own engine executes; without it graphql-core does."""
        self.documents = Documents(schema, level_by_level=level_by_level)
        # A shelf and places of their own: strangers must not push out what users need.
        self.anonymous_documents = Documents(
            schema, ANONYMOUS_LIMITS, keep=20, only_fields=anonymous_fields, level_by_level=level_by_level
        )
        self._runner = Runner(pace.at_once, patience=pace.patience)
        # Places for each thing that strangers may do: whoever only goes on must not queue behind others' passwords.
        strangers = max(1, pace.at_once // 4)
        self._strangers = {name: Runner(strangers, patience=STRANGERS_PATIENCE) for name in anonymous_fields}
        self._bytes_of_strangers, self._bytes_of_users = Stock(*BYTES_OF_STRANGERS), Stock(*BYTES_OF_USERS)
        self._bytes_of_files = Stock(*BYTES_OF_FILES)
        self._authenticate = authenticate
        self._open_context = open_context
        self._deadlines = {"query": pace.query_deadline, "mutation": pace.mutation_deadline}
        self._ide = ide

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1002})
            return
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except CallerGone:
            return
        await response(scope, receive, send)

    async def drain(self, seconds: float = 30) -> bool:
        """Waits for mutations whose callers have gone; to be called when the server ends."""
        runners = (self._runner, *self._strangers.values())
        return all(await asyncio.gather(*(runner.drain(seconds) for runner in runners)))

    async def _respond(self, request: Request) -> Response:
        if request.method != "POST":
            return self._page(request)
        accepted = _accepted(request.headers.get("accept"))
        about = About(language_of(request.headers.get("accept-language")))
        try:
            if accepted is None:
                raise HttpRefusal(406, f"Accept {answers.GRAPHQL_JSON} or {answers.PLAIN_JSON}.")
            payload = await self._payload(request, about)
        except HttpRefusal as refusal:
            return _refused(refusal, accepted, about)
        except CallerGone:
            raise
        except CallerError as refusal:
            return answers.json_response(answers.failure(refusal, about), accepted or answers.PLAIN_JSON, about)
        except Exception as error:
            if (away := answers.unavailable(error)) is not None:
                return _refused(away, accepted, about)
            return answers.json_response(answers.failure(error, about), accepted or answers.PLAIN_JSON, about, 500)
        return answers.json_response(payload, accepted, about)

    def _page(self, request: Request) -> Response:
        if request.method == "GET" and self._ide and "text/html" in request.headers.get("accept", ""):
            return self._ide(request)
        refusal = HttpRefusal(405, "Send GraphQL requests with POST.", allow="POST")
        about = About(language_of(request.headers.get("accept-language")))
        return answers.json_response(
            answers.failure(refusal, about), answers.PLAIN_JSON, about, refusal.status, refusal.headers
        )

    async def _payload(self, request: Request, about: About) -> Payload:
        media_type = media_type_of(request)
        principal = await self._principal(request)
        if principal is None and media_type == MULTIPART:
            # Nothing that a stranger may do needs a file: 14 MB are not read for that.
            raise HttpRefusal(401, SIGN_IN, CallerErrorCode.UNAUTHENTICATED, connection="close")
        holder = holder_of(request, principal)
        held = HeldBytes(self._stock(principal, media_type), holder)
        try:
            most = MOST_STRANGERS_BYTES if principal is None else MOST_JSON_BYTES
            asked = await read_request(request, media_type, held, most_json=most)
            try:
                return await self.answer(request, principal, asked, about)
            finally:
                if asked.close and not asked.taken:
                    await asked.close()
        finally:
            held.give_back()

    async def answer(self, request: Request, principal: Principal | None, asked: Asked, about: About) -> Payload:
        """Executes what was asked in `request`, as this caller, within everybody's limits, places and deadlines. Raises
        CallerError if it is refused before it began, and CallerGone if nobody waits for it.
        """
        prepared, operation = await self._prepare(asked, principal, holder_of(request, principal))
        about.operation, about.document = operation.name, prepared.hash
        return await self._run(request, principal, asked, prepared, operation, about)

    def _stock(self, principal: Principal | None, media_type: str) -> Stock:
        if principal is None:
            return self._bytes_of_strangers
        return self._bytes_of_files if media_type == MULTIPART else self._bytes_of_users

    async def _principal(self, request: Request) -> Principal | None:
        given = request.headers.getlist("authorization")
        if not given:
            return None
        scheme, _, token = given[0].partition(" ")
        token = token.strip()
        if len(given) == 1 and scheme.lower() == "bearer" and token and len(token) <= _LONGEST_TOKEN:
            principal = await self._authenticate(token, address_of(request))
            if principal is not None:
                return principal
        raise HttpRefusal(
            401,
            _SIGN_IN_AGAIN,
            CallerErrorCode.UNAUTHENTICATED,
            www_authenticate="Bearer",
        )

    async def _prepare(self, asked: Asked, principal: Principal | None, holder: Hashable) -> tuple[Prepared, Operation]:
        documents = self.anonymous_documents if principal is None else self.documents
        try:
            prepared = await documents.prepared(asked.query, holder)
            operation = prepared.choose(asked.operation_name)
            operation.check_cost(asked.variables or {}, documents.limits)
        except CallerError:
            if principal is None:
                # One answer for everything: its wording must not tell what the schema knows.
                raise CallerError(CallerErrorCode.UNAUTHENTICATED, SIGN_IN) from None
            raise
        if operation.kind not in self._deadlines:
            raise CallerError(CallerErrorCode.BAD_USER_INPUT, "Subscriptions are not answered over POST.")
        return prepared, operation

    async def _run(
        self,
        request: Request,
        principal: Principal | None,
        asked: Asked,
        prepared: Prepared,
        operation: Operation,
        about: About,
    ) -> Payload:
        documents = self.anonymous_documents if principal is None else self.documents

        async def work() -> Payload:
            # Errors become an answer in here, so that those of a mutation without a listener are logged, too.
            asked.taken = True
            try:
                async with self._open_context(request, principal) as context:
                    result = documents.execute(prepared, operation, asked.variables, context)
                    payload = answers.execution_payload(await result if isawaitable(result) else result, about)
            except HttpRefusal:
                raise
            except Exception as error:
                if (away := answers.unavailable(error)) is not None:
                    raise away from error
                payload = answers.failure(error, about)
            finally:
                if asked.close:
                    await asked.close()
            if principal is None and "data" not in payload:
                return _without_hints(payload, about)
            return payload

        runner = self._strangers[min(operation.root_names)] if principal is None else self._runner
        with measured(operation) as ending:
            payload = await runner.run(
                work,
                receive=request.receive,
                deadline=self._deadlines[operation.kind],
                cuttable=operation.kind == "query",
                shares=shares_of(holder_of(request, principal), principal, operation.kind),
            )
            ending.read(payload)
        return payload


def _refused(refusal: HttpRefusal, accepted: str | None, about: About) -> Response:
    payload, media_type = answers.failure(refusal, about), accepted or answers.PLAIN_JSON
    return answers.json_response(payload, media_type, about, refusal.status, refusal.headers)


def _without_hints(payload: Payload, about: About) -> Payload:
    """Errors before execution, as a stranger may see them: coercion errors name types and fields of inputs."""
    if payload["errors"][0]["extensions"]["code"] != CallerErrorCode.BAD_USER_INPUT:
        return payload
    return answers.failure(CallerError(CallerErrorCode.UNAUTHENTICATED, SIGN_IN), about)


def _accepted(header: str | None) -> str | None:
    """The media type to answer with. Clients that name none, or anything, get plain JSON and its statuses."""
    if header is None or not header.strip():
        return answers.PLAIN_JSON
    named = {}
    for entry in header.lower().split(","):
        kind, *parameters = (part.strip() for part in entry.split(";"))
        refused = any(parameter.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for parameter in parameters)
        named[kind] = not refused
    if named.get(answers.GRAPHQL_JSON):
        return answers.GRAPHQL_JSON
    if any(named.get(kind) for kind in (answers.PLAIN_JSON, "application/*", "*/*")):
        return answers.PLAIN_JSON
    return None
