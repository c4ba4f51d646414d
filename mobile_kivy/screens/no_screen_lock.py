"""Over everything: this device has no screen lock, so the app is not worked with on it."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty
from kivy.uix.modalview import ModalView


class NoScreenLock(ModalView):
    """Says why, and what to do. It goes by itself when the person comes back from the settings."""

    lang = StringProperty("de")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
