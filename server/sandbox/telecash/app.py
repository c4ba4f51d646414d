"""Puts the simulator together."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route

from server.clock import Clock
from server.sandbox.telecash.config import ProductionRefused, SimulatorConfig
from server.sandbox.telecash.control import control_routes
from server.sandbox.telecash.hosted import hosted_routes
from server.sandbox.telecash.service import Service
from server.sandbox.telecash.store import Store

_ANY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_simulator(clock: Clock, directory: Path, config: SimulatorConfig | None = None) -> Starlette:
    """The simulator as an ASGI application of its own, to be served or mounted anywhere.

    Its ledger lives in `directory` and survives restarts. `app.state.store` is the `Store`; whoever ends the
    application may call its `close`.
    """
    config = config or SimulatorConfig()
    if config.production:
        message = "the Telecash simulator moves no real money and must not run in production"
        raise ProductionRefused(message)
    store = Store(clock, directory, config)
    service = Route("/ipgapi/services", Service(store).endpoint, methods=_ANY_METHOD)
    app = Starlette(routes=[service, *hosted_routes(store), *control_routes(store)])
    app.state.store = store
    return app
