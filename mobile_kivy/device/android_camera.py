"""The camera of an Android tablet, through the system's own camera app. Run against the real bridge in
tests/tablet/android; not tried on a device yet: see docs/android.md.

The photo is written into a file of our cache that is lent to the camera app for this one time: no gallery ever knows
of it, because it may show what is personal.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from mobile_kivy.device.bridge import activity, cast, java, java_name
from mobile_kivy.device.pending_photo import PendingPhoto
from mobile_kivy.forms.photo_place import PhotoPlace

_REQUEST = 4711
_OK = -1
_MAY_READ_AND_WRITE = 1 | 2
AUTHORITY = "{app}.files"
"""Of the provider that `apk/hook.py` writes into the manifest."""
_WORDS = {"ActivityNotFoundException": "camera_missing", "SecurityException": "camera_denied"}
"""What people are told, by the Java exception; all others mean that the camera does not work."""
_log = logging.getLogger(__name__)


class AndroidCamera:
    """ACTION_IMAGE_CAPTURE with a file of ours for the photo. Whatever goes wrong is an answer, never an exception."""

    def __init__(self, later: Callable[[Callable[[], None]], None]) -> None:
        """`later` runs something in the main thread."""
        self._later = later
        self._waiting: tuple[Callable[[bytes], None], Callable[[str], None]] | None = None
        self._pending: PendingPhoto | None = None
        self._listens = False

    def take(self, place: PhotoPlace, on_photo: Callable[[bytes], None], on_nothing: Callable[[str], None]) -> None:
        """Opens the camera app."""
        self._give_up("")  # whoever waits for an answer that never came is told that there is none
        self._waiting = (on_photo, on_nothing)
        try:
            self._open(place)
        except Exception as error:
            # Java's, the bridge's own (no such overload, no such class), or the disk's.
            _log.warning("the camera app could not be opened", exc_info=True)
            self._give_up(_WORDS.get(java_name(error).rpartition(".")[2], "camera_broken"))

    def left_behind(self) -> tuple[PhotoPlace, bytes] | None:
        """A photo whose app was killed while the camera was open, and its place in a form. Once."""
        try:
            return self._place_for_photos().left_behind()
        except Exception:
            _log.warning("nobody can say whether a photo was left behind", exc_info=True)
            return None

    def _open(self, place: PhotoPlace) -> None:
        if not self._listens:
            import_module("android.activity").bind(on_activity_result=self._answered)
            self._listens = True
        pending, app = self._place_for_photos(), activity()
        pending.expect(place)
        authority = AUTHORITY.format(app=app.getPackageName())
        file = java("java.io.File")(str(pending.file))
        uri = java("androidx.core.content.FileProvider").getUriForFile(app, authority, file)
        store = java("android.provider.MediaStore")
        intent = java("android.content.Intent")(store.ACTION_IMAGE_CAPTURE)
        # Without the cast the bridge takes the overload for a String, and refuses the Uri.
        intent.putExtra(store.EXTRA_OUTPUT, cast("android.os.Parcelable", uri))
        # Older camera apps look at the clip for the right to write, not at the extra.
        intent.setClipData(java("android.content.ClipData").newRawUri("", uri))
        intent.addFlags(_MAY_READ_AND_WRITE)
        app.startActivityForResult(intent, _REQUEST)

    def _place_for_photos(self) -> PendingPhoto:
        if self._pending is None:
            self._pending = PendingPhoto(Path(activity().getCacheDir().getPath()))
        return self._pending

    def _answered(self, request: int, result: int, _intent: Any) -> None:
        # In Android's thread. The intent is an object even where Java's is null: it is never touched.
        if request == _REQUEST:
            self._later(lambda: self._finish(result))

    def _finish(self, result: int) -> None:
        if self._waiting is None or self._pending is None:
            return  # a second answer
        on_photo, on_nothing = self._waiting
        self._waiting = None
        content = self._pending.take()
        if result == _OK and content:
            on_photo(content)
        else:
            on_nothing("camera_broken" if result == _OK else "")

    def _give_up(self, words: str) -> None:
        waiting, self._waiting = self._waiting, None
        if self._pending is not None:
            self._pending.forget()
        if waiting is not None:
            waiting[1](words)
