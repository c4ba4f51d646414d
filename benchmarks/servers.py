"""Starts what is measured, each as a process of its own, and reads what processor time and memory they have used."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from server.database.embedded import Cluster
from tests.driving import free_port

ROOT = Path(__file__).parent.parent
STARTS_SECONDS = 120.0
RESTS_SECONDS = 30.0
_QUIET_SHARE = 0.1


@dataclass
class Serving:
    """A running server, and where it answers."""

    name: str
    port: int
    path: str
    process: psutil.Process
    samples: Path | None = None

    def seconds(self) -> float:
        """Processor time of it and of what it has started."""
        return tree_seconds(self.process)

    def megabytes(self) -> float:
        """Resident memory of it and of what it has started."""
        alive = [self.process, *self.process.children(recursive=True)]
        return sum(one.memory_info().rss for one in alive) / 1e6

    def rest(self) -> None:
        """Waits until it does nothing any more: what was asked before must not be counted as the next one's."""
        deadline = time.monotonic() + RESTS_SECONDS
        while time.monotonic() < deadline:
            before = self.seconds()
            time.sleep(0.2)
            if self.seconds() - before <= 0.2 * _QUIET_SHARE:
                return

    def idle(self, seconds: float = 2.0) -> float:
        """Processor seconds that it takes in each second in which nobody asks."""
        self.rest()
        before = self.seconds()
        time.sleep(seconds)
        return (self.seconds() - before) / seconds

    def sampled(self, wanted: signal.Signals) -> None:
        """Tells one that was started with `samples` to begin or to end."""
        self.process.send_signal(wanted)


def tree_seconds(root: psutil.Process) -> float:
    """Processor seconds of a process, of those that it has started, and of those that have ended."""
    total = 0.0
    for one in [root, *root.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    ended = root.cpu_times()
    return total + float(ended.children_user + ended.children_system)


def postmaster(cluster: Cluster) -> psutil.Process:
    """The first process of PostgreSQL."""
    return psutil.Process(int((cluster._data / "postmaster.pid").read_text().splitlines()[0]))


@contextmanager
def product(
    url: str, folder: Path, *, sampled: bool = False, environment: Mapping[str, str] | None = None
) -> Iterator[Serving]:
    """Our server with its worker, as it is served."""
    samples = folder / "samples.json" if sampled else None
    given = {"ERSATZWAGEN_DATABASE_URL": url, **(environment or {})}
    if samples:
        given["BENCHMARK_SAMPLES"] = str(samples)
    port = free_port()
    module = "benchmarks.served" if sampled else "server"
    command = [sys.executable, "-m", module, "serve", "--port", str(port), "--data-dir", str(folder)]
    with started("product", command, port, folder, given, ready="/readyz") as process:
        yield Serving("product", port, "/graphql", process, samples=samples)


@contextmanager
def asgi(name: str, app: str, url: str, folder: Path) -> Iterator[Serving]:
    """Another application under the same uvicorn, uvloop and httptools."""
    port = free_port()
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), *options]
    with started(name, command, port, folder, {"BENCHMARK_DATABASE_URL": url}, ready="/ready") as process:
        yield Serving(name, port, "/graphql", process)


@contextmanager
def started(
    name: str, command: Sequence[str], port: int, folder: Path, environment: Mapping[str, str], *, ready: str | None
) -> Iterator[psutil.Process]:
    """A process that answers on its port, or only listens there (None); ended at the end."""
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=out, stderr=out)
    try:
        _wait(process, port, ready, log)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, ready: str | None, log: Path) -> None:
    deadline = time.monotonic() + STARTS_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _answers(port, ready):
            return
        time.sleep(0.1)
    raise RuntimeError(f"{log.stem} did not start:\n{log.read_text(errors='replace')[-3000:]}")


def _answers(port: int, ready: str | None) -> bool:
    try:
        if ready is None:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return True
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=2) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        return error.code != 503  # it answers, though it has nothing there
    except OSError:
        return False
