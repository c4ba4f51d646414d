"""One sandbox server for the folder; attempts to sign in are forgotten between tests, as after a quarter of an hour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from server.database.embedded import SUPERUSER, Cluster
from tests.dealership import Dealership, open_dealership
from tests.driving import SandboxServer, running
from tests.services.conftest import as_owner, bench, books, cluster, database, empty, simulator

__all__ = ["as_owner", "bench", "books", "cluster", "database", "empty", "simulator"]
"""The bench of the service tests: limits and events are rules, and need no server."""

SIGN_IN = """mutation($e:String!,$p:String!){signIn(email:$e,password:$p){__typename
  ...on Session{accessToken refreshToken} ...on Problem{problemCode message field}}}"""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running(tmp_path_factory.mktemp("access") / "data") as started:
        yield started


@pytest.fixture(scope="session")
def dealership(server: SandboxServer) -> Dealership:
    return open_dealership(server)


@pytest.fixture(scope="session")
def owner(server: SandboxServer) -> str:
    return Cluster(Path(server.data_dir)).url(SUPERUSER)


@pytest.fixture
def patience(owner: str) -> Iterator[None]:
    """A quarter of an hour before and after: all attempts are forgotten."""
    execute(owner, "delete from sign_in_bucket")
    yield
    execute(owner, "delete from sign_in_bucket")


def execute(owner: str, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Runs a statement past row-level security."""
    with psycopg.connect(owner) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return list(cursor.fetchall()) if cursor.description else []
