"""Drives a real sandbox server over HTTP, as a website, a tablet and a clerk would."""

from __future__ import annotations

import hashlib
import io
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import orjson
from PIL import Image

from server.database.embedded import SUPERUSER, Cluster
from tests.calendar import SETTINGS
from tests.clusters import lay_out
from tests.forge import Forged, forge

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct-horse-battery"
ADMIN = {"email": "admin@autohaus-sonnenfeld.example", "password": "sandbox-password"}


class Refused(AssertionError):
    """The API answered with errors outside the data."""


@dataclass
class Api:
    """One caller of the API: a user's session or an API key."""

    base: str
    http: httpx2.Client
    token: str | None = None
    language: str | None = None
    """What it sends as `Accept-Language`."""

    def post(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The whole answer, errors and all."""
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        if self.language:
            headers["accept-language"] = self.language
        body = orjson.dumps({"query": query, "variables": variables or {}})
        response = self.http.post(f"{self.base}/graphql", content=body, headers=headers)
        answer: dict[str, Any] = response.json()
        return answer

    def __call__(self, query: str, **variables: Any) -> Any:
        """The data; with one root field, its value. Errors outside the data fail the test."""
        answer = self.post(query, variables)
        if answer.get("errors"):
            raise Refused(answer["errors"])
        data = answer["data"]
        return next(iter(data.values())) if len(data) == 1 else data

    def error_code(self, query: str, **variables: Any) -> str | None:
        """`extensions.code` of the first error outside the data."""
        errors = self.post(query, variables).get("errors") or [{}]
        return errors[0].get("extensions", {}).get("code")

    def upload(self, content: bytes) -> str:
        """Uploads a picture and returns its sha256."""
        result = self.post_upload(content)
        assert result.get("data", {}).get("uploadPhoto", {}).get("__typename") == "StoredPhoto", result
        return hashlib.sha256(content).hexdigest()

    def post_upload(self, content: bytes) -> dict[str, Any]:
        """The whole answer to the upload of a picture."""
        return self.post_file("uploadPhoto(sha256:$s,file:$f){__typename ...on StoredPhoto{sha256}", content)

    def post_pdf(self, content: bytes, sha256: str | None = None) -> dict[str, Any]:
        """The whole answer to the upload of a PDF."""
        wanted = "uploadDocument(sha256:$s,file:$f){__typename ...on StoredDocument{sha256 pages}"
        return self.post_file(wanted, content, sha256, "estimate.pdf", "application/pdf")

    def post_file(
        self,
        wanted: str,
        content: bytes,
        sha256: str | None = None,
        name: str = "photo.jpg",
        media_type: str = "image/jpeg",
    ) -> dict[str, Any]:
        """The whole answer to an upload, which is asked for by its selection up to the refusal."""
        operations = {
            "query": "mutation($s:String!,$f:Upload!){" + wanted + " ...on Rejection{problemCode message field}}}",
            "variables": {"s": sha256 or hashlib.sha256(content).hexdigest(), "f": None},
        }
        response = self.http.post(
            f"{self.base}/graphql",
            headers={"authorization": f"Bearer {self.token}", "GraphQL-Require-Preflight": "1"},
            data={"operations": orjson.dumps(operations).decode(), "map": '{"0":["variables.f"]}'},
            files={"0": (name, content, media_type)},
        )
        answer: dict[str, Any] = response.json()
        return answer


METRICS_TOKEN = "figures-for-whoever-watches-the-tests"


class SandboxServer:
    """A server process of its own data directory. `from_nothing`: it is started as a person starts it, and makes its own database."""

    def __init__(
        self,
        data_dir: Path,
        *,
        demo_data: bool = False,
        from_nothing: bool = False,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.entry = ["server"]
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._demo = demo_data
        self._environment = environment or {}
        own = {"ERSATZWAGEN_DATABASE_URL", "ERSATZWAGEN_POSTGRES_BIN"} & self._environment.keys()
        self._from_nothing = from_nothing or bool(own)
        self._process: subprocess.Popen[bytes] | Forged | None = None
        self._administrator: str | None = None
        self.log = data_dir.parent / f"{data_dir.name}.log"
        self.http = httpx2.Client(base_url=self.base, timeout=180, trust_env=False)

    @cached_property
    def owner(self) -> str:
        """The address of the server's database, past row-level security."""
        own = self._environment.get("ERSATZWAGEN_DATABASE_URL")
        return re.sub("//[^@]*@", f"//{SUPERUSER}@", own) if own else Cluster(self.data_dir).url(SUPERUSER)

    @property
    def process(self) -> subprocess.Popen[bytes] | Forged:
        assert self._process is not None
        return self._process

    def start(self) -> SandboxServer:
        if self.http.is_closed:
            self.http = httpx2.Client(base_url=self.base, timeout=180, trust_env=False)
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if not self._from_nothing:
            lay_out(self.data_dir)
        module = [*self.entry, "serve", "--sandbox", "--data-dir", str(self.data_dir)]
        module += ["--port", str(self.port), "--demo-data" if self._demo else "--no-demo-data"]
        environment = {**os.environ, **SETTINGS, "ERSATZWAGEN_METRICS_TOKEN": METRICS_TOKEN, **self._environment}
        self._process = (
            self._run(module, environment) if self._from_nothing else forge().start(module, self.log, environment)
        )
        self._wait()
        return self

    def _run(self, module: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen([sys.executable, "-m", *module], cwd=ROOT, stdout=log, stderr=log, env=environment)

    def _wait(self) -> None:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if self.http.get("/readyz", timeout=2).status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"the server did not start:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """As if the power went."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, *, for_good: bool = True) -> int:
        """In order; returns the exit code."""
        if for_good:
            self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def restart(self) -> None:
        self.start()

    # What the sandbox offers.

    def now(self) -> datetime:
        return datetime.fromisoformat(self.http.get("/sandbox/clock").json()["now"])

    def move_to(self, instant: datetime) -> None:
        response = self.http.put("/sandbox/clock", json={"now": instant.isoformat()})
        assert response.status_code == 200, response.text

    def advance(self, **delta: float) -> None:
        minutes = timedelta(**delta) / timedelta(minutes=1)
        response = self.http.put("/sandbox/clock", json={"advance_minutes": minutes})
        assert response.status_code == 200, response.text

    def settle(self) -> dict[str, int]:
        result: dict[str, int] = self.http.post("/sandbox/settle").json()
        return result

    def mails(self, to: str | None = None, template: str | None = None) -> list[dict[str, Any]]:
        found = self.http.get("/sandbox/mails").json()
        return [m for m in found if (to is None or m["to"] == to) and (template is None or m["template"] == template)]

    def ledger(self, prefix: str = "") -> list[dict[str, Any]]:
        lines = self.http.get("/sandbox/telecash/ledger").json()
        return [line for line in lines if line["order_id"].startswith(prefix)]

    def script(self, operation: str, outcome: str, order: str | None = None, times: int = 1) -> None:
        body = {"operation": operation, "order": order, "outcome": outcome, "times": times}
        assert self.http.post("/sandbox/telecash/script", json=body).status_code < 300

    def smtp(self, mode: str) -> None:
        assert self.http.post("/sandbox/smtp", json={"mode": mode}).status_code == 200

    def figures(self, awaited: str = "") -> str:
        """What whoever watches is told, as soon as a pattern is found in it: some of it is as old as ten seconds."""
        deadline = time.monotonic() + 60
        while True:
            answer = self.http.get("/metrics", headers={"authorization": f"Bearer {METRICS_TOKEN}"})
            assert answer.status_code == 200, answer.text
            if re.search(awaited, answer.text, re.MULTILINE):
                return answer.text
            assert time.monotonic() < deadline, f"{awaited} is not in\n{answer.text}"
            time.sleep(0.5)

    def logged(self, *events: str) -> list[dict[str, Any]]:
        """The lines of its log about these events."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [entry for entry in map(orjson.loads, lines) if entry["event"] in events]

    def fresh_client(self) -> httpx2.Client:
        """A connection of one's own, for calls in parallel."""
        return httpx2.Client(timeout=180, trust_env=False)

    def api_over(self, http: httpx2.Client, token: str | None = None) -> Api:
        return Api(self.base, http, token)

    def api(self, token: str | None = None) -> Api:
        return Api(self.base, self.http, token)

    def sign_in(self, email: str, password: str = PASSWORD) -> Api:
        return self._signed_in(email, password, None)

    def sign_in_on(self, device: dict[str, str], email: str) -> Api:
        return self._signed_in(email, PASSWORD, device)

    def _signed_in(self, email: str, password: str, device: dict[str, str] | None) -> Api:
        session = self.api()(
            "mutation($e:String!,$p:String!,$d:DeviceInput){signIn(email:$e,password:$p,device:$d){"
            "...on Session{accessToken} ...on Rejection{problemCode message}}}",
            e=email,
            p=password,
            d=device,
        )
        return self.api(session["accessToken"])

    def admin(self) -> Api:
        return self.sign_in(**ADMIN)

    def same_admin(self) -> Api:
        """The administrator, signed in once: what tests prepare needs no session of its own, and each costs a hash."""
        self._administrator = self._administrator or self.admin().token
        return self.api(self._administrator)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(data_dir: Path, **options: Any) -> Iterator[SandboxServer]:
    server = SandboxServer(data_dir, **options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def picture(seed: int = 0, size: tuple[int, int] = (640, 480)) -> bytes:
    """A real JPEG; another seed is another picture."""
    image = Image.effect_noise(size, 40 + seed % 100).convert("RGB")
    image.putpixel((seed % size[0], 0), (seed % 256, 80, 160))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80, comment=str(seed).encode())
    return out.getvalue()


def signature(height: int = 30) -> bytes:
    """A scribble, another one for each height."""
    image = Image.new("RGB", (400, 120), "white")
    for x in range(40, 360):
        image.putpixel((x, 60 + int(height * ((x % 40) / 40 - 0.5))), (10, 20, 90))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def new_id() -> str:
    return str(uuid4())
