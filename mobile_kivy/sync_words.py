"""How the outbox stands, in a few words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from mobile_kivy.api import Trouble
from mobile_kivy.i18n import clock, text
from mobile_kivy.sync import SyncState

CLOCKS_APART = timedelta(minutes=5)
"""How far the clocks may be apart before somebody has to set the tablet's."""
_NEED_SOMEBODY = frozenset({Trouble.CERTIFICATE, Trouble.DISK, Trouble.APP})
Local = Callable[[datetime], datetime]
"""An instant by the station's clock."""


def pill(lang: str, state: SyncState, local: Local) -> tuple[str, str, str]:
    """Tone, pictogram and words. What needs somebody comes before what comes by itself."""
    wrong = clock_warning(lang, state)
    alarm = state.refused > 0 or bool(state.sign_in_needed) or wrong is not None or state.trouble in _NEED_SOMEBODY
    parts = [wrong] if wrong else []
    if state.online is False:
        parts.append(text(lang, f"pill_{state.trouble or Trouble.NO_NETWORK}"))
    if state.refused:
        parts.append(text(lang, "need_help", count=state.refused))
    if state.sign_in_needed:
        parts.append(text(lang, "sign_in_needed"))
    if state.waiting and state.oldest is not None:
        parts.append(text(lang, "waiting", count=state.waiting, oldest=clock(local(state.oldest))))
    if not parts and state.online is None:
        # Green only after the server has answered: whether something else is known there, nobody can say yet.
        parts.append(text(lang, "pill_unheard"))
    words = " · ".join(parts) or text(lang, "all_sent")
    if alarm:
        return "error", "cloud-alert", words
    if state.online is False:
        return "warn", "cloud-off-outline", words
    sure = state.online and not state.waiting
    return ("ok", "cloud-check", words) if sure else ("warn", "cloud-sync", words)


def standing_still(lang: str, state: SyncState) -> str | None:
    """Why nothing moves and what to do about it, in sentences; None while all is well."""
    sentences = []
    if state.online is False:
        sentences.append(text(lang, f"trouble_{state.trouble or Trouble.NO_NETWORK}"))
    if state.sign_in_needed:
        sentences.append(text(lang, "trouble_SIGN_IN"))
    return "\n".join(sentences) or None


def clock_warning(lang: str, state: SyncState) -> str | None:
    """That the device's clock is wrong, and by how much: every hand-over would get a wrong time, and cost wrongly."""
    off = abs(state.clock_ahead)
    if off <= CLOCKS_APART:
        return None
    days, hours = off // timedelta(days=1), off // timedelta(hours=1)
    unit, count = (
        ("days", days) if days >= 2 else ("hours", hours) if hours >= 2 else ("minutes", off // timedelta(minutes=1))
    )
    way = "ahead" if state.clock_ahead > timedelta() else "behind"
    return text(lang, f"clock_{way}", off=text(lang, f"count_{unit}", count=count))


def with_contact(lang: str, words: str, state: SyncState, local: Local) -> str:
    """The pill's words, and when the server was last heard."""
    if state.last_contact is None:
        return words
    return f"{words}  ·  {text(lang, 'last_contact', at=clock(local(state.last_contact)))}"
