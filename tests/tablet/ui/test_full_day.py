"""Two hundred contracts are no more work for a screen than twenty, but where it has to look at each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kivy.tests.common import UnitTestTouch
from kivy.uix.widget import Widget

from mobile_kivy.screens.outbox import ROWS_A_FRAME, ROWS_AT_ONCE
from mobile_kivy.screens.today import JobRow
from mobile_kivy.store import Finished, Store
from mobile_kivy.store.database import Database
from tests.tablet.full_day import full_day
from tests.tablet.ui import work
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.yard_day import YardDay

Start = Callable[..., Finger]
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Count:
    """Widgets made, statements run."""

    widgets: int = 0
    statements: int = 0


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Count]:
    count = Count()
    made, rows, row, execute = Widget.__init__, Database.rows, Database.row, Database.execute

    def make(widget: Any, **options: Any) -> None:
        count.widgets += 1
        made(widget, **options)

    def ask(method: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*words: Any) -> Any:
            count.statements += 1
            return method(*words)

        return counting

    with monkeypatch.context() as patch:
        patch.setattr(Widget, "__init__", make)
        for name, method in {"rows": rows, "row": row, "execute": execute}.items():
            patch.setattr(Database, name, ask(method))
        yield count


def put_day(folder: Path, yard_day: YardDay, contracts: int) -> None:
    """So many contracts on the device: half go out, half come in, a tenth of all late."""
    store = Store(folder, yard_day.clock)
    station, date = yard_day.dealership.station["id"], yard_day.today
    known = store.days.get(station, date)
    assert known is not None
    late = contracts // 10
    store.days.put(
        station, date, full_day(dict(known[0].answer), contracts // 2, contracts // 2 - late, late, contracts // 5)
    )
    store.close()


def begin(open_app: Start, device: Path, yard_day: YardDay, contracts: int) -> Finger:
    """In front of the list of so many contracts, without a network."""
    put_day(device, yard_day, contracts)
    finger = open_app(NOWHERE, now=yard_day.clock)
    work.enter(finger)
    finger.wait(lambda: not finger.app.sync.state.syncing, "the first try to be over")
    # Nobody else asks the store while statements are counted.
    finger.app.sync.stop()
    finger.frames(4)  # what it said last is shown before anything is counted
    return finger


def rows_of(finger: Finger) -> int:
    """The rows that exist, in sight or kept for the next ones."""
    lists = (finger.screen.ids.outs, finger.screen.ids.ins)
    return sum(len(listed.children[0].children) for listed in lists)


def look_around(finger: Finger, monkeypatch: pytest.MonkeyPatch) -> dict[str, Count]:
    """What each piece of work takes."""
    found = {}
    app, today = finger.app, finger.screen
    assert app.day is not None
    job = app.day.jobs[0]
    deeds: dict[str, Callable[[], object]] = {
        "redraw": today.fill,
        "report of the sync": lambda: app._sync_changed(app.sync.state),
        "filter": lambda: today.choose("OVERDUE"),
        "all again": lambda: today.choose("OVERDUE"),
        "search": lambda: setattr(today, "search", "B-EW 0003"),
        "no search": lambda: setattr(today, "search", ""),
        "scroll": lambda: setattr(today.ids.outs, "scroll_y", 0.4),
        "open a form": lambda: app.work.open_job(job.contract.id, job.kind),
        "other cars": lambda: finger.screen.step.other_car(),  # noqa: PLW0108  # there is no step yet
        "leave": lambda: finger.screen.leave(),  # noqa: PLW0108  # nor is it this screen
        "outbox": app.show_outbox,
    }
    for name, deed in deeds.items():
        with counted(monkeypatch) as found[name]:
            deed()
            finger.frames(4)
        while finger.top() is not app.root:
            finger.top().dismiss(animation=False)
            finger.frames(2)
    return found


def test_more_contracts_are_no_more_widgets_and_statements(
    open_app: Start, device: Path, yard_day: YardDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, rows = {}, {}
    for contracts in (20, 200):
        finger = begin(open_app, device, yard_day, contracts)
        rows[contracts] = rows_of(finger)
        seen[contracts] = look_around(finger, monkeypatch)
    few, many = seen[20], seen[200]
    assert {name: count.statements for name, count in many.items()} == {n: c.statements for n, c in few.items()}
    # A list makes as many rows as are in sight, and one or two more when it has been scrolled.
    assert rows[20] <= rows[200] <= rows[20] + 2
    more = {name: many[name].widgets - few[name].widgets for name in few}
    in_a_row = sum(1 for _ in JobRow().walk())
    assert {name: count for name, count in more.items() if count > 2 * in_a_row} == {}


def put_sent(folder: Path, yard_day: YardDay, count: int) -> None:
    """So many protocols that were made and sent on this device today."""
    store = Store(folder, yard_day.clock)
    user_id = store.people.all()[0].user_id
    for number in range(count):
        name = f"sent-{number}"
        payload = {"protocolId": name, "contractId": name}
        store.outbox.enqueue(Finished(name, "CHECK_OUT", name, user_id, payload, [], f"B-EW {number}"))
        store.outbox.confirm(name, conflict=False)
    store.close()


def test_the_outbox_opens_with_what_is_in_sight_and_keeps_its_rows(
    open_app: Start, device: Path, yard_day: YardDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_sent(device, yard_day, 50)
    finger = begin(open_app, device, yard_day, 20)
    finger.app.show_outbox()
    finger.frames(1)
    rows = finger.screen.ids.rows
    assert ROWS_AT_ONCE <= len(rows.children) <= ROWS_AT_ONCE + 2 * ROWS_A_FRAME
    finger.wait(lambda: len(rows.children) == 50, "all rows")
    # A report of the sync while somebody looks makes nothing anew.
    with counted(monkeypatch) as count:
        finger.screen.fill()
        finger.frames(3)
    assert (count.widgets, count.statements) == (0, 1)


def row_at(listed: Any, x: float, y: float) -> Any:
    """The row in this place of the window; rows are used again for others."""
    return next(row for row in listed.children[0].children if row.collide_point(*listed.to_local(x, y)))


def test_a_touch_in_a_long_list_is_felt_at_once_and_a_scroll_is_no_tap(
    open_app: Start, device: Path, yard_day: YardDay
) -> None:
    finger = begin(open_app, device, yard_day, 200)
    outs = finger.screen.ids.outs
    assert not outs.fits
    x, y = outs.center_x, outs.top - 60
    row = row_at(outs, x, y)

    # One that leaves again has tapped, in that very moment.
    touch = UnitTestTouch(x, y)
    touch.touch_down()
    finger.frames(1)
    assert row.pressed
    touch.touch_up()
    assert finger.app.root.current == "handover"
    finger.screen.leave()
    finger.frames(4)

    # One that moves on has pressed nothing. How long that takes says something of the machine only.
    outs.scroll_timeout = 60_000
    for _swipe in range(3):  # on a busy machine one was seen to be lost, as a person would see it: then another
        row = row_at(outs, x, y)
        touch = UnitTestTouch(x, y)
        touch.touch_down()
        finger.frames(1)
        assert row.pressed
        for step in range(1, 12):
            touch.touch_move(x, y + 8 * step)
            finger.frames(1)
        assert not row.pressed
        # Before it is let go: what the list does by itself afterwards depends on how fast the frames are.
        followed = outs.scroll_y < 1
        touch.touch_up()
        if followed:
            break
    assert followed, (outs.effect_y.value, outs.effect_y.max, outs.effect_y.history, outs.height)
    finger.frames(2)
    assert finger.app.root.current == "today"
