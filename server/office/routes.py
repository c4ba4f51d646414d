"""The office's routes, and what their pages share."""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from server.edge.endpoint import GraphQLEndpoint
from server.edge.identity import Authenticate
from server.edge.limits import BodyLimit, SecurityHeaders
from server.office.actions import contract as contract_actions
from server.office.actions import customer, damage, fleet, mail, money, prices, protocol
from server.office.actions import settings as settings_actions
from server.office.actions.steps import Steps
from server.office.desk import Desk, Handler, Office, OfficeParts
from server.office.door import NotFound, page
from server.office.operations import Operations
from server.office.pages import (
    book,
    contract,
    graphiql,
    lists,
    parts,
    plan,
    reports,
    rows,
    search,
    settings,
    sign_in,
    today,
)
from server.office.session import Sessions
from server.office.writing import STATIC, Pages
from server.security import Sealer

_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
"""A file's address changes with the file."""
SMALLEST, LEVEL = 2000, 4
"""Bytes of an answer that is worth compressing, and how hard is tried: a plan of 500 cars becomes a seventh."""
MOST_SENT = 256 * 1024
"""Bytes of a form: that of a tariff is the longest."""


def sessions_of(authenticate: Authenticate, sealer: Sealer, base_url: str) -> Sessions:
    """How browsers' sessions are told, for pages and for the API itself."""
    return Sessions(authenticate, sealer, secure=base_url.startswith("https:"))


def routes(endpoint: GraphQLEndpoint, sessions: Sessions, parts: OfficeParts) -> list[BaseRoute]:
    """All below /office."""
    office = Office(Operations(endpoint), sessions, Pages(), parts)
    # What must not be guessed from a page's length, the token of its forms, is another on every page.
    packed = Middleware(GZipMiddleware, minimum_size=SMALLEST, compresslevel=LEVEL)
    static = GZipMiddleware(
        SecurityHeaders(StaticFiles(directory=STATIC), _FOR_EVER), minimum_size=SMALLEST, compresslevel=LEVEL
    )
    return [
        Route("/office", _to_today),
        Mount("/office/static", static),
        Mount("/office", routes=_pages(office), middleware=[packed, Middleware(BodyLimit, most_bytes=MOST_SENT)]),
    ]


async def _to_today(_request: Request) -> Response:
    return RedirectResponse("/office/", 307)


def _pages(office: Office) -> list[BaseRoute]:
    def route(path: str, handler: Handler, *methods: str, for_strangers: bool = False) -> Route:
        return Route(path, page(office, handler, for_strangers=for_strangers), methods=[*methods] or ["GET"])

    return [
        route("/", today.show),
        route("/sign-in", sign_in.show, for_strangers=True),
        route("/sign-in", sign_in.enter, "POST", for_strangers=True),
        route("/sign-out", sign_in.leave, "POST"),
        route("/language", sign_in.speak, "POST", for_strangers=True),
        route("/password", sign_in.password, "GET", "POST"),
        route("/plan", plan.show),
        route("/plan/lanes/{key}", plan.show_lane),
        route("/search", search.show),
        route("/book", book.show, "GET", "POST"),
        route("/paid", book.paid),
        route("/contracts", lists.contracts),
        route("/contracts/{number}", contract.show),
        route("/contracts/{number}/photos", rows.show_photos),
        route("/customers", lists.customers),
        route("/customers/{key}", rows.show_customer),
        route("/vehicles", lists.vehicles),
        route("/vehicles/{key}/tag", rows.show_tag),
        route("/damages", lists.damages),
        route("/damages/{key}", rows.show_damage),
        route("/documents", lists.documents),
        route("/documents/{key}", rows.show_document),
        route("/open-items", lists.open_items),
        route("/tariffs", settings.tariffs),
        route("/reports", reports.show),
        route("/reports/{table}.csv", reports.download),
        route("/settings", settings.show),
        route("/parts", parts.show),
        route("/graphiql", graphiql.show),
        *(route(f"/{path}/{{key}}/{{action}}", steps.act, "GET", "POST") for path, steps in STEPS.items()),
        route("/vehicles/{key}", rows.show_vehicle),
        route("/tariffs/{key}", rows.show_tariff),
        route("/{nothing:path}", _nowhere),
    ]


async def _nowhere(_desk: Desk) -> Response:
    raise NotFound


STEPS: dict[str, Steps] = {
    "contracts": contract_actions.STEPS,
    "emails": mail.STEPS,
    "protocols": protocol.STEPS,
    "customers": customer.STEPS,
    "vehicles": fleet.STEPS,
    "new-vehicle": fleet.NEW,
    "blocks": fleet.BLOCKS,
    "groups": fleet.GROUPS,
    "new-group": fleet.NEW_GROUP,
    "documents": money.STEPS,
    "damages": damage.STEPS,
    "tariffs": prices.STEPS,
    "new-tariff": prices.NEW,
    "stations": settings_actions.STATIONS,
    "company": settings_actions.COMPANY,
    "people": settings_actions.PEOPLE,
    "clients": settings_actions.CLIENTS,
    "devices": settings_actions.DEVICES,
    "new": settings_actions.NEW,
}
"""By the part of the address: `/office/vehicles/ID/block`."""
