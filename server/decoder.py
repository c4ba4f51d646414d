"""Decoding beside the server, in a process that ends with its picture and can be ended before it.

A picture that was made to take long would keep a thread for ever, and all that wait for it; and a thread keeps the
memory of the largest picture it has seen. A process gives it back. It sees neither settings nor secrets of ours.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from server.decoder_process import PHOTO, SIGNATURE
from server.errors import Sentence
from server.pictures import PhotoRefused, ProcessedPhoto

PROCESSOR_SECONDS = 10
"""What a picture may need; the largest that are taken need a third of it on a slow machine."""
PATIENCE_SECONDS = 60.0
"""After so long it is given up whatever it needs: nothing is known then about the picture, and it may be sent again."""
READ_AT_ONCE = 2
"""Pictures as they were sent that are in memory at a time: one is decoded, the other comes or is put away."""
_KEPT_SETTINGS = ("PATH", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT", "LD_LIBRARY_PATH")
_TOO_MUCH_WORK = Sentence(
    "The picture takes too long to read. Take it again, as an ordinary JPEG.",
    "Das Bild braucht zu lange zum Lesen. Bitte noch einmal aufnehmen, als gewöhnliches JPEG.",
)
_DAMAGED = Sentence("The picture is damaged.", "Das Bild ist beschädigt.")


class DecoderLost(RuntimeError):
    """The process has ended and said nothing, or took too long; the picture may be sent again."""


async def photo(data: bytes) -> ProcessedPhoto:
    """As `process_photo`, one picture after the other: a large one takes some 100 MB. DecoderLost: send it again."""
    made = await _in_turn(PHOTO, data)
    return ProcessedPhoto(_bytes(made["jpeg"]), made["width"], made["height"], _bytes(made["thumbnail"]))


async def signature(data: bytes) -> bytes:
    """As `process_signature`."""
    return _bytes((await _in_turn(SIGNATURE, data))["signature"])


@asynccontextmanager
async def reading() -> AsyncIterator[None]:
    """Whoever has a picture to be decoded reads it in here: those that wait have not read theirs yet."""
    async with _turns().reading:
        yield


class _Turns(NamedTuple):
    reading: asyncio.Semaphore
    decoding: asyncio.Lock


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turns] = WeakKeyDictionary()


def _turns() -> _Turns:
    loop = asyncio.get_running_loop()
    return _of_loops.setdefault(loop, _Turns(asyncio.Semaphore(READ_AT_ONCE), asyncio.Lock()))


async def _in_turn(work: str, data: bytes) -> dict[str, Any]:
    async with _turns().decoding:
        return await _asked(work, data)


async def _asked(work: str, data: bytes) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server.decoder_process", work, str(PROCESSOR_SECONDS)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # a broken picture's name for itself is in no log
        env=_environment(),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer, _errors = await process.communicate(data)
    except TimeoutError as late:
        raise DecoderLost("no answer in time") from late
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _understood(answer, process.returncode)


def _environment() -> dict[str, str]:
    """What Python needs to start, and to find this program wherever the server was started from."""
    kept = {name: os.environ[name] for name in _KEPT_SETTINGS if name in os.environ}
    paths = [str(Path(__file__).parents[1]), kept.get("PYTHONPATH", "")]
    return kept | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def _understood(answer: bytes, ended: int | None) -> dict[str, Any]:
    if ended == 0:
        made: dict[str, Any] = json.loads(answer)
        if "refused" in made:
            raise PhotoRefused(Sentence(*made["refused"]))
        return made
    if ended == -getattr(signal, "SIGXCPU", 0):
        raise PhotoRefused(_TOO_MUCH_WORK)
    if ended in {-signal.SIGSEGV, -signal.SIGABRT}:
        raise PhotoRefused(_DAMAGED)
    raise DecoderLost(f"ended with {ended}")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
