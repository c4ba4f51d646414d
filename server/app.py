"""The web application: routes, what belongs to one request, start and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from server import customer_files, media, metrics_page, migrate, payment_page, security
from server.clock import SystemClock
from server.context import Context
from server.database import SYSTEM
from server.database.outage import OUTAGE, is_away
from server.edge.answers import HttpRefusal
from server.edge.costs import core_schema
from server.edge.endpoint import GraphQLEndpoint
from server.edge.fairness import address_of, look_up_share
from server.edge.faults import Faults
from server.edge.identity import Authenticate
from server.edge.language import language_of
from server.edge.limits import BodyLimit, CountedAnswers, ReadableHost, SecurityHeaders, ServerTime
from server.edge.proxies import TrustedProxies
from server.edge.running import Pace, Places, within
from server.edge.streams import OpenContext
from server.office import routes as office
from server.office.desk import OfficeParts
from server.office.session import Sessions
from server.paper import mail_templates
from server.resolvers.schema import create_schema
from server.runtime import Runtime
from server.schema.root_fields import allowed_roles
from server.security import Principal
from server.services.people import callers

FIRST_QUERY = """# Press the play button, or Ctrl-Enter.
query FirstLook {
  stations { id code name }
  vehicleGroups { id code name deposit { amount } }
  contracts(filter: { states: [CHECKED_OUT] }, first: 5) {
    totalCount
    nodes { number period { end } vehicle { plate } customer { lastName } due { amount } flags }
  }
}
"""
MEGABYTE = 1024 * 1024
READY_WITHIN = 5.0
"""Seconds after which a database that does not answer counts as away."""
LOOK_UPS_AT_ONCE = 8
"""Tokens that are looked up at a time. The system's pool has twenty connections: guessed tokens must leave most of them
to its other work. A look-up takes a few milliseconds, so this is thousands of calls in a second.
"""
OPERATIONS_WAIT = 30
"""Seconds that an operation waits for its turn."""
LOOK_UP_SECONDS = 10.0
"""After which a database that does not say whose a token is counts as away."""


def create_app(runtime: Runtime) -> Starlette:
    """The application of a runtime. The worker is started by whoever runs it, once the server answers."""
    authenticate = _authenticate(runtime)
    schema, outside = create_schema(), runtime.outside
    sessions = office.sessions_of(authenticate, outside.sealer, outside.base_url)
    endpoint = GraphQLEndpoint(
        schema,
        authenticate=authenticate,
        principal_of=sessions.caller_of,
        open_context=_open_context(runtime),
        ide=_ide(runtime, sessions),
        # Each kind of caller has a pool of its own (`database.CONNECTIONS`), and waits there if it is small. A hundred
        # customers at once is a good day, not an attack: they queue.
        pace=Pace(at_once=24, patience=OPERATIONS_WAIT),
        level_by_level=runtime.settings.level_by_level,
        origin="/".join(runtime.outside.base_url.split("/")[:3]),
    )
    runtime.at_end.append(endpoint.streams.ends.set)
    shared = OfficeParts(core_schema(schema), allowed_roles(schema), outside.sealer, outside.clock, outside.base_url)
    pages = office.routes(endpoint, sessions, shared)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        # A broken template stops the start, and not a customer's mail.
        await asyncio.to_thread(mail_templates.compile_all)
        await runtime.start()
        yield
        await endpoint.drain(20)
        await runtime.outside.database.close()
        if runtime.sandbox is not None:
            runtime.sandbox.close()

    proxies = Middleware(TrustedProxies, trusted=runtime.settings.trusted_proxies)
    return Starlette(
        routes=_routes(runtime, endpoint, authenticate, pages),
        lifespan=lifespan,
        middleware=[
            Middleware(CountedAnswers),
            Middleware(SecurityHeaders),
            Middleware(Faults),
            Middleware(ReadableHost),
            proxies,
        ],
        exception_handlers={HttpRefusal: _refused},
    )


def _routes(
    runtime: Runtime, endpoint: GraphQLEndpoint, authenticate: Authenticate, pages: Sequence[BaseRoute]
) -> list[BaseRoute]:
    routes: list[BaseRoute] = [
        Route("/graphql", ServerTime(endpoint, runtime.outside.clock.now)),
        WebSocketRoute("/graphql", endpoint),
        Route("/healthz", _healthy),
        Route("/readyz", _ready(runtime)),
        metrics_page.route(runtime),
        *media.routes(runtime, authenticate),
        *customer_files.routes(runtime.outside),
        *payment_page.routes(runtime.outside),
        *pages,
    ]
    if runtime.sandbox is not None:
        from server.sandbox.routes import routes as sandbox_routes  # noqa: PLC0415  # never outside the sandbox

        limit = Middleware(BodyLimit, most_bytes=MEGABYTE)
        routes.append(Mount("", routes=sandbox_routes(runtime.worker, runtime.sandbox), middleware=[limit]))
    return routes


def _authenticate(runtime: Runtime) -> Authenticate:
    places = Places(LOOK_UPS_AT_ONCE)

    async def authenticate(token: str, address: str) -> Principal | None:
        # What cannot be a token needs no place: bogus ones must not queue before those of users.
        if not security.has_form(token, security.ACCESS, security.API_KEY):
            return None
        async with places.one(look_up_share(address)):
            called_at = runtime.outside.clock.now()
            looking = callers.authenticate(
                runtime.outside.database, token, now=SystemClock().now(), called_at=called_at
            )
            return await within(LOOK_UP_SECONDS, looking)

    return authenticate


def _open_context(runtime: Runtime) -> OpenContext:
    @asynccontextmanager
    async def open_context(request: HTTPConnection, caller: Principal | None) -> AsyncIterator[Context]:
        # On a page somebody may have chosen another one than the browser's.
        language = getattr(request.state, "language", None) or language_of(request.headers.get("accept-language"))
        context = Context(
            outside=runtime.outside,
            settings=runtime.settings,
            caller=caller,
            address=address_of(request),
            language=language,
            now=runtime.outside.clock.now(),
        )
        try:
            yield context
        finally:
            await context.close()

    return open_context


def _ide(runtime: Runtime, sessions: Sessions) -> Callable[[Request], Response]:
    """To GraphiQL, which is a page of the office. In the sandbox whoever may see its token is signed in with it."""

    def page(request: Request) -> Response:
        response = RedirectResponse("/office/graphiql", 303, {"cache-control": "no-store"})
        if runtime.sandbox is not None and sessions.pair_in(request) is None:
            from server.sandbox import visitors  # noqa: PLC0415  # never outside the sandbox

            # Under a foreign name the page would belong to whoever owns the name, and so would the session.
            token = runtime.sandbox.access.get("token")
            if token and visitors.may_see_token(request, visitors.names_of(runtime.settings)):
                sessions.give(response, token)
        return response

    return page


async def _refused(_request: Request, refusal: Exception) -> Response:
    """What routes without GraphQL answer when they are busy."""
    if not isinstance(refusal, HttpRefusal):
        raise refusal
    return PlainTextResponse(str(refusal), refusal.status, refusal.headers)


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("ok")


def _ready(runtime: Runtime) -> Callable[[Request], Awaitable[Response]]:
    async def fits() -> bool:
        async with runtime.outside.database.transaction(SYSTEM) as session:
            (found,) = await session.rows(migrate.STANDING)
        return migrate.fit(migrate.Standing(found.version_num, found.level)).is_usable

    async def ready(_request: Request) -> Response:
        if runtime.ends:
            return JSONResponse({"ends": True}, 503)
        try:
            schema = await within(READY_WITHIN, fits())
        except Exception as error:  # whatever it is, the answer is no
            if is_away(error):
                OUTAGE.began(error)
            return JSONResponse({"database": False}, 503)
        OUTAGE.over()
        return JSONResponse({"database": True, "schema": schema}, 200 if schema else 503)

    return ready
