"""A real PgBouncer before a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from server.database.embedded import DATABASE, SUPERUSER, Cluster
from tests.driving import free_port

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
needs_pgbouncer = pytest.mark.skipif(PROGRAM is None, reason="no PgBouncer: apt-get install pgbouncer")
STARTS_WITHIN = 30
_USERS = f'"{SUPERUSER}" ""\n"ersatzwagen_app" ""\n"owner" ""\n'


class Pooler:
    """One process of it, which leaves nothing but its folder. It pools sessions and leaves out `options`, unless told
    otherwise.
    """

    def __init__(self, folder: Path, cluster: Cluster, **instead: str) -> None:
        self.port = free_port()
        self._folder = folder / f"pooler-{self.port}"
        self._account = cluster._account
        self._process: subprocess.Popen[bytes] | None = None
        settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": str(self.port),
            "unix_socket_dir": "",
            "auth_type": "trust",
            "auth_file": str(self._folder / "users"),
            "admin_users": SUPERUSER,
            "pool_mode": "session",
            "default_pool_size": "70",
            "max_client_conn": "200",
            "ignore_startup_parameters": "options",
            "logfile": str(self._folder / "log"),
            **instead,
        }
        self._folder.mkdir()
        lines = [f"{name} = {value}" for name, value in settings.items()]
        databases = f"[databases]\n* = host={cluster._socket}\n[pgbouncer]\n"
        (self._folder / "pgbouncer.ini").write_text(databases + "\n".join(lines) + "\n")
        (self._folder / "users").write_text(_USERS)
        if self._account:
            for path in (self._folder, *self._folder.iterdir()):
                os.chown(path, self._account.uid, self._account.gid)

    def url(self, role: str = "ersatzwagen_app", database: str = DATABASE) -> str:
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def start(self) -> Pooler:
        """Until it lets somebody in."""
        account = self._account
        self._process = subprocess.Popen(
            [str(PROGRAM), "-q", str(self._folder / "pgbouncer.ini")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                psycopg.connect(self.url(SUPERUSER, "pgbouncer"), autocommit=True).close()
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return self
        raise AssertionError(f"PgBouncer did not start:\n{(self._folder / 'log').read_text()[-2000:]}")

    def kill(self) -> None:
        """As if the power went."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
