"""Several servers, asked the same in turn, again and again in one run: what is compared is what stood side by side."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psutil

from benchmarks import load
from benchmarks.servers import Serving, tree_seconds


@dataclass(frozen=True)
class Target:
    """One server with its requests for an operation; a whole answer may take several of them (pages)."""

    serving: Serving
    path: str
    bodies: list[bytes]
    headers: list[dict[str, str]] = field(default_factory=lambda: [{}])
    name: str = ""

    @property
    def label(self) -> str:
        """What the report calls it."""
        return self.name or self.serving.name

    def plan(self, clients: int, seconds: float, requests: int = 0) -> load.Plan:
        """So many callers for so long."""
        bodies = [body.decode() for body in self.bodies]
        return load.Plan(self.serving.port, self.path, bodies, self.headers, clients, seconds, requests)


@dataclass(frozen=True)
class Round:
    """Of one server in one round, for each whole answer: its rate, milliseconds of its CPU and of PostgreSQL's."""

    rate: float
    cpu_ms: float
    postgres_ms: float
    p50: float
    p99: float
    errors: int


@dataclass(frozen=True)
class Compared:
    """The rounds of each server for one operation, in their order."""

    operation: str
    clients: int
    rounds: dict[str, list[Round]]

    def middle(self, name: str, of: Callable[[Round], float]) -> float:
        """The median of one server's rounds."""
        return statistics.median(map(of, self.rounds[name]))

    def ratio(self, name: str, other: str, of: Callable[[Round], float]) -> float | None:
        """The median of the pairs' ratios; None if either was not measured."""
        if not {name, other} <= self.rounds.keys():
            return None
        pairs = zip(self.rounds[name], self.rounds[other], strict=True)
        return statistics.median(of(one) / max(of(two), 1e-9) for one, two in pairs)


def cpu(one: Round) -> float:
    """Milliseconds of the server's processor time."""
    return one.cpu_ms


def rate(one: Round) -> float:
    """Whole answers in a second."""
    return one.rate


def compare(
    operation: str, targets: Sequence[Target], postmaster: psutil.Process, *, clients: int, seconds: float, pairs: int
) -> Compared:
    """Each in turn; every other round begins with the last, so that none is always the one after the same."""
    rounds: dict[str, list[Round]] = {target.label: [] for target in targets}
    for target in targets:
        load.run(target.plan(clients, seconds, requests=2 * clients * len(target.bodies)))
    for number in range(pairs):
        for target in targets if number % 2 == 0 else reversed(targets):
            rounds[target.label].append(_round(target, postmaster, clients, seconds))
    return Compared(operation, clients, rounds)


def _round(target: Target, postmaster: psutil.Process, clients: int, seconds: float) -> Round:
    serving = target.serving
    serving.rest()
    before, database = serving.seconds(), tree_seconds(postmaster)
    heard = load.run(target.plan(clients, seconds))
    serving.rest()
    spent, of_database = serving.seconds() - before, tree_seconds(postmaster) - database
    if heard.answers == 0:
        raise RuntimeError(f"{target.label} has not answered")
    answers = heard.answers / len(target.bodies)
    return Round(
        rate=heard.rate / len(target.bodies),
        cpu_ms=spent / answers * 1000,
        postgres_ms=of_database / answers * 1000,
        p50=heard.p50 * len(target.bodies),
        p99=heard.p99 * len(target.bodies),
        errors=heard.errors,
    )
