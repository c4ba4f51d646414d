"""A day as `handoverDay` answers it, with as many contracts as one likes: a real answer, its contracts copied."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5

Answer = dict[str, Any]
NAMES = ("Öztürk", "Großmann", "Bergmann", "Yılmaz-Šimek", "Müller", "Lindenberg-Ahrens", "Koç", "von der Heide")


def full_day(answer: Answer, check_outs: int, check_ins: int, overdue: int, spare: int) -> Answer:
    """The same day with so many of each. Every copy is a contract of its own with a car of its own."""
    numbers = itertools.count(1)
    wanted = {"checkOuts": check_outs, "checkIns": check_ins, "overdue": overdue}
    lists = {name: list(_copies(answer[name], count, numbers)) for name, count in wanted.items()}
    cars = [
        _car(answer["spareVehicles"][number % len(answer["spareVehicles"])], 5000 + number) for number in range(spare)
    ]
    return {**answer, **lists, "spareVehicles": cars}


def _copies(contracts: Sequence[Answer], count: int, numbers: Iterator[int]) -> Iterator[Answer]:
    for place in range(count):
        number, contract = next(numbers), copy.deepcopy(contracts[place % len(contracts)])
        contract["id"] = str(uuid5(NAMESPACE_OID, f"contract {number}"))
        contract["number"] = f"{contract['number'].rsplit('-', 1)[0]}-{number:04}"
        contract["customer"]["lastName"] = NAMES[number % len(NAMES)]
        contract["vehicle"] = _car(contract["vehicle"], number)
        for driver in contract["drivers"]:
            driver["id"] = str(uuid5(NAMESPACE_OID, f"driver {driver['id']} {number}"))
        # Some minutes apart, or all would stand in one place of the list.
        for edge in ("start", "end"):
            moved = datetime.fromisoformat(contract["period"][edge]) + timedelta(minutes=place % 40)
            contract["period"][edge] = moved.isoformat()
        yield contract


def _car(vehicle: Answer, number: int) -> Answer:
    car_id, plate = str(uuid5(NAMESPACE_OID, f"car {number}")), f"B-EW {number:04}"
    return {**copy.deepcopy(vehicle), "id": car_id, "plate": plate}
