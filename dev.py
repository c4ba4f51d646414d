#!/usr/bin/env python3
"""Set-up and start with nothing but Python's standard library.

    python3 dev.py run [serve options]   environment, packages, private PostgreSQL, sandbox server with demo data
    python3 dev.py tablet [options]      the tablet app in a window, against the sandbox server that `run` started
    python3 dev.py test [pytest options] the same plus test packages and system packages, then the test suite;
                                         with --coverage first, what it never runs is counted
    python3 dev.py exec COMMAND …        any command inside that environment (for example: ersatzwagen schema)
    python3 dev.py setup                 only the set-up of `test`

Everything lands in `.venv` and `var` beside this file; a second start installs nothing and needs no network.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")

# What the tests need from the system: (a file that proves it is there, the Debian package that brings it).
SYSTEM_PACKAGES = [
    ("/usr/lib/postgresql/*/bin/initdb", "postgresql"),
    # What operators have: deploy/ is read by it, and tried with it.
    ("/usr/sbin/pgbouncer", "pgbouncer"),
    ("/usr/sbin/nginx", "nginx-light"),
    ("/usr/bin/promtool", "prometheus"),
    ("/usr/bin/shellcheck", "shellcheck"),
    # The office's pages are looked at in it.
    ("/usr/bin/chromium", "chromium"),
    # The tablet app draws without a display through these two; the rest is for the test in a real window.
    ("/usr/lib/*/libGL.so.1", "libgl1"),
    ("/usr/lib/*/libEGL.so.1", "libegl1"),
    ("/usr/lib/*/libmtdev.so.1", "libmtdev1"),
    ("/usr/bin/xclip", "xclip"),
    ("/usr/bin/Xvfb", "xvfb"),
    ("/usr/bin/xdotool", "xdotool"),
    # The Android side of the tablet app talks to Java: its tests do so, too.
    ("/usr/lib/jvm/*/bin/javac", "default-jdk-headless"),
]

# The whole suite waits for servers much of the time, so even a small machine runs two of these; see tests/conftest.py.
SIDE_BY_SIDE = ["-n", str(min(max(os.cpu_count() or 1, 2), 4)), "--dist", "loadfile"]


def say(text: str) -> None:
    """Progress goes to standard error: standard output belongs to the command that is run."""
    print(f"dev.py: {text}", file=sys.stderr, flush=True)


def call(*command: object, quiet: bool = False) -> int:
    """Runs a command in the project's folder and returns its exit code."""
    sink = subprocess.DEVNULL if quiet else None
    return subprocess.run([str(part) for part in command], cwd=ROOT, stdout=sink, stderr=sink, check=False).returncode


def create_environment() -> None:
    """Makes `.venv` once, with a path entry and a command for this checkout instead of an installed package."""
    if not PYTHON.exists():
        say("making the environment .venv")
        # Not `venv.create`: with it, a Python that lacks ensurepip (Debian without python3-venv) dies with a trace.
        if call(sys.executable, "-m", "venv", ENVIRONMENT, quiet=True) != 0:
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            sys.exit("dev.py: this Python cannot make environments; on Debian: apt-get install python3-venv")
    packages = next(ENVIRONMENT.glob("lib/python*/site-packages"), ENVIRONMENT / "Lib" / "site-packages")
    (packages / "ersatzwagen.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    command = BIN / "ersatzwagen"
    # The shebang goes through /bin/sh because a kernel shebang line cannot hold a path with spaces.
    start = f"#!/bin/sh\n'''exec' \"{PYTHON}\" \"$0\" \"$@\"\n' '''\n"
    command.write_text(f"{start}from server.cli import main\n\nmain()\n", encoding="utf-8")
    command.chmod(0o755)


def install(lock_name: str) -> None:
    """Installs exactly the hash-locked packages of one lock file, unless that very file is installed already."""
    lock = ROOT / "requirements" / lock_name
    stamp = ENVIRONMENT / f".{lock_name}.sha256"
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    say(f"installing {lock_name} (once)")
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]
    uv = BIN / "uv"
    if uv.exists() or call(*pip, ROOT / "requirements" / "installer.lock", quiet=True) == 0:
        done = call(uv, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", lock)
    else:
        done = 1
    # uv reads no pip.conf: where the index is set up for pip alone, pip does it, only slower.
    if done != 0 and call(*pip, lock) != 0:
        sys.exit(f"dev.py: could not install {lock_name}; is the package index reachable?")
    stamp.write_text(wanted, encoding="utf-8")


def set_up(lock_name: str) -> None:
    """Brings the environment up to date, one process at a time. The test lock is a superset of the other two."""
    if sys.version_info < (3, 11):  # noqa: UP036  # the message is the point: this file runs before any check
        sys.exit("dev.py: Python 3.11 or newer is needed")
    lock_file = ROOT / ".dev.lock"
    with lock_file.open("w") as handle:
        if os.name == "posix":
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        create_environment()
        install(lock_name)


@contextlib.contextmanager
def nothing_started() -> Iterator[None]:
    """Debian starts what it installs, on the ports of everybody; the tests start what they need themselves."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def install_system_packages() -> None:
    """Installs the Debian packages that the tests use, where it may; otherwise says what to install."""
    missing = [package for proof, package in SYSTEM_PACKAGES if not list(Path("/").glob(proof.lstrip("/")))]
    if not missing:
        return
    apt = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        say(f"installing {' '.join(missing)}")
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        call("apt-get", "update", "-qq", quiet=True)
        with nothing_started():
            if call(*apt, quiet=True) == 0:
                return
    say("some tests will be skipped; to run them too: sudo " + " ".join(apt))


def become(*command: object) -> NoReturn:
    """Replaces this process, so that Ctrl-C and SIGTERM reach the program itself and nothing stands between."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "VIRTUAL_ENV": str(ENVIRONMENT), "PATH": path}
    if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        # Containers set it to keep folders clean. They stay clean; but to compile everything anew would be more than
        # half of every start.
        environment.setdefault("PYTHONPYCACHEPREFIX", str(ENVIRONMENT / "bytecode"))
    arguments = [str(part) for part in command]
    if os.name == "nt":
        sys.exit(subprocess.run(arguments, cwd=ROOT, env=environment, check=False).returncode)
    os.chdir(ROOT)
    os.execvpe(arguments[0], arguments, environment)


def main() -> int:
    """Chooses by the first word of the command line."""
    what, *rest = sys.argv[1:] or ["help"]
    if what == "run":
        set_up("run.lock")
        become(PYTHON, "-m", "server", "serve", "--sandbox", *rest)
    if what == "tablet":
        set_up("tablet.lock")
        become(PYTHON, "-m", "mobile_kivy", *rest)
    if what == "test":
        set_up("test.lock")
        install_system_packages()
        measured = ["--cov"] if "--coverage" in rest else []
        options = [option for option in rest if option != "--coverage"]
        become(PYTHON, "-m", "pytest", *measured, *(options or SIDE_BY_SIDE))
    if what == "setup":
        set_up("test.lock")
        install_system_packages()
        return 0
    if what == "exec" and rest:
        set_up("test.lock" if (ENVIRONMENT / ".test.lock.sha256").exists() else "run.lock")
        become(*rest)
    print(__doc__)
    return 0 if what in {"help", "-h", "--help"} else 2


if __name__ == "__main__":
    sys.exit(main())
