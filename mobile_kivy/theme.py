"""Colours, sizes and type: light and high in contrast, because the yard is in the sun. Colour never speaks alone."""

from __future__ import annotations

TARGET = 56
"""The least height of what is tapped, in dp. Gloves need more than the 48 dp of the guideline."""
TARGET_MAIN = 72
"""The height of the one main action of a screen, in dp."""
PAD = 160
"""The least height of a pad to sign on, in dp: an inch."""
RADIUS = 12
GAP = 12
TYPE = {"caption": 18, "body": 18, "label": 18, "title": 22, "head": 28, "number": 40}
"""Sizes of type in sp: they follow the size that the device's owner has chosen."""

_HEX = {
    "bg": "EEF1F4",
    "surface": "FFFFFF",
    "sunken": "E3E8ED",
    "hair": "CBD3DA",
    "outline": "5F6C77",
    "ink": "0E1A24",
    "ink2": "44525E",
    "on_dark": "FFFFFF",
    "primary": "0B4A82",
    "primary_dark": "083660",
    "primary_soft": "DCE9F5",
    "ok": "0B6B3A",
    "ok_soft": "DDF1E5",
    "warn": "8A4B00",
    "warn_soft": "FFEBC8",
    "error": "B3121D",
    "error_soft": "FBE1E2",
}
COLOURS: dict[str, tuple[float, float, float, float]] = {
    name: (int(code[:2], 16) / 255, int(code[2:4], 16) / 255, int(code[4:], 16) / 255, 1.0)
    for name, code in _HEX.items()
}
TEXT_ON = (
    ("ink", "surface"),
    ("ink", "bg"),
    ("ink", "sunken"),
    ("ink", "primary_soft"),
    ("ink", "hair"),
    ("ink2", "surface"),
    ("ink2", "bg"),
    ("ink2", "sunken"),
    ("outline", "surface"),
    ("on_dark", "primary"),
    ("on_dark", "primary_dark"),
    ("on_dark", "ok"),
    ("on_dark", "error"),
    ("on_dark", "warn"),
    ("on_dark", "outline"),
    ("primary", "primary_soft"),
    ("primary", "surface"),
    ("primary", "bg"),
    ("primary", "hair"),
    ("ok", "ok_soft"),
    ("ok", "surface"),
    ("warn", "warn_soft"),
    ("warn", "surface"),
    ("error", "error_soft"),
    ("error", "surface"),
    ("error", "bg"),
    ("error", "sunken"),
)
"""Every pair of text and ground that the app uses: a test computes their contrast, and that no other pair is shown."""

BUTTONS = {
    # kind: (ground, ground while pressed, text, line)
    "primary": ("primary", "primary_dark", "on_dark", "primary"),
    "ok": ("ok", "primary_dark", "on_dark", "ok"),
    "danger": ("surface", "sunken", "error", "error"),
    "tonal": ("primary_soft", "hair", "primary", "primary_soft"),
    "plain": ("surface", "sunken", "ink", "outline"),
}


def contrast(first: str, second: str) -> float:
    """The ratio of WCAG 2.2, 1.4.3: 21 is black on white, 4.5 the least for text."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(name: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in COLOURS[name][:3]
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
