"""What the bridge itself does: the facts that our code is built on."""

from __future__ import annotations

import gc
from importlib import import_module
from pathlib import Path
from typing import Any

from mobile_kivy.device.bridge import activity, cast, java, text


def overloads(_folder: Path) -> dict[str, Any]:
    """Which overload of putExtra is taken for what."""

    def chosen(value: Any) -> str:
        intent = java("android.content.Intent")("x")
        try:
            intent.putExtra("k", value)
        except TypeError as error:
            return f"TypeError: {error}"
        return str(intent.overloads.get("k"))

    uri = java("android.net.Uri").parse("content://x/1")
    values = {"uri": uri, "cast": cast("android.os.Parcelable", uri), "text": "abc", "String": text("abc"), "int": 5}
    return {name: chosen(value) for name, value in values.items()}


def lost_listener(_folder: Path) -> dict[str, Any]:
    """What must never be written: Java keeps a listener that Python has thrown away."""
    listener = import_module("android.activity").ActivityResultListener
    activity().registerActivityResultListener(listener(lambda *_: None))
    gc.collect()
    activity().answer(1, -1, None)
    return {}
