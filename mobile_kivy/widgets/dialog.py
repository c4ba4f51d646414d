"""A question or a message over the screen, always with a way out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty
from kivy.uix.modalview import ModalView

from mobile_kivy.i18n import text
from mobile_kivy.widgets.basics import Btn

Answer = tuple[str, str, Callable[[], None] | None]
"""Label, kind of button, and what it does; None only closes."""


class Dialog(ModalView):
    """Title, words and buttons, the safest last."""

    title = StringProperty("")
    words = StringProperty("")

    def offer(self, answers: Sequence[Answer]) -> None:
        """The buttons, each closing the dialog first."""
        for label, kind, action in answers:
            button = Btn(label=label, kind=kind, least_height=64)
            button.bind(on_tap=lambda _button, action=action: self._do(action))
            self.ids.answers.add_widget(button)

    def _do(self, action: Callable[[], None] | None) -> None:
        self.dismiss(animation=False)
        if action is not None:
            action()


def ask(title: str, words: str, answers: Sequence[Answer]) -> Dialog:
    """Opens a dialog."""
    dialog = Dialog(title=title, words=words)
    dialog.offer(answers)
    dialog.open(animation=False)
    return dialog


def tell(lang: str, title: str, words: str) -> Dialog:
    """Opens a message that can only be acknowledged; title and words are keys of the app's texts."""
    return ask(text(lang, title), text(lang, words), [(text(lang, "ok"), "primary", None)])


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
