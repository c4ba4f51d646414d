"""The web application: routes, what belongs to one request, start and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from server import customer_files, heartbeat, job_figures, job_lists, media, metrics, migrate, payment_page, security
from server.clock import SystemClock
from server.context import Context
from server.database import SYSTEM
from server.edge.answers import HttpRefusal
from server.edge.endpoint import Authenticate, GraphQLEndpoint
from server.edge.fairness import address_of, look_up_share
from server.edge.faults import Faults
from server.edge.graphiql import graphiql_page
from server.edge.language import language_of
from server.edge.limits import BodyLimit, ReadableHost, SecurityHeaders, ServerTime
from server.edge.proxies import TrustedProxies, is_local
from server.edge.running import Pace, Places, within
from server.outage import OUTAGE, is_away
from server.paper import mail_templates
from server.resolvers.schema import create_schema
from server.runtime import Runtime
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
LATE_AFTER = timedelta(minutes=5)
"""A job that nobody has taken up for so long: no worker is running, unless one says so."""
LOOK_UPS_AT_ONCE = 8
"""Tokens that are looked up at a time. The system's pool has twenty connections: guessed tokens must leave most of them
to its other work. A look-up takes a few milliseconds, so this is thousands of calls in a second.
"""
OPERATIONS_WAIT = 30
"""Seconds that an operation waits for its turn."""
LOOK_UP_SECONDS = 10.0
"""After which a database that does not say whose a token is counts as away."""
STATIC = Path(__file__).parent / "static"


def create_app(runtime: Runtime) -> Starlette:
    """The application of a runtime. The worker is started by whoever runs it, once the server answers."""
    authenticate = _authenticate(runtime)
    endpoint = GraphQLEndpoint(
        create_schema(),
        authenticate=authenticate,
        open_context=_open_context(runtime),
        ide=_ide(runtime) if runtime.sandbox else None,
        # Each kind of caller has a pool of its own (`database.CONNECTIONS`), and waits there if it is small. A hundred
        # customers at once is a good day, not an attack: they queue.
        pace=Pace(at_once=24, patience=OPERATIONS_WAIT),
    )

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
        routes=_routes(runtime, endpoint, authenticate),
        lifespan=lifespan,
        middleware=[Middleware(SecurityHeaders), Middleware(Faults), Middleware(ReadableHost), proxies],
        exception_handlers={HttpRefusal: _refused},
    )


def _routes(runtime: Runtime, endpoint: GraphQLEndpoint, authenticate: Authenticate) -> list[BaseRoute]:
    routes: list[BaseRoute] = [
        Route("/graphql", ServerTime(endpoint, runtime.outside.clock.now)),
        Route("/healthz", _healthy),
        Route("/readyz", _ready(runtime)),
        Route("/metrics", _metrics(runtime)),
        Mount("/static", StaticFiles(directory=STATIC)),
        *media.routes(runtime, authenticate),
        *customer_files.routes(runtime.outside),
        *payment_page.routes(runtime.outside),
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


def _open_context(runtime: Runtime) -> Callable[[Request, Principal | None], AbstractAsyncContextManager[Context]]:
    @asynccontextmanager
    async def open_context(request: Request, caller: Principal | None) -> AsyncIterator[Context]:
        context = Context(
            outside=runtime.outside,
            settings=runtime.settings,
            caller=caller,
            address=address_of(request),
            language=language_of(request.headers.get("accept-language")),
            now=runtime.outside.clock.now(),
        )
        try:
            yield context
        finally:
            await context.close()

    return open_context


def _ide(runtime: Runtime) -> Callable[[Request], Response]:
    from server.sandbox import visitors  # noqa: PLC0415  # never outside the sandbox

    names = visitors.names_of(runtime.settings)

    def page(request: Request) -> Response:
        # Under a foreign name the page would belong to whoever owns the name, and so would the token in it.
        known = runtime.sandbox is not None and visitors.may_see_token(request, names)
        token = runtime.sandbox.access.get("token") if runtime.sandbox and known else None
        return graphiql_page(token, FIRST_QUERY)

    return page


async def _refused(_request: Request, refusal: Exception) -> Response:
    """What routes without GraphQL answer when they are busy."""
    if not isinstance(refusal, HttpRefusal):
        raise refusal
    return PlainTextResponse(str(refusal), refusal.status, refusal.headers)


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("ok")


def _ready(runtime: Runtime) -> Callable[[Request], Awaitable[Response]]:
    async def look() -> tuple[object, bool]:
        async with runtime.outside.database.transaction(SYSTEM) as session:
            found = await session.value("select version_num from alembic_version")
            late = await job_lists.count_untaken(session, runtime.outside.clock.now() - LATE_AFTER)
            # Many mails to a server that hangs are late, too: then somebody is at work all the same.
            at_work = late == 0 or (await heartbeat.beats(session, SystemClock().now())).alive > 0
            return found, at_work

    async def ready(_request: Request) -> Response:
        try:
            found, at_work = await within(READY_WITHIN, look())
        except Exception as error:  # whatever it is, the answer is no
            if is_away(error):
                OUTAGE.began(error)
            return JSONResponse({"database": False}, 503)
        OUTAGE.over()
        state = {"database": True, "migrations": found == migrate.head(), "worker": at_work}
        return JSONResponse(state, 200 if all(state.values()) else 503)

    return ready


def _metrics(runtime: Runtime) -> Callable[[Request], Awaitable[Response]]:
    async def figures(request: Request) -> Response:
        if not is_local(request):
            return Response(status_code=404)
        now, machine_now = runtime.outside.clock.now(), SystemClock().now()
        async with runtime.outside.database.transaction(SYSTEM) as session:
            metrics.waiting_jobs.set(await job_lists.count_due(session, now))
            await job_figures.show(session, now=now, machine_now=machine_now)
            unknown = "select count(*) from payment where state in ('PENDING', 'UNKNOWN')"
            metrics.unresolved_payments.set(await session.value(unknown))
        return PlainTextResponse(metrics.render())

    return figures
