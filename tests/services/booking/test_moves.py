"""Making room for one more (A8): which contracts change cars, and that what is found really fits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise, permutations, product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.services.booking import moves
from server.services.booking.calendars import FOREVER, Calendar, Use
from server.services.booking.moves import Move, Room
from tests.services.samples import BERLIN, at

MIDNIGHT = at("2026-09-07 00:00")
GROUP = STATION = UUID(int=0)


def use(begins: int, ends: int, name: int = 0, *, movable: bool = True) -> Use:
    """From one day to another, its turnaround included."""
    start, end = MIDNIGHT + timedelta(days=begins), MIDNIGHT + timedelta(days=ends)
    return Use(start, end - timedelta(hours=1), end, UUID(int=name) if name else None, movable and name > 0)


def car(number: int, *uses: Use, inspected_until: date | None = None, leaves: int | None = None) -> Calendar:
    leaves_at = None if leaves is None else MIDNIGHT + timedelta(days=leaves)
    ordered = sorted(uses, key=lambda one: one.starts_at)
    return Calendar(UUID(int=100 + number), STATION, GROUP, inspected_until, leaves_at, ordered)


def found(wanted: Use, *cars: Calendar, only: int | None = None, settled: Iterable[int] = ()) -> Room | None:
    named = None if only is None else UUID(int=100 + only)
    return moves.find(cars, wanted, BERLIN, only=named, settled={UUID(int=one) for one in settled})


def room(number: int, *moved: tuple[int, int, int]) -> Room:
    """The car, and each contract that moves, from where to where."""
    return Room(
        UUID(int=100 + number),
        tuple(Move(UUID(int=name), UUID(int=100 + before), UUID(int=100 + after)) for name, before, after in moved),
    )


MONDAY_TO_WEDNESDAY, WEDNESDAY_TO_FRIDAY, WEEK = use(0, 2, 1), use(2, 4, 2), use(0, 4)


def test_a8_one_contract_moves_so_that_a_whole_week_fits() -> None:
    # The later of the two: the other car may stand ready already.
    assert found(WEEK, car(1, MONDAY_TO_WEDNESDAY), car(2, WEDNESDAY_TO_FRIDAY)) == room(2, (2, 2, 1))


def test_nothing_moves_where_a_car_is_free() -> None:
    assert found(WEEK, car(1, MONDAY_TO_WEDNESDAY), car(2), car(3, WEDNESDAY_TO_FRIDAY)) == room(2)


def test_a_car_that_was_chosen_stays() -> None:
    chosen = replace(WEDNESDAY_TO_FRIDAY, movable=False)
    assert found(WEEK, car(1, MONDAY_TO_WEDNESDAY), car(2, chosen)) == room(1, (1, 1, 2))
    assert found(WEEK, car(1, replace(MONDAY_TO_WEDNESDAY, movable=False)), car(2, chosen)) is None
    assert found(WEEK, car(1, MONDAY_TO_WEDNESDAY), car(2, WEDNESDAY_TO_FRIDAY), settled=[1, 2]) is None


def test_room_on_one_car_alone() -> None:
    cars = car(1, MONDAY_TO_WEDNESDAY), car(2, WEDNESDAY_TO_FRIDAY)
    assert found(WEEK, *cars, only=1) == room(1, (1, 1, 2))
    assert found(WEEK, *cars, only=3) is None


def test_where_every_car_is_taken_at_some_instant_no_moving_helps() -> None:
    assert found(WEEK, car(1, use(0, 3, 1)), car(2, use(2, 4, 2))) is None
    assert found(WEEK) is None


def test_one_pushes_aside_the_next() -> None:
    # 2 has to go to car 1, where 3 stands in the way, which fits on car 3.
    cars = car(1, use(0, 2, 1, movable=False), use(3, 5, 3)), car(2, use(2, 4, 2)), car(3, use(0, 3, 4, movable=False))
    assert found(WEEK, *cars) == room(2, (2, 2, 1), (3, 1, 3))


def test_several_make_room_but_not_more_than_three() -> None:
    days = [use(day, day + 1, day + 1) for day in range(4)]
    empty_days = [car(2 + day, *(use(other, other + 1) for other in range(4) if other != day)) for day in range(4)]
    three = use(0, 3)
    assert found(three, car(1, *days[:3]), *empty_days) == room(1, (1, 1, 2), (2, 1, 3), (3, 1, 4))
    assert found(WEEK, car(1, *days), *empty_days) is None


def test_who_moves_keeps_an_inspected_car_that_stays_here() -> None:
    # The car that could take the contract is due for inspection, or about to leave
    wednesday, friday = date(2026, 9, 9), date(2026, 9, 11)
    fixed = replace(MONDAY_TO_WEDNESDAY, movable=False)
    for day, seen in ((wednesday, None), (friday, room(2, (2, 2, 1)))):
        assert found(WEEK, car(1, fixed, inspected_until=day), car(2, WEDNESDAY_TO_FRIDAY)) == seen
    for leaves, seen in ((3, None), (4, room(2, (2, 2, 1)))):
        assert found(WEEK, car(1, fixed, leaves=leaves), car(2, WEDNESDAY_TO_FRIDAY)) == seen


def test_a_one_way_rental_takes_a_car_that_nobody_needs_later() -> None:
    away = replace(WEEK, busy_until=FOREVER)
    assert found(away, car(1, use(9, 12, 1)), car(2, use(20, 22, 2))) == room(2, (2, 2, 1))
    assert found(away, car(1, use(9, 12, 1)), car(2, use(11, 22, 2))) is None


@pytest.mark.parametrize(("cars", "times"), [(2, 1), (3, 2), (1, 0)])
def test_how_often_it_could_be_booked(cars: int, times: int) -> None:
    fleet = [car(1, MONDAY_TO_WEDNESDAY), car(2, WEDNESDAY_TO_FRIDAY), car(3)][:cars]
    assert moves.count(fleet, WEEK, BERLIN) == times


# Laws: hypothesis makes small fleets


@st.composite
def fleets(draw: st.DrawFn) -> list[Calendar]:
    fleet, name = [], 0
    for number in range(draw(st.integers(1, 3))):
        marks = sorted(draw(st.lists(st.integers(0, 8), max_size=6, unique=True)))
        uses = []
        for begins, ends in pairwise(marks):
            if draw(st.booleans()):
                name += 1
                uses.append(use(begins, ends, name, movable=draw(st.booleans())))
        fleet.append(car(number, *uses))
    return fleet


WANTED = st.tuples(st.integers(0, 7), st.integers(1, 8)).map(lambda two: use(two[0], two[0] + two[1]))


def carried_out(fleet: list[Calendar], wanted: Use, chosen: Room) -> dict[UUID, list[Use]]:
    """Who is where after the moves."""
    targets = {move.contract_id: move.to_vehicle for move in chosen.moves}
    after: dict[UUID, list[Use]] = {one.vehicle_id: [] for one in fleet}
    for one in fleet:
        for busy in one.uses:
            goes_to = targets.get(busy.contract_id, one.vehicle_id) if busy.contract_id else one.vehicle_id
            assert goes_to == one.vehicle_id or busy.movable
            after[goes_to].append(busy)
    after[chosen.vehicle_id].append(wanted)
    return after


def fits(uses: Iterable[Use]) -> bool:
    return all(
        before.busy_until <= after.starts_at for before, after in pairwise(sorted(uses, key=lambda u: u.starts_at))
    )


@given(fleets(), WANTED)
def test_what_is_found_fits_and_moves_nobody_who_stays(fleet: list[Calendar], wanted: Use) -> None:
    chosen = found(wanted, *fleet)
    if chosen is not None:
        assert all(fits(uses) for uses in carried_out(fleet, wanted, chosen).values())


@given(fleets(), WANTED)
def test_whatever_one_or_two_moves_make_possible_is_found(fleet: list[Calendar], wanted: Use) -> None:
    ids = [one.vehicle_id for one in fleet]
    movable = [(busy.contract_id, one.vehicle_id) for one in fleet for busy in one.uses if busy.movable]
    plans = [()] + [(one,) for one in movable] + list(permutations(movable, 2))
    possible = False
    for plan in plans:
        for targets in product(ids, repeat=len(plan)):
            made = tuple(Move(name, before, to) for (name, before), to in zip(plan, targets, strict=True) if name)
            possible |= any(
                all(fits(uses) for uses in carried_out(fleet, wanted, Room(one, made)).values()) for one in ids
            )
    if possible:
        assert found(wanted, *fleet) is not None


@given(fleets(), WANTED)
def test_the_count_is_how_often_it_can_be_found_one_after_the_other(fleet: list[Calendar], wanted: Use) -> None:
    times, now = 0, fleet
    while (chosen := found(wanted, *now)) is not None:
        times += 1
        after = carried_out(now, wanted, chosen)
        now = [replace(one, uses=sorted(after[one.vehicle_id], key=lambda u: u.starts_at)) for one in now]
    assert moves.count(fleet, wanted, BERLIN) == times
