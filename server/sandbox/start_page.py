"""The sandbox's page for people: who can sign in, which cards there are, what was mailed and paid, and the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.sandbox.box import Sandbox
from server.sandbox.demo_company import TIME_ZONE
from server.sandbox.demo_data import API_KEY, PASSWORD, TOKEN
from server.sandbox.mail_catcher import MODES
from server.sandbox.telecash.cards import FIRST_TOKENS, TEST_CARDS
from server.sandbox.telecash.script import PLAIN_OUTCOMES, add_script, list_scripts
from server.security import page_policy

PAGES = Path(__file__).parent / "pages"
STEPS = (("1 minute", 1), ("15 minutes", 15), ("1 hour", 60), ("1 day", 1440), ("1 week", 10_080))
OUTCOMES = ("decline:51", "decline:05", "failed:-5101", *PLAIN_OUTCOMES)
OPERATIONS = ("sale", "preAuth", "postAuth", "return", "void", "inquiry")
_SHOWN = 30
_STYLE = (PAGES / "start.css").read_text(encoding="utf-8")
_POLICY = page_policy(_STYLE, "form-action 'self'")
_MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(PAGES), autoescape=True, undefined=jinja2.StrictUndefined
)


class StartPage:
    """`/sandbox` in a browser, and what its buttons do."""

    def __init__(self, sandbox: Sandbox, advance: Callable[[float], Awaitable[None]]) -> None:
        self._sandbox = sandbox
        self._advance = advance

    async def show(self, request: Request) -> Response:
        """Everything at a glance, the newest first."""
        page = await asyncio.to_thread(self._page, f"{request.url.scheme}://{request.url.netloc}")
        return HTMLResponse(page, headers={"content-security-policy": _POLICY, "cache-control": "no-store"})

    def _page(self, base: str) -> str:
        sandbox, store = self._sandbox, self._sandbox.simulator.state.store
        access = sandbox.access
        tokens = {number: token for token, number in FIRST_TOKENS.items()}
        with store.database.transaction() as connection:
            ordered = list_scripts(connection)
        return _ENVIRONMENT.get_template("start.html").render(
            style=_STYLE,
            base=base,
            now=sandbox.clock.now().astimezone(ZoneInfo(TIME_ZONE)),
            steps=STEPS,
            people=[(name, about) for name, about in access.items() if "@" in name],
            password=PASSWORD,
            key=access.get(API_KEY),
            signed_in=TOKEN in access,
            cards=[(card.number, tokens.get(card.number, "–"), card.does) for card in TEST_CARDS],
            mails=sandbox.mails.mails()[: -_SHOWN - 1 : -1],
            mode=sandbox.mails.mode,
            modes=MODES,
            lines=store.ledger_lines()[: -_SHOWN - 1 : -1],
            operations=OPERATIONS,
            outcomes=OUTCOMES,
            ordered=ordered,
        )

    async def mail(self, request: Request) -> Response:
        """A mail as its reader sees it. Its scripts would not run, and it loads nothing."""
        raw = await asyncio.to_thread(self._sandbox.mails.raw, request.path_params["id"])
        part = message_from_bytes(raw, policy=default).get_body(("html", "plain")) if raw else None
        if part is None:
            return Response(status_code=404)
        return HTMLResponse(part.get_content(), headers={"content-security-policy": _MAIL_POLICY})

    async def advance(self, request: Request) -> Response:
        """Moves the clock on by the minutes of the form."""
        form = await request.form(max_files=0, max_fields=10)
        minutes = str(form.get("minutes", ""))
        if minutes not in {str(value) for _name, value in STEPS}:
            return Response("Not a button of this page.", 400)
        await self._advance(float(minutes))
        return RedirectResponse("/sandbox", 303)

    async def order(self, request: Request) -> Response:
        """Orders what the next call at the gateway meets, or how the mail server behaves."""
        form = await request.form(max_files=0, max_fields=10)
        try:
            if mode := form.get("mode"):
                await asyncio.to_thread(self._sandbox.mails.behave, str(mode))
            else:
                wanted = {name: str(form.get(name)) for name in ("operation", "outcome")}
                await asyncio.to_thread(self._order, wanted)
        except ValueError as error:
            return Response(str(error), 400)
        return RedirectResponse("/sandbox", 303)

    def _order(self, wanted: dict[str, str]) -> None:
        with self._sandbox.simulator.state.store.database.transaction() as connection:
            add_script(connection, wanted)
