"""One simulator for the whole folder; every test finds it empty."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from server.gateways.telecash import TelecashGateway
from server.sandbox.telecash import create_simulator

from .world import Browser, MovableClock, World, serving


@pytest.fixture(scope="session")
def running_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("telecash")
    clock = MovableClock()
    app = create_simulator(clock, directory)
    with serving(app) as port:
        yield World(f"http://127.0.0.1:{port}", clock, app.state.store, directory)
    app.state.store.close()


@pytest.fixture
def world(running_world: World) -> World:
    running_world.clock.restart()
    running_world.store.reset()
    return running_world


@pytest_asyncio.fixture
async def gateway(world: World) -> AsyncIterator[TelecashGateway]:
    async with world.gateway() as gateway:
        yield gateway


@pytest_asyncio.fixture
async def browser(world: World) -> AsyncIterator[Browser]:
    browser = Browser(world.base)
    yield browser
    await browser.aclose()
