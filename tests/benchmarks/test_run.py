"""The benchmarks run, on data of a dealer group that is as small as it can be. What they measure is not looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.bars import bars
from benchmarks.generate import Fleet
from benchmarks.phases import COUNTED, MIXED, SIDE_BY_SIDE, WAITED_FOR, Extent
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


@pytest.fixture(scope="module")
def found(folder: Path) -> Results:
    return run(Plan((SIZE,), folder, EXTENT, rentals=2, fleet=FLEET))


def test_every_operation_stands_beside_others_that_answer_the_same(found: Results) -> None:
    assert set(found.compared) == set(SIDE_BY_SIDE)
    for name, compared in found.compared.items():
        assert len(compared.rounds) > 1
        assert all(one.errors == 0 for rounds in compared.rounds.values() for one in rounds)
        assert "product" in compared.rounds or name in LATER


def test_what_the_database_is_asked_is_counted(found: Results) -> None:
    works = found.work[SIZE]
    assert set(COUNTED) - set(works) <= LATER
    for work in works.values():
        assert work.counted.statements >= 1
        assert work.round_trips >= 1
        assert work.counted.buffers > 0


def test_callers_wait_and_nobody_gets_an_error(found: Results) -> None:
    assert set(found.latency) == {(name, clients) for name in WAITED_FOR for clients in EXTENT.crowds}
    assert all(one.errors == 0 for one in found.latency.values())
    assert MIXED
    assert found.memory is not None


def test_samples_say_where_the_time_goes(found: Results) -> None:
    assert set(SIDE_BY_SIDE) - set(found.looks) <= LATER
    assert any("server." in stack for look in found.looks.values() for stack in look.stacks)


def test_whole_rentals_are_made_on_generated_data(found: Results) -> None:
    alone, *steps = found.steps
    assert alone.counted.transactions >= 1
    assert [step.counted.statements >= 1 for step in steps] == [True, True, True]


def test_the_report_says_which_goals_are_missed(found: Results, folder: Path) -> None:
    # When
    text = report.write(found, folder / "report").read_text("utf-8")
    # Then
    assert all(bar.what in text for bar in bars(found))
    for picture in ("cpu-a1.svg", "flame-a1.svg", "latency.svg"):
        assert (folder / "report" / picture).read_text("utf-8").startswith("<svg")
