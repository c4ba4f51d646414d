"""A tablet whose camera app does what it is told; the app's side is the real one."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from mobile_kivy.device.android_camera import AndroidCamera
from mobile_kivy.device.bridge import activity
from mobile_kivy.forms.photo_place import PhotoPlace
from mobile_kivy.imaging import shrink

PLACE = PhotoPlace("protocol-1", "DAMAGE", "damage-1")
CANCELLED, OK = 0, -1
Seen = list[list[Any]]


def photo(orientation: int = 1) -> bytes:
    """A JPEG of 64 x 32 that says how the device was held."""
    made, exif, out = Image.new("RGB", (64, 32), (200, 30, 30)), Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    made.save(out, "JPEG", exif=exif)
    return out.getvalue()


def _at_once(action: Callable[[], None]) -> None:
    action()


def _take(camera: AndroidCamera, seen: Seen) -> None:
    camera.take(PLACE, lambda content: seen.append(["photo", len(content)]), lambda key: seen.append(["nothing", key]))


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "cache" / "shots").glob("*"))


def answered(folder: Path, how: str = "ok") -> dict[str, Any]:
    """The camera app was opened; afterwards it answers twice."""
    seen: Seen = []
    camera, shot = AndroidCamera(_at_once), folder / "cache" / "shots" / "shot.jpg"
    _take(camera, seen)
    intent = activity().started
    found = {
        "overload": intent.overloads.get("output"),
        "uri": intent.clip.uri.toString(),
        "flags": intent.flags,
        "action": intent.action,
        "expected": _left(folder),
    }
    if how == "cannot be read":
        shot.symlink_to(shot)  # the system refuses it: a loop
    elif how != "nothing written":
        shot.write_bytes(photo())
    activity().answer(4712, OK, None)  # somebody else's
    before = len(seen)
    activity().answer(activity().request, CANCELLED if how == "cancelled" else OK, None)
    activity().answer(activity().request, OK, None)
    return {**found, "before": before, "seen": seen, "left": _left(folder), "size": len(photo())}


def refused(folder: Path, how: str) -> dict[str, Any]:
    """The camera app does not open; the next attempt does."""
    seen: Seen = []
    camera = AndroidCamera(_at_once)
    if how == "no app":
        activity().noSuchApp()
    elif how == "not allowed":
        activity().notAllowed()
    elif how == "no folder":
        (folder / "cache").write_text("a file in its place")
    _take(camera, seen)
    left = _left(folder)
    activity().refuses = None
    if how == "no folder":
        (folder / "cache").unlink()
    _take(camera, seen)
    (folder / "cache" / "shots" / "shot.jpg").write_bytes(photo())
    activity().answer(activity().request, OK, None)
    return {"seen": seen, "left": left, "size": len(photo())}


def never_answered(folder: Path) -> dict[str, Any]:
    """The camera app was swept away without a word, and somebody taps again."""
    seen: Seen = []
    camera = AndroidCamera(_at_once)
    _take(camera, seen)
    _take(camera, seen)
    (folder / "cache" / "shots" / "shot.jpg").write_bytes(photo())
    activity().answer(activity().request, OK, None)
    return {"seen": seen, "size": len(photo())}


def killed(folder: Path, written: bool) -> dict[str, Any]:
    """Android ends the app while the camera app is open; a new one starts."""
    seen: Seen = []
    _take(AndroidCamera(_at_once), seen)
    if written:
        (folder / "cache" / "shots" / "shot.jpg").write_bytes(photo())
    again = AndroidCamera(_at_once)
    found = again.left_behind()
    place, content = found or (None, b"")
    return {
        "seen": seen,
        "place": place and [place.protocol_id, place.slot, place.damage_id],
        "size": len(content),
        "photo": len(photo()),
        "second": again.left_behind(),
        "left": _left(folder),
    }


def held_upright(folder: Path) -> dict[str, Any]:
    """The camera writes the picture as its sensor saw it and notes how the device was held."""
    sizes: list[list[int]] = []
    camera = AndroidCamera(_at_once)

    def keep(content: bytes) -> None:
        small = shrink(content)
        sizes.append([small.width, small.height])

    for orientation in (1, 3, 6, 8):
        camera.take(PLACE, keep, lambda _key: None)
        (folder / "cache" / "shots" / "shot.jpg").write_bytes(photo(orientation))
        activity().answer(activity().request, OK, None)
    return {"sizes": sizes}
