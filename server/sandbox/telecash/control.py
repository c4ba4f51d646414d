"""Routes for whoever plays with the simulator: scripts, switches, and the truth about the money. Loopback only."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.sandbox.telecash.cards import TEST_CARDS, brand_of
from server.sandbox.telecash.request_log import list_requests
from server.sandbox.telecash.script import add_script, list_scripts
from server.sandbox.telecash.store import Store
from server.sandbox.visitors import welcome_only

Handler = Callable[[Request], Awaitable[Response]]


def control_routes(store: Store) -> list[Route]:
    """All control routes."""
    control = Control(store)
    return [
        Route("/script", welcome_only(control.script), methods=["GET", "POST", "DELETE"]),
        Route("/switches", welcome_only(control.switches), methods=["GET", "PUT", "POST"]),
        Route("/ledger", welcome_only(control.ledger), methods=["GET"]),
        Route("/requests", welcome_only(control.requests), methods=["GET"]),
        Route("/notifications", welcome_only(control.notifications), methods=["GET"]),
        Route("/cards", welcome_only(control.cards), methods=["GET"]),
        Route("/reset", welcome_only(control.reset), methods=["POST"]),
    ]


class Control:
    """What the control routes do."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def script(self, request: Request) -> Response:
        """Orders an outcome (POST), shows what is ordered (GET) or forgets it (DELETE)."""
        if request.method == "POST":
            wish = await _json(request)
            try:
                with self._store.database.transaction() as connection:
                    add_script(connection, wish)
            except ValueError as error:
                return _bad(error)
        with self._store.database.transaction() as connection:
            if request.method == "DELETE":
                connection.execute("DELETE FROM scripts")
            ordered = list_scripts(connection)
        return JSONResponse({"scripts": ordered}, 201 if request.method == "POST" else 200)

    async def switches(self, request: Request) -> Response:
        """Shows the switches, or changes those that are named."""
        if request.method != "GET":
            wishes = await _json(request)
            try:
                if not isinstance(wishes, dict):
                    message = "expected a JSON object"
                    raise ValueError(message)
                self._store.switches = self._store.switches.changed(wishes)
            except ValueError as error:
                return _bad(error)
        return JSONResponse(vars(self._store.switches))

    async def ledger(self, _request: Request) -> Response:
        """What really happened to the money."""
        return JSONResponse(self._store.ledger_lines())

    async def requests(self, _request: Request) -> Response:
        """Every request received, card data masked."""
        with self._store.database.transaction() as connection:
            return JSONResponse(list_requests(connection))

    async def notifications(self, _request: Request) -> Response:
        """Every notification sent to the shop, with what the shop answered."""
        with self._store.database.transaction() as connection:
            rows = connection.execute("SELECT order_id, url, status FROM notifications ORDER BY number").fetchall()
        return JSONResponse([dict(row) for row in rows])

    async def cards(self, _request: Request) -> Response:
        """The test cards and what each does."""
        cards = [{"number": one.number, "brand": brand_of(one.number), "does": one.does} for one in TEST_CARDS]
        return JSONResponse(cards)

    async def reset(self, _request: Request) -> Response:
        """Forgets everything."""
        self._store.reset()
        return Response(status_code=204)


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError:
        return None


def _bad(error: ValueError) -> Response:
    return JSONResponse({"error": str(error)}, 400)
