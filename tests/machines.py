"""PostgreSQL on machines that follow each other over a network, as `host=a:5432,b:5432`, by the scripts of `deploy/`."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

from server.database.embedded import DATABASE, SUPERUSER, Cluster
from server.database.roles import APP_ROLE
from tests.clusters import lay_out, private_folder
from tests.driving import ROOT, free_port

SCRIPTS = ROOT / "deploy" / "postgresql"


class Machine:
    """One PostgreSQL, with a port of its own and a name by which a primary knows it."""

    def __init__(self, name: str) -> None:
        self.name, self.port = name, free_port()
        self.cluster = Cluster(private_folder(f"ersatzwagen-{name}-") / "data", durable=False)
        self.data = self.cluster._data

    @property
    def conninfo(self) -> str:
        return f"host=127.0.0.1 port={self.port} user={SUPERUSER}"

    def url(self, role: str = APP_ROLE, database: str = DATABASE) -> str:
        return address_of(self, role=role, database=database)

    def configure(self, **settings: str) -> None:
        """Lines of the configuration; the last of a name counts."""
        own = {"port": self.port, "unix_socket_directories": self.cluster._socket, "listen_addresses": "127.0.0.1"}
        with (self.data / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in (own | settings).items())

    def make_primary(self, **settings: str) -> None:
        """A running one with the newest tables and no rows. Its commits wait for a standby once one is named."""
        lay_out(self.cluster.root.parent)
        self.cluster._make_private(self.cluster._socket)
        self.configure(max_connections="200", synchronous_commit="on", wal_keep_size="1GB", **settings)
        self.cluster.start()

    def make_standby_of(self, primary: Machine) -> None:
        """A running one that has everything that the primary has, and takes no writes."""
        self.cluster.root.mkdir(parents=True, exist_ok=True)
        self.cluster._make_private(self.cluster._socket)
        self.cluster._make_private(self.data)
        made = self.script("standby.sh", primary.conninfo, str(self.data), self.name)
        assert made.returncode == 0, made.stderr
        self.configure()
        self.cluster.start()

    def promote(self, *others: Machine) -> None:
        """Makes a standby a primary, as it has no less than other ones."""
        promoted = self.script("promote.sh", *(other.conninfo + " dbname=postgres" for other in others))
        assert promoted.returncode == 0, promoted.stderr

    def script(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs one of the scripts as the account of PostgreSQL, with the programs of its version."""
        programs = f"PATH={self.cluster.tool('psql').parent}:/usr/bin:/bin"
        here = (programs, "PGHOST=127.0.0.1", f"PGPORT={self.port}", f"PGUSER={SUPERUSER}")
        return self.cluster._as_account(["/usr/bin/env", *here, "sh", str(self.scripts() / name), *arguments])

    def scripts(self) -> Path:
        """A copy of them that the account may read."""
        return Path(shutil.copytree(SCRIPTS, self.cluster.root / "scripts", dirs_exist_ok=True))

    def kill(self) -> None:
        """As if the power went: the postmaster and everybody whom it has started."""
        postmaster = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        found = subprocess.run(["pgrep", "-P", str(postmaster)], capture_output=True, text=True, check=False)
        for pid in (postmaster, *map(int, found.stdout.split())):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def address_of(*machines: Machine | int, role: str = APP_ROLE, database: str = DATABASE, more: str = "") -> str:
    """One address of several, in this order; a number is a port at which nobody answers."""
    ports = [machine if isinstance(machine, int) else machine.port for machine in machines]
    places = ",".join(f"127.0.0.1:{port}" for port in ports)
    return f"postgresql://{role}@{places}/{database}" + (f"?{more}" if more else "")
