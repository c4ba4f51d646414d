"""A real S3 in a process of its own, for as long as a test needs it."""

from __future__ import annotations

import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.certificates import make_certificates
from tests.driving import free_port
from tests.relay import Relay

STARTS_WITHIN = 60
REGION = "eu-central-1"


class S3Server:
    """Buckets in the memory of one process. Its callers reach it through a cable that can be cut."""

    def __init__(self, folder: Path, own_port: int, *, tls: bool) -> None:
        """`tls`: with the certificate of the test's own authority in the folder."""
        self._scheme = "https" if tls else "http"
        self._own = f"{self._scheme}://127.0.0.1:{own_port}"
        self._log = folder / "s3.log"
        trusted = ssl.create_default_context(cafile=str(folder / "ca.pem")) if tls else True
        self._http = httpx2.Client(verify=trusted, trust_env=False, timeout=5)
        self.cable = Relay(own_port).join()

    def access(self, **instead: str) -> dict[str, str]:
        """The variables with which a program finds it: those that docs/operations.md names."""
        return {
            "AWS_ENDPOINT_URL": f"{self._scheme}://127.0.0.1:{self.cable.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "the-rental",
            "AWS_SECRET_ACCESS_KEY": "keeps-photos",
            **instead,
        }

    def make(self, bucket: str) -> None:
        """An empty bucket."""
        answer = self._http.put(f"{self._own}/{bucket}")
        assert answer.status_code == 200, answer.text

    def close(self) -> None:
        self.cable.cut()
        self._http.close()

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """Until it answers."""
        deadline = time.monotonic() + STARTS_WITHIN
        while process.poll() is None and time.monotonic() < deadline:
            try:
                self._http.get(f"{self._own}/moto-api/")
            except httpx2.HTTPError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"the S3 server did not start:\n{self._log.read_text()[-4000:]}")


@contextmanager
def s3_server(folder: Path, *, tls: bool = False) -> Iterator[S3Server]:
    """One that has no bucket yet, and has ended when the block has."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    if tls:
        make_certificates(folder)
        command += ["-c", str(folder / "server.pem"), "-k", str(folder / "server.key")]
    with (folder / "s3.log").open("ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    server = S3Server(folder, port, tls=tls)
    try:
        server.wait(process)
        yield server
    finally:
        server.close()
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
