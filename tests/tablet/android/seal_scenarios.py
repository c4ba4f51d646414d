"""A device with a Keystore; the seal is the real one, and so is the cipher."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mobile_kivy.device.android_sealing import AesGcm, android_seal
from mobile_kivy.device.bridge import java, java_name
from mobile_kivy.device.sealed_store import open_store
from mobile_kivy.store import KeyLost, Seal, SealBroken
from tests.tablet.people import ANNA, session_of

NAME = "Müller-Šimek ₺".encode()


def _keystore() -> Any:
    provider = java("android.security.keystore.StubProvider")
    java("java.security.Security").addProvider(provider())
    return provider


def _refused(seal: Seal, about: bytes, sealed: bytes) -> bool:
    try:
        seal.unseal(about, sealed)
    except SealBroken:
        return True
    return False


def round_trip(folder: Path) -> dict[str, Any]:
    """Sealed, the app started anew, unsealed; then everything that must not work."""
    _keystore()
    sealed = android_seal(folder).seal(b"draft 1", NAME)
    again = android_seal(folder)
    other = folder / "other"
    other.mkdir()
    wrong = {
        "another place": _refused(again, b"draft 2", sealed),
        "first byte": _refused(again, b"draft 1", bytes([sealed[0] ^ 1]) + sealed[1:]),
        "last byte": _refused(again, b"draft 1", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        "cut off": _refused(again, b"draft 1", sealed[:20]),
    }
    other_key = AesGcm(java("javax.crypto.spec.SecretKeySpec")(b"k" * 32, "AES"))
    return {
        "again": again.unseal(b"draft 1", sealed).decode(),
        "empty": again.unseal(b"", again.seal(b"", b"")).decode(),
        "large": again.unseal(b"photo", again.seal(b"photo", b"\xff\x00" * 225_000)) == b"\xff\x00" * 225_000,
        "more": len(sealed) - len(NAME),
        "same": again.seal(b"draft 1", NAME) == sealed,
        "wrong": wrong,
        "other key": _refused(other_key, b"draft 1", sealed),
        "mode": (folder / "store.key").stat().st_mode & 0o777,
        "plain": NAME in sealed,
    }


def misused(folder: Path) -> dict[str, Any]:
    """A key of the Keystore is made for AES-GCM and nothing else; the bridge refuses it without a cast."""
    _keystore()
    android_seal(folder)
    key = java("javax.crypto.spec.SecretKeySpec")(b"k" * 32, "AES")
    cipher = java("javax.crypto.Cipher").getInstance("AES/GCM/NoPadding")
    spec = java("android.security.keystore.KeyGenParameterSpec$Builder")("x", 3).setBlockModes("CBC").build()
    maker = java("javax.crypto.KeyGenerator").getInstance("AES", "AndroidKeyStore")
    calls: dict[str, Callable[[], object]] = {
        "uncast key": lambda: cipher.init(1, key),
        "wrong purpose": lambda: maker.init(spec),
    }
    return {name: _fault(call) for name, call in calls.items()}


def _fault(call: Callable[[], object]) -> str:
    try:
        call()
    except Exception as error:
        return java_name(error) or type(error).__name__
    return ""


def key_trouble(folder: Path, how: str) -> dict[str, Any]:
    """The Keystore is not ready at first, or has lost the key."""
    provider = _keystore()
    waits: list[float] = []
    sealed = android_seal(folder).seal(b"draft 1", NAME)
    if how == "not ready":
        provider.notReady = 1
    elif how == "lost":
        provider.lost = True
    elif how == "another key":
        (folder / "store.key").write_bytes(b"\x01" * 60)
    try:
        again = android_seal(folder, waits.append).unseal(b"draft 1", sealed).decode()
    except KeyLost as error:
        again = f"lost: {error}"
    return {"waits": waits, "again": again}


def store_begins_anew(folder: Path) -> dict[str, Any]:
    """A store whose key is gone: put aside, and a new one can be worked with."""
    provider = _keystore()
    device = folder / "yard"

    def now() -> datetime:
        return datetime(2026, 3, 2, tzinfo=UTC)

    def seal_of(where: Path) -> Seal:
        return android_seal(where, lambda _seconds: None)

    store, lost = open_store(device, now, lambda: 0.0, seal_of)
    store.people.remember(session_of(ANNA), None)
    store.close()
    store, lost_again = open_store(device, now, lambda: 0.0, seal_of)
    names = [person.name for person in store.people.all()]
    store.close()
    provider.KEYS.clear()
    store, lost_now = open_store(device, now, lambda: 0.0, seal_of)
    people = store.people.all()
    store.people.remember(session_of(ANNA, 2), None)
    kept = store.people.session(ANNA)
    store.close()
    (aside,) = device.glob("unreadable-*")
    return {
        "lost": [lost, lost_again, lost_now],
        "names": names,
        "people": len(people),
        "token": kept and kept.access_token,
        "aside": sorted(path.name for path in aside.iterdir()),
    }
