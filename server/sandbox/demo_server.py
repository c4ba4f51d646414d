"""A sandbox server in a process and a folder of its own, and callers of its API: for the demo."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import orjson

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 90.0
KEPT_SETTINGS = ("ERSATZWAGEN_POSTGRES_BIN", "ERSATZWAGEN_SANDBOX_BEGINS")
Json = dict[str, Any]


class DemoFailed(Exception):
    """Something is not as it must be; the message is for the person who runs the demo."""


@dataclass(frozen=True)
class Caller:
    """Somebody who uses the API: a website with its key, a member of staff who is signed in."""

    http: httpx2.Client
    token: str

    def __call__(self, query: str, **variables: Any) -> Any:
        """The value of the operation's one root field. DemoFailed for errors and for refusals."""
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        response = self.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        return _value(response.json())

    def upload(self, content: bytes, name: str) -> str:
        """Sends a picture as multipart, as a browser or a tablet does; returns its sha256."""
        sha256 = hashlib.sha256(content).hexdigest()
        query = (
            "mutation($s:String!,$f:Upload!){uploadPhoto(sha256:$s,file:$f)"
            "{__typename ...on StoredPhoto{sha256} ...on Problem{problemCode message field}}}"
        )
        operations = {"query": query, "variables": {"s": sha256, "f": None}}
        response = self.http.post(
            "/graphql",
            headers={"authorization": f"Bearer {self.token}", "GraphQL-Require-Preflight": "1"},
            data={"operations": orjson.dumps(operations).decode(), "map": '{"0":["variables.f"]}'},
            files={"0": (name, content, "application/octet-stream")},
        )
        stored: str = _value(response.json())["sha256"]
        return stored


def _value(answer: Json) -> Any:
    if answer.get("errors"):
        raise DemoFailed(f"the API refused the operation: {answer['errors']}")
    value = next(iter(answer["data"].values()))
    if isinstance(value, dict) and value.get("problemCode"):
        raise DemoFailed(f"refused: {value['problemCode']}: {value['message']} {value.get('field') or ''}")
    return value


@dataclass(frozen=True)
class DemoServer:
    """A running sandbox."""

    http: httpx2.Client
    access: dict[str, str]

    def sign_in(self, email: str, password: str) -> Caller:
        """A member of staff."""
        query = (
            "mutation($e:String!,$p:String!){signIn(email:$e,password:$p)"
            "{...on Session{accessToken} ...on Problem{problemCode message field}}}"
        )
        return Caller(self.http, Caller(self.http, "")(query, e=email, p=password)["accessToken"])

    def now(self) -> datetime:
        """The sandbox's time."""
        return datetime.fromisoformat(self.http.get("/sandbox/clock").json()["now"])

    def move_to(self, instant: datetime) -> None:
        """Moves the clock; everything that falls due on the way has happened when this returns."""
        response = self.http.put("/sandbox/clock", json={"now": instant.isoformat()})
        if response.status_code != httpx2.codes.OK:
            raise DemoFailed(f"the clock did not move: {response.text}")

    def settle(self) -> None:
        """Lets the worker finish."""
        if failed := self.http.post("/sandbox/settle").json()["failed"]:
            raise DemoFailed(f"{failed} jobs failed")

    def mails_to(self, address: str) -> list[tuple[str, bytes]]:
        """Template and raw message of every mail that has arrived there, in order."""
        caught = [mail for mail in self.http.get("/sandbox/mails").json() if mail["to"] == address]
        return [(mail["template"], self.http.get(f"/sandbox/mails/{mail['id']}").content) for mail in caught]

    def ledger(self, contract_number: str) -> list[Json]:
        """What the payment gateway has in its books for a contract."""
        lines: list[Json] = self.http.get("/sandbox/telecash/ledger").json()
        return [line for line in lines if line["order_id"].startswith(f"{contract_number}-")]


@contextmanager
def fresh_server() -> Iterator[DemoServer]:
    """Starts a sandbox with demo data in a temporary folder; both are gone afterwards, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="ersatzwagen-demo-"))
    # Run by root, PostgreSQL gets an account of its own, which must be able to come here.
    folder.chmod(0o711)
    port = _free_port()
    process: subprocess.Popen[bytes] | None = None
    try:
        process = _start(folder, port)
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=120, trust_env=False) as http:
            _wait(http, process, folder / "log")
            yield DemoServer(http, orjson.loads((folder / "data/sandbox/access.json").read_bytes()))
    finally:
        with _not_interrupted():
            if process is not None:
                _end(process)
            shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not _is_foreign(name)}
    command = [sys.executable, "-m", "server", "serve", "--sandbox", "--demo-data"]
    command += ["--port", str(port), "--data-dir", str(folder / "data")]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603  # our own command line, no shell
            command,
            cwd=folder,
            env={**environment, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
            # Ctrl-C reaches the demo alone, which then ends the server in order.
            start_new_session=True,
        )


def _is_foreign(name: str) -> bool:
    """Whether it is one of the caller's own settings: the demo uses neither their database nor their mail server."""
    return name.startswith("ERSATZWAGEN_") and name not in KEPT_SETTINGS


def _wait(http: httpx2.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx2.HTTPError):
            if http.get("/readyz", timeout=2).status_code == httpx2.codes.OK:
                return
        time.sleep(0.1)
    raise DemoFailed(f"the server did not start:\n{log.read_text(errors='replace')[-3000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=45)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _not_interrupted() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
