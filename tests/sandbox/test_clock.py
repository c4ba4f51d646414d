"""The sandbox's clock: it begins where it is told to, runs, and only moves forwards, whatever kills its process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from server.config import Settings
from server.sandbox.box import Sandbox
from server.sandbox.clock import SandboxClock

PAST, FUTURE = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC), datetime(2101, 2, 3, 4, 5, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("begin", [PAST, FUTURE], ids=["past", "future"])
def test_a_fresh_clock_begins_where_it_is_told_to_and_runs(tmp_path: Path, begin: datetime) -> None:
    clock = SandboxClock(tmp_path, begin)

    first, second = clock.now(), clock.now()

    assert begin <= first <= second < begin + MINUTE


@pytest.mark.parametrize("begin", [PAST, FUTURE], ids=["past", "future"])
def test_after_a_kill_it_goes_on_from_where_it_was(tmp_path: Path, begin: datetime) -> None:
    # given a clock that has moved, of which nothing is told that it ends
    before = SandboxClock(tmp_path, begin)
    before.move_to(begin + timedelta(days=3))
    seen = before.now()

    # when another process starts with another begin, or with none
    for later in (begin - timedelta(days=9), begin + timedelta(days=9), None):
        again = SandboxClock(tmp_path, later)

        # then it is no earlier than what was seen, and no later than it would have been
        assert seen <= again.now() < begin + timedelta(days=3) + MINUTE


def test_it_is_never_set_back(tmp_path: Path) -> None:
    clock = SandboxClock(tmp_path, FUTURE)

    clock.move_to(FUTURE - timedelta(days=1))

    assert FUTURE <= clock.now() < FUTURE + MINUTE
    assert FUTURE <= SandboxClock(tmp_path).now() < FUTURE + MINUTE


def test_without_a_begin_it_is_the_machines(tmp_path: Path) -> None:
    before = datetime.now(UTC)

    assert before <= SandboxClock(tmp_path).now() <= datetime.now(UTC)


def test_the_setting_is_the_begin_of_a_fresh_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERSATZWAGEN_SANDBOX_BEGINS", "2101-02-03T05:05:06+01:00")

    sandbox = Sandbox(Settings(data_dir=tmp_path, sandbox=True))

    assert FUTURE <= sandbox.clock.now() < FUTURE + MINUTE


def test_an_instant_without_an_offset_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERSATZWAGEN_SANDBOX_BEGINS", "2101-02-03T05:05:06")

    with pytest.raises(ValidationError, match="timezone"):
        Settings()
