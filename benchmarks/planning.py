"""How long PostgreSQL plans and executes availability, a page of 50 contracts and a tablet's day, as a member of staff.

    python -m benchmarks.planning [--size 100000] [--folder benchmarks/out]

Beside it the same statements without any policy, as the cluster's superuser: what row-level security adds is the
difference. Times are printed, and the bars beside them. What fails is a ratio: planning that costs more than execution,
or more than twice of what it does without policies, as policies do that are nested into each other (docs/adr/0020).
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import measure
from benchmarks.callers import clerks
from benchmarks.database import filled
from benchmarks.operations import ORDINARY, Operation, operations, station_id
from server.app import create_app
from server.config import Settings
from server.database import Scope
from server.database.embedded import SUPERUSER, Cluster
from server.runtime import create_runtime

BARS_MS = {"a1": 1.0, "b": 1.0, "f": 3.0}
MOST = 2.0
ROUNDS = 15


@dataclass
class Times:
    """Milliseconds of PostgreSQL for all statements of one operation: the medians of some rounds."""

    planning: float
    execution: float


async def statements_of(
    url: str, owner: str, folder: Path, asked: dict[str, Operation]
) -> tuple[Scope, dict[str, list[measure.Statement]]]:
    """What a clerk of one station sends for each operation, once everything is warm."""
    runtime = create_runtime(Settings(data_dir=folder, database_url=url, sandbox=False), url)
    database, app = runtime.outside.database, create_app(runtime)
    recorder, token = measure.Recorder(), clerks(owner)[ORDINARY]
    try:
        found = {name: await measure.recorded(app, recorder, asked[name].body, token) for name in BARS_MS}
    finally:
        await database.close()
    return Scope(stations=(station_id(ORDINARY),)), found


def explained(owner_url: str, scope: Scope, statements: list[measure.Statement], *, policies: bool) -> Times:
    """Each statement planned and run anew, in the role of its scope or as who has no policies."""
    planning, execution = [], []
    with psycopg.connect(owner_url) as connection:
        if policies:
            connection.execute(f"set role {scope.caller.value}".encode())
        for name, value in scope.settings.items():
            connection.execute("select set_config(%s, %s, false)", [name, value])
        for _ in range(ROUNDS):
            plans: list[dict[str, Any]] = []
            for statement, parameters in statements:
                explain = f"explain (analyze, timing off, summary, format json) {statement}"
                plans.append((connection.execute(explain.encode(), parameters).fetchone() or [[{}]])[0][0])
            planning.append(sum(plan["Planning Time"] for plan in plans))
            execution.append(sum(plan["Execution Time"] for plan in plans))
    return Times(statistics.median(planning), statistics.median(execution))


def report(owner_url: str, scope: Scope, found: dict[str, list[measure.Statement]]) -> int:
    """Prints the figures; 1 if policies make planning more than `MOST` times as long, or longer than execution."""
    print(f"{'operation':<22}{'statements':>11}{'planning':>10}{'bar':>6}{'execution':>11}{'without':>9}{'ratio':>7}")
    missed = 0
    for name, statements in found.items():
        bare = explained(owner_url, scope, statements, policies=False)
        ours = explained(owner_url, scope, statements, policies=True)
        ratio = ours.planning / bare.planning
        is_missed = ratio > MOST or ours.planning > ours.execution
        missed += is_missed
        print(
            f"{name:<22}{len(statements):>11}{ours.planning:>10.2f}{BARS_MS[name]:>6.1f}{ours.execution:>11.2f}"
            f"{bare.planning:>9.2f}{ratio:>7.2f}{'  MISSED' if is_missed else ''}"
        )
    return 1 if missed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000, help="how many contracts")
    parser.add_argument("--folder", type=Path, default=Path("benchmarks/out"), help="where the cluster is kept")
    arguments = parser.parse_args()
    cluster = Cluster(arguments.folder, durable=False)
    cluster.start()
    try:
        data = filled(cluster, arguments.size)
        owner = cluster.url(SUPERUSER, data.name)
        asked = operations(data.anchor)
        scope, found = asyncio.run(statements_of(cluster.url(database=data.name), owner, arguments.folder, asked))
        return report(owner, scope, found)
    finally:
        cluster.stop()


if __name__ == "__main__":
    sys.exit(main())
