"""Lives lives for as long as one likes: `python -m tests.tools.live --minutes 60`.

Random sequences of everything that can happen to contracts (`tests/services/life`), each under a seed of its own. A
failure is made as short as it gets and printed with its seed; `--seed` repeats it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from hypothesis import HealthCheck, Phase, given, seed, settings

from server.clock import SystemClock
from server.database import Database
from server.database.embedded import SUPERUSER
from tests.builders.bench import Bench, Books, Emptying, outside_of, owners, telecash
from tests.builders.till import Till
from tests.clusters import migrated, private_folder
from tests.services.life.machine import Step, live, lives

LENGTH = 60
LIVES_OF_A_SEED = 10


@dataclass(frozen=True)
class Place:
    """Where lives are lived, one after the other."""

    runner: asyncio.Runner
    bench: Bench
    empty: Emptying


@asynccontextmanager
async def benches(folder: Path, provider: str) -> AsyncIterator[tuple[Bench, Emptying]]:
    """A bench as the tests have it, in a cluster of its own."""
    cluster = migrated(folder / "data")
    async with AsyncExitStack() as stack:
        stack.callback(cluster.stop)
        database = Database(cluster.url(), SystemClock())
        stack.push_async_callback(database.close)
        books: Books = Till() if provider == "till" else await stack.enter_async_context(telecash(folder / "telecash"))
        owner = await stack.enter_async_context(owners(cluster.url(SUPERUSER)))
        empty = Emptying(cluster.url(SUPERUSER))
        stack.callback(empty.close)
        yield Bench(outside_of(database, books, folder / "media"), books, owner), empty


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every law held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, help="repeat just this one")
    parser.add_argument("--shorten", action="store_true", help="make a failure as short as it gets: takes minutes")
    parser.add_argument("--steps", type=int, default=LENGTH, help="of each life")
    parser.add_argument("--provider", choices=["telecash", "till"], default="telecash")
    wanted = parser.parse_args(arguments)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with asyncio.Runner() as runner:
        folder = private_folder("ersatzwagen-life-")
        opened = benches(folder, wanted.provider)
        place = Place(runner, *runner.run(opened.__aenter__()))
        try:
            return _go_on(place, wanted)
        finally:
            runner.run(opened.__aexit__(None, None, None))


def _go_on(place: Place, wanted: argparse.Namespace) -> int:
    until, taken, broken = time.monotonic() + wanted.minutes * 60, Counter[str](), 0
    number = wanted.seed if wanted.seed is not None else random.randrange(2**31)
    while time.monotonic() < until:
        try:
            _one_seed(place, number, wanted, taken)
        except Exception as fault:  # a law that does not hold, or whatever else a step has raised
            broken += 1
            said = "".join(traceback.format_exception(fault))
            print(f"{said}\nAgain: --seed {number} --steps {wanted.steps} --provider {wanted.provider}", flush=True)
        print(f"{sum(taken.values())} steps, {broken} seeds broken; that was seed {number}", flush=True)
        if wanted.seed is not None:
            break
        number += 1
    for name, times in sorted(taken.items()):
        print(f"{times:8} {name}")
    return 1 if broken else 0


def _one_seed(place: Place, number: int, wanted: argparse.Namespace, taken: Counter[str]) -> None:
    @seed(number)
    @settings(
        max_examples=LIVES_OF_A_SEED,
        deadline=None,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if wanted.shorten else [])],
        suppress_health_check=list(HealthCheck),
    )
    @given(life=lives(wanted.steps))
    def under_a_seed(life: list[Step]) -> None:
        taken.update(place.runner.run(live(place.bench, place.empty, life)))

    under_a_seed()


if __name__ == "__main__":
    sys.exit(main())
