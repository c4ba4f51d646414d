"""The page for people, from our own files only."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape

import httpx2
from strawberry.http.ides import get_graphql_ide_html

from server.edge.graphiql import graphiql_page
from server.edge.vendor_graphiql import HOME, named_assets

from .world import Demo


def test_every_address_in_strawberrys_page_has_a_local_file() -> None:
    """Fails when an update of Strawberry names other versions: run server/edge/vendor_graphiql.py then."""
    foreign = re.findall(r'(?:src|href)="(https://[^"]+)"', get_graphql_ide_html("graphiql"))
    assets = named_assets()
    assert len(assets) == len(foreign) == 7
    for asset in assets:
        content = (HOME / asset.file_name).read_bytes()
        assert base64.b64encode(hashlib.sha384(content).digest()).decode() == asset.sha384
        assert (HOME / "licences" / f"{asset.prefix}.txt").exists()


async def test_page(client: httpx2.AsyncClient) -> None:
    response = await client.get("/graphql", headers={"accept": "text/html"})
    assert response.status_code == 200
    page = unescape(response.text)
    assert '"Authorization": "Bearer ea_test"' in page
    assert "viewer" in page
    assert not re.search(r"https?://", page)
    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert response.headers["cache-control"] == "no-store"
    for address in re.findall(r'(?:src|href)="(/[^"]+)"', page):
        assert (await client.get(address)).status_code == 200, address


async def test_no_inline_scripts(client: httpx2.AsyncClient) -> None:
    response = await client.get("/graphql", headers={"accept": "text/html"})
    assert "<script>" not in response.text
    assert "script-src" not in response.headers["content-security-policy"]  # so default-src rules: no inline, no eval


def test_token_and_query_cannot_break_out() -> None:
    page = bytes(graphiql_page('"><script>alert(1)</script>', '"><script>alert(2)</script>').body).decode()
    assert "<script>alert" not in page


def test_without_a_token() -> None:
    assert b'data-headers=""' in bytes(graphiql_page(None, "{viewer}").body)


async def test_no_page_for_programs(client: httpx2.AsyncClient) -> None:
    response = await client.get("/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


async def test_no_page_unless_given() -> None:
    demo = Demo()
    demo.endpoint._ide = None
    async with demo.client() as client:
        assert (await client.get("/graphql", headers={"accept": "text/html"})).status_code == 405
