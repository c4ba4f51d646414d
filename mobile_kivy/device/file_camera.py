"""A file chooser in the camera's place, for the desktop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ObjectProperty, StringProperty
from kivy.uix.modalview import ModalView

from mobile_kivy.desk import Desk
from mobile_kivy.forms.photo_place import PhotoPlace


class FileChooser(ModalView):
    """Photos of a folder; one is chosen, or none."""

    desk: Desk = ObjectProperty()
    chosen = ObjectProperty(None, allownone=True)
    folder = StringProperty("")

    def take(self, paths: list[str]) -> None:
        """The file that was tapped."""
        if paths:
            self.chosen = Path(paths[0])


class FileCamera:
    """Remembers the last folder."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._folder = desk, str(Path.home())

    def take(self, _place: PhotoPlace, on_photo: Callable[[bytes], None], on_nothing: Callable[[str], None]) -> None:
        """Answers when the chooser closes."""
        chooser = FileChooser(desk=self._desk, folder=self._folder)

        def closed(_chooser: object) -> None:
            if chooser.chosen is None:
                on_nothing("")
                return
            self._folder = str(chooser.chosen.parent)
            try:
                content = chooser.chosen.read_bytes()
            except OSError:
                on_nothing("file_unreadable")
            else:
                on_photo(content)

        chooser.bind(on_dismiss=closed)
        chooser.open(animation=False)

    def left_behind(self) -> None:
        """Nothing: the file is where it was."""


Builder.load_string(
    """
#:import C mobile_kivy.theme.COLOURS
#:import text mobile_kivy.i18n.text
<FileChooser>:
    size_hint: .94, .94
    background: ''
    background_color: C['ink']
    BoxLayout:
        orientation: 'vertical'
        padding: dp(16)
        spacing: dp(12)
        Txt:
            text: text(root.desk.lang, 'choose_file')
            role: 'title'
            tone: 'on_dark'
        FileChooserListView:
            path: root.folder
            filters: ['*.jpg', '*.jpeg', '*.png', '*.JPG', '*.JPEG', '*.PNG', '*.webp']
            on_submit: root.take(args[1]); root.dismiss(animation=False)
            on_selection: root.take(args[1])
        BoxLayout:
            size_hint_y: None
            height: dp(72)
            spacing: dp(12)
            Btn:
                kind: 'plain'
                label: text(root.desk.lang, 'cancel')
                on_tap: root.chosen = None; root.dismiss(animation=False)
            Btn:
                label: text(root.desk.lang, 'use_file')
                disabled: root.chosen is None
                on_tap: root.dismiss(animation=False)
"""
)
