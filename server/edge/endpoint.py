"""The GraphQL endpoint: GraphQL over HTTP for a Strawberry schema, with POST only; subscriptions as server-sent events,
or over WebSockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from contextlib import AsyncExitStack
from inspect import isawaitable

import strawberry
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from server.edge import answers, sockets
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
    holder_of,
    shares_of,
)
from server.edge.guard import Operation
from server.edge.identity import Authenticate, Identity, PrincipalOf
from server.edge.language import language_of
from server.edge.operation_figures import measured
from server.edge.running import CallerGone, Pace, Runner
from server.edge.server_sent import EVENT_STREAM, Stream
from server.edge.shares import Stock
from server.edge.streams import Caller, OpenContext, RefusedStream, StreamLimits, Streams
from server.errors import CallerError, CallerErrorCode
from server.security import Principal

STRANGERS_PATIENCE = 5.0
"""Seconds: a shift that begins signs in together, behind one address."""
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
        principal_of: PrincipalOf | None = None,
        origin: str | None = None,
        pace: Pace = _USUAL,
        limits: StreamLimits | None = None,
        ide: Callable[[Request], Response] | None = None,
        level_by_level: bool = True,
    ) -> None:
        """`level_by_level`: whether our own engine executes; without it graphql-core does. `origin`: that of our own
        pages, which may open sockets, where it is not what `Host` says.
        """
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
        self._identity = Identity(authenticate, principal_of, origin)
        self._open_context = open_context
        self.streams = Streams(self.documents, open_context, self._runner, pace.query_deadline, limits)
        self._deadlines = {"query": pace.query_deadline, "mutation": pace.mutation_deadline}
        self._ide = ide

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or holds the conversation on one socket."""
        if scope["type"] == "websocket":
            await sockets.answer(WebSocket(scope, receive, send), self.streams, self._identity)
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
        streamed = EVENT_STREAM in request.headers.get("accept", "").lower()
        accepted = answers.accepted(request.headers.get("accept"))
        media_type = accepted or (answers.GRAPHQL_JSON if streamed else answers.PLAIN_JSON)
        about = About(language_of(request.headers.get("accept-language")))
        try:
            if accepted is None and not streamed:
                raise HttpRefusal(406, f"Accept {answers.GRAPHQL_JSON} or {answers.PLAIN_JSON}.")
            payload = await self._payload(request, about, accepted, streamed=streamed)
        except CallerGone:
            raise
        except Exception as error:
            return _failed(error, media_type, about)
        return payload if isinstance(payload, Response) else answers.json_response(payload, media_type, about)

    def _page(self, request: Request) -> Response:
        if request.method == "GET" and self._ide and "text/html" in request.headers.get("accept", ""):
            return self._ide(request)
        refusal = HttpRefusal(405, "Send GraphQL requests with POST.", allow="POST")
        about = About(language_of(request.headers.get("accept-language")))
        return answers.json_response(
            answers.failure(refusal, about), answers.PLAIN_JSON, about, refusal.status, refusal.headers
        )

    async def _payload(
        self, request: Request, about: About, accepted: str | None, *, streamed: bool
    ) -> Payload | Response:
        media_type = media_type_of(request)
        principal = await self._identity.look_up(request)()
        if principal is None and media_type == MULTIPART:
            # Nothing that a stranger may do needs a file: 14 MB are not read for that.
            raise HttpRefusal(401, SIGN_IN, CallerErrorCode.UNAUTHENTICATED, connection="close")
        holder = holder_of(request, principal)
        held = HeldBytes(self._stock(principal, media_type), holder)
        try:
            most = MOST_STRANGERS_BYTES if principal is None else MOST_JSON_BYTES
            asked = await read_request(request, media_type, held, most_json=most)
            try:
                if streamed and principal is not None and await self._is_subscription(asked, principal):
                    return await self._stream(request, principal, asked, about)
                if accepted is None:
                    await self._prepare(asked, principal, holder)  # who may not ask at all is told that first
                    raise HttpRefusal(406, f"Only subscriptions are streamed: accept {answers.GRAPHQL_JSON}.")
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

    async def _is_subscription(self, asked: Asked, principal: Principal) -> bool:
        prepared = await self.documents.prepared(asked.query, principal.id)
        return prepared.choose(asked.operation_name).kind not in self._deadlines

    async def _stream(self, request: Request, principal: Principal, asked: Asked, about: About) -> Payload | Response:
        caller = Caller(request, principal, self._identity.look_up(request), about)
        prepared, operation = await self.streams.prepared(asked, principal)
        async with AsyncExitStack() as opening:
            opening.enter_context(self.streams.place(principal.id))
            following = self.streams.following(caller, asked, prepared, operation, "sse")
            try:
                payloads = await opening.enter_async_context(following)
            except RefusedStream as refused:
                return refused.payload
            return Stream(self.streams, caller, opening.pop_all(), payloads)

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
            raise CallerError(
                CallerErrorCode.BAD_USER_INPUT,
                f"Subscriptions are streamed: accept {EVENT_STREAM}, or open a WebSocket.",
            )
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


def _failed(error: Exception, media_type: str, about: About) -> Response:
    if not isinstance(error, CallerError) and (away := answers.unavailable(error)) is not None:
        error = away
    payload = answers.failure(error, about)
    if isinstance(error, HttpRefusal):
        return answers.json_response(payload, media_type, about, error.status, error.headers)
    return answers.json_response(payload, media_type, about, None if isinstance(error, CallerError) else 500)


def _without_hints(payload: Payload, about: About) -> Payload:
    """Errors before execution, as a stranger may see them: coercion errors name types and fields of inputs."""
    if payload["errors"][0]["extensions"]["code"] != CallerErrorCode.BAD_USER_INPUT:
        return payload
    return answers.failure(CallerError(CallerErrorCode.UNAUTHENTICATED, SIGN_IN), about)
