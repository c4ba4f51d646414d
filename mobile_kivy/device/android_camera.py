"""The camera of an Android tablet, through the system's own camera app. Not tried on a device yet: see docs/android.md.

The photo is written where we ask for it (MediaStore, Android 10 and newer: no storage permission), read, and deleted
from the gallery at once, because it may show what is personal.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from kivy.clock import mainthread

_REQUEST = 4711


def _java(name: str) -> Any:
    # Only Android has these modules: they come with the packaging, not from the package index.
    return import_module("jnius").autoclass(name)


class AndroidCamera:
    """ACTION_IMAGE_CAPTURE with a place of ours for the photo."""

    def __init__(self) -> None:
        self._resolver = _java("org.kivy.android.PythonActivity").mActivity.getContentResolver()
        self._waiting: tuple[Any, Callable[[bytes], None], Callable[[str], None]] | None = None
        import_module("android.activity").bind(on_activity_result=self._answered)

    def take(self, slot: str, on_photo: Callable[[bytes], None], on_nothing: Callable[[str], None]) -> None:
        """Opens the camera app."""
        store, values = _java("android.provider.MediaStore"), _java("android.content.ContentValues")()
        values.put("_display_name", f"ersatzwagen-{slot.lower()}.jpg")
        values.put("mime_type", "image/jpeg")
        images = _java("android.provider.MediaStore$Images$Media").EXTERNAL_CONTENT_URI
        place = self._resolver.insert(images, values)
        intent = _java("android.content.Intent")(store.ACTION_IMAGE_CAPTURE)
        intent.putExtra(store.EXTRA_OUTPUT, place)
        self._waiting = (place, on_photo, on_nothing)
        try:
            _java("org.kivy.android.PythonActivity").mActivity.startActivityForResult(intent, _REQUEST)
        except Exception:  # whatever Java throws when there is no camera app
            self._forget(place)
            on_nothing("camera_missing")

    @mainthread
    def _answered(self, request: int, result: int, _intent: Any) -> None:
        if request != _REQUEST or self._waiting is None:
            return
        place, on_photo, on_nothing = self._waiting
        content = self._read(place) if result == -1 else b""
        self._forget(place)
        if content:
            on_photo(content)
        else:
            on_nothing("")

    def _forget(self, place: Any) -> None:
        self._waiting = None
        self._resolver.delete(place, None, None)

    def _read(self, place: Any) -> bytes:
        descriptor = self._resolver.openFileDescriptor(place, "r")
        try:
            with open(descriptor.detachFd(), "rb") as file:  # noqa: PTH123  # a descriptor, not a path
                return file.read()
        finally:
            descriptor.close()
