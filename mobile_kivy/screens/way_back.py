"""What the back gesture does: one step back, as far as the screen has a way back; never out of the app."""

from __future__ import annotations

from typing import Any

from kivy.core.window import Window
from kivy.uix.modalview import ModalView

from mobile_kivy.screens.frame import TopBar
from mobile_kivy.screens.no_screen_lock import NoScreenLock


def go_back(root: Any) -> None:
    """Closes what lies over the screen, or goes back on it. `root` has the screens."""
    top = Window.children[0]
    if isinstance(top, NoScreenLock):
        return
    if isinstance(top, ModalView):
        top.dismiss(animation=False)
        return
    screen = root.current_screen
    bar = next((widget for widget in screen.walk(restrict=True) if isinstance(widget, TopBar)), None)
    if bar is None or not bar.can_go_back:
        return
    if hasattr(screen, "back"):
        screen.back()  # one step; the arrow of a form leaves it
    else:
        bar.dispatch("on_back")
