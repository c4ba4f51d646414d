"""A tablet that several people share: their sessions, their PINs, and what keeps them from being forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mobile_kivy.store import Person, PinLocked, StillWaiting, Store
from tests.tablet.people import ANNA, BERT, Clock, contract, session_of
from tests.tablet.yard import record


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    opened = Store(tmp_path / "tablet", clock, elapsed=clock.seconds)
    yield opened
    opened.close()


def test_a_person_is_remembered_with_stations_and_session(store: Store) -> None:
    session = session_of(ANNA)
    store.people.remember(session, "4711")
    store.people.remember(session_of(BERT), None)

    assert store.people.session(ANNA) == session
    assert [(person.name, person.has_pin) for person in store.people.all()] == [("Anna", True), ("Bert", False)]
    assert store.people.all()[0] == Person(ANNA, "Anna", "anna@example.com", "YARD", session.stations, True)


def test_a_session_outlives_its_expiry_until_the_server_ends_it(store: Store, clock: Clock) -> None:
    store.people.remember(session_of(ANNA), "4711")
    clock.now += timedelta(days=400)
    assert store.people.session(ANNA) is not None
    assert store.people.needs_sign_in(ANNA) is False

    store.people.mark_sign_in_needed(ANNA)

    assert store.people.session(ANNA) is None
    assert store.people.needs_sign_in(ANNA) is True
    assert store.people.check_pin(ANNA, "4711") is True  # she can go on recording


def test_a_stale_refresh_neither_replaces_nor_ends_a_newer_session(store: Store) -> None:
    old, newer = session_of(ANNA, 1), session_of(ANNA, 2)
    store.people.remember(old, None)
    store.people.remember(newer, None)

    assert store.people.renew(ANNA, session_of(ANNA, 3), instead_of=old) is False
    store.people.mark_sign_in_needed(ANNA, old)

    assert store.people.session(ANNA) == newer
    assert store.people.renew(ANNA, session_of(ANNA, 3), instead_of=newer) is True
    assert store.people.renew(BERT, session_of(BERT)) is False


def test_wrong_pins_lock_for_longer_and_longer(store: Store, clock: Clock) -> None:
    store.people.remember(session_of(ANNA), "4711")
    for _ in range(5):
        assert store.people.check_pin(ANNA, "0000") is False
    with pytest.raises(PinLocked) as locked:
        store.people.check_pin(ANNA, "4711")
    assert locked.value.until == clock.now + timedelta(seconds=30)

    clock.move(seconds=31)
    assert store.people.check_pin(ANNA, "0000") is False
    with pytest.raises(PinLocked) as locked:
        store.people.check_pin(ANNA, "4711")
    assert locked.value.until == clock.now + timedelta(minutes=1)

    clock.move(seconds=61)
    assert store.people.check_pin(ANNA, "4711") is True
    assert store.people.check_pin(ANNA, "0000") is False  # and the count begins anew
    assert store.people.check_pin(ANNA, "4711") is True


@pytest.mark.parametrize("days", [-3650, -1, 1, 3650])
def test_a_clock_that_is_set_neither_ends_nor_prolongs_a_wait(store: Store, clock: Clock, days: int) -> None:
    store.people.remember(session_of(ANNA), "4711")
    for _ in range(5):
        store.people.check_pin(ANNA, "0000")
    clock.move(seconds=20)
    clock.set(days=days)
    with pytest.raises(PinLocked) as locked:
        store.people.check_pin(ANNA, "4711")
    assert locked.value.until == clock.now + timedelta(seconds=10)
    clock.move(seconds=10)
    assert store.people.check_pin(ANNA, "4711") is True


def test_a_restart_begins_the_rest_of_the_wait_anew_and_forgets_no_failure(store: Store, clock: Clock) -> None:
    store.people.remember(session_of(ANNA), "4711")
    for _ in range(5):
        store.people.check_pin(ANNA, "0000")
    clock.move(seconds=20)
    with pytest.raises(PinLocked):
        store.people.check_pin(ANNA, "4711")
    store.close()
    clock.elapsed = 3.0  # the device was off, and counts from its start
    clock.set(days=-30)

    reopened = Store(store.folder, clock, elapsed=clock.seconds)
    with pytest.raises(PinLocked) as locked:
        reopened.people.check_pin(ANNA, "4711")
    assert locked.value.until == clock.now + timedelta(seconds=10)
    clock.move(seconds=10)
    assert reopened.people.check_pin(ANNA, "0000") is False
    with pytest.raises(PinLocked) as locked:
        reopened.people.check_pin(ANNA, "4711")
    assert locked.value.until == clock.now + timedelta(minutes=1)
    reopened.close()


def test_signing_in_again_keeps_the_pin_and_lifts_the_lock(store: Store) -> None:
    store.people.remember(session_of(ANNA), "4711")
    for _ in range(5):
        store.people.check_pin(ANNA, "0000")
    store.people.remember(session_of(ANNA, 2), None)
    assert store.people.check_pin(ANNA, "4711") is True


def test_nobody_gets_in_without_a_pin(store: Store) -> None:
    store.people.remember(session_of(BERT), None)
    assert store.people.check_pin(BERT, "") is False
    assert store.people.check_pin("nobody", "4711") is False


def test_neither_pin_nor_tokens_are_shown(store: Store) -> None:
    store.people.remember(session_of(ANNA), "471147114711")
    assert b"471147114711" not in (store.folder / "tablet.db-wal").read_bytes()
    assert "access-" not in repr(store.people.session(ANNA))
    assert "refresh-" not in repr(store.people.session(ANNA))


def test_who_has_protocols_waiting_cannot_be_forgotten(store: Store) -> None:
    store.people.remember(session_of(ANNA), "4711")
    protocol_id = record(store, ANNA, contract(), "CHECK_OUT")
    with pytest.raises(StillWaiting):
        store.people.forget(ANNA)

    store.outbox.confirm(protocol_id, conflict=False)
    store.people.forget(ANNA)

    assert store.people.all() == []
    assert store.people.session(ANNA) is None
    assert [item.protocol_id for item in store.outbox.items()] == [protocol_id]
