"""A bench for tests that need rows: one migrated database for the process, empty at the beginning of every test.

Not a copy for every test: with a database comes a new engine, which would compile every statement anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import async_sessionmaker

from server.clock import SystemClock
from server.database import Database, Session
from server.database.embedded import SUPERUSER, Cluster
from tests.builders.bench import Bench, Books, Emptying, Telecash, outside_of, owners, telecash
from tests.builders.rows import company
from tests.builders.till import Till
from tests.clusters import migrated, private_folder
from tests.thoroughness import is_quick


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    made = migrated(private_folder("ersatzwagen-services-") / "data")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def empty(cluster: Cluster) -> Iterator[Emptying]:
    made = Emptying(cluster.url(SUPERUSER))
    yield made
    made.close()


@pytest_asyncio.fixture(scope="session")
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    made = Database(cluster.url(), SystemClock())
    yield made
    await made.close()


@pytest_asyncio.fixture(scope="session")
async def as_owner(cluster: Cluster) -> AsyncIterator[async_sessionmaker[Session]]:
    async with owners(cluster.url(SUPERUSER)) as sessions:
        yield sessions


@pytest_asyncio.fixture(scope="session")
async def simulator(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Telecash]:
    async with telecash(tmp_path_factory.mktemp("telecash")) as made:
        yield made


MONEY = ("booking_saga", "billing", "billing_blocks", "collection", "deposits")
"""What moves money runs with a second provider as well: business code knows none by name."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    moves_money = metafunc.module.__name__.rpartition(".test_")[2] in MONEY
    if moves_money and "books" in metafunc.fixturenames:
        metafunc.parametrize("books", ["telecash"] if is_quick() else ["telecash", "till"], indirect=True)


@pytest.fixture
def books(request: pytest.FixtureRequest, simulator: Telecash) -> Books:
    return Till() if getattr(request, "param", "telecash") == "till" else simulator


@pytest_asyncio.fixture
async def bench(
    database: Database, as_owner: async_sessionmaker[Session], empty: Emptying, books: Books, tmp_path: Path
) -> Bench:
    empty()
    books.begin()
    made = Bench(outside_of(database, books, tmp_path / "media"), books, as_owner)
    await made.put(company())
    return made
