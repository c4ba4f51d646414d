"""A station's day as `handoverDay` tells it: who gets which car, who brings one back, what is late, what is free."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from functools import partial
from typing import Any, TypeVar

from mobile_kivy.forms.contract import Contract, Vehicle
from mobile_kivy.reading import Fields, Unreadable

CHECK_OUT, CHECK_IN = "CHECK_OUT", "CHECK_IN"
MORNING_ENDS = time(12)
"""Of the next day only what happens before noon is shown: the evening shift prepares the morning."""
_Read = TypeVar("_Read")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One thing to do: check this contract's car out, or in."""

    kind: str
    contract: Contract
    due: datetime
    overdue: bool

    @property
    def key(self) -> tuple[str, str]:
        """Contract and kind: what a form and a protocol belong to."""
        return self.contract.id, self.kind

    def matches(self, words: str) -> bool:
        """Whether each word is part of the plate (with or without blanks), the customer's name or the number."""
        contract = self.contract
        plate = contract.vehicle.plate if contract.vehicle else ""
        text = f"{plate} {plate.replace(' ', '').replace('-', '')} {contract.customer} {contract.number}".casefold()
        return all(word in text for word in words.casefold().split())


@dataclass(frozen=True)
class Day:
    """Everything of one day, and as of when. `unreadable` counts contracts and cars that had to be left out;
    `answer` is what was read.
    """

    station_id: str
    station_name: str
    jobs: tuple[Job, ...]
    spare_vehicles: tuple[Vehicle, ...]
    generated_at: datetime
    unreadable: int
    answer: Mapping[str, Any] = field(repr=False, compare=False)

    def job(self, contract_id: str, kind: str) -> Job | None:
        """What there is to do with this contract, if it is of this day."""
        return next((job for job in self.jobs if job.key == (contract_id, kind)), None)

    def damage_photos(self) -> dict[str, str]:
        """The small photos of all known damages: their links by their ids, in the order in which cars are needed."""
        cars = [job.contract.vehicle for job in self.jobs if job.contract.vehicle is not None]
        return {
            photo_id: link
            for car in [*cars, *self.spare_vehicles]
            for damage in car.damages
            for photo_id, link in damage.photos
        }


def read_day(answer: Mapping[str, Any]) -> Day:
    """The day as the server told it, the late jobs first. `Unreadable` if it is no day at all.

    A contract or a car that cannot be read is left out and counted: the others have to be handed over.
    """
    day = Fields(answer, "day")
    station = day.part("station")
    jobs, odd_jobs = _sound(_job_readers(day))
    spare, odd_cars = _sound(partial(Vehicle.of, car) for car in day.anything("spareVehicles"))
    unique = {job.key: job for job in jobs}
    return Day(
        station_id=station.name("id"),
        station_name=station.name("name"),
        jobs=_in_order(unique.values()),
        spare_vehicles=tuple(spare),
        generated_at=day.instant("generatedAt"),
        unreadable=odd_jobs + odd_cars,
        answer=day.raw,
    )


def with_next_morning(today: Day, tomorrow: Day | None) -> Day:
    """The day's work with the next morning's behind it."""
    found = {job.key: job for job in today.jobs}
    for job in tomorrow.jobs if tomorrow else ():
        if not job.overdue and job.due.time() < MORNING_ENDS:
            found.setdefault(job.key, job)
    return replace(today, jobs=_in_order(found.values()))


def job_of(kind: str, contract: Contract, *, overdue: bool = False) -> Job:
    """What there is to do: due at the start for a check-out, at the end for a check-in."""
    return Job(kind, contract, contract.starts_at if kind == CHECK_OUT else contract.ends_at, overdue)


def _in_order(jobs: Iterable[Job]) -> tuple[Job, ...]:
    return tuple(sorted(jobs, key=lambda job: (not job.overdue, job.due, job.contract.number)))


def _sound(readers: Iterable[Callable[[], _Read]]) -> tuple[list[_Read], int]:
    """What could be read, and how many could not."""
    sound: list[_Read] = []
    odd = 0
    for read in readers:
        try:
            sound.append(read())
        except Unreadable as error:
            _log.warning("left out of the day: %s", error)
            odd += 1
    return sound, odd


def _job_readers(day: Fields) -> Iterator[Callable[[], Job]]:
    for kind, name in ((CHECK_OUT, "checkOuts"), (CHECK_IN, "overdue"), (CHECK_IN, "checkIns")):
        for contract in day.anything(name):
            yield partial(_job, contract, kind, overdue=name == "overdue")


def _job(answer: Mapping[str, Any], kind: str, *, overdue: bool) -> Job:
    return job_of(kind, Contract.of(answer), overdue=overdue)
