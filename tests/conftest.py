"""The suite in several processes: what takes longest begins first, and a folder's costly world is made once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from tests.clusters import remove_below
from tests.side_by_side import ByFileOrFolder
from tests.thoroughness import QUICK

# Where Kivy has no release for this Python yet: what draws is left out, what keeps and sends is not.
DRAWN = ("ui", "test_documents.py", "test_start.py", "test_real_window.py", "test_killed.py")
collect_ignore = [] if find_spec("kivy") else [*(f"tablet/{name}" for name in DRAWN), "vectors/test_handover_tablet.py"]
# From the folders and files that take longest to those that fill the gaps at the end; what is not named comes last.
# Without it a process would still be at its last long test when the others have nothing left to do.
LONGEST_FIRST = (
    "tests/crash/",
    "tests/rolling/",
    "tests/scope/",
    "tests/tablet/ui/test_looks.py",
    "tests/tablet/ui/",
    "tests/sandbox/test_demo.py",
    "tests/api/",
    "tests/database/",
    "tests/services/mail/test_every_",
    "tests/services/booking/test_offers.py",
    "tests/sandbox/",
    "tests/access/",
    "tests/tablet/",
    "tests/edge/",
    "tests/telecash/",
    "tests/store/",
    "tests/poolers/",
    "tests/engine/",
    "tests/rendering/",
)


# How long an example takes says something of the machine and of what else runs there, not of the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(QUICK, settings.get_profile("any machine"))
settings.load_profile("any machine")


@pytest.fixture(scope="session", autouse=True)
def _no_cluster_outlives_its_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    yield
    remove_below(tmp_path_factory.getbasetemp())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFileOrFolder | None:
    """Takes the place of `--dist loadfile`; what else was asked for stays as it is."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False  # a file's number of tests says nothing about how long it takes
    return ByFileOrFolder(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the longest first; one process alone keeps the order of the files."""
    if hasattr(config, "workerinput"):
        items.sort(key=_rank)  # stable: within a rank the order stays


def pytest_collection_finish() -> None:
    """What is loaded by now stays until the end: each collection would look through all of it again."""
    gc.collect()
    gc.freeze()


def _rank(item: pytest.Item) -> int:
    ranks = (rank for rank, start in enumerate(LONGEST_FIRST) if item.nodeid.startswith(start))
    return next(ranks, len(LONGEST_FIRST))
