"""Files that are there, whole, once they are named: what a tablet keeps must survive a pulled battery."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

UNFINISHED = ".part"


class CannotWrite(Exception):
    """The device's storage is full, read-only or broken: what is typed goes on in memory, and is tried again."""


def write_durably(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """Writes a file so that it is there completely or not at all, even if the power goes at any moment."""
    # A name of its own for each writer: two threads may store the same photo at once.
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        sync_folder(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        if isinstance(error, OSError):
            raise CannotWrite(errno.errorcode.get(error.errno or 0, "OSError")) from error
        raise


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable, where the system can do that."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
