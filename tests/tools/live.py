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
from pathlib import Path

import structlog
from hypothesis import HealthCheck, Phase, given, seed, settings

from server.database import Database
from server.database_embedded import SUPERUSER
from tests.builders.bench import Bench, Books, Emptying, outside_of, owners, telecash
from tests.builders.rows import company
from tests.builders.till import Till
from tests.clusters import migrated, private_folder
from tests.services.life.machine import Step, live, lives

LENGTH = 60
LIVES_OF_A_SEED = 10


@asynccontextmanager
async def benches(folder: Path, provider: str) -> AsyncIterator[Bench]:
    """A bench as the tests have it, in a cluster of its own; `anew` it before each life."""
    cluster = migrated(folder / "data")
    async with AsyncExitStack() as stack:
        stack.callback(cluster.stop)
        database = Database(cluster.url())
        stack.push_async_callback(database.close)
        books: Books = Till() if provider == "till" else await stack.enter_async_context(telecash(folder / "telecash"))
        owner = await stack.enter_async_context(owners(cluster.url(SUPERUSER)))
        empty = Emptying(cluster.url(SUPERUSER))
        stack.callback(empty.close)
        yield _Renewed(outside_of(database, books, folder / "media"), books, owner).with_emptying(empty)


class _Renewed(Bench):
    """A bench that can be cleared."""

    _empty: Emptying

    def with_emptying(self, empty: Emptying) -> _Renewed:
        self._empty = empty
        return self

    async def anew(self) -> Bench:
        """The first morning, with nothing there."""
        self._empty()
        self.books.begin()
        await self.put(company())
        return self


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
        bench = runner.run(opened.__aenter__())
        try:
            return _go_on(runner, bench, wanted)
        finally:
            runner.run(opened.__aexit__(None, None, None))


def _go_on(runner: asyncio.Runner, bench: Bench, wanted: argparse.Namespace) -> int:
    until, taken, broken = time.monotonic() + wanted.minutes * 60, Counter[str](), 0
    number = wanted.seed if wanted.seed is not None else random.randrange(2**31)
    while time.monotonic() < until:
        try:
            _one_seed(runner, bench, number, wanted, taken)
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


def _one_seed(
    runner: asyncio.Runner, bench: Bench, number: int, wanted: argparse.Namespace, taken: Counter[str]
) -> None:
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
        async def whole() -> Counter[str]:
            return await live(await bench.anew(), life)  # type: ignore[attr-defined]

        taken.update(runner.run(whole()))

    under_a_seed()


if __name__ == "__main__":
    sys.exit(main())
