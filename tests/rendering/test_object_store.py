"""The object store: whole or absent, also when the process is killed in the middle."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.gateways.object_store import (
    LocalObjectStore,
    ObjectMissing,
    ObjectStore,
    S3ObjectStore,
    StoreUnavailable,
    open_object_store,
)
from tests.silence import silent_server

KEY = "photos/ab/abcdef.jpg"


async def test_put_get_list(tmp_path: Path) -> None:
    store = open_object_store(f"file://{tmp_path}/files")
    assert await store.keys() == frozenset()
    await store.put(KEY, b"\x00\xffdata")
    assert await store.get(KEY) == b"\x00\xffdata"
    await store.put("empty", b"")
    assert await store.keys() == {KEY, "empty"}
    assert await store.get("empty") == b""


async def test_missing(tmp_path: Path) -> None:
    with pytest.raises(ObjectMissing):
        await LocalObjectStore(tmp_path).get("photos/none.jpg")


async def test_twice_is_once_and_leaves_no_other_files(tmp_path: Path) -> None:
    store = LocalObjectStore(tmp_path)
    await asyncio.gather(*(store.put(KEY, b"same" * 1000) for _ in range(20)))
    assert await store.get(KEY) == b"same" * 1000
    assert [name for _, _, names in os.walk(tmp_path) for name in names] == ["abcdef.jpg"]


async def test_survives_a_new_start(tmp_path: Path) -> None:
    await LocalObjectStore(tmp_path).put(KEY, b"kept")
    assert await LocalObjectStore(tmp_path).get(KEY) == b"kept"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        ".hidden",
        "a/.part-1",
        "a\x00b",
        "a b",
        "ä",
        "a\\b",
        "a" * 501,
    ],
)
async def test_bad_keys(tmp_path: Path, key: str) -> None:
    store = LocalObjectStore(tmp_path)
    with pytest.raises(ValueError, match="not a key"):
        await store.put(key, b"x")
    with pytest.raises(ValueError, match="not a key"):
        await store.get(key)
    with pytest.raises(ValueError, match="not a key"):
        await store.delete(key)


@pytest.mark.parametrize("url", ["", "/tmp", "http://x/y", "file://", "file:///", "file://host/x", "s3://"])
def test_bad_urls(url: str) -> None:
    with pytest.raises(ValueError, match="object store"):
        open_object_store(url)


def test_s3_urls_are_taken() -> None:
    assert isinstance(open_object_store("s3://bucket/prefix"), S3ObjectStore)


_WRITER = """
import asyncio, sys
from pathlib import Path
from server.gateways.object_store import LocalObjectStore
async def main():
    store = LocalObjectStore(Path(sys.argv[1]))
    for n in range(100000):
        await store.put(f"k/{n}", bytes([n % 256]) * 300_000)
        print(n, flush=True)
asyncio.run(main())
"""


def test_kill_9_leaves_whole_objects_and_all_that_were_confirmed(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path.cwd())
    assert process.stdout is not None
    while int(process.stdout.readline()) < 5:
        pass
    time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    confirmed = [int(line) for line in process.stdout.read().split()]
    process.stdout.close()
    process.wait()
    for n in range(max(confirmed, default=5) + 1):
        assert (tmp_path / "k" / str(n)).read_bytes() == bytes([n % 256]) * 300_000
    for file in (tmp_path / "k").iterdir():
        assert file.name.startswith(".part-") or file.stat().st_size == 300_000


async def refuses(store: ObjectStore, why: str) -> None:
    """Every call says that the store is away, and none that the object is."""
    for call in (lambda: store.put(KEY, b"x"), lambda: store.get(KEY), lambda: store.delete(KEY)):
        with pytest.raises(StoreUnavailable, match=why):
            await call()


async def test_a_folder_that_is_away(tmp_path: Path) -> None:
    store = LocalObjectStore(tmp_path / "media")
    (tmp_path / "media").rmdir()
    (tmp_path / "media").write_text("not mounted")
    await refuses(store, "^(EEXIST|ENOTDIR|GenericError)$")


@pytest.mark.parametrize("goes_on", [b"", b"X-More: x\r\n"], ids=["silent", "dribbling"])
async def test_a_bucket_that_never_answers(goes_on: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async with silent_server(b"HTTP/1.1 200 OK\r\n", goes_on) as (address, connected):
        _at(f"http://{address}", monkeypatch)
        await refuses(S3ObjectStore("s3://bucket", deadline=0.3), "^no (answer in time|connection)$")
    assert len(connected) >= 3


async def test_a_bucket_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    _at("http://127.0.0.1:9", monkeypatch)
    await refuses(S3ObjectStore("s3://bucket"), "^no connection$")
    with pytest.raises(StoreUnavailable, match=r"^no connection$"):
        await S3ObjectStore("s3://bucket").keys()


def _at(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
