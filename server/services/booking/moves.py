"""Making room: which reserved contracts would have to change cars so that one more fits (domain 4.4, A8).

A pure search with bounds (docs/adr/0023): a car gives up at most three contracts for another, these may push aside
others in their turn, and after so many looks the answer is no.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from server.services.booking.calendars import Calendar, Use

MOST_ASIDE = 3
"""How many contracts a car gives up at once."""
CHAIN = 2
"""How often one may push aside the next."""
MOST_LOOKS = 1000
"""How many cars are looked at for one booking: some milliseconds."""


@dataclass(frozen=True)
class Move:
    """A reserved contract gets another car."""

    contract_id: UUID
    from_vehicle: UUID
    to_vehicle: UUID


@dataclass(frozen=True)
class Room:
    """The car that is free for a use once the moves are made; without moves it is free as things stand."""

    vehicle_id: UUID
    moves: tuple[Move, ...] = ()


def find(
    cars: Sequence[Calendar],
    wanted: Use,
    zone: ZoneInfo,
    *,
    only: UUID | None = None,
    settled: Collection[UUID] = frozenset(),
) -> Room | None:
    """Room for a use on one of the cars, or on `only` that one. Contracts that are `settled` stay where they are."""
    return _Search(cars, zone, settled).room_for(wanted, only)


def count(cars: Sequence[Calendar], wanted: Use, zone: ZoneInfo) -> int:
    """How often a use could be booked, one after the other, if contracts may move."""
    search = _Search(cars, zone, frozenset())
    return sum(1 for _ in iter(lambda: search.room_for(wanted, None), None))


class _Search:
    """Tries placements on the calendars, and takes back those that lead nowhere."""

    def __init__(self, cars: Sequence[Calendar], zone: ZoneInfo, settled: Collection[UUID]) -> None:
        self._cars = {
            car.vehicle_id: Calendar(
                car.vehicle_id, car.station_id, car.group_id, car.inspection_due, car.leaves_at, list(car.uses)
            )
            for car in sorted(cars, key=lambda car: car.vehicle_id)
        }
        self._zone = zone
        self._settled = settled
        self._done: list[tuple[bool, UUID, Use]] = []
        self._looks = 0

    def room_for(self, wanted: Use, only: UUID | None) -> Room | None:
        """Places one more use, which then stays."""
        self._looks, self._done = MOST_LOOKS, []
        cars = list(self._cars) if only is None else [only] if only in self._cars else []
        if self._is_full(wanted) or not self._place(wanted, cars, CHAIN):
            return None
        (vehicle_id,) = {at for is_put, at, use in self._done if is_put and use is wanted}
        return Room(vehicle_id, tuple(self._moves_made()))

    def _moves_made(self) -> Iterator[Move]:
        """What the steps come to, in the order of the contracts' ids."""
        before: dict[UUID, UUID] = {}
        after: dict[UUID, UUID] = {}
        for is_put, vehicle_id, use in self._done:
            if use.movable and use.contract_id is not None:
                if is_put:
                    after[use.contract_id] = vehicle_id
                else:
                    before.setdefault(use.contract_id, vehicle_id)
        for contract_id in sorted(after):
            if before[contract_id] != after[contract_id]:
                yield Move(contract_id, before[contract_id], after[contract_id])

    def _is_full(self, wanted: Use) -> bool:
        """Whether at some instant every car is in use: then no moving helps."""
        steps = [
            (at, is_begin, car.vehicle_id)
            for car in self._cars.values()
            for use in car.in_the_way(wanted)
            for at, is_begin in ((max(use.starts_at, wanted.starts_at), True), (use.busy_until, False))
        ]
        depth: dict[UUID, int] = {}
        for _at, is_begin, vehicle_id in sorted(steps):  # at one instant, what ends comes first
            depth[vehicle_id] = depth.get(vehicle_id, 0) + (1 if is_begin else -1)
            if sum(1 for uses in depth.values() if uses) == len(self._cars):
                return True
        return not self._cars

    def _place(self, use: Use, vehicles: Iterable[UUID], chain: int) -> bool:
        """Finds a car for a use: one that is free, else one whose own contracts find another."""
        if self._looks <= 0:
            return False
        usable = [self._cars[one] for one in vehicles if self._cars[one].allows(use, self._zone)]
        self._looks -= len(usable)
        taken = [(car, car.in_the_way(use)) for car in usable]
        free = [car for car, in_the_way in taken if not in_the_way]
        if free:
            self._put(min(free, key=lambda car: car.slack(use)), use)
            return True
        if chain == 0:
            return False
        can_yield = [(car, uses) for car, uses in taken if len(uses) <= MOST_ASIDE and all(map(self._may_move, uses))]
        # Few before many; of those, what begins last: the others may be prepared already.
        can_yield.sort(key=lambda one: (len(one[1]), -one[1][0].starts_at.timestamp()))
        return any(self._push_aside(car, uses, use, chain) for car, uses in can_yield)

    def _push_aside(self, car: Calendar, uses: list[Use], wanted: Use, chain: int) -> bool:
        mark = len(self._done)
        for use in uses:
            self._take(car, use)
        self._put(car, wanted)
        others = [vehicle_id for vehicle_id in self._cars if vehicle_id != car.vehicle_id]
        if all(self._place(use, others, chain - 1) for use in uses):
            return True
        while len(self._done) > mark:
            is_put, vehicle_id, use = self._done.pop()
            (self._cars[vehicle_id].uses.remove if is_put else self._cars[vehicle_id].put)(use)
        return False

    def _may_move(self, use: Use) -> bool:
        return use.movable and use.contract_id not in self._settled

    def _put(self, car: Calendar, use: Use) -> None:
        car.put(use)
        self._done.append((True, car.vehicle_id, use))

    def _take(self, car: Calendar, use: Use) -> None:
        car.uses.remove(use)
        self._done.append((False, car.vehicle_id, use))
