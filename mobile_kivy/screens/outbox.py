"""What has not left the device, why, and what to do about it."""

from __future__ import annotations

from pathlib import Path

from kivy.app import App
from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.screenmanager import Screen

from mobile_kivy.i18n import WORDS, clock, text
from mobile_kivy.screens.today import STATE_LOOKS
from mobile_kivy.store import OutboxItem, State
from mobile_kivy.widgets.dialog import ask

SHOWN = 60
"""Rows on the list; those that need somebody come first, the sent ones last."""
_RANK = (State.REFUSED, State.SIGN_IN, State.CONFLICT, State.WAITING, State.SENT, State.DISCARDED)


class OutboxRow(BoxLayout):
    """One protocol with its reason and its buttons."""

    title = StringProperty("")
    detail = StringProperty("")
    reason = StringProperty("")
    icon = StringProperty("cloud-sync")
    tone = StringProperty("warn")
    refused = BooleanProperty(False)
    protocol_id = StringProperty("")
    correctable = BooleanProperty(False)
    __events__ = ("on_again", "on_correct", "on_discard")

    def on_correct(self) -> None:
        """Bound by the screen."""

    def on_again(self) -> None:
        """Bound by the screen."""

    def on_discard(self) -> None:
        """Bound by the screen."""


class OutboxScreen(Screen):
    """The list, and a button that tries now."""

    status = StringProperty("")

    def on_pre_enter(self, *_: object) -> None:
        """Reads the store."""
        self.fill()

    def fill(self) -> None:
        """The protocols, those that need somebody first."""
        app = App.get_running_app()
        self.status = app.sync_words_long()
        self.ids.rows.clear_widgets()
        items = sorted(app.store.outbox.items(), key=lambda item: (_RANK.index(item.state), item.queued_at))
        for item in items[:SHOWN]:
            self.ids.rows.add_widget(self._row(item))
        self.ids.empty.opacity = 0 if items else 1

    def _row(self, item: OutboxItem) -> OutboxRow:
        app = App.get_running_app()
        icon, tone = STATE_LOOKS.get(item.state.value, ("delete", "ink2"))
        queued = app.local(item.queued_at)
        photos = text(app.lang, "photos_sent", sent=item.photos_sent, of=item.photos_total)
        row = OutboxRow(
            title=f"{text(app.lang, item.kind)}  ·  {item.title}",
            detail=f"{clock(queued)}  ·  {text(app.lang, f'state_{item.state.value}')}  ·  {photos}",
            reason=what_to_do(app.lang, item),
            icon=icon,
            tone=tone,
            refused=item.state is State.REFUSED,
            protocol_id=item.protocol_id,
            correctable=app.person is not None and app.work.can_correct(item),
        )
        row.bind(
            on_again=lambda *_: self._again(item),
            on_correct=lambda *_: app.work.correct(item),
            on_discard=lambda *_: self._ask_to_discard(item),
        )
        return row

    def send_now(self) -> None:
        """Does not wait for the next try."""
        App.get_running_app().sync.poke()
        self.fill()

    def _again(self, item: OutboxItem) -> None:
        app = App.get_running_app()
        app.store.outbox.retry(item.protocol_id)
        app.sync.poke()
        self.fill()

    def _ask_to_discard(self, item: OutboxItem) -> None:
        lang = App.get_running_app().lang
        answers = [
            (text(lang, "discard"), "danger", lambda: self._discard(item)),
            (text(lang, "keep"), "primary", None),
        ]
        ask(text(lang, "discard_title"), text(lang, "discard_words", title=item.title), answers)

    def _discard(self, item: OutboxItem) -> None:
        app = App.get_running_app()
        app.store.outbox.discard(item.protocol_id, app.person_name)
        self.fill()


def what_to_do(lang: str, item: OutboxItem) -> str:
    """The reason in words, and who does what about it."""
    if item.state is State.REFUSED:
        advice = f"refused_{item.problem_code}"
        words = text(lang, advice if advice in WORDS[lang] else "refused_OTHER")
        return f"{words}\n{text(lang, 'server_says', words=item.message)}" if item.message else words
    if item.state in {State.CONFLICT, State.SIGN_IN}:
        return text(lang, f"advice_{item.state.value}")
    if item.state is State.WAITING and item.last_error:
        return text(lang, "waits_because", tries=item.tries)
    return ""


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
