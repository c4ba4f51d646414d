"""Where photos come from: the device's camera, a file, or a drawn sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from kivy.clock import mainthread
from kivy.utils import platform

from mobile_kivy.desk import Desk
from mobile_kivy.forms.photo_place import PhotoPlace


class PhotoSource(Protocol):
    """Takes one photo at a time and answers later, in the main thread."""

    def take(self, place: PhotoPlace, on_photo: Callable[[bytes], None], on_nothing: Callable[[str], None]) -> None:
        """`on_photo` gets the file's bytes; `on_nothing` a key of the app's texts, empty when somebody changed their
        mind. One of them is called once, whatever happens, as long as the app lives.
        """

    def left_behind(self) -> tuple[PhotoPlace, bytes] | None:
        """A photo that was taken while the app was killed, and its place in a form. It is told once."""


def photo_source(kind: str, desk: Desk) -> PhotoSource:
    """`device`, `files` or `sample`; `device` is the camera on Android and the file chooser elsewhere."""
    # Each needs what the others lack (Android's classes, a file system to show), so only the one in use is imported.
    if kind == "sample":
        from mobile_kivy.device.sample_camera import SampleCamera  # noqa: PLC0415

        return SampleCamera()
    if kind == "device" and platform == "android":
        from mobile_kivy.device.android_camera import AndroidCamera  # noqa: PLC0415

        return AndroidCamera(mainthread(lambda action: action()))
    from mobile_kivy.device.file_camera import FileCamera  # noqa: PLC0415

    return FileCamera(desk)
