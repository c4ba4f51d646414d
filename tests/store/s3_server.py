"""A real S3 in a process of its own, for as long as a test needs it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.driving import free_port
from tests.relay import Relay

STARTS_WITHIN = 60
REGION = "eu-central-1"


class S3Server:
    """Buckets in the memory of one process. Its callers reach it through a cable that can be cut."""

    def __init__(self, log: Path, own_port: int) -> None:
        self._own = f"http://127.0.0.1:{own_port}"
        self._log = log
        self.cable = Relay(own_port).join()

    def access(self, **instead: str) -> dict[str, str]:
        """The variables with which a program finds it: those that docs/operations.md names."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.cable.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "the-rental",
            "AWS_SECRET_ACCESS_KEY": "keeps-photos",
            **instead,
        }

    def make(self, bucket: str) -> None:
        """An empty bucket."""
        answer = httpx2.put(f"{self._own}/{bucket}", trust_env=False)
        assert answer.status_code == 200, answer.text

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """Until it answers."""
        deadline = time.monotonic() + STARTS_WITHIN
        while process.poll() is None and time.monotonic() < deadline:
            try:
                httpx2.get(f"{self._own}/moto-api/", timeout=2, trust_env=False)
            except httpx2.HTTPError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"the S3 server did not start:\n{self._log.read_text()[-4000:]}")


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """One that has no bucket yet, and has ended when the block has."""
    log, port = folder / "s3.log", free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    server = S3Server(log, port)
    try:
        server.wait(process)
        yield server
    finally:
        server.cable.cut()
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
