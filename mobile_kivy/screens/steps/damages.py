"""Known damages grey, new ones red: tap the car, say what it is, take a photo."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from mobile_kivy.car_pictures import DEFAULT_BODY
from mobile_kivy.desk import Desk
from mobile_kivy.forms import checks
from mobile_kivy.forms.checks import Complaint
from mobile_kivy.forms.contract import KnownDamage
from mobile_kivy.forms.form import DAMAGE_KINDS, DAMAGE_SLOT, SIZES_MM, NewDamage
from mobile_kivy.forms.photo_place import PhotoPlace
from mobile_kivy.forms.visit import Visit
from mobile_kivy.i18n import text
from mobile_kivy.store import FileDamaged, FileMissing
from mobile_kivy.widgets.dialog import ask
from mobile_kivy.widgets.photo_view import open_photo
from mobile_kivy.widgets.tiles import PhotoTile


class DamagesStep(BoxLayout):
    """The drawing, and beside it what is chosen on it."""

    desk: Desk = ObjectProperty()
    visit: Visit = ObjectProperty()
    body = StringProperty(DEFAULT_BODY)
    chosen = NumericProperty(-1)
    is_new = BooleanProperty(False)
    heading = StringProperty("")
    known_words = StringProperty("")
    busy = BooleanProperty(False)
    __events__ = ("on_changed",)

    def __init__(self, desk: Desk, visit: Visit, **kwargs: object) -> None:
        self._filling = False
        super().__init__(desk=desk, visit=visit, body=visit.body, **kwargs)
        self._known: list[KnownDamage] = list(visit.vehicle.damages) if visit.vehicle else []
        self.show()

    def on_changed(self) -> None:
        """For the screen, which saves."""

    @property
    def new(self) -> list[NewDamage]:
        """The form's damages; on the drawing they follow the known ones."""
        return self.visit.form.damages

    def marked(self, side: str, x: float, y: float) -> None:
        """A tap on the car."""
        self.new.append(NewDamage(side, x, y, kind="INTERIOR" if side == "INTERIOR" else "SCRATCH"))
        self.dispatch("on_changed")
        self.show(len(self._known) + len(self.new) - 1)

    def show(self, chosen: int | None = None) -> None:
        """The marks, and the editor of the chosen one."""
        if chosen is not None:
            self.chosen = chosen
        drawing = self.ids.drawing
        marks = [{"view": d.view, "x": d.x, "y": d.y, "new": False} for d in self._known]
        marks += [{"view": d.view, "x": d.x, "y": d.y, "new": True} for d in self.new]
        drawing.marks, drawing.chosen = marks, self.chosen
        self.is_new = self.chosen >= len(self._known)
        lang = self.desk.lang
        if self.is_new:
            self._show_new(self.new[self.chosen - len(self._known)], lang)
        elif self.chosen >= 0:
            self._show_known(self._known[self.chosen], lang)
        else:
            figures = {"known": len(self._known), "new": len(self.new)}
            self.heading, self.known_words = text(lang, "damages_none_chosen"), text(lang, "damages_count", **figures)
        self._show_photos()

    def _show_new(self, damage: NewDamage, lang: str) -> None:
        self.heading = text(lang, "damage_new", number=self.chosen + 1, side=text(lang, f"side_{damage.view}"))
        self.known_words = ""
        self._filling = True
        self.ids.kind.value, self.ids.size_mm.value = damage.kind, damage.size_mm
        self.ids.words.text = damage.description
        self._filling = False

    def _show_known(self, damage: KnownDamage, lang: str) -> None:
        self.heading = text(lang, "damage_known", number=self.chosen + 1, side=text(lang, f"side_{damage.view}"))
        size = f"{damage.size_mm} mm" if damage.size_mm else ""
        self.known_words = "  ·  ".join(
            part for part in (text(lang, f"damage_{damage.kind}"), size, damage.description) if part
        )

    def _show_photos(self) -> None:
        box = self.ids.photos
        box.clear_widgets()
        if self.is_new:
            for sha256 in self.new[self.chosen - len(self._known)].photos:
                tile = PhotoTile(photo=self.desk.store.photos.thumbnail(sha256), done=True)
                tile.bind(on_tap=lambda *_, sha256=sha256: self._look_at(self._whole(sha256)))
                box.add_widget(tile)
            add = PhotoTile(caption=text(self.desk.lang, "take_photo"))
            add.bind(on_tap=lambda *_: self.take())
            box.add_widget(add)
        elif self.chosen >= 0:
            for photo_id, _link in self._known[self.chosen].photos:
                known = self.desk.store.known_photos.read(photo_id)
                tile = PhotoTile(photo=known, icon="eye", disabled=known is None)
                tile.bind(on_tap=lambda *_, known=known: self._look_at(known))
                box.add_widget(tile)

    def _whole(self, sha256: str) -> bytes | None:
        try:
            return self.desk.store.photos.read(sha256)
        except (FileMissing, FileDamaged):
            return None

    def _look_at(self, photo: bytes | None) -> None:
        open_photo(photo, text(self.desk.lang, "close"))

    def set(self, name: str, value: object) -> None:
        """Kind, size or words of the chosen new damage."""
        if not self._filling and self.is_new:
            setattr(self.new[self.chosen - len(self._known)], name, value)
            self.dispatch("on_changed")

    def ask_to_remove(self) -> None:
        """A damage that is gone is gone with its photos, so the harmless answer is the last."""
        lang = self.desk.lang
        answers = [(text(lang, "remove"), "danger", self.remove), (text(lang, "keep"), "primary", None)]
        ask(text(lang, "remove_damage_title"), text(lang, "remove_damage_words"), answers)

    def remove(self) -> None:
        """Takes the chosen new damage away."""
        if self.is_new:
            del self.new[self.chosen - len(self._known)]
            self.dispatch("on_changed")
            self.show(-1)

    def take(self) -> None:
        """A photo of the chosen new damage."""
        if self.busy or not self.is_new:
            return
        damage, self.busy = self.new[self.chosen - len(self._known)], True
        place = PhotoPlace(self.visit.form.protocol_id, DAMAGE_SLOT, damage.id)
        self.desk.work.take_photo(place, lambda sha256: self._taken(damage, sha256), self._not_taken)

    def _taken(self, damage: NewDamage, sha256: str) -> None:
        self.busy = False
        if sha256 not in damage.photos:
            damage.photos.append(sha256)
        self.dispatch("on_changed")
        self.show()

    def _not_taken(self) -> None:
        self.busy = False

    def complaints(self) -> list[Complaint]:
        """Each new one has a photo."""
        found = checks.damages(self.visit.form, first_number=len(self._known) + 1)
        if found:
            self.show(len(self._known) + found[0].index)
        return found

    def kinds(self, lang: str) -> list[tuple[str, str]]:
        """The kinds with their names."""
        return [(kind, text(lang, f"damage_{kind}")) for kind in DAMAGE_KINDS]

    def sizes(self, lang: str) -> list[tuple[int, str]]:
        """Sizes that a finger can choose."""
        return [(size, text(lang, f"size_{size}")) for size in SIZES_MM]

    def sides(self, lang: str) -> dict[str, str]:
        """The sides with their names."""
        return {side: text(lang, f"side_{side}") for side in ("LEFT", "RIGHT", "FRONT", "REAR", "TOP", "INTERIOR")}


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
