"""Android's seal: AES-GCM by the platform, under a data key that a key of the Keystore seals.

Two levels, because the Keystore works in a process and a chip of its own: it is asked once at the start, rows and
photos are sealed with the data key. The Keystore's key never leaves the chip; nothing in the app's folder is enough.
Run against the real bridge in tests/tablet/android; not tried on a device yet: see docs/android.md.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mobile_kivy.device.bridge import cast, java, java_name
from mobile_kivy.store.files import write_durably
from mobile_kivy.store.sealing import KEY_FILE, KeyLost, SealBroken

_ALIAS = "yard-store-1"
_CIPHER, _ENCRYPT, _DECRYPT = "AES/GCM/NoPadding", 1, 2
_TAG_BITS, _NONCE, _KEY = 128, 12, 32
_DATA_KEY = b"data key"


class AesGcm:
    """Nonce, then the encrypted bytes with their tag."""

    def __init__(self, key: Any) -> None:
        # Looked up here, in the main thread. Without the casts the bridge takes init(int, Certificate), and refuses.
        self._key = cast("java.security.Key", key)
        self._cipher, self._spec = java("javax.crypto.Cipher"), java("javax.crypto.spec.GCMParameterSpec")

    def seal(self, about: bytes, plain: bytes) -> bytes:
        """The platform makes the nonce: the Keystore refuses one from outside."""
        cipher = self._cipher.getInstance(_CIPHER)
        cipher.init(_ENCRYPT, self._key)
        cipher.updateAAD(about)
        nonce, sealed = cipher.getIV(), cipher.doFinal(plain)
        return bytes(nonce.tostring() + sealed.tostring())

    def unseal(self, about: bytes, sealed: bytes) -> bytes:
        """`SealBroken` whatever the platform says: a wrong key, another place and a changed byte look alike."""
        if len(sealed) < _NONCE + _TAG_BITS // 8:
            raise SealBroken("too short")
        cipher = self._cipher.getInstance(_CIPHER)
        spec = cast("java.security.spec.AlgorithmParameterSpec", self._spec(_TAG_BITS, sealed[:_NONCE]))
        try:
            cipher.init(_DECRYPT, self._key, spec)
            cipher.updateAAD(about)
            plain = cipher.doFinal(sealed[_NONCE:])
        except Exception as error:
            raise SealBroken(java_name(error) or type(error).__name__) from error
        # Of nothing, Java makes an empty array, which the bridge hands over as an empty list.
        return bytes(plain.tostring()) if plain else b""


def android_seal(folder: Path, wait: Callable[[float], None] = time.sleep) -> AesGcm:
    """The seal of this device. `KeyLost` when the Keystore's key is gone or another one; after a second try, because
    right after a start the Keystore is not always ready.
    """
    file = folder / KEY_FILE
    if not file.exists():
        return _new_seal(file)
    try:
        return _old_seal(file)
    except Exception:
        wait(1.0)
    try:
        return _old_seal(file)
    except Exception as error:
        raise KeyLost(java_name(error) or str(error)) from error


def _new_seal(file: Path) -> AesGcm:
    """Nothing was sealed here yet: a key of the Keystore that is there all the same cannot be needed."""
    data_key = secrets.token_bytes(_KEY)
    write_durably(file, AesGcm(_new_keystore_key()).seal(_DATA_KEY, data_key), mode=0o600)
    return _with(data_key)


def _old_seal(file: Path) -> AesGcm:
    key = _keystore().getKey(_ALIAS, None)
    if key is None:
        raise KeyLost("the Keystore does not know the key")
    return _with(AesGcm(key).unseal(_DATA_KEY, file.read_bytes()))


def _with(data_key: bytes) -> AesGcm:
    return AesGcm(java("javax.crypto.spec.SecretKeySpec")(data_key, "AES"))


def _keystore() -> Any:
    store = java("java.security.KeyStore").getInstance("AndroidKeyStore")
    store.load(None)
    return store


def _new_keystore_key() -> Any:
    store = _keystore()
    if store.containsAlias(_ALIAS):
        store.deleteEntry(_ALIAS)
    # Neither "only while unlocked", which would stop the sending with the screen off, nor "only after a fingerprint".
    spec = (
        java("android.security.keystore.KeyGenParameterSpec$Builder")(_ALIAS, _ENCRYPT | _DECRYPT)
        .setBlockModes("GCM")
        .setEncryptionPaddings("NoPadding")
        .setKeySize(_KEY * 8)
        .build()
    )
    maker = java("javax.crypto.KeyGenerator").getInstance("AES", "AndroidKeyStore")
    maker.init(cast("java.security.spec.AlgorithmParameterSpec", spec))
    maker.generateKey()
    return store.getKey(_ALIAS, None)
