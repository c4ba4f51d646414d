"""Every call of a shift is answered wrongly once, in thousands of ways; then all answers are right, and the shift goes on
by itself: it starts, nothing waits, nothing is lost or doubled, and nobody has read "unexpected".
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tablet.fuzz.right_server import SIGN_IN_NEEDED, RightServer, running
from tests.tablet.fuzz.shift_of_calls import Heard, ShiftOfCalls
from tests.tablet.fuzz.wrong_answers import ODD, spoilt, spoilt_at

OPERATIONS = (
    "signIn",
    "handoverDay",
    "handoverDay",
    "handoverDay",
    "refreshSession",
    "uploadPhoto",
    "checkOut",
    "checkIn",
)
SHIFTS = 84
"""Of 24 calls each, and so of two thousand."""
SHALLOW = (
    ("generatedAt",), ("station",), ("checkOuts",), ("checkIns",), ("overdue",), ("spareVehicles",), ("station", "id"),
    ("checkOuts", 0), ("checkOuts", 0, "id"), ("checkOuts", 0, "vehicle"), ("checkOuts", 0, "drivers"),
    ("spareVehicles", 0, "damages", 0, "photos", 0, "id"), ("checkOuts", 0, "vehicle", "accessories", 0, "expected"),
)  # fmt: skip
"""Near the top of a day: a random walk seldom gets there."""


@pytest.fixture
def heard() -> Iterator[Heard]:
    handler = Heard()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def heal(shift: ShiftOfCalls, server: RightServer, heard: Heard) -> None:
    """All answers are right; somebody starts the app anew, and signs in if it asks for that."""
    server.heal()
    shift.restart()
    for _ in range(3):
        heard.faults.clear()
        shift.turn()
    if shift.store.people.needs_sign_in("u1"):
        shift.sign_in()
        for _ in range(2):
            shift.turn()


@pytest.mark.parametrize("seed", range(SHIFTS))
def test_one_wrong_answer_costs_nothing(seed: int, tmp_path: Path, heard: Heard) -> None:
    # given a shift of which one answer is wrong
    lots, server = random.Random(seed), RightServer()
    operation = lots.choice(OPERATIONS)
    early = operation == "signIn" or (operation == "handoverDay" and lots.random() < 0.5)
    with running(server) as url:
        shift = ShiftOfCalls(tmp_path / "tablet", url)
        if early:
            server.spoil_next(operation, lambda good: spoilt(good, lots))
        for _ in range(1 + early):
            shift.sign_in()
        for _ in range(1 + early):
            shift.turn()
        shift.work(shift.look())
        if not early:
            if operation == "refreshSession":
                server.spoil_next("handoverDay", lambda _good: SIGN_IN_NEEDED)
            server.spoil_next(operation, lambda good: spoilt(good, lots))
        shift.turn()
        shift.look()
        during = [*shift.faults, *heard.faults]

        # when all are right again
        heal(shift, server, heard)

        # then nothing of it is left, and nobody has noticed more than that it took longer
        assert (during, shift.unwell(server), heard.faults) == ([], [], []), server.spoilt
        shift.store.close()


@pytest.mark.parametrize("path", SHALLOW, ids=lambda path: ".".join(map(str, path)))
def test_every_answer_of_a_day_is_odd_in_the_same_place(path: tuple[Any, ...], tmp_path: Path, heard: Heard) -> None:
    for number, odd in enumerate(ODD):
        server = RightServer()
        with running(server) as url:
            # given days that are odd in one place, always
            shift = ShiftOfCalls(tmp_path / str(number), url)
            shift.sign_in()
            server.every = lambda good, odd=odd: spoilt_at(good, ("data", "handoverDay", *path), odd)
            shift.turn()
            shift.look()
            during = [*shift.faults, *heard.faults]

            # when they are right again
            heal(shift, server, heard)

            # then the day is there, whole
            assert (during, shift.unwell(server), heard.faults) == ([], [], []), server.spoilt
            shift.store.close()


@pytest.mark.parametrize("seed", range(60))
def test_a_draft_of_another_version_keeps_nobody_from_working(seed: int, tmp_path: Path, heard: Heard) -> None:
    # given a form that was begun, and an odd one in its place
    lots, server = random.Random(seed), RightServer()
    with running(server) as url:
        shift = ShiftOfCalls(tmp_path / "tablet", url)
        shift.sign_in()
        shift.turn()
        shift.work(shift.look())
        (draft,) = shift.store.drafts.all()
        wrong = spoilt({"data": draft.data}, lots)
        try:
            odd = json.loads(wrong.body)["data"]
        except (ValueError, KeyError, TypeError, RecursionError):
            odd = {}
        shift.store.drafts.save(draft.protocol_id, draft.contract_id, draft.kind, draft.user_id, odd)

        # when the app is started again
        heal(shift, server, heard)

        # then the list is there; the form opens, or it lies aside
        assert (shift.unwell(server), heard.faults) == ([], []), wrong.what
        assert len(shift.store.drafts.all()) + shift.store.drafts.count_set_aside() == 1
        shift.store.close()
