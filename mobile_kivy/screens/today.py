"""The day at a glance: what is late, check-outs and check-ins, each with its state."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from kivy.clock import Clock
from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.recycleview import RecycleView
from kivy.uix.recycleview.views import RecycleDataViewBehavior
from kivy.uix.screenmanager import Screen

from mobile_kivy.desk import Desk
from mobile_kivy.forms.day import CHECK_IN, CHECK_OUT, Job
from mobile_kivy.forms.obstacles import obstacles
from mobile_kivy.i18n import clock, day, text
from mobile_kivy.store import OutboxItem, State
from mobile_kivy.widgets.step_scroll import PromptTouch
from mobile_kivy.widgets.tappable import Tappable

KINDS = (CHECK_OUT, CHECK_IN)
BANNER_FOR = 6.0
"""Seconds for which the line above the lists is there."""

STATE_LOOKS = {
    "": ("chevron-right", "primary"),
    "DRAFT": ("pencil", "warn"),
    "WAITING": ("cloud-sync", "warn"),
    "SENT": ("check-circle", "ok"),
    "CONFLICT": ("alert-circle", "warn"),
    "REFUSED": ("alert", "error"),
    "SIGN_IN": ("lock-outline", "error"),
}


class JobRow(RecycleDataViewBehavior, Tappable, BoxLayout):
    """One contract in the list."""

    desk: Desk = ObjectProperty()
    due = StringProperty("")
    day = StringProperty("")
    title = StringProperty("")
    detail = StringProperty("")
    state = StringProperty("")
    state_text = StringProperty("")
    icon = StringProperty("chevron-right")
    tone = StringProperty("primary")
    overdue = BooleanProperty(False)
    later = BooleanProperty(False)
    contract_id = StringProperty("")
    kind = StringProperty("")

    def on_tap(self) -> None:
        """Opens the form, or says how its protocol stands."""
        self.desk.work.open_job(self.contract_id, self.kind)


class DayHeading(RecycleDataViewBehavior, BoxLayout):
    """What the rows below it have in common."""

    words = StringProperty("")


class JobList(PromptTouch, RecycleView):
    """As many rows as are in sight, however long the day is."""


class TodayScreen(Screen):
    """Two lists side by side, or one below the other; tiles and search narrow them."""

    desk: Desk = ObjectProperty()
    shown = StringProperty("ALL")
    search = StringProperty("")
    banner = StringProperty("")
    banner_tone = StringProperty("ok")
    note = StringProperty("")
    left_out = StringProperty("")
    _today: date
    _out: frozenset[str]

    def on_pre_enter(self, *_: object) -> None:
        """Shows what is on the device now."""
        self.fill()

    def on_shown(self, *_: object) -> None:
        """A tile was tapped."""
        self.fill()

    def on_search(self, *_: object) -> None:
        """A letter was typed."""
        self.fill()

    def choose(self, what: str) -> None:
        """The same tile again shows all."""
        self.shown = "ALL" if self.shown == what else what

    def fill(self) -> None:
        """Both lists, from the store's day and what the outbox says of each contract."""
        jobs = self.desk.work.jobs()
        states = self.desk.work.job_states()
        open_jobs = [job for job in jobs if states.get(job.key, "") in {"", "DRAFT"}]
        self._count(open_jobs)
        found = [job for job in jobs if job.matches(self.search) and self._is_shown(job)]
        self._today, self._out = self.desk.today(), self.desk.work.cars_out(states)
        rows = {kind: [self._row(job, states.get(job.key, "")) for job in found if job.kind == kind] for kind in KINDS}
        for item in self._done_elsewhere({job.key for job in jobs}):
            rows[item.kind].append(self._done_row(item))
        for listed, kind in ((self.ids.outs, CHECK_OUT), (self.ids.ins, CHECK_IN)):
            data = self._with_headings(rows[kind])
            # Unchanged rows stay as they are: a report of the sync must not take a row away from under a finger.
            if listed.data != data:
                listed.data = data
        self.ids.outs_empty.opacity = 0 if rows[CHECK_OUT] else 1
        self.ids.ins_empty.opacity = 0 if rows[CHECK_IN] else 1
        lang, known = self.desk.lang, self.desk.day
        self.note = text(lang, "as_of", at=clock(known.generated_at)) if known else text(lang, "no_day_yet")
        self.left_out = self._left_out()

    def _with_headings(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The next morning's stand under a heading of their own: nobody is to prepare the wrong car first."""
        now = [row for row in rows if not row["later"]]
        later = [row for row in rows if row["later"]]
        heading = {"viewclass": "DayHeading", "words": text(self.desk.lang, "next_morning")}
        return [*now, heading, *later] if later else now

    def _left_out(self) -> str:
        """What cannot be shown is said: somebody may be waiting for that car."""
        odd = {
            "day_unreadable": self.desk.day.unreadable if self.desk.day else 0,
            "form_unreadable": self.desk.work.set_aside(),
        }
        return "\n".join(text(self.desk.lang, key, count=count) for key, count in odd.items() if count)

    def _count(self, jobs: list[Job]) -> None:
        figures = {
            "outs": sum(job.kind == CHECK_OUT for job in jobs),
            "ins": sum(job.kind == CHECK_IN and not job.overdue for job in jobs),
            "late": sum(job.overdue for job in jobs),
        }
        for name, figure in figures.items():
            self.ids[f"tile_{name}"].figure = str(figure)

    def _is_shown(self, job: Job) -> bool:
        if self.shown == "OVERDUE":
            return job.overdue
        return self.shown in {"ALL", job.kind}

    def _row(self, job: Job, state: str) -> dict[str, Any]:
        contract, icon_tone, words = job.contract, STATE_LOOKS[state], self._state_text(job, state)
        vehicle = contract.vehicle
        return {
            "desk": self.desk,
            "due": clock(job.due),
            "day": "" if job.due.date() == self._today else day(self.desk.lang, job.due),
            "title": f"{vehicle.plate}  ·  {vehicle.name}" if vehicle else text(self.desk.lang, "no_vehicle_short"),
            "detail": f"{contract.customer}  ·  {contract.number}",
            "state": state,
            "state_text": words,
            "icon": icon_tone[0],
            "tone": "error" if job.overdue and not state else "warn" if words and not state else icon_tone[1],
            "overdue": job.overdue,
            "viewclass": "JobRow",
            "later": job.due.date() > self._today,
            "contract_id": contract.id,
            "kind": job.kind,
        }

    def _state_text(self, job: Job, state: str) -> str:
        if state:
            return text(self.desk.lang, f"state_{state}")
        if job.overdue:
            return text(self.desk.lang, "overdue")
        found = obstacles(job, self._out, self.desk.now())
        return text(self.desk.lang, found[0].key, **found[0].figures) if found else ""

    def _done_elsewhere(self, known: set[tuple[str, str]]) -> list[OutboxItem]:
        """What was done on this device today and is no longer on the server's list: it stays in sight till midnight."""
        today = self.desk.local(self.desk.now()).date()
        return [
            item
            for item in self.desk.store.outbox.items()
            if (item.contract_id, item.kind) not in known
            and item.state is not State.DISCARDED
            and self.desk.local(item.queued_at).date() == today
            and self.shown in {"ALL", item.kind}
            and self.search.casefold() in item.title.casefold()
        ]

    def _done_row(self, item: OutboxItem) -> dict[str, Any]:
        icon, tone = STATE_LOOKS[item.state.value]
        return {
            "desk": self.desk,
            "due": clock(self.desk.local(item.queued_at)),
            "day": "",
            "title": item.title,
            "detail": "",
            "state": item.state.value,
            "state_text": text(self.desk.lang, f"state_{item.state.value}"),
            "icon": icon,
            "tone": tone,
            "overdue": False,
            "viewclass": "JobRow",
            "later": False,
            "contract_id": item.contract_id,
            "kind": item.kind,
        }

    def say(self, words: str, tone: str = "ok") -> None:
        """A line above the lists that goes by itself; `words` is a key of the app's texts."""
        self.banner, self.banner_tone = text(self.desk.lang, words), tone
        Clock.schedule_once(lambda _dt: self.setter("banner")(self, ""), BANNER_FOR)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
