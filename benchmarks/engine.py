"""Our engine beside graphql-core: the same requests, in alternation, with the same answers; and what a field costs it.

    python -m benchmarks.engine [--size 20000] [--folder benchmarks/out]

Also says which share of the CPU goes to the collector of garbage. Fails if an answer differs, if that share is more than
5 %, or if a field of plain values costs more than 0.2 µs beyond taking and copying the values.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import strawberry
import uvloop
from graphql import ExecutionResult

from benchmarks import measure
from benchmarks.callers import clerks
from benchmarks.database import Filled, filled
from benchmarks.operations import operations as asked
from server.app import create_app
from server.config import Settings
from server.database.embedded import SUPERUSER, Cluster
from server.edge.documents import Documents
from server.edge.guard import Limits
from server.runtime import create_runtime, settle

PAIRS = 7
MOST_MICROSECONDS = 0.2
MOST_GARBAGE = 0.05
ROWS, COLUMNS = 500, 12


@dataclass
class Pair:
    """Milliseconds of CPU for one request, by either."""

    ours: float
    core: float


@dataclass
class Measured:
    """One operation: by both engines, and which share of ours the collector takes."""

    pairs: list[Pair]
    garbage: float


async def operations(url: str, owner: str, data: Filled, folder: Path) -> dict[str, Measured]:
    """Each through the whole stack, by one engine and then by the other, again and again."""
    apps, runtimes = {}, []
    for ours in (True, False):
        runtime = create_runtime(Settings(data_dir=folder, database_url=url, level_by_level=ours), url)
        runtimes.append(runtime)
        apps[ours] = create_app(runtime)
    # As they are served: what hardly changes is remembered, and the garbage is left alone.
    listening = [asyncio.create_task(runtime.outside.database.hearing()) for runtime in runtimes]
    tokens, known = clerks(owner), asked(data.anchor)
    settle()
    found = {}
    for one in (known[name] for name in ("a1", "b", "b by rows", "changes")):
        name, body, token = one.title, one.body, tokens[one.station]
        answers = [await measure.ask(apps[ours], "/graphql", body, token) for ours in (True, False)]
        if answers[0] != answers[1] or b'"errors"' in answers[0]:
            raise SystemExit(f"{name}: the answers differ, or are none: {answers[0][:300]!r}")
        found[name] = Measured(
            [await _pair(apps, body, token) for _ in range(PAIRS)], await _garbage(apps[True], body, token)
        )
    for task, runtime in zip(listening, runtimes, strict=True):
        task.cancel()
        await asyncio.wait([task])
        await runtime.outside.database.close()
    return found


async def _garbage(app: Any, body: bytes, token: str) -> float:
    """The share of the CPU, with four callers at a time."""
    collecting = begun = 0.0

    def note(phase: str, _about: dict[str, int]) -> None:
        nonlocal collecting, begun
        if phase == "start":
            begun = time.process_time()
        else:
            collecting += time.process_time() - begun

    gc.callbacks.append(note)
    start = time.process_time()
    for _ in range(60):
        await asyncio.gather(*(measure.ask(app, "/graphql", body, token) for _ in range(4)))
    gc.callbacks.remove(note)
    return collecting / (time.process_time() - start)


async def _pair(apps: dict[bool, Any], body: bytes, token: str) -> Pair:
    spent = {}
    for ours in (True, False):
        begun = time.process_time()
        for _ in range(20):
            await measure.ask(apps[ours], "/graphql", body, token)
        spent[ours] = (time.process_time() - begun) / 20 * 1000
    return Pair(spent[True], spent[False])


@strawberry.type
class Row:
    """Plain values."""

    a: str = "some text"
    b: int = 7
    c: bool = True
    d: str = "more"


@strawberry.type
class Query:
    """Many rows."""

    @strawberry.field
    async def rows(self) -> list[Row]:
        return ALL


ALL = [Row() for _ in range(ROWS)]


async def microseconds_a_field() -> tuple[float, float]:
    """What a field of a row costs, and what of that it takes to read the attribute and to put it into a dictionary."""
    fields = " ".join(f"{name}{n}: {name}" for n in range(COLUMNS // 4) for name in "abcd")
    shelf = Documents(strawberry.Schema(Query), Limits(aliases=1000, same_leaves=1000))
    prepared = shelf.prepare("{rows{" + fields + "}}")

    async def whole() -> None:
        result = shelf.execute(prepared, prepared.choose(None), None, None)
        assert not isinstance(result, ExecutionResult)
        assert len((await result).data["rows"]) == ROWS  # type: ignore[index]  # it has data

    async def values() -> None:
        keys = [f"{name}{n}" for n in range(COLUMNS // 4) for name in "abcd"]
        columns = [[getattr(row, key[0]) for row in ALL] for key in keys]
        assert len([dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)]) == ROWS

    return await _per_field(whole), await _per_field(values)


async def _per_field(work: Callable[[], Any]) -> float:
    best = []
    for _ in range(PAIRS):
        begun = time.process_time()
        for _ in range(20):
            await work()
        best.append((time.process_time() - begun) / 20 / (ROWS * COLUMNS) * 1e6)
    return statistics.median(best)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=20_000, help="number of contracts")
    parser.add_argument("--folder", type=Path, default=Path("benchmarks/out"), help="where the cluster is kept")
    arguments = parser.parse_args()
    cluster = Cluster(arguments.folder, durable=False)
    cluster.start()
    try:
        data = filled(cluster, arguments.size)
        url, owner = cluster.url(database=data.name), cluster.url(SUPERUSER, data.name)
        measured = uvloop.run(operations(url, owner, data, arguments.folder))
    finally:
        cluster.stop()
    return report(measured)


def report(measured: dict[str, Measured]) -> int:
    """Prints the figures; 1 if a bar is missed."""
    missed = False
    for name, one in measured.items():
        ratio = statistics.median(pair.ours / pair.core for pair in one.pairs)
        ours, core = (statistics.median(getattr(pair, by) for pair in one.pairs) for by in ("ours", "core"))
        missed = missed or one.garbage > MOST_GARBAGE
        print(f"{name}: {ours:.2f} ms, graphql-core {core:.2f} ms: x {ratio:.2f}; garbage {one.garbage:.1%}")
    whole, values = asyncio.run(microseconds_a_field())
    missed = missed or whole - values > MOST_MICROSECONDS
    print(f"a plain field: {whole:.3f} µs, its value alone {values:.3f} µs (at most {MOST_MICROSECONDS} more)")
    print("MISSED" if missed else "ok")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
