"""Once around the car: eight photos with an outline to aim at, each retaken or skipped with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.modalview import ModalView

from mobile_kivy.car_pictures import picture
from mobile_kivy.desk import Desk
from mobile_kivy.forms import checks
from mobile_kivy.forms.checks import Complaint
from mobile_kivy.forms.form import GUIDED_SLOTS, MORE_SLOTS
from mobile_kivy.forms.photo_place import PhotoPlace
from mobile_kivy.forms.visit import Visit
from mobile_kivy.i18n import text
from mobile_kivy.store import FileDamaged, FileMissing
from mobile_kivy.widgets.basics import Btn
from mobile_kivy.widgets.tiles import PhotoTile

SKIP_REASONS = ("rain", "dark", "no_room", "camera_broken", "hurry")


class PhotosStep(BoxLayout):
    """The tiles, and below them photos of anything else."""

    desk: Desk = ObjectProperty()
    visit: Visit = ObjectProperty()
    progress = StringProperty("")
    __events__ = ("on_changed",)

    def __init__(self, desk: Desk, visit: Visit, **kwargs: object) -> None:
        super().__init__(desk=desk, visit=visit, **kwargs)
        self.aim: Aim | None = None
        self._tiles = {slot: self._tile(slot) for slot in GUIDED_SLOTS}
        self._more: list[str] | None = None
        self.show()

    def on_changed(self) -> None:
        """For the screen, which saves."""

    def _tile(self, slot: str) -> PhotoTile:
        tile = PhotoTile(outline=self.outline(slot))
        tile.bind(on_tap=lambda _tile: self.open(slot))
        self.ids.tiles.add_widget(tile)
        return tile

    def show(self) -> None:
        """Each slot with its photo or its outline. The tiles stay: only what has changed is drawn again."""
        form = self.visit.form
        for slot, tile in self._tiles.items():
            photo, reason = form.photo(slot), form.skipped.get(slot)
            tile.photo = self._thumbnail(photo.sha256) if photo else None
            tile.caption = reason or text(self.desk.lang, f"slot_{slot}")
            tile.done, tile.skipped = photo is not None, reason is not None
        self._show_more()
        taken = sum(form.photo(slot) is not None for slot in GUIDED_SLOTS)
        self.progress = text(self.desk.lang, "photos_progress", taken=taken, of=len(GUIDED_SLOTS))

    def _show_more(self) -> None:
        """Photos of anything else, and where to take one."""
        box = self.ids.more
        photos = [photo for photo in self.visit.form.photos if photo.slot in MORE_SLOTS]
        if self._more == [photo.sha256 for photo in photos]:
            return
        self._more = [photo.sha256 for photo in photos]
        box.clear_widgets()
        for photo in photos:
            caption = text(self.desk.lang, f"slot_{photo.slot}")
            box.add_widget(PhotoTile(photo=self._thumbnail(photo.sha256), caption=caption, done=True))
        for slot in MORE_SLOTS:
            add = PhotoTile(caption=f"+ {text(self.desk.lang, f'slot_{slot}')}")
            add.bind(on_tap=lambda _tile, slot=slot: self.take(slot, lambda: None))
            box.add_widget(add)

    def open(self, slot: str) -> None:
        """The outline in full size, from where it goes on to the next slot by itself."""
        self.aim = Aim(self, slot)
        self.aim.open(animation=False)

    def take(self, slot: str, done: Any) -> None:
        """One photo; `done` is called when it is kept, or when there is none."""

        def keep(sha256: str) -> None:
            self.visit.form.take(slot, sha256, self.desk.now())
            self.dispatch("on_changed")
            self.show()
            done()

        self.desk.work.take_photo(PhotoPlace(self.visit.form.protocol_id, slot), keep, done)

    def skip(self, slot: str, reason: str) -> None:
        """Why there is no photo; it will stand in the protocol."""
        form = self.visit.form
        form.photos = [photo for photo in form.photos if photo.slot != slot]
        form.skipped[slot] = reason
        self.dispatch("on_changed")
        self.show()

    def next_open(self, after: str) -> str | None:
        """The next slot around the car that has neither photo nor reason."""
        form, start = self.visit.form, GUIDED_SLOTS.index(after) + 1
        around = GUIDED_SLOTS[start:] + GUIDED_SLOTS[:start]
        return next((slot for slot in around if form.photo(slot) is None and slot not in form.skipped), None)

    def complaints(self) -> list[Complaint]:
        """A photo or a reason for each slot."""
        return checks.photos(self.visit.form)

    def photo(self, sha256: str) -> bytes | None:
        """A photo in full size; None if it is lost or damaged."""
        try:
            return self.desk.store.photos.read(sha256)
        except (FileMissing, FileDamaged):
            return None

    def outline(self, slot: str) -> str:
        """The drawing of what this slot shows of the car."""
        return str(picture(slot, self.visit.body))

    def _thumbnail(self, sha256: str) -> bytes | None:
        return self.desk.store.photos.thumbnail(sha256)


class Aim(ModalView):
    """One slot: what to aim at, take, take again, skip."""

    desk: Desk = ObjectProperty()
    slot = StringProperty("")
    outline = StringProperty("")
    photo: bytes | None = ObjectProperty(None, allownone=True)
    taken = BooleanProperty(False)
    choosing_reason = BooleanProperty(False)
    busy = BooleanProperty(False)

    def __init__(self, step: PhotosStep, slot: str, **kwargs: object) -> None:
        super().__init__(desk=step.desk, **kwargs)
        self._step = step
        self.aim_at(slot)
        lang = self.desk.lang
        for name in SKIP_REASONS:
            words = text(lang, f"skip_{name}")
            button = Btn(label=words, kind="plain", least_height=64)
            button.bind(on_tap=lambda _button, words=words: self._skip(words))
            self.ids.reasons.add_widget(button)

    def aim_at(self, slot: str) -> None:
        """Shows the photo if there is one, else the outline."""
        self.slot, self.choosing_reason, self.busy = slot, False, False
        photo = self._step.visit.form.photo(slot)
        self.taken = photo is not None
        self.photo, self.outline = self._step.photo(photo.sha256) if photo else None, self._step.outline(slot)

    def take(self) -> None:
        """Takes it, and goes on."""
        if self.busy:
            return
        self.busy = True
        before = self._step.visit.form.photo(self.slot)

        def done() -> None:
            self.busy = False
            if self._step.visit.form.photo(self.slot) is before:
                return
            self._go_on()

        self._step.take(self.slot, done)

    def _skip(self, words: str) -> None:
        self._step.skip(self.slot, words)
        self._go_on()

    def _go_on(self) -> None:
        following = self._step.next_open(self.slot)
        if following is None:
            self.dismiss(animation=False)
        else:
            self.aim_at(following)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
