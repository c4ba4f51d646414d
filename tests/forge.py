"""Starts servers as copies of a process that has imported everything already: that is most of what a start takes.

Run as `python -m tests.forge MODULE …`, which it imports, it takes one request after another on standard input and
answers on standard output. `Forge` is the other end, in the process of the tests. A server that must begin as a person
starts it (`from_nothing`) does not come from here.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import random
import runpy
import signal
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SERVER = (
    "server.app",
    "server.cli",
    "server.migrate",
    "server.serving",
    "server.sandbox.demo_data",
    "server.sandbox.routes",
)
LOOK = 0.01
"""Seconds between two looks whether a process has ended."""


class Forged:
    """A process that the forge has made; used like `subprocess.Popen`."""

    def __init__(self, forge: Forge, pid: int) -> None:
        self._forge = forge
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """How it has ended, or None while it runs."""
        if self.returncode is None:
            self.returncode = self._forge.ask(ended=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """How it has ended. TimeoutExpired if it has not by then."""
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            time.sleep(LOOK)
        return code

    def kill(self) -> None:
        """As if the power went."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        """Until its end has been seen its number is nobody else's."""
        if self.poll() is None:
            os.kill(self.pid, number)


class Forge:
    """The process that others are copied from."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        command = [sys.executable, "-m", "tests.forge", *modules]
        # A session of its own: Ctrl-C reaches the tests alone, which stop their servers in order.
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self._one_at_a_time = threading.Lock()
        atexit.register(self.close)

    def ask(self, **request: Any) -> Any:
        """One question, one answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._one_at_a_time:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def start(self, module: list[str], log: Path, environment: dict[str, str]) -> Forged:
        """Runs a module with its arguments."""
        return Forged(self, self.ask(run=module, log=str(log), environment=environment))

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.stdin.close()  # type: ignore[union-attr]  # it was made with one
            self._process.wait()


@cache
def forge(*modules: str) -> Forge:
    """One for each set of modules, made when it is first needed."""
    return Forge(modules or SERVER)


def _become(request: dict[str, Any]) -> None:
    """The copy's life: as if Python had been started for this module."""
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(request["environment"])
    module, *arguments = request["run"]
    sys.argv = [module, *arguments]
    random.seed()  # else every copy would draw the same random numbers
    gc.enable()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _serve() -> None:
    ended: dict[int, int] = {}
    alive: set[int] = set()
    for line in sys.stdin:
        request = json.loads(line)
        while alive and (found := os.waitpid(-1, os.WNOHANG))[0]:
            alive.discard(found[0])
            ended[found[0]] = os.waitstatus_to_exitcode(found[1])
        if "ended" in request:
            answer = ended.get(request["ended"])
        elif answer := os.fork():
            alive.add(answer)
        else:
            _become(request)
            return
        print(json.dumps(answer), flush=True)
    for pid in alive:
        os.kill(pid, signal.SIGTERM)


if __name__ == "__main__":
    gc.disable()
    for name in sys.argv[1:]:
        importlib.import_module(name)
    gc.freeze()
    _serve()
