"""What has not left the device, why, and what to do about it."""

from __future__ import annotations

from pathlib import Path

from kivy.clock import Clock
from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.screenmanager import Screen

from mobile_kivy.desk import Desk
from mobile_kivy.i18n import WORDS, clock, text
from mobile_kivy.screens.approval import ask_for_approval
from mobile_kivy.screens.today import STATE_LOOKS
from mobile_kivy.store import OutboxItem, State
from mobile_kivy.widgets.basics import Btn
from mobile_kivy.widgets.dialog import ask

SHOWN = 60
"""Rows on the list; those that need somebody come first, the sent ones last."""
ROWS_AT_ONCE, ROWS_A_FRAME = 8, 3
"""As many as are in sight, and what a frame has time for after that."""
_RANK = (State.REFUSED, State.SIGN_IN, State.CONFLICT, State.WAITING, State.SENT, State.DISCARDED)


class RefusedButtons(BoxLayout):
    """What somebody can decide."""

    row = ObjectProperty()


class ApproveButton(Btn):
    """A manager can help."""

    row = ObjectProperty()


class OutboxRow(BoxLayout):
    """One protocol with its reason; with buttons only where there is something to decide."""

    desk: Desk = ObjectProperty()
    title = StringProperty("")
    detail = StringProperty("")
    reason = StringProperty("")
    icon = StringProperty("cloud-sync")
    tone = StringProperty("warn")
    refused = BooleanProperty(False)
    protocol_id = StringProperty("")
    correctable = BooleanProperty(False)
    approvable = BooleanProperty(False)
    item: OutboxItem
    __events__ = ("on_again", "on_correct", "on_discard", "on_approve")

    def show(self, item: OutboxItem) -> None:
        """This protocol from now on; what stays the same is not drawn again."""
        queued = self.desk.local(item.queued_at)
        photos = text(self.desk.lang, "photos_sent", sent=item.photos_sent, of=item.photos_total)
        self.item, self.protocol_id = item, item.protocol_id
        self.title = f"{text(self.desk.lang, item.kind)}  ·  {item.title}"
        self.detail = f"{clock(queued)}  ·  {text(self.desk.lang, f'state_{item.state.value}')}  ·  {photos}"
        self.reason = what_to_do(self.desk.lang, item)
        self.icon, self.tone = STATE_LOOKS.get(item.state.value, ("delete", "ink2"))
        self.approvable = item.can_be_approved and self.desk.person is not None
        self.refused = item.state is State.REFUSED
        self.correctable = self.refused and self.desk.person is not None and self.desk.work.can_correct(item)

    def on_approvable(self, *_: object) -> None:
        """A button of its own, above the others, only where a manager can help."""
        if self.approvable:
            self.add_widget(ApproveButton(row=self))
        else:
            self.remove_widget(next(child for child in self.children if isinstance(child, ApproveButton)))

    def on_refused(self, *_: object) -> None:
        """Makes the buttons only where there is something to decide: nothing else in a row takes as long."""
        if self.refused:
            self.add_widget(RefusedButtons(row=self))
        else:
            self.remove_widget(next(child for child in self.children if isinstance(child, RefusedButtons)))

    def on_approve(self) -> None:
        """Bound by the screen."""

    def on_again(self) -> None:
        """Bound by the screen."""

    def on_correct(self) -> None:
        """Bound by the screen."""

    def on_discard(self) -> None:
        """Bound by the screen."""


class OutboxScreen(Screen):
    """The list, and a button that tries now."""

    desk: Desk = ObjectProperty()
    status = StringProperty("")
    trouble = StringProperty("")
    sign_in_anew = BooleanProperty(False)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._items: list[OutboxItem] = []
        self._rows: list[OutboxRow] = []
        self._go_on = Clock.create_trigger(lambda _dt: self._build(len(self._rows) + ROWS_A_FRAME))

    def on_pre_enter(self, *_: object) -> None:
        """Reads the store."""
        self.fill()

    def on_leave(self, *_: object) -> None:
        """Rows that nobody looks at can wait."""
        self._go_on.cancel()

    def fill(self) -> None:
        """The protocols, those that need somebody first."""
        standing = self.desk.standing
        self.status, self.trouble, self.sign_in_anew = standing.long(), standing.sentences(), standing.sign_in_anew
        items = sorted(self.desk.store.outbox.items(), key=lambda item: (_RANK.index(item.state), item.queued_at))
        self._items = items[:SHOWN]
        for row in self._rows[len(self._items) :]:
            self.ids.rows.remove_widget(row)
        del self._rows[len(self._items) :]
        for row, item in zip(self._rows, self._items, strict=False):
            row.show(item)
        self._build(ROWS_AT_ONCE)
        self.ids.empty.opacity = 0 if items else 1

    def _build(self, up_to: int) -> None:
        """Rows are kept and shown anew; those that are missing come a few with each frame, the first ones at once."""
        for item in self._items[len(self._rows) : up_to]:
            row = OutboxRow(desk=self.desk)
            row.show(item)
            row.bind(on_again=self._again, on_correct=self._correct, on_discard=self._ask_to_discard)
            row.bind(on_approve=self._approve)
            self._rows.append(row)
            self.ids.rows.add_widget(row)
        if len(self._rows) < len(self._items):
            self._go_on()

    def send_now(self) -> None:
        """Does not wait for the next try."""
        self.desk.send_now()
        self.fill()

    def _again(self, row: OutboxRow) -> None:
        self.desk.store.outbox.retry(row.protocol_id)
        self.desk.send_now()
        self.fill()

    def _approve(self, row: OutboxRow) -> None:
        ask_for_approval(self.desk, row.item, self.send_now)

    def _correct(self, row: OutboxRow) -> None:
        self.desk.work.correct(row.item)

    def _ask_to_discard(self, row: OutboxRow) -> None:
        lang, item = self.desk.lang, row.item
        answers = [
            (text(lang, "discard"), "danger", lambda: self._discard(item)),
            (text(lang, "keep"), "primary", None),
        ]
        ask(text(lang, "discard_title"), text(lang, "discard_words", title=item.title), answers)

    def _discard(self, item: OutboxItem) -> None:
        self.desk.store.outbox.discard(item.protocol_id, self.desk.person_name)
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
