"""What is shown where the app cannot even make its store: the tablet's storage is full, read-only or broken."""

from __future__ import annotations

from kivy.app import App
from kivy.core.window import Window
from kivy.metrics import dp, sp
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.button import Button
from kivy.uix.label import Label

from mobile_kivy.i18n import LANGUAGES, text
from mobile_kivy.theme import COLOURS, PAD, TARGET_MAIN, TYPE


class NoRoomApp(App):  # type: ignore[misc]  # Kivy has no types
    """Says what is wrong and what helps, in every language: nobody has said yet which one is spoken here."""

    title = "Ersatzwagen"

    def build(self) -> BoxLayout:
        """The window's content."""
        Window.clearcolor = COLOURS["bg"]
        box = BoxLayout(orientation="vertical", padding=dp(PAD) / 4, spacing=dp(PAD) / 8)
        for language in LANGUAGES:
            box.add_widget(_words(language))
        close = Button(
            text=" · ".join(text(language, "no_room_close") for language in LANGUAGES),
            size_hint_y=None,
            height=dp(TARGET_MAIN),
            font_size=sp(TYPE["title"]),
            background_normal="",
            background_color=COLOURS["primary"],
            color=COLOURS["on_dark"],
        )
        close.bind(on_release=lambda _button: self.stop())
        box.add_widget(close)
        return box


def _words(language: str) -> Label:
    label = Label(
        text=f"[b]{text(language, 'no_room_title')}[/b]\n{text(language, 'no_room')}",
        markup=True,
        font_size=sp(TYPE["title"]),
        color=COLOURS["ink"],
        halign="left",
        valign="middle",
    )
    label.bind(size=lambda one, size: setattr(one, "text_size", size))
    return label
