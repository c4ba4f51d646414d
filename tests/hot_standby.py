"""A primary and its standby on this machine, each with a port of its own, as in `host=a:5432,b:5432`."""

from __future__ import annotations

import re
from pathlib import Path

from server.database_embedded import DATABASE, SUPERUSER, Cluster
from tests.clusters import lay_out
from tests.driving import free_port


class Host:
    """A PostgreSQL that listens on a port of 127.0.0.1."""

    def __init__(self, data_dir: Path) -> None:
        self.port = free_port()
        self._cluster = Cluster(data_dir, durable=False)
        self._data = str(self._cluster._data)

    @classmethod
    def primary(cls, data_dir: Path) -> Host:
        """A running one with the newest tables and no rows."""
        lay_out(data_dir)
        return cls(data_dir).start()

    @classmethod
    def standby_of(cls, primary: Host, data_dir: Path) -> Host:
        """A running one that has everything that the primary has, and takes no writes."""
        made = cls(data_dir)
        made._cluster._make_private(made._cluster.root)
        made._cluster._make_private(made._cluster._data)
        source = f"--dbname={primary.url(SUPERUSER, 'postgres')}"
        made._cluster._run("pg_basebackup", "-D", made._data, source, "-R", "-X", "stream", "-c", "fast")
        return made.start()

    def start(self) -> Host:
        sockets = self._cluster._socket
        self._cluster._make_private(sockets)
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='{sockets}'"
        log = str(self._cluster._data / "server.log")
        self._cluster._run("pg_ctl", "-D", self._data, "-w", "-t", "60", "-s", "-l", log, "-o", options, "start")
        return self

    def kill(self) -> None:
        """As if the power went."""
        self._cluster._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "-s", "stop", check=False)

    def promote(self) -> None:
        """Makes a standby a primary."""
        self._cluster._run("pg_ctl", "-D", self._data, "-w", "-s", "promote")

    def url(self, role: str = "ersatzwagen_app", database: str = DATABASE) -> str:
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"


def address_of(*hosts: Host | int, role: str = "ersatzwagen_app", database: str = DATABASE, more: str = "") -> str:
    """One address of several hosts, in this order; a number is a port at which nobody answers."""
    ports = [host if isinstance(host, int) else host.port for host in hosts]
    places = ",".join(f"127.0.0.1:{port}" for port in ports)
    return re.sub(r"\?$", "", f"postgresql://{role}@{places}/{database}?{more}")
