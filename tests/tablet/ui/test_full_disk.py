"""A disk that is full: said in words, typing goes on in memory, nothing is let go of, and room mends it all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

import pytest

from mobile_kivy.api import Client, Trouble
from mobile_kivy.store import PinLocked, Store
from mobile_kivy.sync import Sync
from tests.tablet.people import ANNA, Clock, contract, session_of
from tests.tablet.ui import work
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.yard_day import PIN, YardDay
from tests.tablet.yard import draft_of, record

Start = Callable[..., Finger]
NOWHERE = "http://127.0.0.1:9"


@contextmanager
def full(store: Store) -> Iterator[None]:
    """SQLite answers as on a full disk: not another page is to be had."""
    connection = store.photos._database._connection
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")
    # What was free inside of the file is used up.
    fillers = (store.settings.remember(f"filler {number}", "x" * 3000) for number in range(1000))
    assert not all(fillers)
    yield
    connection.execute("PRAGMA max_page_count=1000000")


@contextmanager
def read_only(store: Store) -> Iterator[None]:
    """SQLite answers as on a disk that was mounted read-only."""
    connection = store.photos._database._connection
    connection.execute("PRAGMA query_only=ON")
    yield
    connection.execute("PRAGMA query_only=OFF")


def test_a_form_goes_on_in_memory_until_there_is_room(open_app: Start, device: Path, yard_day: YardDay) -> None:
    # given a form on a disk that fills up
    finger = open_app(NOWHERE, now=yard_day.clock)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    with full(finger.app.store):
        # when somebody types on
        finger.type_digits("10007")
        finger.screen.visit.form.remarks = "lang " * 2000
        assert finger.screen.save() is False
        finger.frames(3)

        # then it is said with what to do, and the form is not let go of
        assert finger.app.sync_words.startswith("Speicher voll")
        finger.screen.leave()
        assert finger.app.root.current == "handover"
        assert finger.screen.error == work.word(finger, "trouble_DISK")
        # also when the device locks
        finger.app.change_person()
        assert finger.app.root.current == "sign_in"
        work.enter_again(finger)
        assert finger.app.root.current == "handover"
        assert finger.screen.visit.form.odometer == "10007"

    # and with room it is saved
    assert finger.screen.save() is True
    finger.frames(2)
    assert not finger.app.sync_words.startswith("Speicher voll")
    saved = draft_of(finger.app.store, yard_day.out["id"], "CHECK_OUT")
    assert saved is not None
    assert saved["odometer"] == "10007"


def test_the_sync_says_that_the_disk_is_full_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    # given a protocol that waits, on a disk that cannot be written
    store = Store(tmp_path, Clock())
    store.people.remember(session_of(ANNA), PIN)
    record(store, ANNA, contract(), "CHECK_OUT")
    sync = Sync(store, Client(NOWHERE), now=Clock(), random=lambda: 0.0)
    with read_only(store):
        sync.turn()
        assert (sync.state.online, sync.state.trouble) == (False, Trouble.DISK)

    # when it can be written again
    sync.turn()

    # then only the network is missing, and nothing is lost
    assert (sync.state.trouble, sync.state.waiting) == (Trouble.NO_NETWORK, 1)
    store.close()


def test_a_right_pin_opens_on_a_full_disk_and_a_wrong_one_waits(tmp_path: Path) -> None:
    clock = Clock()
    store = Store(tmp_path, clock, elapsed=clock.seconds)
    store.people.remember(session_of(ANNA), PIN)
    with read_only(store):
        assert store.people.check_pin(ANNA, PIN)
        with pytest.raises(PinLocked) as locked:
            store.people.check_pin(ANNA, "0000")
        assert (locked.value.until.astimezone(UTC) - clock.now).total_seconds() == 30
        with pytest.raises(PinLocked):
            store.people.check_pin(ANNA, PIN)
        clock.move(seconds=31)
        assert store.people.check_pin(ANNA, PIN)
    store.close()
