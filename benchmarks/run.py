"""Availability, a page of 50 contracts and one of changes, with 100,000 and with 1,000,000 contracts: statements, buffers, CPU.

    python -m benchmarks.run [--sizes 100000,1000000] [--folder benchmarks/out]

Fails if the large database needs more than 1.1 times the buffers of the small one, or another number of statements.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from benchmarks import measure
from benchmarks.generate import fill
from server import migrate
from server.app import create_app
from server.clock import SystemClock
from server.config import Settings
from server.database import ADMINISTRATION, Scope
from server.database.embedded import SUPERUSER, Cluster
from server.models.staff import Role
from server.runtime import create_runtime
from server.services.people import sessions, staff

ANCHOR = "2026-11-21 00:00:00+00"
MOST_GROWTH = 1.1
AVAILABILITY = """query($s:ID!){availability(stationId:$s,period:{start:"2026-12-01T08:00:00Z",end:"2026-12-04T18:00:00Z"}){
  groups{group{code name} freeCount nextFree deposit{amount} dueNow{amount} price{total{amount} lines{text explanation}}}}}"""
PAGE = """query($f:ContractFilter,$a:String){contracts(filter:$f,orderBy:START_DESC,first:50,after:$a){nodes{
  id number state period{start end} vehicle{plate make model} customer{lastName email} tariff{code tariff{name}}
  station{code name} documents{number type total{amount}}} pageInfo{endCursor hasNextPage}}}"""


CHANGES = """query($f:ContractFilter){contracts(filter:$f,first:50){nodes{id number state updatedAt period{start end}
  vehicle{plate} documents{number type}} pageInfo{endCursor hasNextPage}}}"""
LATELY = "2026-11-20T20:00:00Z"


@dataclass
class Figures:
    """What one operation needs at one size."""

    statements: int
    buffers: int
    cpu_ms: float
    bare_ms: float


async def measure_size(url: str, folder: Path) -> dict[str, Figures]:
    """Both operations as a clerk of one station, through the whole stack."""
    settings = Settings(data_dir=folder, database_url=url, sandbox=False)
    runtime = create_runtime(settings, url)
    database = runtime.outside.database
    app = create_app(runtime)
    recorder = measure.Recorder()
    try:
        station = (await measure.rows_of(database, "select id from station where code = 'B7'"))[0][0]
        token = await clerk(runtime, station)
        scope = Scope(stations=(station,))
        operations: dict[str, tuple[str, dict[str, Any]]] = {
            "availability": (AVAILABILITY, {"s": str(station)}),
            "page of 50 contracts": (PAGE, {"f": {"stationId": str(station)}}),
            "page of 50 changes": (CHANGES, {"f": {"changedSince": LATELY}}),
        }
        return {name: await _one(app, recorder, database, scope, token, *given) for name, given in operations.items()}
    finally:
        await database.close()


async def clerk(runtime: Any, station: Any) -> str:
    """The token of a clerk of one station."""
    now = SystemClock().now()
    async with runtime.outside.database.transaction(ADMINISTRATION) as session:
        new = staff.NewUser(
            email="clerk@example.com",
            name="Clerk",
            role=Role.CLERK,
            station_ids=(station,),
            password="benchmark-password",
        )
        if not await session.value("select 1 from app_user"):
            await staff.create_user(session, new, now=now)
    tokens = await sessions.sign_in(
        runtime.outside, "clerk@example.com", "benchmark-password", address="127.0.0.1", now=now
    )
    return tokens.access_token


async def _one(
    app: Any, recorder: measure.Recorder, database: Any, scope: Scope, token: str, query: str, variables: dict[str, Any]
) -> Figures:
    body = orjson.dumps({"query": query, "variables": variables})
    own = await measure.recorded(app, recorder, body, token)
    bare = measure.bare_route(database, scope, own)
    return Figures(
        statements=len(own),
        buffers=await measure.buffers(database, scope, own),
        cpu_ms=await measure.cpu(lambda: measure.ask(app, "/graphql", body, token), rounds=20),
        bare_ms=await measure.cpu(lambda: measure.ask(bare, "/bare", b"", token), rounds=20),
    )


def filled(cluster: Cluster, size: int) -> str:
    """The name of a database with so many contracts; made if it is not there, brought up to date if it is."""
    name = f"bench_{size}"
    owner = cluster.url(SUPERUSER, name)
    migrate.create_database(cluster.url(SUPERUSER, "postgres"), name)
    is_new = migrate.current(owner) is None
    migrate.upgrade(owner)
    if is_new:
        print(f"{size:,} contracts:", flush=True)
        fill(owner, size, ANCHOR)
    return name


def report(results: dict[int, dict[str, Figures]]) -> int:
    """Prints the figures; 1 if a bar is missed."""
    missed = 0
    smallest, largest = min(results), max(results)
    print(
        f"\n{'operation':<24}{'contracts':>11}{'statements':>12}{'buffers':>9}{'CPU ms':>9}{'bare ms':>9}{'ratio':>7}"
    )
    for size, figures in sorted(results.items()):
        for name, one in figures.items():
            print(
                f"{name:<24}{size:>11,}{one.statements:>12}{one.buffers:>9}"
                f"{one.cpu_ms:>9.2f}{one.bare_ms:>9.2f}{one.cpu_ms / one.bare_ms:>7.1f}"
            )
    for name in results[smallest]:
        small, large = results[smallest][name], results[largest][name]
        growth = large.buffers / small.buffers
        verdict = "ok" if growth <= MOST_GROWTH and large.statements == small.statements else "MISSED"
        missed += verdict != "ok"
        print(f"{name}: buffers x {growth:.3f} from {smallest:,} to {largest:,} (at most {MOST_GROWTH}): {verdict}")
    return 1 if missed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100000,1000000", help="numbers of contracts, the smallest first")
    parser.add_argument("--folder", type=Path, default=Path("benchmarks/out"), help="where the cluster is kept")
    arguments = parser.parse_args()
    cluster = Cluster(arguments.folder, durable=False)
    cluster.start()
    results = {}
    try:
        for size in map(int, arguments.sizes.split(",")):
            name = filled(cluster, size)
            results[size] = asyncio.run(measure_size(cluster.url(database=name), arguments.folder))
    finally:
        cluster.stop()
    return report(results)


if __name__ == "__main__":
    sys.exit(main())
