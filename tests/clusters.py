"""The cluster of a test's server: made and migrated once in a process, then copied, and never waiting for the disk.

A kill ends processes, not the machine: what they have written is there all the same. That a server also starts from
nothing is what tests/database, the demo and the production server of tests/access see.
"""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from server import migrate
from server.database.embedded import DATABASE, SUPERUSER, Cluster

CONFIGURATION = "postgresql.auto.conf"


def private_folder(prefix: str) -> Path:
    """A folder that is gone when this process ends; PostgreSQL's own account can enter it."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o711)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def remove_below(folder: Path) -> None:
    """Removes the clusters of data directories in there that had to be put somewhere else: run as root, PostgreSQL's
    account cannot enter a test's own folder. Each is 80 MB, and nothing but its data directory knows of it.
    """
    for note in folder.rglob("postgres-location"):
        shutil.rmtree(note.read_text(encoding="utf-8").strip(), ignore_errors=True)


def migrated(data_dir: Path) -> Cluster:
    """A running cluster with the newest tables and no rows."""
    cluster = Cluster(data_dir, durable=False)
    cluster.start()
    migrate.create_database(cluster.url(SUPERUSER, "postgres"), DATABASE)
    migrate.upgrade(cluster.url(SUPERUSER))
    return cluster


@cache
def _template() -> Cluster:
    cluster = migrated(private_folder("ersatzwagen-template-") / "data")
    cluster.stop()
    return cluster


def lay_out(data_dir: Path) -> None:
    """Puts a copy where the server of this data directory looks for its cluster, unless it has one."""
    made, wanted = _template(), Cluster(data_dir)
    if (wanted._data / "PG_VERSION").exists():
        return
    wanted.root.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(made._data), str(wanted._data)], check=True)
    configuration = wanted._data / CONFIGURATION
    configuration.write_text(configuration.read_text().replace(str(made._socket), str(wanted._socket)))
