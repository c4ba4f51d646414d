"""One sandbox server and one world of two dealerships for the folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.driving import SandboxServer, running

from .database import Hidden, hidden_from_alpha, owner_url
from .world import World, build


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running(tmp_path_factory.mktemp("scope") / "data") as started:
        yield started


@pytest.fixture(scope="session")
def world(server: SandboxServer) -> World:
    return build(server)


@pytest.fixture(scope="session")
def owner(server: SandboxServer) -> str:
    return owner_url(server)


@pytest.fixture(scope="session")
def hidden(world: World, owner: str) -> Hidden:
    return hidden_from_alpha(world, owner)
