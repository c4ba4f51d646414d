"""The object store on a real S3: what is kept, what is missing, and what is away instead."""

from __future__ import annotations

import pytest

from server.gateways.object_store import ObjectMissing, S3ObjectStore, StoreUnavailable
from tests.store.s3_server import S3Server

KEY = "photos/abcdef.jpg"


@pytest.fixture(autouse=True)
def access(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.access().items():
        monkeypatch.setenv(name, value)


async def test_what_is_put_is_there_until_it_is_deleted() -> None:
    store = S3ObjectStore("s3://photos/company/rental")
    # When
    await store.put(KEY, b"\x00\xffdata")
    await store.put(KEY, b"\x00\xffdata")
    await store.put("empty", b"")
    # Then
    assert (await store.get(KEY), await store.get("empty")) == (b"\x00\xffdata", b"")
    assert await store.keys() == {KEY, "empty"}
    assert await S3ObjectStore("s3://photos").get(f"company/rental/{KEY}") == b"\x00\xffdata"
    # When
    for _ in range(2):
        await store.delete(KEY)
    # Then
    assert await store.keys() == {"empty"}
    with pytest.raises(ObjectMissing):
        await store.get(KEY)


async def test_another_prefix_is_another_place() -> None:
    one, other = S3ObjectStore("s3://photos/one"), S3ObjectStore("s3://photos/other/")
    await one.put(KEY, b"one")
    with pytest.raises(ObjectMissing):
        await other.get(KEY)
    assert await one.keys() == {KEY}
    assert await other.keys() == frozenset()


async def test_a_bucket_that_is_not_there_is_away_and_its_objects_are_not_missing() -> None:
    store = S3ObjectStore("s3://fotos/rental")
    calls = (lambda: store.put(KEY, b"x"), lambda: store.get(KEY), lambda: store.delete(KEY), store.keys)
    for call in calls:
        with pytest.raises(StoreUnavailable, match=r"^NoSuchBucket$"):
            await call()


async def test_a_store_that_cannot_be_reached_and_comes_back(s3: S3Server) -> None:
    # Given
    store = S3ObjectStore("s3://photos/away")
    await store.put(KEY, b"kept")
    # When
    s3.cable.cut()
    # Then
    calls = (lambda: store.put(KEY, b"x"), lambda: store.get(KEY), lambda: store.delete(KEY), store.keys)
    try:
        for call in calls:
            with pytest.raises(StoreUnavailable, match=r"^no connection$"):
                await call()
    finally:
        s3.cable.join()
    assert await store.get(KEY) == b"kept"
