"""Cookies with HTTPS: what is kept under a safe name is read under it."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any, cast

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from server.office import guard
from server.office.desk import LANGUAGE_COOKIE, STATION_COOKIE, Desk, Office
from server.office.door import page
from server.office.session import Sessions
from server.office.writing import Pages


async def _nobody(_token: str, _address: str) -> None:
    return None


async def _tells(desk: Desk) -> Response:
    desk.viewer = {"stations": [{"name": "A", "code": "A1"}, {"name": "B", "code": "B1"}]}
    station = desk.station
    return PlainTextResponse(f"{desk.language} {station['code'] if station else '-'}")


@pytest.mark.parametrize("secure", [True, False])
async def test_what_a_browser_was_given_is_known_when_it_comes_again(secure: bool) -> None:
    given = Response()
    guard.keep(given, LANGUAGE_COOKIE, "de", secure=secure)
    guard.keep(given, STATION_COOKIE, "B1", secure=secure)
    jar = SimpleCookie("; ".join(given.headers.getlist("set-cookie")))
    brought = "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())
    office = Office(cast(Any, None), Sessions(_nobody, cast(Any, None), secure=secure), Pages(), cast(Any, None))
    headers = [(b"cookie", brought.encode()), (b"accept-language", b"en")]
    request = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers})

    answer = await page(office, _tells, for_strangers=True)(request)

    assert bytes(answer.body) == b"de B1"
    assert all(name.startswith("__Host-") is secure for name in jar)
