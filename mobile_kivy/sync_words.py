"""How the outbox stands, in a few words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mobile_kivy.i18n import clock, text
from mobile_kivy.sync import SyncState

Local = Callable[[datetime], datetime]
"""An instant by the station's clock."""


def pill(lang: str, state: SyncState, local: Local) -> tuple[str, str, str]:
    """Tone, pictogram and words. What needs somebody comes before what comes by itself."""
    alarm = state.refused > 0 or bool(state.sign_in_needed)
    parts = []
    if state.online is False:
        parts.append(text(lang, "offline"))
    if state.refused:
        parts.append(text(lang, "need_help", count=state.refused))
    if state.sign_in_needed:
        parts.append(text(lang, "sign_in_needed"))
    if state.waiting and state.oldest is not None:
        parts.append(text(lang, "waiting", count=state.waiting, oldest=clock(local(state.oldest))))
    words = " · ".join(parts) or text(lang, "all_sent")
    if alarm:
        return "error", "cloud-alert", words
    if state.online is False:
        return "warn", "cloud-off-outline", words
    return ("warn", "cloud-sync", words) if state.waiting else ("ok", "cloud-check", words)


def with_contact(lang: str, words: str, state: SyncState, local: Local) -> str:
    """The pill's words, and when the server was last heard."""
    if state.last_contact is None:
        return words
    return f"{words}  ·  {text(lang, 'last_contact', at=clock(local(state.last_contact)))}"
