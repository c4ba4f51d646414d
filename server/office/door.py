"""The door to every page: who comes in, what a form has to bring, and what is shown when something is refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from server.edge.answers import HttpRefusal
from server.edge.faults import UNEXPECTED, absence, place_in, reported
from server.edge.language import LANGUAGES, language_of
from server.edge.running import CallerGone
from server.errors import CallerError, CallerErrorCode, Sentence
from server.office import guard, session
from server.office.desk import LANGUAGE_COOKIE, Desk, Handler, Office
from server.office.operations import Fault, Refusal
from server.office.session import Standing

SIGN_IN = "/office/sign-in"
FOREIGN = Sentence(
    "This form is out of date, or was not sent from this page. Please open the page again and repeat what you did.",
    "Dieses Formular ist veraltet oder kam nicht von dieser Seite. Bitte die Seite neu öffnen und erneut absenden.",
)
_SAFE = frozenset({"GET", "HEAD"})


def page(office: Office, handler: Handler, *, for_strangers: bool = False) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a page. Who is not signed in is sent to the sign-in, unless the page is `for_strangers`."""

    async def endpoint(request: Request) -> Response:
        request.state.language = _language(request, secure=office.secure)
        form_secret = guard.kept(request, guard.FORM_COOKIE, secure=office.secure)
        desk = Desk(office, request, None, form_secret or guard.new_form_secret())
        standing = Standing(None)
        try:
            standing = await office.sessions.standing(office.operations, request)
            desk.principal = standing.principal
            response = await _answered(desk, handler, has_secret=form_secret is not None, for_strangers=for_strangers)
        except (CallerGone, ClientDisconnect):
            raise ClientDisconnect from None  # whoever closed the page needs no answer, and it is nobody's fault
        except Exception as error:
            response = _refused(desk, error)
        _remember(office, response, standing)
        if form_secret is None and not _sets(response, guard.cookie_name(guard.FORM_COOKIE, secure=office.secure)):
            guard.keep(response, guard.FORM_COOKIE, desk.form_secret, secure=office.secure)
        for header, value in guard.PAGE_HEADERS.items():
            response.headers.setdefault(header, value)
        return response

    return endpoint


def _remember(office: Office, response: Response, standing: Standing) -> None:
    """Gives the browser the renewed session, or takes the one that is over. Who has just signed in or out has been
    given what counts: not the session that there was before.
    """
    if _sets(response, guard.cookie_name(session.COOKIE, secure=office.secure)):
        return
    if standing.renewed:
        guard.keep(response, session.COOKIE, str(standing.renewed), secure=office.secure)
    elif standing.ended:
        guard.drop(response, session.COOKIE, secure=office.secure)


def _sets(response: Response, cookie: str) -> bool:
    return any(value.startswith(f"{cookie}=") for value in response.headers.getlist("set-cookie"))


def _language(request: Request, *, secure: bool) -> str:
    chosen = guard.kept(request, LANGUAGE_COOKIE, secure=secure)
    return chosen if chosen in LANGUAGES else language_of(request.headers.get("accept-language"))


async def _answered(desk: Desk, handler: Handler, *, has_secret: bool, for_strangers: bool) -> Response:
    if desk.principal is None and not for_strangers:
        return _to_sign_in(desk)
    if desk.request.method not in _SAFE and not await _is_ours(desk, has_secret=has_secret):
        return _wrong(desk, 403, desk.say(FOREIGN))
    if desk.principal is not None:
        desk.viewer = await desk.ask("Viewer")
    return await handler(desk)


def _refused(desk: Desk, error: Exception) -> Response:
    """The page that says what was wrong: of what nobody expected only that it was, and where it is found."""
    if isinstance(error, NotFound | HTTPException):
        says = error.says if isinstance(error, NotFound) else FOREIGN  # a form that is too large, or none
        return _wrong(desk, 404 if isinstance(error, NotFound) else error.status_code, desk.say(says))
    if isinstance(error, Refusal):
        return _wrong(desk, 404 if error.code == "NOT_FOUND" else 200, error.message)
    if isinstance(error, Fault):
        return _faulty(desk, error)
    if isinstance(error, CallerError):
        fault = Fault(error.code.value, error.said_in(desk.language))
        return _faulty(desk, fault, error.status if isinstance(error, HttpRefusal) else None)
    if (away := absence(error)) is not None:
        return _wrong(desk, 503, desk.say(away.says))
    return _wrong(desk, 500, desk.say(UNEXPECTED), reported(error, place=place_in(desk.request.scope)))


def own_address(address: str, fallback: str) -> str:
    """The address if it is a page of the office: nobody is sent elsewhere by a link to one of ours."""
    is_own = address.startswith("/office") and "\\" not in address and "//" not in address
    return address if is_own and address.isprintable() else fallback


class NotFound(Exception):
    """There is no such page, or what it is about is not this person's to see."""

    says = Sentence("There is nothing here.", "Hier gibt es nichts.")


async def _is_ours(desk: Desk, *, has_secret: bool) -> bool:
    token = desk.request.headers.get(guard.HEADER) or (await desk.sent()).get(guard.FIELD)
    secret = desk.form_secret if has_secret else None
    return guard.is_from_our_page(desk.request, desk.office.parts.sealer, secret, str(token or ""))


_STATUSES = {"FORBIDDEN": 403, "BAD_USER_INPUT": 400, "RATE_LIMITED": 503, "TOO_EXPENSIVE": 503}


def _faulty(desk: Desk, fault: Fault, status: int | None = None) -> Response:
    if fault.code == CallerErrorCode.UNAUTHENTICATED:
        return _to_sign_in(desk)
    return _wrong(desk, status or _STATUSES.get(fault.code, 500), fault.message, fault.reference)


def _wrong(desk: Desk, status: int, message: str, reference: str | None = None) -> Response:
    return desk.show("wrong.html", status, message=message, reference=reference)


def _to_sign_in(desk: Desk) -> Response:
    """After the sign-in the person gets where they wanted to go, if that was a page and not a form that was sent."""
    url = desk.request.url
    wanted = f"{url.path}?{url.query}" if url.query else url.path
    address = f"{SIGN_IN}?next={quote(wanted)}" if desk.request.method in _SAFE else SIGN_IN
    if desk.is_part:
        # htmx follows a redirect by itself and would put the sign-in into the page.
        return Response(status_code=204, headers={"hx-redirect": SIGN_IN})
    response = RedirectResponse(address, 303)
    # The secret of forms stays: the sign-in may stand open in other windows, and a sign-in makes a new one.
    guard.drop(response, session.COOKIE, secure=desk.office.secure)
    return response
