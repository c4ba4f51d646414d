"""One sandbox server for the folder; every test opens a dealership of its own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dealership import Dealership, open_dealership
from tests.driving import SandboxServer, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running(tmp_path_factory.mktemp("api") / "data") as started:
        yield started


@pytest.fixture
def dealership(server: SandboxServer) -> Dealership:
    return open_dealership(server)
