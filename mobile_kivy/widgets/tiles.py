"""Tiles with photos or figures."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.floatlayout import FloatLayout

from mobile_kivy.widgets.photo import Photo
from mobile_kivy.widgets.tappable import Tappable

__all__ = ["Photo", "PhotoTile", "Tile"]  # the rules in the .kv file use Photo


class PhotoTile(Tappable, FloatLayout):
    """A photo, or the outline of what to take, with its name below."""

    photo: bytes | None = ObjectProperty(None, allownone=True)
    outline = StringProperty("")
    icon = StringProperty("camera-plus")
    caption = StringProperty("")
    done = BooleanProperty(False)
    skipped = BooleanProperty(False)


class Tile(Tappable, BoxLayout):
    """A figure with its name; tapped, it filters."""

    figure = StringProperty("")
    caption = StringProperty("")
    icon = StringProperty("")
    tone = StringProperty("primary")
    active = BooleanProperty(False)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
