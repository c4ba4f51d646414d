"""Photos that are none, and the file chooser that stands for the camera on a desktop."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from mobile_kivy.device.camera import photo_source
from mobile_kivy.device.file_camera import FileCamera, FileChooser
from mobile_kivy.forms.photo_place import PhotoPlace
from tests.tablet.ui import work
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.yard_day import YardDay

Start = Callable[..., Finger]
FRONT = PhotoPlace("protocol-1", "FRONT")


class Photographer:
    """A camera whose photos are told beforehand; None is a change of mind."""

    def __init__(self, *photos: bytes | str | None) -> None:
        self.photos = list(photos)

    def take(self, place: PhotoPlace, on_photo: Callable[[bytes], None], on_nothing: Callable[[str], None]) -> None:
        photo = self.photos.pop(0)
        if isinstance(photo, bytes):
            on_photo(photo)
        else:
            on_nothing(photo or "")

    def left_behind(self) -> None:
        """Nobody kills this one."""


def test_what_is_no_photo_is_said_and_nothing_is_kept(open_app: Start, device: Path, yard_day: YardDay) -> None:
    camera = Photographer(b"<html>not a photo</html>", None, "camera_missing")
    finger = open_app("http://127.0.0.1:9", camera=camera, now=yard_day.clock)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10000")
    for step in ("care", "damages", "photos"):
        work.go_on(finger, step)
    finger.tap(finger.button(work.word(finger, "slot_FRONT")))
    aim = finger.top()
    for message in ("not_a_photo", "", "camera_missing"):
        finger.tap(aim.ids.take)
        if message:
            finger.wait(lambda: finger.top() is not aim, "the message")
            assert work.word(finger, message) in finger.texts()
            finger.tap(work.word(finger, "ok"))
        # There is always a way out, and the slot is still to be taken.
        assert not aim.busy
        assert aim.slot == "FRONT"
    assert finger.screen.visit.form.photos == []
    assert list((finger.app.store.folder / "photos").iterdir()) == []


def test_the_file_chooser_gives_the_file_or_nothing(open_app: Start, tmp_path: Path) -> None:
    finger = open_app()
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG")
    photo = tmp_path / "car.jpg"
    photo.write_bytes(out.getvalue())
    camera = photo_source("files", finger.app)
    assert isinstance(camera, FileCamera)
    answers: list[object] = []

    camera.take(FRONT, answers.append, answers.append)
    finger.frames(3)
    chooser = finger.top()
    assert isinstance(chooser, FileChooser)
    finger.tap(work.word(finger, "cancel"))
    camera.take(FRONT, answers.append, answers.append)
    finger.frames(3)
    finger.top().take([str(photo)])
    finger.tap(work.word(finger, "use_file"))
    camera.take(FRONT, answers.append, answers.append)
    finger.frames(3)
    finger.top().take([str(tmp_path / "gone.jpg")])
    finger.tap(work.word(finger, "use_file"))
    assert answers == ["", photo.read_bytes(), "file_unreadable"]
