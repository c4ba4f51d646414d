"""One sandbox server for the folder, without the paper; every test opens a yard of its own in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mobile_kivy.api import Client, Session
from mobile_kivy.store import Store
from tests.calendar import BEGINS, running_from
from tests.driving import SandboxServer
from tests.tablet.yard import Yard, open_yard


class PaperlessServer(SandboxServer):
    """See `paperless_server`."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self.entry = ["tests.tablet.paperless_server"]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    started = PaperlessServer(tmp_path_factory.mktemp("tablet") / "data").start()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture
def client(server: SandboxServer) -> Client:
    return Client(server.base)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "tablet", running_from(BEGINS))
    yield opened
    opened.close()


@pytest.fixture
def yard(server: SandboxServer) -> Yard:
    return open_yard(server)


@pytest.fixture
def user(yard: Yard, client: Client, store: Store) -> Session:
    return yard.sign_in(client, store)
