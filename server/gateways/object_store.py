"""Where photos, signatures and PDFs lie: a folder of this machine or an S3 bucket, behind the same few calls.

A key is a path of plain names ("photos/ab/abcd….jpg"). The local store writes to a temporary file, flushes it to the
disk and renames it: an object is whole or absent, also after kill -9 or a power cut. obstore's own local store
renames as well but does not flush, therefore only reading goes through it.
"""

import asyncio
import errno
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from server import metrics

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


DEADLINE_SECONDS = 30.0
"""How long one call may take in all, repetitions included."""
_CODE = re.compile(r"<Code>(\w+)</Code>")
NO_SUCH_BUCKET, NO_CONNECTION, NO_CREDENTIALS = "NoSuchBucket", "no connection", "no credentials"
SILENT, NO_HTTP, NO_TRUST = "no answer in time", "http:// is not allowed", "certificate not trusted"
_SIGNS = (
    ("169.254.169.254", NO_CREDENTIALS),  # where a machine of Amazon's asks for them if nobody has set any
    ("HTTP error: builder error", NO_HTTP),
    ("InvalidCertificate", NO_TRUST),
    ("kind: Timeout", SILENT),
    ("error sending request", NO_CONNECTION),
)
"""Parts of what the library says, and what that means, where S3 itself has said nothing."""


class ObjectMissing(LookupError):
    """There is no object under this key."""


class StoreUnavailable(Exception):
    """The store does not answer, refuses us, or has no room. Try again later. The text says why, in S3's own word for
    it (`AccessDenied`) or in a few of ours, without anybody's data.
    """


class ObjectStore(Protocol):
    """Keeps bytes under keys. Every call raises `StoreUnavailable` when the store is away or full."""

    async def put(self, key: str, data: bytes) -> None:
        """Store `data` durably under `key`; the same call twice is the same as once. `ValueError`: not a key."""
        ...

    async def get(self, key: str) -> bytes:
        """The bytes under `key`; `ObjectMissing` if there are none."""
        ...

    async def delete(self, key: str) -> None:
        """Delete the object under `key`, durably; where there is none, nothing happens."""
        ...

    async def keys(self) -> frozenset[str]:
        """The keys of all objects: for somebody who looks after the store, as it may take minutes."""
        ...


class LocalObjectStore:
    """Objects as files below one folder, which is made when it is missing."""

    def __init__(self, folder: Path, deadline: float = DEADLINE_SECONDS) -> None:
        self._deadline = deadline
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder.resolve()
        self._store = LocalStore(self._folder)

    async def put(self, key: str, data: bytes) -> None:
        """Write, flush, rename, flush the folder."""
        target = self._folder / _checked(key)
        async with _reached(self._deadline):
            await asyncio.to_thread(_write_durably, target, data)

    async def get(self, key: str) -> bytes:
        """Read the whole file."""
        return await _read(self._store, key, self._deadline)

    async def delete(self, key: str) -> None:
        """Unlink, flush the folder."""
        path = self._folder / _checked(key)
        async with _reached(self._deadline):
            await asyncio.to_thread(_delete_durably, path)

    async def keys(self) -> frozenset[str]:
        """Look through the folder."""
        return await _listed(self._store)


class S3ObjectStore:
    """Objects in a bucket; the credentials come from the usual AWS_* environment variables."""

    def __init__(self, url: str, deadline: float = DEADLINE_SECONDS) -> None:
        self._deadline = deadline
        # The library repeats by itself, for three minutes unless it is told otherwise. Its time-outs of 5 seconds for a
        # connection and 30 for a request stay: given `client_options`, it would not read AWS_ALLOW_HTTP any more.
        self._store = S3Store.from_url(
            url, retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=deadline)}
        )

    async def put(self, key: str, data: bytes) -> None:
        """Upload in one request: an S3 put is atomic and durable when it answers."""
        checked = _checked(key)
        async with _reached(self._deadline):
            await obstore.put_async(self._store, checked, data, use_multipart=False)

    async def get(self, key: str) -> bytes:
        """Download the whole object."""
        return await _read(self._store, key, self._deadline)

    async def delete(self, key: str) -> None:
        """Delete in one request; S3 says the same whether there was an object or not."""
        checked = _checked(key)
        async with _reached(self._deadline):
            await obstore.delete_async(self._store, checked)

    async def keys(self) -> frozenset[str]:
        """List the bucket, a thousand at a time."""
        return await _listed(self._store)


def open_object_store(url: str) -> ObjectStore:
    """The store for `file:///folder` or `s3://bucket/prefix`. `ValueError` for anything else."""
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc:
        return S3ObjectStore(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path.strip("/"):
        return LocalObjectStore(Path(unquote(parts.path)))
    raise ValueError("an object store is a file:///folder or s3://bucket/prefix URL")


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key) or len(key) > 500:
        raise ValueError(f"not a key of an object: {key!r}")
    return key


async def _read(store: LocalStore | S3Store, key: str, deadline: float) -> bytes:
    checked = _checked(key)
    async with _reached(deadline):
        try:
            found = await obstore.get_async(store, checked)
            return bytes(await found.bytes_async())
        except FileNotFoundError as error:
            if NO_SUCH_BUCKET in str(error):
                raise  # nothing is known of the object
            metrics.store_errors.labels("missing").inc()
            raise ObjectMissing(key) from None


async def _listed(store: LocalStore | S3Store) -> frozenset[str]:
    # In a thread, and not as an asynchronous stream: that one may abort a short-lived process as it ends.
    async with _reached(None):
        return await asyncio.to_thread(_list, store)


def _list(store: LocalStore | S3Store) -> frozenset[str]:
    paths = (entry["path"] for batch in obstore.list(store, chunk_size=1_000) for entry in batch)
    return frozenset(path for path in paths if _KEY.fullmatch(path))


@asynccontextmanager
async def _reached(seconds: float | None) -> AsyncIterator[None]:
    """What is not about the object is about the store: not there, not ours, full, or silent for so long."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except (OSError, BaseError) as problem:  # a time-out is one, too
        metrics.store_errors.labels("unavailable").inc()
        raise StoreUnavailable(_reason(problem)) from problem


def _reason(problem: Exception) -> str:
    if isinstance(problem, TimeoutError):
        return SILENT
    if isinstance(problem, OSError) and problem.errno is not None:
        return errno.errorcode.get(problem.errno, type(problem).__name__)
    said = str(problem)
    if code := _CODE.search(said):
        return code[1]
    if not isinstance(problem, BaseError):
        return type(problem).__name__
    return next((words for sign, words in _SIGNS if sign in said), type(problem).__name__)


def _write_durably(target: Path, data: bytes) -> None:
    """The temporary file's name begins with a dot, which no key may: it is never taken for an object."""
    _make_folder(target.parent)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_folder(target.parent)


def _delete_durably(target: Path) -> None:
    try:
        target.unlink()
    except FileNotFoundError:
        return
    _flush_folder(target.parent)


def _make_folder(folder: Path) -> None:
    """A new folder survives a power cut only when its own parent is flushed too."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
