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

import orjson
import psycopg

from benchmarks import measure
from benchmarks.run import AVAILABILITY, PAGE, clerk, filled
from server.app import create_app
from server.config import Settings
from server.database import Scope
from server.database.embedded import SUPERUSER, Cluster
from server.runtime import create_runtime

DAY = Path(__file__).parent.parent / "mobile_kivy" / "api" / "documents" / "handover_day.graphql"
BARS_MS = {"availability": 1.0, "page of 50 contracts": 1.0, "handoverDay": 3.0}
MOST = 2.0
ROUNDS = 15


@dataclass
class Times:
    """Milliseconds of PostgreSQL for all statements of one operation: the medians of some rounds."""

    planning: float
    execution: float


async def statements_of(url: str, folder: Path) -> tuple[Scope, dict[str, list[measure.Statement]]]:
    """What a clerk of one station sends for each operation, once everything is warm."""
    runtime = create_runtime(Settings(data_dir=folder, database_url=url, sandbox=False), url)
    database, app = runtime.outside.database, create_app(runtime)
    recorder = measure.Recorder()
    try:
        station = (await measure.rows_of(database, "select id from station where code = 'B7'"))[0][0]
        token = await clerk(runtime, station)
        asked: dict[str, tuple[str, dict[str, Any]]] = {
            "availability": (AVAILABILITY, {"s": str(station)}),
            "page of 50 contracts": (PAGE, {"f": {"stationId": str(station)}}),
            "handoverDay": (DAY.read_text("utf-8"), {"stationId": str(station), "date": "2026-11-27"}),
        }
        found = {}
        for name, (query, variables) in asked.items():
            body = orjson.dumps({"query": query, "variables": variables})
            found[name] = await measure.recorded(app, recorder, body, token)
    finally:
        await database.close()
    return Scope(stations=(station,)), found


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


def report(owner_url: str, scope: Scope, operations: dict[str, list[measure.Statement]]) -> int:
    """Prints the figures; 1 if policies make planning more than `MOST` times as long, or longer than execution."""
    print(f"{'operation':<22}{'statements':>11}{'planning':>10}{'bar':>6}{'execution':>11}{'without':>9}{'ratio':>7}")
    missed = 0
    for name, statements in operations.items():
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
        name = filled(cluster, arguments.size)
        scope, operations = asyncio.run(statements_of(cluster.url(database=name), arguments.folder))
        return report(cluster.url(SUPERUSER, name), scope, operations)
    finally:
        cluster.stop()


if __name__ == "__main__":
    sys.exit(main())
