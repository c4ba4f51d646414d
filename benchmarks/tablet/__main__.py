"""Measures the tablet app with a full day on it, and prints the bars beside the figures.

    python -m benchmarks.tablet [--gpu] [--contracts 200]

Without a display, drawn by the processor; a tablet has a GPU: `--gpu` leaves the pixels out, so that the rest is seen.
Bars for taps are on the CPU time of the app's thread, because the wall clock also measures what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.tablet.device import CONTRACTS, fresh_copy, make_device

BAR_MS = 100
STARTS = 3
missed: list[str] = []


def run(part: str, folder: Path, moment: datetime, *, pixels: bool) -> dict[str, Any]:
    """One of the measurements, in a process of its own, on a fresh copy of the device."""
    device = fresh_copy(folder, f"{part}-{len(list(folder.iterdir()))}")
    environment = {**os.environ, **({} if pixels else {"KIVY_GL_BACKEND": "mock"})}
    # An installed app comes compiled; where bytecode is not to lie beside the sources, it is kept for this run.
    if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        environment.setdefault("PYTHONPYCACHEPREFIX", str(folder / "bytecode"))
    command = [sys.executable, "-m", f"benchmarks.tablet.{part}", str(device), moment.isoformat()]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{part} has failed:\n{done.stderr.decode()[-4000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def line(what: str, figure: float, unit: str, most: float, *, least: bool = False) -> None:
    """A figure with its bar."""
    kept = figure >= most if least else figure <= most
    print(f"  {what:<52}{figure:>10,.1f} {unit:<6} {'>=' if least else '<='} {most:>9,.1f}  {'' if kept else 'MISSED'}")
    if not kept:
        missed.append(what)


def show_starts(starts: Sequence[dict[str, float]], contracts: int) -> None:
    print(f"\nCold start, {contracts} contracts on the device, median of {len(starts)}")
    middle = {name: statistics.median(start[name] for start in starts) for name in starts[0]}
    line("process start to the list's first frame", middle["wall"], "s", 3.0)
    line("process start to the names", middle["names"], "s", 3.0)
    line("CPU until then, all threads", middle["cpu"], "s", 2.0)


def show_touch(times: dict[str, dict[str, list[tuple[float, float]]]], contracts: int) -> None:
    print(f"\nTouch, {contracts} contracts on the device; ms, median / worst; bar {BAR_MS} ms on the median's CPU")
    print(f"  {'':<34}{'pressed, wall':>16}{'CPU':>12}{'done, wall':>18}{'CPU':>12}")
    for name, done in times["done"].items():
        down = times["down"].get(name)
        cells = [_pair(down, 0), _pair(down, 1), _pair(done, 0), _pair(done, 1)]
        late = max(statistics.median(cpu for _, cpu in each) for each in (down, done) if each) > BAR_MS
        print(f"  {name:<34}{cells[0]:>16}{cells[1]:>12}{cells[2]:>18}{cells[3]:>12}  {'MISSED' if late else ''}")
        if late:
            missed.append(name)


def _pair(times: Sequence[tuple[float, float]] | None, place: int) -> str:
    if not times:
        return ""
    chosen = [each[place] for each in times]
    return f"{statistics.median(chosen):.0f} / {max(chosen):.0f}"


def show_memory(found: dict[str, Any], start: dict[str, float]) -> None:
    print("\nMemory of the process, resident")
    line("after the start, with the list", start["memory"] / 1e6, "MB", 260)
    line("peak with 8 photos of 12 megapixels", found["photos"]["peak"], "MB", 450)
    line("left behind by 50 forms, opened and closed", found["forms"], "MB", 20)
    print("\nSignature of 300 moves")
    line("CPU for each move, its frame drawn", found["signature"]["cpu"], "ms", 10)
    line("points that were kept", found["signature"]["points"], "", 301, least=True)
    print("\nA photo of 12 megapixels made small")
    line("CPU", found["scaling"]["cpu"], "s", 0.5)
    line("size", found["scaling"]["bytes"] / 1000, "kB", 450)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tablet", description=__doc__)
    parser.add_argument("--gpu", action="store_true", help="as if a GPU drew: without the pixels")
    parser.add_argument("--contracts", type=int, default=CONTRACTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tablet-") as made:
        folder = Path(made)
        moment = make_device(folder, options.contracts)
        run("start", folder, moment, pixels=not options.gpu)  # compiles what has never run here
        starts = [run("start", folder, moment, pixels=not options.gpu) for _ in range(STARTS)]
        show_starts(starts, options.contracts)
        show_touch(run("touch", folder, moment, pixels=not options.gpu), options.contracts)
        show_memory(run("memory", folder, moment, pixels=not options.gpu), starts[0])
    print(f"\n{'missed: ' + ', '.join(missed) if missed else 'all bars are kept'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
