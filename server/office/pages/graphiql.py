"""GraphiQL for everything unusual: with the session of the office, from our own files, with a shelf for daily tasks."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from functools import cache
from zoneinfo import ZoneInfo

from markupsafe import Markup
from starlette.responses import Response

from server.office import guard, shelf_of
from server.office.desk import Desk
from server.office.door import SIGN_IN
from server.office.writing import STATIC

BUILT = STATIC / "graphiql"
_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'nonce-{nonce}';"
    # The editor places its lines by style attributes; nothing else may.
    " style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'"
)


async def show(desk: Desk) -> Response:
    """The page. No token stands on it: the cookie says who asks, and the form's token that the page is ours."""
    nonce = secrets.token_urlsafe(16)
    script, styles = _assets()
    words = {
        "url": "/graphql",
        "signIn": f"{SIGN_IN}?next=/office/graphiql",
        "token": guard.form_token(desk.office.parts.sealer, desk.form_secret),
        "shelf": [entry.shown(desk.language, _known(desk)) for entry in shelf_of.entries()],
        "shelfTitle": desk.say_in("Ready operations", "Fertige Abfragen"),
        "search": desk.say_in("Search", "Suchen"),
        "filesTitle": desk.say_in("Files", "Dateien"),
        "chooseFile": desk.say_in("Choose files", "Dateien wählen"),
        "linksTitle": desk.say_in("Links of the answer", "Links der Antwort"),
    }
    response = desk.show("graphiql.html", nonce=nonce, script=script, styles=styles, words=_json(words))
    response.headers["content-security-policy"] = _POLICY.format(nonce=nonce)
    return response


def _known(desk: Desk) -> dict[str, str]:
    station = desk.station
    zone = ZoneInfo(station["timeZone"] if station else "Europe/Berlin")
    local = desk.now.astimezone(zone)
    nine = local.replace(hour=9, minute=0, second=0, microsecond=0)
    return {
        "station": station["id"] if station else "",
        "today": local.date().isoformat(),
        "now": local.replace(microsecond=0).isoformat(),
        "tomorrow": (nine + timedelta(days=1)).isoformat(),
        "in_three_days": (nine + timedelta(days=3)).isoformat(),
    }


def _json(words: object) -> Markup:
    """JSON inside of a script element, which ends at the first `</`."""
    return Markup(json.dumps(words).replace("<", "\\u003c"))  # noqa: S704  # escaped here


@cache
def _assets() -> tuple[str, tuple[str, ...]]:
    """The script to begin with and all styles, by the names that the build gave them."""
    manifest = json.loads((BUILT / "manifest.json").read_text(encoding="utf-8"))
    styles = dict.fromkeys(style for chunk in manifest.values() for style in chunk.get("css", ()))
    address = "/office/static/graphiql/"
    return address + manifest["src/main.jsx"]["file"], tuple(address + style for style in styles)
