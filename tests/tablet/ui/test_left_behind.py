"""A photo whose form is not on the screen when it comes: the app was killed, or locked, while the camera was open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mobile_kivy.device.pending_photo import PendingPhoto
from mobile_kivy.forms.form import Form
from mobile_kivy.forms.photo_place import PhotoPlace
from mobile_kivy.forms.saved import form_of
from tests.tablet.ui import work
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.yard_day import YardDay
from tests.tablet.yard import small_photo

Start = Callable[..., Finger]
NOWHERE = "http://127.0.0.1:9"


class SlowCamera:
    """Android's, as the app sees it: answers when it is told to, and notes on the disk what it is taking."""

    def __init__(self, cache: Path) -> None:
        self.pending = PendingPhoto(cache)
        self.answer: Callable[[bytes], None] = lambda _content: None

    def take(self, place: PhotoPlace, on_photo: Callable[[bytes], None], on_nothing: Callable[[str], None]) -> None:
        self.pending.expect(place)
        self.answer = on_photo

    def left_behind(self) -> tuple[PhotoPlace, bytes] | None:
        return self.pending.left_behind()


def _to_photos(finger: Finger, yard_day: YardDay) -> None:
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10000")
    for step in ("care", "damages", "photos"):
        work.go_on(finger, step)


def _saved(finger: Finger) -> Form:
    (draft,) = finger.app.store.drafts.all()
    return form_of(draft.data)


def _at_the_camera(open_app: Start, yard_day: YardDay, camera: SlowCamera) -> Finger:
    """Somebody has tapped "take" for the front; the camera is open."""
    finger = open_app(NOWHERE, camera=camera, now=yard_day.clock)
    _to_photos(finger, yard_day)
    finger.tap(finger.button(work.word(finger, "slot_FRONT")))
    finger.tap(finger.top().ids.take)
    return finger


def test_a_photo_of_a_killed_app_is_in_its_slot_after_the_start(
    open_app: Start, device: Path, yard_day: YardDay, tmp_path: Path
) -> None:
    camera = SlowCamera(tmp_path / "cache")
    _at_the_camera(open_app, yard_day, camera)
    camera.pending.file.write_bytes(small_photo(1))

    finger = open_app(NOWHERE, camera=SlowCamera(tmp_path / "cache"), now=yard_day.clock)
    finger.wait(lambda: _saved(finger).photo("FRONT"), "the photo in the draft")

    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    taken = finger.screen.visit.form.photo("FRONT")
    assert finger.app.store.photos.thumbnail(taken.sha256) is not None
    assert finger.button(work.word(finger, "slot_FRONT")).done
    assert list((tmp_path / "cache" / "shots").iterdir()) == []


def test_a_photo_for_a_new_damage_finds_its_damage(
    open_app: Start, device: Path, yard_day: YardDay, tmp_path: Path
) -> None:
    camera = SlowCamera(tmp_path / "cache")
    finger = open_app(NOWHERE, camera=camera, now=yard_day.clock)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10000")
    for step in ("care", "damages"):
        work.go_on(finger, step)
    work.mark(finger, "LEFT", 0.3, 0.5, photo=False)
    work.mark(finger, "LEFT", 0.7, 0.5, photo=False)
    finger.tap(work.word(finger, "take_photo"))
    finger.app.on_pause()
    camera.pending.file.write_bytes(small_photo(2))

    again = open_app(NOWHERE, camera=SlowCamera(tmp_path / "cache"), now=yard_day.clock)
    again.wait(lambda: any(damage.photos for damage in _saved(again).damages), "the photo in the draft")

    assert [len(damage.photos) for damage in _saved(again).damages] == [0, 1]


def test_a_photo_whose_form_was_thrown_away_is_kept_nowhere(
    open_app: Start, device: Path, yard_day: YardDay, tmp_path: Path
) -> None:
    camera = SlowCamera(tmp_path / "cache")
    finger = _at_the_camera(open_app, yard_day, camera)
    camera.pending.file.write_bytes(small_photo(3))
    finger.app.store.drafts.discard(finger.screen.visit.form.protocol_id)
    finger.screen.visit = None  # as killed: nothing saves it once more

    finger = open_app(NOWHERE, camera=SlowCamera(tmp_path / "cache"), now=yard_day.clock)
    finger.frames(30)

    assert list((tmp_path / "cache" / "shots").iterdir()) == []
    assert list((finger.app.store.folder / "photos").iterdir()) == []


def test_a_photo_that_comes_after_the_lock_goes_into_the_draft(
    open_app: Start, device: Path, yard_day: YardDay, tmp_path: Path
) -> None:
    camera = SlowCamera(tmp_path / "cache")
    finger = _at_the_camera(open_app, yard_day, camera)
    finger.app.change_person()

    camera.answer(small_photo(4))
    finger.wait(lambda: _saved(finger).photo("FRONT"), "the photo in the draft")

    assert finger.app.root.current == "sign_in"
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    assert finger.button(work.word(finger, "slot_FRONT")).done


def test_a_photo_that_comes_when_its_form_is_open_already_is_shown_there(
    open_app: Start, device: Path, yard_day: YardDay, tmp_path: Path
) -> None:
    camera = SlowCamera(tmp_path / "cache")
    finger = _at_the_camera(open_app, yard_day, camera)
    finger.app.change_person()
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    camera.pending.file.write_bytes(small_photo(5))

    finger.app.work.take_in_left_behind()
    finger.wait(lambda: finger.screen.visit.form.photo("FRONT"), "the photo in the form")

    assert finger.button(work.word(finger, "slot_FRONT")).done
    assert _saved(finger).photo("FRONT") == finger.screen.visit.form.photo("FRONT")
