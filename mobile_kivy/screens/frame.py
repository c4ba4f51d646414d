"""What every screen is framed by: the ground, the bar at the top, and columns where there is room for them."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from mobile_kivy.desk import Desk


class Columns(BoxLayout):
    """Side by side in a wide window, else one below the other."""

    wide = BooleanProperty(True)


class _NoDesk:
    """Kivy applies the bar's own rules before those of the screen, which say whose desk it is."""

    lang, person_name, wide = "de", "", True
    sync_tone, sync_icon, sync_words = "ok", "cloud-check", ""


class TopBar(BoxLayout):
    """Title, way back, who works here, language and the outbox: on every screen in the same place."""

    desk: Desk = ObjectProperty(_NoDesk(), rebind=True)
    title = StringProperty("")
    subtitle = StringProperty("")
    can_go_back = BooleanProperty(False)
    shows_person = BooleanProperty(False)
    __events__ = ("on_back",)

    def on_back(self) -> None:
        """Bound by the screen."""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
