"""What a machine has to have: processor time of whole rentals and of the questions that are asked most, and memory.

    python3 dev.py exec python -m benchmarks.sizing --rentals 20

A real server with a database of its own; the processor time is that of its processes, however busy the machine is.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from benchmarks.growth import PHOTOS, photo_like
from server.database.embedded import Cluster
from server.models.protocol import PhotoSlot
from tests.calendar import local, next_weekday
from tests.clusters import private_folder
from tests.dealership import Dealership, open_dealership
from tests.driving import SandboxServer, running

QUESTIONS = {
    "a website asks what is free": """query($s:ID!,$p:PeriodInput!){availability(stationId:$s,period:$p){
      groups{group{code} freeCount price{total{amount}}}}}""",
    "a tablet asks for its day": "query($s:ID!,$d:Date!){handoverDay(stationId:$s,date:$d){checkOuts{id} checkIns{id}}}",
    "a clerk looks at 50 contracts": "{contracts(first:50){totalCount nodes{number state customer{lastName}}}}",
}


@dataclass(frozen=True)
class Spent:
    """Processor seconds of the server with what it has started, and of PostgreSQL."""

    server: float
    database: float


class Processes:
    """Those of one server and of its database."""

    def __init__(self, server: SandboxServer) -> None:
        self._server = psutil.Process(server.process.pid)
        postmaster = Cluster(server.data_dir)._data / "postmaster.pid"
        self._postmaster = psutil.Process(int(postmaster.read_text().splitlines()[0]))

    def spent(self) -> Spent:
        """Up to now."""
        alive = [self._postmaster, *self._postmaster.children(recursive=True)]
        return Spent(_seconds(self._server), sum(map(_seconds, alive)))

    def of(self, work: Callable[[], object], times: int) -> Spent:
        """What one of so many takes."""
        before = self.spent()
        for _ in range(times):
            work()
        after = self.spent()
        return Spent((after.server - before.server) / times, (after.database - before.database) / times)

    def megabytes(self) -> tuple[float, float]:
        """Of the server, and of PostgreSQL with what its processes share counted once."""
        database = [self._postmaster, *self._postmaster.children(recursive=True)]
        return self._server.memory_info().rss / 1e6, sum(one.memory_full_info().pss for one in database) / 1e6


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def whole_rental(dealership: Dealership, start: datetime) -> Callable[[], None]:
    """Booked by a website, handed over and taken back with photos, billed, paid, printed and mailed; one a week."""
    weeks = iter(range(10_000))

    def photos() -> list[dict[str, Any]]:
        slots = list(PhotoSlot)[:PHOTOS]
        return [{"slot": slot.value, "sha256": dealership.yard.upload(photo_like())} for slot in slots]

    def rent() -> None:
        begin = start + timedelta(days=7 * next(weeks))
        out = {"photos": photos(), "signature": dealership.sign()}
        back = {"photos": photos(), "signature": dealership.sign()}
        rented = dealership.rent(begin, begin + timedelta(days=1), out=out, back_with=back)
        assert rented["settlementState"] == "PAID", rented

    return rent


def asking(dealership: Dealership, question: str, start: datetime) -> Callable[[], None]:
    """One of the questions, of the period or day of a start."""
    end = start + timedelta(days=2)
    variables = {
        "s": dealership.station["id"],
        "p": {"start": start.isoformat(), "end": end.isoformat()},
        "d": start.date().isoformat(),
    }
    used = {name: value for name, value in variables.items() if f"${name}:" in question}
    caller = dealership.website if "availability" in question else dealership.clerk

    def ask() -> None:
        caller(question, **used)

    return ask


def measure(rentals: int, folder: Path) -> None:
    with running(folder / "data", from_nothing=True) as server:
        dealership, processes = open_dealership(server, cars=4), Processes(server)
        start = local(next_weekday(server, 1), 10)
        rent = whole_rental(dealership, start)
        processes.of(rent, 5)  # everything is loaded and prepared then
        print(f"{'processor time of one':<34}{'server':>10}{'database':>10}")
        spent = processes.of(rent, rentals)
        print(f"{f'whole rental with {2 * PHOTOS} photos':<34}{spent.server:>8.2f} s{spent.database:>8.2f} s")
        for name, question in QUESTIONS.items():
            ask = asking(dealership, question, start + timedelta(days=350))
            processes.of(ask, 20)
            spent = processes.of(ask, 300)
            print(f"{name:<34}{1000 * spent.server:>7.1f} ms{1000 * spent.database:>7.1f} ms")
        ours, database = processes.megabytes()
        print(f"{'memory after all that':<34}{ours:>7.0f} MB{database:>7.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rentals", type=int, default=20)
    measure(parser.parse_args().rentals, private_folder("ersatzwagen-sizing-"))


if __name__ == "__main__":
    main()
