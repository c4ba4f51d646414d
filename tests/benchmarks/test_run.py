"""The benchmarks run, on data of a dealer group that is as small as it can be. What they measure is not looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.bars import bars
from benchmarks.generate import Fleet
from benchmarks.phases import COUNTED, SIDE_BY_SIDE, WAITED_FOR, Extent
from benchmarks.results import Results
from benchmarks.run import Plan, run
from tests.clusters import private_folder

SIZE = 2_400
FLEET = Fleet(stations=10, vehicles=600, large=60, customers=500)
EXTENT = Extent(pairs=1, seconds=0.3, clients=2, crowds=(1, 2), counted=2, rest=0.0, graphiles=False)
LATER = {"e"}
"""What the schema need not have yet."""


@pytest.fixture(scope="module")
def folder() -> Path:
    return private_folder("ersatzwagen-benchmarks-")


def measured(part: str, folder: Path) -> tuple[Results, str]:
    """One part of a run, and what the report says of it."""
    found = run(Plan((SIZE,), folder, EXTENT, (part,), rentals=2, fleet=FLEET))
    assert all("broke off" not in note for note in found.notes), found.notes
    return found, report.write(found, folder / "report").read_text("utf-8")


def test_every_operation_stands_beside_others_that_answer_the_same(folder: Path) -> None:
    # When
    found, text = measured("ratios", folder)
    # Then
    assert set(found.compared) == set(SIDE_BY_SIDE)
    for name, compared in found.compared.items():
        assert len(compared.rounds) > 1
        assert all(one.errors == 0 for rounds in compared.rounds.values() for one in rounds)
        assert "product" in compared.rounds or name in LATER
        assert (folder / "report" / f"cpu-{name}.svg").exists()
    assert all(bar.what in text for bar in bars(found))


def test_what_the_database_is_asked_is_counted(folder: Path) -> None:
    # When
    found, text = measured("work", folder)
    # Then
    works = found.work[SIZE]
    assert set(COUNTED) - set(works) <= LATER
    for name, work in works.items():
        assert work.counted.statements >= 1
        assert work.round_trips >= 1
        assert work.counted.buffers > 0
        assert f"| {name} | {SIZE:,} |" in text


def test_callers_wait_and_nobody_gets_an_error(folder: Path) -> None:
    # When
    found, text = measured("waiting", folder)
    # Then
    assert set(found.latency) == {(name, clients) for name in WAITED_FOR for clients in EXTENT.crowds}
    assert all(one.errors == 0 for one in found.latency.values())
    assert found.memory is not None
    assert "after a rest of 0 seconds" in text


def test_samples_say_where_the_time_goes(folder: Path) -> None:
    # When
    found, _ = measured("looks", folder)
    # Then
    assert set(SIDE_BY_SIDE) - set(found.looks) <= LATER
    assert any("server." in stack for look in found.looks.values() for stack in look.stacks)
    assert (folder / "report" / "flame-a1.svg").read_text("utf-8").startswith("<svg")


def test_whole_rentals_are_made_on_generated_data(folder: Path) -> None:
    # When
    found, text = measured("rentals", folder)
    # Then
    alone, *steps = found.steps
    assert alone.counted.transactions >= 1
    assert [step.counted.statements >= 1 for step in steps] == [True, True, True]
    assert all(step.name in text for step in found.steps)
