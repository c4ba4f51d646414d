"""What is personal lies sealed on the device: unreadable without its key, and useless in another place than its own.

Android seals by its own cipher (`device/android_sealing.py`). A desktop, where the app is tried out and developed, has
no key chip and Python no cipher: there a key file and the standard library stand in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from mobile_kivy.store.files import write_durably

KEY_FILE = "store.key"
_KEY, _NONCE, _TAG = 32, 16, 32
_SHORT, _SHORT_TEXTS = 512, 4096
"""Names and titles, by their sealed size, and how many of them are remembered once they were unsealed."""


class SealBroken(ValueError):
    """It was sealed with another key or for another place, or it was changed."""


class KeyLost(RuntimeError):
    """The key with which this store was sealed is gone: nobody can read it any more."""


class Seal(Protocol):
    """`about` says what the bytes belong to, and is needed again to unseal them: nobody can exchange two of them."""

    def seal(self, about: bytes, plain: bytes) -> bytes:
        """Encrypted and protected against changes; other bytes each time."""

    def unseal(self, about: bytes, sealed: bytes) -> bytes:
        """What was sealed. `SealBroken` if it was not sealed with this key and this `about`."""


class KeyFileSeal:
    """The desktop's: a key stream of SHAKE-256, and HMAC-SHA-256 over everything. The key file is its owner's only."""

    def __init__(self, folder: Path) -> None:
        """Reads the folder's key, or makes one."""
        file = folder / KEY_FILE
        if not file.exists():
            write_durably(file, secrets.token_bytes(_KEY), mode=0o600)
        key = file.read_bytes()
        if len(key) != _KEY:
            raise KeyLost(f"a key has {_KEY} bytes, this one {len(key)}")
        self._stream_key = hmac.digest(key, b"stream", "sha256")
        self._tag_key = hmac.digest(key, b"tag", "sha256")

    def seal(self, about: bytes, plain: bytes) -> bytes:
        """Nonce, encrypted bytes, tag."""
        nonce = secrets.token_bytes(_NONCE)
        body = nonce + self._crossed(nonce, plain)
        return body + self._tag(about, body)

    def unseal(self, about: bytes, sealed: bytes) -> bytes:
        """Looks at the tag before anything else."""
        body, tag = sealed[:-_TAG], sealed[-_TAG:]
        if len(body) < _NONCE or not hmac.compare_digest(tag, self._tag(about, body)):
            raise SealBroken("the tag does not fit")
        return self._crossed(body[:_NONCE], body[_NONCE:])

    def _crossed(self, nonce: bytes, text: bytes) -> bytes:
        stream = hashlib.shake_256(self._stream_key + nonce).digest(len(text))
        # As one number each: byte by byte, a photo would take a tenth of a second.
        return (int.from_bytes(text, "little") ^ int.from_bytes(stream, "little")).to_bytes(len(text), "little")

    def _tag(self, about: bytes, body: bytes) -> bytes:
        # With its length: else the end of `about` could be taken for the beginning of what was sealed.
        return hmac.digest(self._tag_key, len(about).to_bytes(8, "big") + about + body, "sha256")


def about(table: str, *key: str) -> bytes:
    """Names a place in the store: table, primary key and, in tables with several sealed columns, the column."""
    return " ".join((table, *key)).encode()


class SealedTexts:
    """Texts in rows. None and the empty text, which say nothing of anybody, stay as they are."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        # A list of a thousand protocols is drawn with every report of the sync: its names are not unsealed each time.
        self._unseal_short = lru_cache(maxsize=_SHORT_TEXTS)(self._unseal)

    def seal(self, place: bytes, text: str | None) -> bytes | str | None:
        """What the column keeps."""
        return self._seal.seal(place, text.encode()) if text else text

    def unseal(self, place: bytes, kept: bytes | str | None) -> str | None:
        """The text of a column. `SealBroken` if somebody else has written it."""
        if not kept:
            return "" if kept is not None else None
        if isinstance(kept, str):
            raise SealBroken("a plain text where only sealed ones are written")
        return self._unseal_short(place, kept) if len(kept) <= _SHORT else self._unseal(place, kept)

    def _unseal(self, place: bytes, kept: bytes) -> str:
        return self._seal.unseal(place, kept).decode()

    def said(self, place: bytes, kept: bytes | str | None) -> str:
        """The text of a column that always has one; empty where it was erased."""
        return self.unseal(place, kept) or ""
