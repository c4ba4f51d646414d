"""PostGraphile 5 and 4 as processes of their own, installed from npm where that can be done."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from benchmarks.peers import queries
from benchmarks.servers import Serving, started
from tests.driving import free_port

HERE = Path(__file__).parent
INSTALL_SECONDS = 300


@dataclass(frozen=True)
class Version:
    """What is installed, how it is started, and how it names what it is asked for."""

    name: str
    packages: tuple[str, ...]
    start: str
    names: queries.Names
    own_node: bool


FIVE = Version("PostGraphile 5", ("node@22", "postgraphile@5.1.5"), "start5.mjs", queries.FIVE, own_node=True)
FOUR = Version("PostGraphile 4", ("postgraphile@4.14.1",), "start4.js", queries.FOUR, own_node=False)


class NotInstalled(RuntimeError):
    """It cannot be had here; the message says why."""


def installed(version: Version, folder: Path) -> list[str]:
    """The command that starts it, up to its arguments. Installs it first; NotInstalled where that fails."""
    place = folder / version.start.partition(".")[0]
    place.mkdir(parents=True, exist_ok=True)
    if not (place / "node_modules" / "postgraphile").exists():
        if shutil.which("npm") is None:
            raise NotInstalled("there is no npm")
        options = ["--no-audit", "--no-fund", "--prefix", str(place)]
        try:
            done = subprocess.run(
                ["npm", "install", *options, *version.packages],
                cwd=place,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise NotInstalled("npm did not finish in time") from error
        if done.returncode != 0:
            raise NotInstalled(f"npm failed: {done.stderr.strip()[-200:]}")
    shutil.copy(HERE / version.start, place / version.start)
    own = place / "node_modules" / "node" / "bin" / "node"
    node = str(own) if version.own_node else shutil.which("node")
    if node is None or (version.own_node and not own.exists()):
        raise NotInstalled("there is no node that can run it")
    return [node, str(place / version.start)]


@contextmanager
def serving(version: Version, owner: str, folder: Path) -> Iterator[Serving]:
    """A running one; as the owner of the tables, so that no policy costs it anything."""
    command = installed(version, folder)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute((HERE / "functions.sql").read_bytes())
    parts = urlsplit(owner)
    port = free_port()
    # Its driver wants a host's name, and then goes by the socket.
    address = f"{parts.scheme}://{parts.username}@localhost{parts.path}?{parts.query}"
    arguments = [*command, address, str(port)]
    with started(version.start.partition(".")[0], arguments, port, folder, {}, ready="/graphql") as process:
        yield Serving(version.name, port, "/graphql", process)
