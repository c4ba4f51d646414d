"""Signing in and out, the language, one's own password."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from server.edge.language import LANGUAGES
from server.office import guard, reading, session
from server.office.desk import LANGUAGE_COOKIE, Desk, signed_in, signed_out
from server.office.door import own_address

_TODAY = "/office/"


async def show(desk: Desk) -> Response:
    """The form of e-mail and password."""
    return desk.show("people/sign_in.html", next=_next(desk), email="", message=None)


async def enter(desk: Desk) -> Response:
    """Signs in with what was sent; the form again if that is refused."""
    sent = await desk.sent()
    email, password = str(sent.get("email", "")), str(sent.get("password", ""))
    found = await session.sign_in(desk.office.operations, desk.request, email, password)
    if isinstance(found, str):
        return desk.show("people/sign_in.html", next=str(sent.get("next", "")), email=email, message=found)
    response = RedirectResponse(own_address(str(sent.get("next", "")), _TODAY), 303)
    signed_in(desk.office, response, found)
    return response


async def leave(desk: Desk) -> Response:
    """Ends the session, in all windows of this browser."""
    await desk.ask("SignOut")
    response = RedirectResponse("/office/sign-in", 303)
    signed_out(desk.office, response)
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response


async def speak(desk: Desk) -> Response:
    """Remembers which language this browser's person reads."""
    sent = await desk.sent()
    language = str(sent.get("language", ""))
    response = RedirectResponse(own_address(str(sent.get("next", "")), _TODAY), 303)
    if language in LANGUAGES:
        guard.keep(response, LANGUAGE_COOKIE, language, secure=desk.office.secure)
    return response


async def password(desk: Desk) -> Response:
    """Another password of one's own. All other sessions of this person end with it."""
    form = desk.form("ChangePassword", "UTC")
    if desk.request.method == "POST":
        variables = reading.read(form, await desk.sent())
        if variables is not None:
            result = (await desk.ask("ChangePassword", **variables))["changePassword"]
            if "problemCode" not in result:
                return desk.show("people/password.html", form=form, done=True)
            form.blame(result["message"], result["field"] or ())
    return desk.show("people/password.html", form=form, done=False)


def _next(desk: Desk) -> str:
    return own_address(desk.request.query_params.get("next", ""), _TODAY)
