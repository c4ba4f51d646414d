"""The server that is attacked: a sandbox with demo data, watched while something happens to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Victim:
    """A server process and how to reach it."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """What the process has used so far; its PostgreSQL does not count."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def megabytes(self) -> float:
        """What it holds in memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        return int(found[1]) / 1024 if found else 0.0

    def faults(self) -> int:
        """Unexpected errors in its log so far."""
        return self.log.read_text(errors="replace").count("unexpected_error")


@contextlib.contextmanager
def running() -> Iterator[Victim]:
    """A fresh sandbox, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ersatzwagen-attacked-") as name, socket.socket() as free:
        folder = Path(name)
        folder.chmod(0o711)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        log = folder / "log"
        with log.open("wb") as out:
            arguments = ["serve", "--sandbox", "--data-dir", str(folder / "data"), "--port", str(port)]
            process = subprocess.Popen([sys.executable, "-m", "server", *arguments], stdout=out, stderr=out)
        try:
            _wait(f"http://127.0.0.1:{port}/readyz", process)
            yield Victim(process, port, log)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx2.HTTPError):
            if httpx2.get(address, timeout=2, trust_env=False).status_code == 200:
                return
        time.sleep(0.2)
    raise RuntimeError("the server did not start")


async def longest_wait(base: str, until: asyncio.Event) -> float:
    """How long /healthz was waited for at most, in milliseconds, asked every 20 ms."""
    longest = 0.0
    async with httpx2.AsyncClient(base_url=base, timeout=60, trust_env=False) as client:
        while not until.is_set():
            began = time.perf_counter()
            await client.get("/healthz")
            longest = max(longest, time.perf_counter() - began)
            await asyncio.sleep(0.02)
    return longest * 1000
