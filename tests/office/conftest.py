"""One sandbox server for the folder; every test opens a dealership of its own in it, and a browser."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.dealership import Dealership, open_dealership
from tests.driving import SandboxServer, running
from tests.office.browser import Clerk, email_of


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running(tmp_path_factory.mktemp("office") / "data") as started:
        yield started


@pytest.fixture
def dealership(server: SandboxServer) -> Dealership:
    return open_dealership(server)


@pytest.fixture
def stranger(server: SandboxServer) -> Iterator[Clerk]:
    """A browser in which nobody has signed in."""
    with httpx2.Client(timeout=60) as http:
        yield Clerk(http, server.base)


@pytest.fixture
def clerk(dealership: Dealership, stranger: Clerk) -> Clerk:
    """A clerk of the dealership, signed in."""
    stranger.sign_in(email_of(dealership))
    assert stranger.status == 200, stranger.text()
    return stranger
