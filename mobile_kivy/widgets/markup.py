"""Words with a pictogram in one label, so that they wrap together."""

from __future__ import annotations

from kivy.metrics import sp
from kivy.utils import escape_markup

from mobile_kivy.widgets.icons import ICONS


def with_icon(icon: str, words: str, icon_size: float) -> str:
    """Markup of a pictogram before words; the words may hold brackets."""
    shown = escape_markup(words)
    if not icon:
        return shown
    glyph = f"[font=Icons][size={int(sp(icon_size))}]{ICONS[icon]}[/size][/font]"
    return f"{glyph}  {shown}" if shown else glyph
