from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.database.embedded import Cluster
from tests.clusters import migrated, private_folder
from tests.poolers.pooler import Pooler


@pytest.fixture(scope="module")
def folder() -> Path:
    return private_folder("ersatzwagen-pooler-")


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[Cluster]:
    made = migrated(folder / "data")
    yield made
    made.stop()


@pytest.fixture
def pooled(folder: Path, cluster: Cluster) -> Iterator[Callable[..., Pooler]]:
    """A running PgBouncer with some settings of its own."""
    running: list[Pooler] = []

    def start(**settings: str) -> Pooler:
        running.append(Pooler(folder, cluster, **settings))
        return running[-1].start()

    yield start
    for one in running:
        one.kill()
