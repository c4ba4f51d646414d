"""What has to be done to all that is on the screen when the language or the person changes."""

from __future__ import annotations

from typing import Any

from kivy.core.window import Window

from mobile_kivy.screens.handover import HandoverScreen


def say_anew(screen: Any) -> None:
    """The screen in the language that is spoken now."""
    if isinstance(screen, HandoverScreen):
        screen.relabel()
        screen.show_again()
    elif hasattr(screen, "fill"):
        screen.fill()
    else:
        screen.on_pre_enter()


def close_what_lies_over(root: Any) -> None:
    """Dialogs, questions, photos: they belong to the person before."""
    for window in Window.children[:]:
        if window is not root and hasattr(window, "dismiss"):
            window.dismiss(animation=False)
