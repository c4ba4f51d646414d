"""A page's desk: who sits there, in which language, and what can be asked and shown from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from graphql import GraphQLSchema
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.clock import Clock
from server.errors import Sentence
from server.models.staff import MANAGERS
from server.office import guard, session
from server.office.forms import Form, Wanted, form_for
from server.office.operations import Answer, Operations
from server.office.session import Sessions
from server.office.writing import Pages
from server.security import Principal, Sealer

STATION_COOKIE = "ersatzwagen_station"
LANGUAGE_COOKIE = "ersatzwagen_language"
MOST_FIELDS = 6000
"""Of a form: a station's exceptions grow for years. Its bytes are bounded, too."""
_NEEDS = {"/office/customers": "customers", "/office/documents": "documents", "/office/reports": "stationReport"}
"""By page: the root field without which there is nothing on it."""


@dataclass(frozen=True)
class OfficeParts:
    """What the office is told of the system around it."""

    schema: GraphQLSchema
    may: Mapping[str, frozenset[str]]
    """By the name of a root field: the roles that may ask for it, as the API itself checks."""
    sealer: Sealer
    clock: Clock
    base_url: str
    """How browsers reach the server."""


@dataclass(frozen=True)
class Office:
    """What all pages share."""

    operations: Operations
    sessions: Sessions
    pages: Pages
    parts: OfficeParts

    @property
    def secure(self) -> bool:
        """Whether browsers come with HTTPS."""
        return self.sessions.secure


@dataclass
class Desk:
    """One request of somebody who is signed in."""

    office: Office
    request: Request
    principal: Principal | None
    form_secret: str
    viewer: Answer = field(default_factory=dict)
    """`Viewer.graphql`: role, name, stations; empty for parts of pages."""

    @property
    def language(self) -> str:
        """ "de" or "en"."""
        return str(self.request.state.language)

    @property
    def now(self) -> datetime:
        """The present moment of the business, in UTC."""
        return self.office.parts.clock.now()

    @property
    def is_part(self) -> bool:
        """Whether only a part of the page is wanted: htmx puts it in its place."""
        return "hx-request" in self.request.headers

    def say(self, sentence: Sentence) -> str:
        """A sentence in the reader's language."""
        return sentence.within(self.language)

    def say_in(self, en: str, de: str) -> str:
        """The same, of two texts."""
        return self.say(Sentence(en, de))

    def may(self, root_field: str) -> bool:
        """Whether this person's role may ask for a root field."""
        return self.principal is not None and self.principal.role.value in self.office.parts.may.get(
            root_field, frozenset()
        )

    def may_open(self, address: str) -> bool:
        """Whether a page has anything for this person's role."""
        needed = _NEEDS.get(address)
        return needed is None or self.may(needed)

    @property
    def is_manager(self) -> bool:
        """Whether this person may decide what clerks may not."""
        return self.principal is not None and self.principal.role in MANAGERS

    async def ask(self, name: str, /, **variables: Any) -> Answer:
        """The answer of a document, by its file's name, in this person's scope. Refusal or Fault: see operations."""
        return await self.office.operations.run(self.request, self.principal, name, variables)

    @property
    def stations(self) -> list[Answer]:
        """The stations of this person, by name."""
        found: list[Answer] = sorted(self.viewer.get("stations", ()), key=lambda station: station["name"])
        return found

    @property
    def station(self) -> Answer | None:
        """The station that the page is about: the one in the address, else the one looked at last, else the first."""
        wanted = self.request.query_params.get("station")
        wanted = wanted or guard.kept(self.request, STATION_COOKIE, secure=self.office.secure)
        return next((one for one in self.stations if one["code"] == wanted), None) or next(iter(self.stations), None)

    def zone_at(self, *stations: Answer) -> str:
        """The time zone of the first of these stations that this person works at: of others they may not know it."""
        zones = {one["id"]: str(one["timeZone"]) for one in self.stations}
        known = (zones[one["id"]] for one in stations if one["id"] in zones)
        return next(known, next(iter(zones.values()), "Europe/Berlin"))

    def form(self, name: str, zone: str, /, **wanted: Any) -> Form:
        """The form of a document's variables."""
        definition = self.office.operations.definition(name)
        place = wanted.pop("place", name)
        return form_for(self.office.parts.schema, Wanted(definition, place, **wanted), ZoneInfo(zone), self.language)

    async def sent(self) -> FormData:
        """The form that was sent."""
        return await self.request.form(max_files=0, max_fields=MOST_FIELDS)

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page. A form that is shown again with its errors is 200, too: browsers note every 4xx as a failure."""
        html = self.office.pages.write(
            template,
            self.language,
            desk=self,
            form_token=guard.form_token(self.office.parts.sealer, self.form_secret),
            **values,
        )
        response = HTMLResponse(html, status)
        station = self.request.query_params.get("station")
        if station and any(one["code"] == station for one in self.stations):
            guard.keep(response, STATION_COOKIE, station, secure=self.office.secure)
        return response

    def go(self, address: str) -> Response:
        """On to another page, after something was done."""
        return RedirectResponse(address, 303)


Handler = Callable[[Desk], Awaitable[Response]]


def signed_in(office: Office, response: Response, pair: session.Pair) -> None:
    """Gives the browser a session, and a new secret for its forms."""
    guard.keep(response, session.COOKIE, str(pair), secure=office.secure)
    guard.keep(response, guard.FORM_COOKIE, guard.new_form_secret(), secure=office.secure)


def signed_out(office: Office, response: Response) -> None:
    """Takes the session from the browser, and the secret of its forms."""
    for name in (session.COOKIE, guard.FORM_COOKIE):
        guard.drop(response, name, secure=office.secure)
