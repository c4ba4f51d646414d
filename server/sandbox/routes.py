"""Control routes: look at the sandbox and move it, from this machine only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from server.jobs.loops import Worker
from server.sandbox import visitors
from server.sandbox.box import Sandbox
from server.sandbox.start_page import StartPage

Handler = Callable[[Request], Awaitable[Response]]
# How long a job that another process holds is waited for.
_PATIENCE_SECONDS = 90.0
_MOST_MINUTES = 10 * 366 * 24 * 60


def routes(worker: Worker, sandbox: Sandbox) -> list[BaseRoute]:
    """The start page, the clock, settling, mails, the mail server and, below /sandbox/telecash, the simulator."""
    time, post = _Time(worker, sandbox), _Post(sandbox)
    page = StartPage(sandbox, time.advance)

    names = visitors.names_of(sandbox.settings)

    def route(path: str, handler: Handler, method: str) -> Route:
        return Route(path, visitors.welcome_only(handler, names), methods=[method])

    return [
        route("/", _to_the_start, "GET"),
        route("/sandbox", page.show, "GET"),
        route("/sandbox/page/clock", page.advance, "POST"),
        route("/sandbox/page/order", page.order, "POST"),
        route("/sandbox/mails/{id}/page", page.mail, "GET"),
        route("/sandbox/clock", time.read, "GET"),
        route("/sandbox/clock", time.move, "PUT"),
        route("/sandbox/settle", time.settle, "POST"),
        route("/sandbox/mails", post.mails, "GET"),
        route("/sandbox/mails/{id}", post.mail, "GET"),
        route("/sandbox/smtp", post.behave, "POST"),
        Mount("/sandbox/telecash", app=sandbox.simulator),
    ]


async def _to_the_start(_request: Request) -> Response:
    return RedirectResponse("/sandbox", 307)


class _Time:
    """The clock, and the work that is due by it."""

    def __init__(self, worker: Worker, sandbox: Sandbox) -> None:
        self._worker, self._sandbox = worker, sandbox
        self._moving = asyncio.Lock()

    async def read(self, _request: Request) -> Response:
        return JSONResponse({"now": self._sandbox.clock.now().isoformat()})

    async def move(self, request: Request) -> Response:
        target = _target(await _body(request), self._sandbox)
        if isinstance(target, str):
            return JSONResponse({"error": target}, 400)
        await self._move_to(target)
        return JSONResponse({"now": self._sandbox.clock.now().isoformat()})

    async def advance(self, minutes: float) -> None:
        """Moves on by some minutes, and does what is due on the way."""
        await self._move_to(self._sandbox.clock.now() + timedelta(minutes=minutes))

    async def _move_to(self, target: datetime) -> None:
        async with self._moving, _Pause(self._worker):
            while (due := await self._worker.next_due()) is not None and due <= target:
                self._sandbox.clock.move_to(due)
                await _work(self._worker)
            self._sandbox.clock.move_to(target)
            await _work(self._worker)

    async def settle(self, _request: Request) -> Response:
        async with self._moving, _Pause(self._worker):
            ran, failed = await _work(self._worker)
        return JSONResponse({"ran": ran, "failed": failed})


class _Post:
    """The mails that were caught, and how the mail server behaves."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._caught = sandbox.mails

    async def mails(self, _request: Request) -> Response:
        shown = ("id", "to", "subject", "template", "at")
        found = await asyncio.to_thread(self._caught.mails)
        return JSONResponse([{name: mail[name] for name in shown} for mail in found])

    async def mail(self, request: Request) -> Response:
        raw = await asyncio.to_thread(self._caught.raw, request.path_params["id"])
        return Response(status_code=404) if raw is None else Response(raw, media_type="message/rfc822")

    async def behave(self, request: Request) -> Response:
        try:
            await asyncio.to_thread(self._caught.behave, str((await _body(request)).get("mode")))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"mode": self._caught.mode})


class _Pause:
    """Keeps the background worker from taking new jobs, so that they run here, in the order of their times."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def __aenter__(self) -> None:
        self._worker.paused = True

    async def __aexit__(self, *_error: object) -> None:
        self._worker.paused = False


async def _work(worker: Worker) -> tuple[int, int]:
    """Runs what is due until nothing is and nobody is still at it."""
    ran = failed = 0
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while True:
        more, worse = await worker.run_due()
        ran, failed = ran + more, failed + worse
        if await worker.idle() or asyncio.get_running_loop().time() > deadline:
            return ran, failed
        await asyncio.sleep(0.02)


def _target(body: dict[str, object], sandbox: Sandbox) -> datetime | str:
    """The time to move to, or what is wrong with the request."""
    now = sandbox.clock.now()
    minutes, text = body.get("advance_minutes"), body.get("now")
    if isinstance(minutes, (int, float)) and 0 <= minutes <= _MOST_MINUTES:
        return now + timedelta(minutes=float(minutes))
    try:
        target = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        target = None
    if target is None or target.tzinfo is None:
        return 'give {"now": "2026-11-23T08:00:00+01:00"} or {"advance_minutes": 120}'
    if target > now + timedelta(minutes=_MOST_MINUTES):
        return "the clock moves by at most ten years at once"
    if target < now:
        return f"the clock moves forwards only; it is {now.isoformat()}"
    return target


async def _body(request: Request) -> dict[str, object]:
    try:
        body = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
