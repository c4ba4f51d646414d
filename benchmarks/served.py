"""The server as it is served, with a look inside: `python -m benchmarks.served serve …`, as `python -m server serve …`.

From SIGUSR1 to SIGUSR2 it notes where its processor time goes, by samples of its stack, and what of it the collector of
garbage takes; then it writes both into the file that BENCHMARK_SAMPLES names. Otherwise it is the same program.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import orjson

EVERY_SECONDS = 0.002
DEEPEST = 120


class Samples:
    """Stacks by how often they were found, and the seconds of the collector."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stacks: Counter[str] = Counter()
        self._collecting = self._begun = self._start = 0.0
        self._listens = False

    def begin(self, *_: Any) -> None:
        """From nothing."""
        self._stacks.clear()
        self._collecting, self._start, self._listens = 0.0, time.process_time(), True
        signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)

    def end(self, *_: Any) -> None:
        """Writes what was found."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        self._listens = False
        found = {
            "seconds": time.process_time() - self._start,
            "collecting": self._collecting,
            "stacks": dict(self._stacks),
        }
        part = self._file.with_suffix(".part")
        part.write_bytes(orjson.dumps(found))
        part.rename(self._file)

    def take(self, _signal: int, frame: FrameType | None) -> None:
        """Notes where the program is."""
        names: list[str] = []
        while frame is not None and len(names) < DEEPEST:
            code = frame.f_code
            names.append(f"{frame.f_globals.get('__name__', '?')}:{code.co_name}")
            frame = frame.f_back
        self._stacks[";".join(reversed(names))] += 1

    def collector(self, phase: str, _about: dict[str, int]) -> None:
        """Told by the collector when it begins and when it is done."""
        if phase == "start":
            self._begun = time.process_time()
        elif self._listens:
            self._collecting += time.process_time() - self._begun


def main() -> None:
    samples = Samples(Path(os.environ["BENCHMARK_SAMPLES"]))
    signal.signal(signal.SIGUSR1, samples.begin)
    signal.signal(signal.SIGUSR2, samples.end)
    signal.signal(signal.SIGPROF, samples.take)
    gc.callbacks.append(samples.collector)
    import server.__main__ as program

    sys.exit(program.main())  # type: ignore[attr-defined]  # imported there, as whoever starts it does


if __name__ == "__main__":
    main()
