"""The parts of a run: what stands beside others, what the database is asked, who waits how long, what stays in memory."""

from __future__ import annotations

import signal
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import psutil

from benchmarks import answers, load, round_trips, servers
from benchmarks.alternation import Compared, Target, compare
from benchmarks.bars import BOARD_BY_PAGES, PAGE_BY_ROWS
from benchmarks.callers import clerks, crowd
from benchmarks.database import Counter
from benchmarks.operations import Operation, operations, pages
from benchmarks.peers import plain_queries, postgraphile, queries
from benchmarks.results import Look, Memory, Results, Work

SIDE_BY_SIDE = ("a1", "a", "moves", "b", "e", "f")
COUNTED = ("a1", "a", "moves", "b", "b by rows", "e", "vehicles", "f", "changes")
WAITED_FOR = ("a1", "b")
_AFTER_SECONDS = 0.03
"""In which a server has ended its transaction after it has answered."""
MIXED = ("a1", "a", "moves", "b", "f", "changes")


@dataclass(frozen=True)
class Place:
    """One generated database: its addresses for the server and for its owner, the present of its data, and a folder."""

    url: str
    owner: str
    anchor: datetime
    folder: Path
    postmaster: psutil.Process


@dataclass(frozen=True)
class Extent:
    """How long and how often is measured."""

    pairs: int = 5
    seconds: float = 1.5
    clients: int = 4
    crowds: tuple[int, ...] = (1, 16, 64, 256)
    counted: int = 10
    rest: float = 60.0
    graphiles: bool = True


class Asking:
    """The operations of a database with their callers, as far as the schema has them."""

    def __init__(self, place: Place, serving: servers.Serving) -> None:
        self.known = operations(place.anchor)
        self.tokens = clerks(place.owner)
        self._serving = serving

    def target(self, operation: Operation, name: str = "") -> Target:
        """Our server and one of its operations."""
        return Target(self._serving, "/graphql", [operation.body], [self.headers(operation)], name)

    def headers(self, operation: Operation) -> dict[str, str]:
        """The clerk of the operation's station."""
        return {"Authorization": f"Bearer {self.tokens[operation.station]}"}

    def paged(self, operation: Operation) -> Target:
        """The whole list, page after page."""
        headers = self.headers(operation)
        bodies = pages(operation, lambda body: answers.ask(self._serving, "/graphql", body, headers))
        return Target(self._serving, "/graphql", bodies, [headers], BOARD_BY_PAGES)

    def answer(self, operation: Operation) -> bytes:
        """One answer, whatever it is."""
        return answers.ask(self._serving, "/graphql", operation.body, self.headers(operation))

    def can_answer(self, operation: Operation, found: Results) -> bool:
        """Whether the server answers the operation with data; if not, a note says what it answers."""
        answer = self.answer(operation)
        if b'"errors"' not in answer[:20]:
            return True
        message = orjson.loads(answer)["errors"][0]["message"]
        if (note := f"{operation.name} is not measured everywhere: {message}") not in found.notes:
            found.notes.append(note)
        return False


@dataclass
class Peers:
    """Those that stand beside ours, as far as they can be had."""

    floor: servers.Serving
    plain: servers.Serving
    graphiles: list[tuple[servers.Serving, queries.Names]]

    def targets(self, operation: Operation) -> Iterator[Target]:
        """All of them that are asked this."""
        if operation.name in answers.FLOOR:
            yield Target(self.floor, f"/{operation.name}", [operation.body])
        if (body := plain_queries.body(operation)) is not None:
            yield Target(self.plain, "/graphql", [body])
        for serving, names in self.graphiles:
            if (body := queries.body(operation, names)) is not None:
                yield Target(serving, "/graphql", [body])


@contextmanager
def peers(place: Place, extent: Extent, found: Results) -> Iterator[Peers]:
    """Starts them; what cannot be installed is left out, with a word."""
    with ExitStack() as stack:
        floor = servers.asgi("floor", "benchmarks.floor.app:app", place.url, place.folder)
        plain = servers.asgi("plain Strawberry", "benchmarks.peers.plain:app", place.owner, place.folder)
        standing = Peers(stack.enter_context(floor), stack.enter_context(plain), [])
        for version in (postgraphile.FIVE, postgraphile.FOUR) if extent.graphiles else ():
            try:
                serving = stack.enter_context(postgraphile.serving(version, place.owner, place.folder / "peers"))
            except postgraphile.NotInstalled as reason:
                found.notes.append(f"{version.name} is left out: {reason}.")
            else:
                standing.graphiles.append((serving, version.names))
        yield standing


def side_by_side(place: Place, extent: Extent, found: Results) -> None:
    """Ratios of CPU and rates, by server, in alternation."""
    with servers.product(place.url, place.folder) as product, peers(place, extent, found) as standing:
        asking = Asking(place, product)
        for operation in (asking.known[name] for name in SIDE_BY_SIDE):
            found.compared[operation.name] = _compared(asking, standing, operation, place, extent, found)


def _compared(
    asking: Asking, standing: Peers, operation: Operation, place: Place, extent: Extent, found: Results
) -> Compared:
    targets = []
    if asking.can_answer(operation, found):
        targets.append(asking.target(operation))
        if operation.name in answers.FLOOR:
            answers.require_same(
                asking.target(operation), Target(standing.floor, f"/{operation.name}", [operation.body])
            )
    if operation.name in ("a", "moves"):
        targets.append(asking.target(asking.known["a1"], "product, a1"))
    if operation.name == "b":
        targets.append(asking.target(asking.known["b by rows"], PAGE_BY_ROWS))
    if operation.name == "e":
        targets.append(asking.paged(asking.known["vehicles"]))
    targets += standing.targets(operation)
    print(f"{operation.name}: {', '.join(target.label for target in targets)}", flush=True)
    how = {"clients": extent.clients, "seconds": extent.seconds, "pairs": extent.pairs}
    return compare(operation.name, targets, place.postmaster, **how)  # type: ignore[arg-type]  # numbers


def database_work(place: Place, extent: Extent, size: int, found: Results) -> None:
    """What one request is to the database: statements, planning, buffers, round trips."""
    counter = Counter(place.owner)
    # A unix socket's path may have about a hundred bytes.
    with (
        tempfile.TemporaryDirectory(prefix="relay-") as short,
        round_trips.counted(place.url, Path(short)) as (url, relay),
        servers.product(url, place.folder) as product,
    ):
        asking = Asking(place, product)
        for operation in (asking.known[name] for name in COUNTED):
            if not asking.can_answer(operation, found):
                continue
            _trips(asking, operation, relay, extent.counted)
            counter.listen()
            # The middle one: what the worker asks now and then is in some of them.
            trips = statistics.median(_trips(asking, operation, relay, extent.counted))
            found.work.setdefault(size, {})[operation.name] = Work(counter.heard(extent.counted), trips)


def _trips(asking: Asking, operation: Operation, relay: round_trips.Relay, requests: int) -> list[int]:
    """Round trips of each of some requests, those after its answer with them."""
    found = []
    for _ in range(requests):
        before = relay.trips
        asking.answer(operation)
        time.sleep(_AFTER_SECONDS)
        found.append(relay.trips - before)
    return found


def waiting(place: Place, extent: Extent, found: Results) -> None:
    """How long callers wait who are one or many; then what of it stays in memory."""
    with servers.product(place.url, place.folder) as product:
        asking, start = Asking(place, product), product.megabytes()
        for name in WAITED_FOR:
            operation = asking.known[name]
            many = crowd(place.owner, operation.station, max(extent.crowds))
            people = [{"Authorization": f"Bearer {token}"} for token in many]
            target = replace(asking.target(operation), headers=people)
            for clients in extent.crowds:
                how = {"clients": clients, "seconds": 2 * extent.seconds, "pairs": 1}
                heard = compare(name, [target], place.postmaster, **how)  # type: ignore[arg-type]  # numbers
                found.latency[name, clients] = heard.rounds[target.label][0]
        for name in MIXED:
            load.run(asking.target(asking.known[name]).plan(16, 4 * extent.seconds))
        loaded = product.megabytes()
        print(f"resting {extent.rest:g} seconds", flush=True)
        time.sleep(extent.rest)
        found.memory = Memory(start, loaded, product.megabytes(), extent.rest)


def looks(place: Place, extent: Extent, found: Results) -> None:
    """Where the processor time of each operation goes, with four callers at a time."""
    with servers.product(place.url, place.folder, sampled=True) as product:
        asking = Asking(place, product)
        for operation in (asking.known[name] for name in SIDE_BY_SIDE):
            if asking.can_answer(operation, found):
                load.run(asking.target(operation).plan(4, extent.seconds))
                found.looks[operation.name] = _look(product, asking.target(operation), extent)


def _look(product: servers.Serving, target: Target, extent: Extent) -> Look:
    assert product.samples is not None
    product.samples.unlink(missing_ok=True)
    product.sampled(signal.SIGUSR1)
    load.run(target.plan(4, 3 * extent.seconds))
    product.sampled(signal.SIGUSR2)
    deadline = time.monotonic() + servers.RESTS_SECONDS
    while not product.samples.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    seen: dict[str, Any] = orjson.loads(product.samples.read_bytes())
    return Look(seen["stacks"], seen["collecting"] / max(seen["seconds"], 1e-9))
