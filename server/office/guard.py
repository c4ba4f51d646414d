"""What every page is answered with, and what a form has to bring so that no foreign page can send it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from server.security import Sealer

PAGE_HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self';"
        " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "cache-control": "no-store",
    "vary": "HX-Request, Cookie, Accept-Language",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_PURPOSE = "office form"
FORM_COOKIE = "ersatzwagen_form"
FIELD = "formToken"
HEADER = "x-form-token"


def cookie_name(name: str, *, secure: bool) -> str:
    """A cookie's name: with HTTPS one that no other host and no plain HTTP can set."""
    return f"__Host-{name}" if secure else name


def kept(connection: HTTPConnection, name: str, *, secure: bool) -> str | None:
    """What a browser brings of what `keep` gave it."""
    return connection.cookies.get(cookie_name(name, secure=secure))


def keep(response: Response, name: str, value: str, *, secure: bool) -> None:
    """Sets a cookie that scripts cannot read, that foreign forms do not carry, and that ends with the browser."""
    response.set_cookie(cookie_name(name, secure=secure), value, path="/", httponly=True, samesite="lax", secure=secure)


def drop(response: Response, name: str, *, secure: bool) -> None:
    """Takes a cookie back."""
    full = cookie_name(name, secure=secure)
    response.delete_cookie(full, path="/", httponly=True, samesite="lax", secure=secure)


def new_form_secret() -> str:
    """What the form cookie holds: new with each sign-in, so that no form outlives its person."""
    return secrets.token_urlsafe(24)


def form_token(sealer: Sealer, form_secret: str) -> str:
    """The token of a page's forms. It differs on every page, so that compressed pages do not betray it (BREACH)."""
    salt = secrets.token_urlsafe(9)
    return f"{salt}.{sealer.of(_PURPOSE, f'{salt}.{form_secret}')}"


def is_from_our_page(request: HTTPConnection, sealer: Sealer, form_secret: str | None, token: str | None) -> bool:
    """Whether a request that changes something was sent by a page of ours: the browser says so, and it brings the token
    of this browser's cookie.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is None and origin is not None:  # an older browser, or plain HTTP
        site = "same-origin" if urlsplit(origin).netloc == request.headers.get("host") else "cross-site"
    if site not in {None, "same-origin"}:
        return False
    salt, _, seal = (token or "").partition(".")
    return bool(form_secret and salt) and sealer.is_on(_PURPOSE, f"{salt}.{form_secret}", seal)
