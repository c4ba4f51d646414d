"""PDFs as they come in: whether they are any, and how many pages they have. Nothing is rendered, nothing is executed.

Only what counts pages is read: the objects of the file, and those that lie in compressed streams of objects (ISO
32000-1, 7.5.7). Every step is linear in the size of the file, and what is unpacked is bounded.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import islice, zip_longest

from server.errors import Sentence

MAX_BYTES = 10 * 1024 * 1024
MOST_PAGES = 50
MOST_UNPACKED = 32 * 1024 * 1024
"""Of all streams of objects together: far more than fifty pages have."""
MOST_OBJECTS = 100_000
"""Fifty pages have some thousands."""
_LONGEST_HEAD = 1024 * 1024
"""Of the numbers and places before the objects of a stream."""
_LONGEST_OBJECT = 64 * 1024
"""What is looked at of an object: the dictionaries that matter are short."""
_OBJECT = re.compile(rb"(?<!\d)(\d{1,10})[ \t\r\n\f\0]{1,4}\d{1,5}[ \t\r\n\f\0]{1,4}obj")
_TYPE = re.compile(rb"/Type\s{0,4}/(Catalog|Pages|Page|ObjStm)(?![A-Za-z])")
_ROOT = re.compile(rb"/Root\s{1,4}(\d{1,10})\s{1,4}\d{1,5}\s{1,4}R")
_PAGES = re.compile(rb"/Pages\s{1,4}(\d{1,10})\s{1,4}\d{1,5}\s{1,4}R")
_COUNT = re.compile(rb"/Count\s{1,4}(\d{1,10})(?!\d|\s{1,4}\d{1,5}\s{1,4}R)")
_FIRST = re.compile(rb"/First\s{1,4}(\d{1,10})(?!\d)")
_ENCRYPTED = re.compile(rb"/Encrypt\s{0,4}(?:\d{1,10}\s{1,4}\d{1,5}\s{1,4}R|<<)")
_STREAM = re.compile(rb"stream\r?\n")

_NO_PDF = Sentence("This is not a PDF.", "Diese Datei ist kein PDF.")
_DAMAGED = Sentence("The PDF is damaged.", "Das PDF ist beschädigt.")
_LOCKED = Sentence(
    "The PDF is protected by a password: save it without.", "Das PDF ist geschützt: bitte ohne Kennwort speichern."
)
_TOO_LARGE = Sentence("The PDF is larger than 10 MB.", "Das PDF ist größer als 10 MB.")
_TOO_LONG = Sentence(
    f"The PDF has more than {MOST_PAGES} pages: send only those that matter.",
    f"Das PDF hat mehr als {MOST_PAGES} Seiten: bitte nur die nötigen senden.",
)


class PdfRefused(ValueError):
    """The file is no PDF that can be accepted; `reason` says why, for people."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(str(reason))
        self.reason = reason


def count_pages(data: bytes) -> int:
    """How many pages a PDF has, 1 to 50. `PdfRefused` says what is wrong with it. Takes some tenths of a second for the
    largest: call it in a thread.
    """
    if len(data) > MAX_BYTES:
        raise PdfRefused(_TOO_LARGE)
    if b"%PDF-" not in data[:1024]:
        raise PdfRefused(_NO_PDF)
    if b"%%EOF" not in data[-2048:]:
        raise PdfRefused(_DAMAGED)
    if _ENCRYPTED.search(data):
        raise PdfRefused(_LOCKED)
    objects = dict(islice(_objects(data), MOST_OBJECTS + 1))
    if len(objects) > MOST_OBJECTS:
        raise PdfRefused(_DAMAGED)
    counted = _announced(data, objects)
    # A file that was edited keeps pages that are no longer shown, but none may be announced that is not there.
    there = sum(1 for body in objects.values() if (kind := _TYPE.search(body)) and kind[1] == b"Page")
    if counted < 1 or there < min(counted, MOST_PAGES):
        raise PdfRefused(_DAMAGED)
    if counted > MOST_PAGES:
        raise PdfRefused(_TOO_LONG)
    return counted


def _announced(data: bytes, objects: dict[int, bytes]) -> int:
    """What the root of the tree of pages says; of a file that was edited, the last root."""
    roots = _ROOT.findall(data)
    catalog = objects.get(int(roots[-1]), b"") if roots else b""
    pages = _PAGES.search(catalog)
    count = _COUNT.search(objects.get(int(pages[1]), b"")) if pages else None
    if count is None:
        raise PdfRefused(_DAMAGED)
    return int(count[1])


def _objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and dictionary of every object, in the order of the file: of one that is there again, the last counts."""
    starts = list(islice(_OBJECT.finditer(data), MOST_OBJECTS + 1))
    if len(starts) > MOST_OBJECTS:
        raise PdfRefused(_DAMAGED)
    left = MOST_UNPACKED
    for start, following in zip_longest(starts, starts[1:]):
        end = following.start() if following else len(data)
        body = data[start.end() : min(end, start.end() + _LONGEST_OBJECT)]
        stream = _STREAM.search(body)
        dictionary = body[: stream.start()] if stream else body.partition(b"endobj")[0]
        yield int(start[1]), dictionary
        kind = _TYPE.search(dictionary)
        if stream and kind and kind[1] == b"ObjStm":
            unpacked = _unpacked(data[start.end() + stream.end() : end], left)
            left -= len(unpacked)
            yield from _inside(dictionary, unpacked)


def _unpacked(packed: bytes, most: int) -> bytes:
    if most <= 0:
        raise PdfRefused(_DAMAGED)
    try:
        return zlib.decompressobj().decompress(packed, most)
    except zlib.error:
        raise PdfRefused(_DAMAGED) from None


def _inside(dictionary: bytes, unpacked: bytes) -> Iterator[tuple[int, bytes]]:
    """The objects of a stream: before the first stand their numbers and places."""
    first = _FIRST.search(dictionary)
    if first is None or int(first[1]) > _LONGEST_HEAD:
        raise PdfRefused(_DAMAGED)
    head = unpacked[: int(first[1])].split()
    if not all(word.isdigit() and len(word) <= 10 for word in head):
        raise PdfRefused(_DAMAGED)
    numbers = [int(word) for word in head]
    places = sorted(zip(numbers[1::2], numbers[0::2], strict=False))
    begin = int(first[1])
    for (place, number), following in zip(places, [*places[1:], (len(unpacked), 0)], strict=True):
        yield number, unpacked[begin + place : min(begin + following[0], begin + place + _LONGEST_OBJECT)]
