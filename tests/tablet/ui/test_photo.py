"""Photos are shown from memory: what lies on the disk is sealed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mobile_kivy.car_pictures import picture
from mobile_kivy.widgets.photo import Photo
from tests.tablet.ui import work
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.yard_day import YardDay
from tests.tablet.yard import small_photo

Start = Callable[..., Finger]


def test_a_photo_its_drawing_and_what_is_no_photo(open_app: Start) -> None:
    open_app()
    shown: Any = Photo(source=str(picture("FRONT", "HATCHBACK")))
    drawing = shown.texture.size
    shown.content = small_photo(1)
    assert tuple(shown.texture.size) == (48, 36)
    shown.content = b"rotten"
    broken = shown.texture
    shown.content = None
    assert (broken, shown.texture.size) == (None, drawing)


def test_a_taken_photo_is_seen_in_its_tile_and_in_full_size(open_app: Start, device: Path, yard_day: YardDay) -> None:
    finger = open_app(now=yard_day.clock)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10000")
    for step in ("care", "damages", "photos"):
        work.go_on(finger, step)
    finger.tap(finger.button(work.word(finger, "slot_FRONT")))
    aim = finger.top()
    finger.tap(aim.ids.take)
    finger.wait(lambda: aim.slot != "FRONT", "the photo")
    aim.aim_at("FRONT")
    finger.frames(2)
    assert tuple(finger.find("Photo", root=aim).texture.size) == (1600, 1200)
    finger.tap(aim.ids.close)
    tile = finger.button(work.word(finger, "slot_FRONT"))
    assert tuple(finger.find("Photo", root=tile).texture.size) == (320, 240)


def test_a_known_damages_photo_is_seen_without_a_network(open_app: Start, device: Path, yard_day: YardDay) -> None:
    finger = open_app(yard_day.server.base, now=yard_day.clock)
    work.enter(finger)
    store = finger.app.store
    finger.wait(
        lambda: (known := store.days.damage_photo_ids()) and not store.known_photos.missing(known),
        "the known damages' photos",
    )
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10000")
    for step in ("care", "damages"):
        work.go_on(finger, step)
    finger.screen.step.show(0)
    finger.frames(2)
    tile = finger.find("PhotoTile", root=finger.screen.step, icon="eye")
    # It cannot be tapped, and the finger finds nothing that cannot.
    (shown,) = [child for child in tile.children if isinstance(child, Photo)]
    assert shown.texture is not None
    assert shown.opacity == 1
