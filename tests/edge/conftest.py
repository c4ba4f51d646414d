"""One served demo for the folder; every test finds its record empty."""

from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
import pytest_asyncio

from server.edge.running import Pace

from .demo_schema import Happened
from .world import Demo, serving


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[Demo, int]]:
    demo = Demo(pace=Pace(query_deadline=1.0, mutation_deadline=0.5))
    with serving(demo) as port:
        yield demo, port


@pytest.fixture
def far_demo(served: tuple[Demo, int]) -> tuple[Demo, int]:
    served[0].happened = Happened()
    return served


@pytest.fixture
def demo() -> Demo:
    return Demo()


@pytest_asyncio.fixture
async def client(demo: Demo) -> AsyncIterator[httpx2.AsyncClient]:
    async with demo.client() as client:
        yield client
