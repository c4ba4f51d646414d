"""A photo over the whole screen: whether a scratch is a scratch is not seen on a tile."""

from __future__ import annotations

from kivy.lang import Builder
from kivy.properties import ObjectProperty, StringProperty
from kivy.uix.modalview import ModalView

from mobile_kivy.widgets.basics import Btn
from mobile_kivy.widgets.photo import Photo

__all__ = ["Btn", "Photo", "PhotoView", "open_photo"]  # the rule below uses them


class PhotoView(ModalView):
    """The photo with a button that closes it."""

    photo: bytes | None = ObjectProperty(None, allownone=True)
    close_words = StringProperty("")


def open_photo(photo: bytes | None, close_words: str) -> None:
    """Shows it, if there is one."""
    if photo:
        PhotoView(photo=photo, close_words=close_words).open(animation=False)


Builder.load_string(
    """
#:import C mobile_kivy.theme.COLOURS
#:import dp kivy.metrics.dp
<PhotoView>:
    size_hint: 1, 1
    background: ''
    background_color: C['ink']
    BoxLayout:
        orientation: 'vertical'
        padding: dp(16)
        spacing: dp(12)
        Photo:
            content: root.photo
            fit_mode: 'contain'
            nocache: False
        Btn:
            id: close
            kind: 'plain'
            label: root.close_words
            least_height: 72
            on_tap: root.dismiss(animation=False)
"""
)
