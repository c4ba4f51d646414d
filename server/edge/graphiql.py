"""GraphiQL, the page for people to look around in: served from our own files, with nothing from other hosts.

Strawberry's own page loads its files from a CDN. Ours loads the same files, which vendor_graphiql.py has fetched, and
runs under a strict policy: no inline scripts, no other hosts. The token and the first query stand in attributes of
the page, never in its address, and the page keeps nothing in the browser.
"""

from __future__ import annotations

from functools import cache
from html import escape

import orjson
from starlette.responses import HTMLResponse

from server.edge.vendor_graphiql import Asset, named_assets

PAGE_POLICY = (
    "default-src 'self'; "
    # Only for styles: the editor's popups may write style attributes.
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Ersatzwagen: GraphiQL</title>
<link rel="icon" href="data:,">
{styles}
<link rel="stylesheet" href="{static}/page.css">
</head>
<body>
<div id="graphiql" data-headers="{headers}" data-query="{query}">Loading …</div>
{scripts}
<script src="{static}/page.js"></script>
</body>
</html>
"""


@cache
def _assets() -> list[Asset]:
    # js-cookie serves a CSRF cookie of Strawberry's own page; there are no cookies here.
    return [asset for asset in named_assets() if asset.package != "js-cookie"]


def graphiql_page(
    token: str | None, first_query: str, static_prefix: str = "/static/graphiql", *, endpoint: str | None = None
) -> HTMLResponse:
    """The page. A token is put where the user sees it: in the headers editor. `endpoint` is the page's own address."""
    headers = orjson.dumps({"Authorization": f"Bearer {token}"}, option=orjson.OPT_INDENT_2).decode() if token else ""
    static = escape(static_prefix.rstrip("/"))

    def tag(asset: Asset) -> str:
        address, integrity = f"{static}/{asset.file_name}", f'integrity="sha384-{asset.sha384}"'
        if asset.path.endswith(".css"):
            return f'<link rel="stylesheet" href="{address}" {integrity}>'
        return f'<script src="{address}" {integrity}></script>'

    tags = {asset: tag(asset) for asset in _assets()}
    page = _PAGE.format(
        styles="\n".join(text for asset, text in tags.items() if asset.path.endswith(".css")),
        scripts="\n".join(text for asset, text in tags.items() if asset.path.endswith(".js")),
        static=static,
        headers=escape(headers),
        query=escape(first_query),
    )
    if endpoint:
        page = page.replace('<div id="graphiql"', f'<div id="graphiql" data-endpoint="{escape(endpoint)}"', 1)
    return HTMLResponse(
        page,
        headers={
            "content-security-policy": PAGE_POLICY,
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
        },
    )
