"""One picture, from standard input to standard output, in a process that is for nothing else: `server.decoder`."""

from __future__ import annotations

import base64
import contextlib
import json
import signal
import sys
from typing import Any

from server.pictures import PhotoRefused, process_photo, process_signature

PHOTO, SIGNATURE = "photo", "signature"


def main(work: str, most_seconds: int) -> None:
    """Decodes within so many seconds of processor time; the system ends a process that needs more."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_IGN)  # who has begun it waits for it, or kills it
    _limit(most_seconds)
    answer = _answer(work, sys.stdin.buffer.read())
    sys.stdout.write(json.dumps(answer))


def _answer(work: str, data: bytes) -> dict[str, Any]:
    try:
        if work == SIGNATURE:
            return {"signature": _text(process_signature(data))}
        made = process_photo(data)
    except PhotoRefused as refusal:
        return {"refused": list(refusal.reason)}
    return {
        "jpeg": _text(made.jpeg), "width": made.width, "height": made.height, "thumbnail": _text(made.thumbnail)
    }  # fmt: skip


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _limit(most_seconds: int) -> None:
    with contextlib.suppress(ImportError):  # where there are no such limits, the time that it may take ends it
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_CPU, (most_seconds, most_seconds + 1))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
