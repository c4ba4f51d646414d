"""The server, with a bomb in it: kills itself (SIGKILL) at the n-th commit, gateway call or mail, before or after it.

Run as `python -m tests.crash.dying_server FILE serve …`; FILE holds n, and after it the kind of points that count if not
all do ("2 mail"); it gets the name of the point where the server died.
Nothing of it is in the product: the points are found by wrapping what every commit and call goes through.
"""

from __future__ import annotations

import contextvars
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from server.database import Session
from server.gateways.mailer import SmtpMailer
from server.gateways.telecash.client import TelecashGateway
from server.jobs.loops import Worker

_looking_for_work = contextvars.ContextVar("looking_for_work", default=False)


class Bomb:
    """Counts what happens once it is armed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        count, _, self._kind = file.read_text().partition(" ")
        self._left = int(count)

    def tick(self, point: str) -> None:
        if _looking_for_work.get() or not self._file.with_suffix(".armed").exists():
            return
        if self._kind not in point:
            return
        self._left -= 1
        if self._left == 0:
            with self._file.open("w") as file:
                file.write(point)
                file.flush()
                os.fsync(file.fileno())
            os.kill(os.getpid(), signal.SIGKILL)


def wire(bomb: Bomb) -> None:
    """Puts the bomb around commits, calls that move money, mails, and not around the worker's looking for work."""

    def around(owner: type, name: str, point: str) -> None:
        original: Callable[..., Awaitable[Any]] = getattr(owner, name)

        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            bomb.tick(f"before {point}")
            result = await original(*args, **kwargs)
            bomb.tick(f"after {point}")
            return result

        setattr(owner, name, wrapped)

    around(Session, "commit", "commit")
    around(TelecashGateway, "_move_money", "gateway")
    around(SmtpMailer, "send", "mail")
    claim = Worker._claim

    async def quiet_claim(self: Worker, lane: Any) -> Any:
        token = _looking_for_work.set(True)
        try:
            return await claim(self, lane)
        finally:
            _looking_for_work.reset(token)

    beat = Worker._beat

    async def quiet_beat(self: Worker) -> None:
        _looking_for_work.set(True)  # in its own task
        await beat(self)

    Worker._claim = quiet_claim  # type: ignore[method-assign]
    Worker._beat = quiet_beat  # type: ignore[method-assign]


if __name__ == "__main__":
    wire(Bomb(Path(sys.argv.pop(1))))
    from server.cli import main

    main()
