"""A store of its own for each test, in which Anna has signed in, with a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mobile_kivy.store import Store
from tests.tablet.people import ANNA, Clock, session_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    opened = Store(tmp_path / "tablet", clock)
    opened.people.remember(session_of(ANNA), None)
    yield opened
    opened.close()
