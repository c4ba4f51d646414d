"""The process that decodes: what it may take, that it can be ended, and that nothing waits for it then."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from PIL import Image

from server import decoder
from server.decoder import DecoderLost
from server.pictures import MOST_SCANS, PhotoRefused, process_photo, process_signature

from . import laborious, samples

ONE = """
import asyncio, pathlib, resource, sys
from server import decoder

asyncio.run(decoder.photo(pathlib.Path(sys.argv[1]).read_bytes()))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""
"""How many MB the process took that decoded, its own 22 among them."""


def decoding() -> list[psutil.Process]:
    """The processes that decode for this one."""
    own = psutil.Process().children(recursive=True)
    return [one for one in own if one.status() != psutil.STATUS_ZOMBIE and "server.decoder_process" in one.cmdline()]


@pytest.mark.parametrize("name", laborious.LARGEST)
def test_no_picture_that_is_taken_needs_more_than_140_mb(name: str, tmp_path: Path) -> None:
    file = tmp_path / "picture"
    file.write_bytes(laborious.LARGEST[name]())
    done = subprocess.run([sys.executable, "-c", ONE, str(file)], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 165


@pytest.mark.parametrize("name", laborious.LABORIOUS)
def test_what_would_take_more_is_refused_before_it_is_decoded(name: str) -> None:
    data = laborious.LABORIOUS[name]()
    plain = laborious.encoded(Image.new("RGB", (1000, 1000)), "JPEG")
    began = time.thread_time()
    process_photo(plain)
    of_a_small_one = time.thread_time() - began
    with pytest.raises(PhotoRefused, match="ordinary JPEG"):
        process_photo(data)
    assert time.thread_time() - began < 5 * of_a_small_one


def test_as_many_passes_as_programs_write_are_taken() -> None:
    made = process_photo(laborious.of_scans(MOST_SCANS, (400, 300)))
    assert (made.width, made.height) == (400, 300)


def test_what_belongs_to_a_picture_in_the_picture_does_not_count() -> None:
    # Given: as many scans as there may be, and a small picture for the camera's display with some of its own
    exif = b"Exif\0\0" + laborious.of_scans(30, (40, 30))
    data = laborious.of_scans(MOST_SCANS, (400, 300))
    # When
    data = data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:] + b"\xff\xda" * 100
    # Then
    assert process_photo(data).width == 400


async def test_one_at_a_time_and_each_its_own() -> None:
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, len(decoding()))
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    made = await asyncio.gather(*(decoder.photo(samples.photo(size=(100 + side, 80))) for side in range(4)))
    watching.cancel()
    assert [one.width for one in made] == [100, 101, 102, 103]
    assert most == 1


async def test_it_is_found_from_wherever_the_server_was_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (await decoder.photo(samples.photo())).width == 800


async def test_of_those_that_wait_two_have_read_theirs() -> None:
    inside, most = 0, 0

    async def upload() -> None:
        nonlocal inside, most
        async with decoder.reading():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(upload() for _ in range(10)))
    assert most == decoder.READ_AT_ONCE == 2


async def test_a_refusal_comes_through_with_its_words() -> None:
    for _ in range(2):
        with pytest.raises(PhotoRefused, match="not a JPEG, PNG or WebP") as refused:
            await decoder.photo(b"no")
        assert "kein Bild" in refused.value.reason.de
    assert (await decoder.photo(samples.photo())).width == 800


async def test_a_signature_is_the_same_as_here() -> None:
    assert await decoder.signature(samples.signature()) == process_signature(samples.signature())


async def test_whoever_waits_no_longer_ends_it() -> None:
    # Given
    working = asyncio.create_task(decoder.photo(laborious.of_scans(MOST_SCANS)))
    while not decoding():  # noqa: ASYNC110  # the event is another process
        await asyncio.sleep(0.01)
    # When
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    # Then: it is gone, and the next has its turn
    assert decoding() == []
    assert (await decoder.photo(samples.photo())).width == 800


async def test_after_its_time_it_is_given_up_and_may_be_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "PATIENCE_SECONDS", 0.01)
    with pytest.raises(DecoderLost):
        await decoder.photo(samples.photo())
    assert decoding() == []


def test_the_system_ends_what_needs_more_of_the_processor() -> None:
    endless = "from server.decoder_process import _limit\n_limit(1)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", endless], check=False)
    assert done.returncode == -signal.SIGXCPU
    with pytest.raises(PhotoRefused, match="too long to read"):
        decoder._understood(b"", done.returncode)


async def test_it_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERSATZWAGEN_SECRET_KEY", "canary")
    working = asyncio.create_task(decoder.photo(laborious.of_scans(MOST_SCANS)))
    while not decoding():  # noqa: ASYNC110  # the event is another process
        await asyncio.sleep(0.01)
    environment = decoding()[0].environ()
    working.cancel()
    assert "ERSATZWAGEN_SECRET_KEY" not in environment
