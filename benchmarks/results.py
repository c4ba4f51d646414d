"""What one run has found, and what was asked for beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.alternation import Compared, Round
from benchmarks.database import Counted
from benchmarks.rentals import Step


@dataclass(frozen=True)
class Work:
    """What one request is to the database: what PostgreSQL says of it, and how often the server waited for it."""

    counted: Counted
    round_trips: float


@dataclass(frozen=True)
class Look:
    """Where the processor time of one operation goes: samples of the stack, and the collector's share."""

    stacks: dict[str, int]
    garbage: float


@dataclass(frozen=True)
class Memory:
    """Megabytes of the server: at the start, after all kinds of requests, and after a rest of so many seconds."""

    start: float
    loaded: float
    rested: float
    seconds: float


@dataclass
class Results:
    """One run. What was not measured is not there; `notes` say why."""

    sizes: tuple[int, ...]
    compared: dict[str, Compared] = field(default_factory=dict)
    work: dict[int, dict[str, Work]] = field(default_factory=dict)
    latency: dict[tuple[str, int], Round] = field(default_factory=dict)
    looks: dict[str, Look] = field(default_factory=dict)
    memory: Memory | None = None
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Bar:
    """One figure beside what it may be at most, or has to be at least; None: it was not measured."""

    what: str
    found: float | None
    limit: float
    at_least: bool = False

    @property
    def is_missed(self) -> bool:
        """Whether it is not reached; what was not measured is not known to be."""
        if self.found is None:
            return True
        return self.found < self.limit if self.at_least else self.found > self.limit

    def __str__(self) -> str:
        found = "not measured" if self.found is None else f"{self.found:.2f}"
        word = "at least" if self.at_least else "at most"
        return f"{'MISSED' if self.is_missed else 'ok    '} {self.what}: {found} ({word} {self.limit:g})"
