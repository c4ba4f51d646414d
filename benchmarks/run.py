"""All that is measured, in under half an hour: beside the floor and peers, in the database, under load, whole rentals.

    python -m benchmarks.run [--sizes 100000,1000000] [--folder benchmarks/out] [--rest 60] [--only ratios,work]

Writes a report with pictures, says which goals are missed, and fails if one is. docs/performance.md says how to read it.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from benchmarks import phases, rentals, report
from benchmarks.bars import bars
from benchmarks.database import filled, measured_cluster
from benchmarks.generate import Fleet
from benchmarks.results import Results
from benchmarks.servers import postmaster
from server.database.embedded import SUPERUSER, Cluster

PARTS = ("ratios", "work", "waiting", "looks", "rentals")


@dataclass(frozen=True)
class Plan:
    """What a run measures, on how large data, and where it keeps them."""

    sizes: tuple[int, ...]
    folder: Path
    extent: phases.Extent
    parts: tuple[str, ...] = PARTS
    rentals: int = 12
    fleet: Fleet | None = None


def run(plan: Plan) -> Results:
    """Makes the data if they are not there, and measures: everything on the small ones, what may grow on all."""
    found = Results(plan.sizes)
    with measured_cluster(plan.folder) as cluster:
        places = {size: _place(cluster, size, plan) for size in plan.sizes}
        for part in plan.parts:
            print(f"{part}:", flush=True)
            try:
                _measure(part, places, plan, found)
            except Exception as error:  # the others are measured all the same; its goals count as missed
                traceback.print_exc()
                found.notes.append(f"The part `{part}` broke off: {error}")
    return found


def _measure(part: str, places: dict[int, phases.Place], plan: Plan, found: Results) -> None:
    small = places[min(places)]
    match part:
        case "ratios":
            phases.side_by_side(small, plan.extent, found)
        case "work":
            for size, place in places.items():
                phases.database_work(place, plan.extent, size, found)
        case "waiting":
            phases.waiting(small, plan.extent, found)
        case "looks":
            phases.looks(small, plan.extent, found)
        case _:
            found.steps = rentals.measured(small.url, small.owner, small.folder, plan.rentals)


def _place(cluster: Cluster, size: int, plan: Plan) -> phases.Place:
    data = filled(cluster, size, plan.fleet)
    owner = cluster.url(SUPERUSER, data.name)
    return phases.Place(
        cluster.url(database=data.name), owner, data.anchor, plan.folder.absolute(), postmaster(cluster)
    )


def main() -> int:
    plan = _asked()
    begun = time.monotonic()
    found = run(plan)
    text = report.write(found, plan.folder / "report")
    print(text.read_text("utf-8"))
    judged = bars(found)
    for bar in judged:
        print(bar)
    print(f"\n{text}, after {(time.monotonic() - begun) / 60:.0f} minutes")
    return int(any(bar.is_missed for bar in judged))


def _asked() -> Plan:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100000,1000000", help="numbers of contracts, the smallest first")
    parser.add_argument("--folder", type=Path, default=Path("benchmarks/out"), help="where cluster and report are kept")
    parser.add_argument("--rest", type=float, default=60.0, help="seconds of rest before memory is read; 600 in full")
    parser.add_argument("--only", default=",".join(PARTS), help="which parts, separated by commas")
    parser.add_argument("--pairs", type=int, default=5, help="alternating rounds")
    parser.add_argument("--no-postgraphile", action="store_true", help="without what has to be installed from npm")
    given = parser.parse_args()
    parts = tuple(given.only.split(","))
    if unknown := set(parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}: {', '.join(PARTS)}")
    extent = phases.Extent(pairs=given.pairs, rest=given.rest, graphiles=not given.no_postgraphile)
    sizes = tuple(map(int, given.sizes.split(",")))
    return Plan(sizes, given.folder, extent, parts)


if __name__ == "__main__":
    sys.exit(main())
