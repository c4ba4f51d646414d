"""A dealer's machines as `deploy/` has them: servers on one database behind nginx, and the gateway's simulator."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from server.sandbox.smtp_server import SmtpServer
from server.sandbox.telecash import SimulatorConfig
from tests.dealership import Dealership, add_car, open_dealership
from tests.driving import ADMIN, ROOT, SandboxServer, free_port

DRAIN_SECONDS = 6
"""Longer than the five seconds for which the sample of nginx keeps an idle connection."""
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
needs_nginx = pytest.mark.skipif(not Path(NGINX).exists(), reason="there is no nginx")
COMPANY = """mutation($i:CompanyInput!){updateCompany(input:$i){__typename ...on Problem{message field}}}"""


class Process:
    """One process of ours, with what it says in a file."""

    def __init__(self, log: Path, *arguments: str, environment: dict[str, str], root: Path = ROOT) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ERSATZWAGEN_")}
        self.log = log
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "server", *arguments], cwd=root, env=clean | environment, stdout=out, stderr=out
            )

    def until_answers(self, address: str) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self._popen.poll() is None:
            try:
                if httpx2.get(address, timeout=5, trust_env=False).status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            time.sleep(0.2)
        raise AssertionError(self.log.read_text()[-4000:])

    def tell_to_end(self) -> None:
        """As systemd does it."""
        self._popen.terminate()

    def wait(self) -> int:
        """The exit code, once it has ended."""
        return self._popen.wait(120)

    def kill(self) -> None:
        self._popen.kill()
        self._popen.wait()


class Node:
    """One of the servers, whichever program it runs at the moment."""

    def __init__(self, folder: Path, number: int, environment: dict[str, str]) -> None:
        self.port = free_port()
        self.log = folder / f"node-{number}.log"
        self._environment = environment
        self._process: Process | None = None

    def start(self, root: Path = ROOT) -> None:
        arguments = ["serve", "--port", str(self.port)]
        self._process = Process(self.log, *arguments, environment=self._environment, root=root)
        self._process.until_answers(f"http://127.0.0.1:{self.port}/readyz")

    def tell_to_end(self) -> None:
        assert self._process is not None
        self._process.tell_to_end()

    def wait(self) -> int:
        assert self._process is not None
        return self._process.wait()

    def get(self, path: str) -> httpx2.Response:
        """Past the proxy."""
        return httpx2.get(f"http://127.0.0.1:{self.port}{path}", timeout=30, trust_env=False)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()


class Letterbox:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.to: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        self.to += envelope.rcpt_tos
        return "250 taken"


class Site:
    """Two servers behind nginx, and a dealership in their database."""

    def __init__(self, nodes: list[Node], front: SandboxServer, gateway: str, letterbox: Letterbox) -> None:
        self.nodes = nodes
        self.front = front
        self.letterbox = letterbox
        self._gateway = gateway

    def charged(self) -> list[str]:
        """The numbers of the contracts that a card was charged for, as often as it was: what the gateway's books say."""
        lines = httpx2.get(f"{self._gateway}/ledger", timeout=30, trust_env=False).json()
        return [line["order_id"].removesuffix("-D1") for line in lines if line["type"] == "sale"]

    def open_dealership(self, cars: int) -> Dealership:
        admin = self.front.same_admin()
        company = {
            "name": "Autohaus Sonnenfeld GmbH",
            "address": {"street": "Am Markt 1", "postcode": "13581", "city": "Berlin"},
            "taxNumber": "27/123/45678",
        }
        assert admin(COMPANY, i=company)["__typename"] == "Company"
        dealership = open_dealership(self.front, cars=0, admin=admin)
        for _ in range(cars):
            add_car(dealership)
        return dealership


@contextmanager
def site(folder: Path, database_url: str, *, owner: str) -> Iterator[Site]:
    """Runs it all. `folder` is where the machines keep what they share; `owner` is the database's owner's address."""
    with ExitStack() as stack:
        gateway_port = free_port()
        gateway = Process(
            folder / "gateway.log",
            *("simulator", "--port", str(gateway_port), "--data-dir", str(folder / "gateway")),
            environment={},
        )
        stack.callback(gateway.kill)
        letterbox = Letterbox()
        mails = SmtpServer(letterbox, free_port())
        mails.start()
        stack.callback(mails.stop)
        environment = settings(folder, database_url, gateway_port, mails.port)
        nodes = [Node(folder, number, environment) for number in (1, 2)]
        for node in nodes:
            stack.callback(node.kill)
            node.start()
        port = stack.enter_context(nginx(folder, [node.port for node in nodes]))
        front = SandboxServer(folder / "front", environment={"ERSATZWAGEN_DATABASE_URL": owner})
        front.base = f"http://127.0.0.1:{port}"
        front.http = stack.enter_context(httpx2.Client(base_url=front.base, timeout=120, trust_env=False))
        yield Site(nodes, front, f"http://127.0.0.1:{gateway_port}", letterbox)


def settings(folder: Path, database_url: str, gateway_port: int, mail_port: int) -> dict[str, str]:
    """What an operator of several servers sets."""
    store = SimulatorConfig()
    return {
        "ERSATZWAGEN_ENVIRONMENT": "production",
        "ERSATZWAGEN_DATABASE_URL": database_url,
        "ERSATZWAGEN_MEDIA_URL": (folder / "media").as_uri(),
        "ERSATZWAGEN_DATA_DIR": str(folder / "unused"),
        "ERSATZWAGEN_SECRET_KEY": "a-key-for-all-of-these-machines-here",
        "ERSATZWAGEN_SMTP_URL": f"smtp://127.0.0.1:{mail_port}",
        "ERSATZWAGEN_TRUSTED_PROXIES": "127.0.0.1",
        "ERSATZWAGEN_DRAIN_SECONDS": str(DRAIN_SECONDS),
        "ERSATZWAGEN_ADMIN_EMAIL": ADMIN["email"],
        "ERSATZWAGEN_ADMIN_PASSWORD": ADMIN["password"],
        "ERSATZWAGEN_TELECASH_URL": f"http://127.0.0.1:{gateway_port}",
        "ERSATZWAGEN_TELECASH_STORE_ID": store.store_id,
        "ERSATZWAGEN_TELECASH_USER": store.user,
        "ERSATZWAGEN_TELECASH_PASSWORD": store.password,
        "ERSATZWAGEN_TELECASH_SHARED_SECRET": store.shared_secret,
    }


@contextmanager
def nginx(folder: Path, ports: list[int]) -> Iterator[int]:
    """nginx with the sample of `deploy/`, but for TLS and the names of hosts; the port that it listens at."""
    port = free_port()
    sample = (ROOT / "deploy" / "nginx" / "ersatzwagen.conf").read_text()
    first, second = ports
    sample = sample.replace("server 127.0.0.1:8000", f"server 127.0.0.1:{first}")
    sample = sample.replace("# server 10.0.0.8:8000", f"server 127.0.0.1:{second}")
    sample = re.sub(r"^\s*ssl_\w+ .*;$", "", sample, flags=re.MULTILINE)
    sample = sample.replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    sample = re.sub(r"server \{\s*listen 80;.*?\n\}", "", sample, flags=re.DOTALL)
    paths = "".join(
        f"{name}_temp_path {folder}/nginx-{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "site.conf").write_text(sample)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log info; worker_processes 1; user root;"
        f" events {{}} http {{ access_log off; {paths} include {folder}/site.conf; }}"
    )
    running = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and running.poll() is None:
            try:
                httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=5, trust_env=False)
            except httpx2.HTTPError:
                time.sleep(0.1)
            else:
                break
        else:
            raise AssertionError((folder / "nginx.log").read_text())
        yield port
    finally:
        running.terminate()
        running.wait(30)
