"""How a protocol was signed, as the device tells it: kept beside the signature for whoever doubts it later."""

from __future__ import annotations

import re
from dataclasses import dataclass

import orjson

from server.errors import InvalidInput, Sentence
from server.models.columns import Json

MOST_BYTES = 150_000
"""Of the strokes as JSON: two signatures, each of more than a minute of writing."""
_SHA256 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}", re.ASCII)


@dataclass(frozen=True)
class Evidence:
    """`content_sha256` is the device's hash of what stood above the signature, `shown_language` what it was read in
    (ISO 639), `strokes` the hands' movements with their times.
    """

    content_sha256: str | None = None
    shown_language: str | None = None
    strokes: Json | None = None


def evidence_of(content_sha256: str | None, shown_language: str | None, strokes: object) -> Evidence | None:
    """What was told, checked; None if nothing was. InvalidInput that names the field."""
    if content_sha256 is None and shown_language is None and strokes is None:
        return None
    if content_sha256 is not None and not _SHA256.fullmatch(content_sha256):
        message = Sentence("A SHA-256 has 64 hexadecimal digits.", "Ein SHA-256 hat 64 hexadezimale Ziffern.")
        raise InvalidInput(message, field=["input", "content_sha256"])
    if shown_language is not None and not _LANGUAGE.fullmatch(shown_language):
        message = Sentence(
            "A language is written with its letters of ISO 639, for example de.",
            "Eine Sprache wird mit ihren Buchstaben nach ISO 639 angegeben, zum Beispiel de.",
        )
        raise InvalidInput(message, field=["input", "shown_language"])
    if strokes is not None and not (isinstance(strokes, dict) and _is_small(strokes)):
        message = Sentence(
            f"Strokes are an object of at most {MOST_BYTES // 1000} KB.",
            f"Die Striche sind ein Objekt mit höchstens {MOST_BYTES // 1000} KB.",
        )
        raise InvalidInput(message, field=["input", "strokes"])
    return Evidence(content_sha256 and content_sha256.lower(), shown_language and shown_language.lower(), strokes)


def _is_small(strokes: Json) -> bool:
    try:
        return len(orjson.dumps(strokes)) <= MOST_BYTES
    except (TypeError, ValueError, RecursionError):  # a number beyond 64 bits, half a character
        return False
