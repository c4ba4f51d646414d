"""What the tablet keeps: nothing is lost, nothing is kept twice, nothing stays longer than it may."""

from __future__ import annotations

import os
import sqlite3
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mobile_kivy.store import FileDamaged, FileMissing, NewerStore, State, Store, TooEarly
from tests.driving import new_id
from tests.tablet.people import ANNA, BERT, session_of
from tests.tablet.yard import record, sha256_of, small_photo, taken_photos

STATION = "station-1"


class Clock:
    """Stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Any:
    opened = Store(tmp_path / "tablet", clock)
    opened.people.remember(session_of(ANNA), None)
    yield opened
    opened.close()


def contract(number: int = 1) -> dict[str, Any]:
    starts = datetime(2026, 3, 2, 8, tzinfo=UTC)
    return {"id": f"contract-{number}", "starts": starts, "drivers": [], "vehicle": {"plate": "B-EW 1"}}


def queue(store: Store, number: int = 1, kind: str = "CHECK_OUT", **more: Any) -> str:
    return record(store, ANNA, contract(number), kind, [small_photo(number)], **more)


def again(store: Store) -> Store:
    """The app was killed and is started again."""
    store.close()
    return Store(store.folder, store.outbox._now)


class TestOutbox:
    def test_a_protocol_that_is_queued_twice_is_there_once_as_it_was_first(self, store: Store) -> None:
        protocol_id = queue(store)
        first = store.outbox.payload(protocol_id)
        other = {"protocolId": protocol_id, "contractId": "contract-1", "remarks": "changed"}

        assert store.outbox.enqueue(protocol_id, "CHECK_OUT", "contract-1", ANNA, other, [], "other") is False

        assert store.outbox.payload(protocol_id) == first
        assert len(store.outbox.items()) == 1

    def test_its_draft_ends_with_it_and_a_late_autosave_does_not_bring_it_back(self, store: Store) -> None:
        protocol_id = new_id()
        payload = {"protocolId": protocol_id, "contractId": "contract-1", "photos": []}
        assert store.drafts.save(protocol_id, "contract-1", "CHECK_OUT", ANNA, {"step": 3})

        store.outbox.enqueue(protocol_id, "CHECK_OUT", "contract-1", ANNA, payload, [], "title")

        assert store.drafts.all() == []
        assert store.drafts.save(protocol_id, "contract-1", "CHECK_OUT", ANNA, {"step": 4}) is False
        assert store.drafts.get("contract-1", "CHECK_OUT") is None

    def test_a_crash_in_the_middle_leaves_the_draft_and_no_half_protocol(self, store: Store) -> None:
        protocol_id = new_id()
        payload = {"protocolId": protocol_id, "contractId": "contract-1"}
        store.drafts.save(protocol_id, "contract-1", "CHECK_OUT", ANNA, {"step": 3})

        with pytest.raises(AttributeError):  # after the protocol's row, at its photos
            store.outbox.enqueue(protocol_id, "CHECK_OUT", "contract-1", ANNA, payload, [None], "title")  # type: ignore[list-item]

        store = again(store)
        assert store.outbox.items() == []
        assert store.drafts.get("contract-1", "CHECK_OUT") == {"step": 3}

    def test_it_leaves_in_order_and_a_contract_waits_for_its_earlier_protocol(self, store: Store) -> None:
        out_1, out_2 = queue(store, 1), queue(store, 2)
        back_1 = queue(store, 1, "CHECK_IN")
        assert next_id(store) == out_1

        store.outbox.refuse(out_1, "ODOMETER_IMPLAUSIBLE", "too low", ["input", "condition", "odometerKm"])
        assert next_id(store) == out_2
        store.outbox.confirm(out_2, conflict=False)
        assert next_id(store) is None

        (refused,) = store.outbox.refused()
        assert (refused.problem_code, refused.message) == ("ODOMETER_IMPLAUSIBLE", "too low")
        assert refused.field == ("input", "condition", "odometerKm")
        assert store.outbox.retry(out_1) is True
        assert next_id(store) == out_1
        store.outbox.confirm(out_1, conflict=True)
        assert next_id(store) == back_1
        assert store.outbox.states() == {
            ("contract-1", "CHECK_OUT"): State.CONFLICT,
            ("contract-2", "CHECK_OUT"): State.SENT,
            ("contract-1", "CHECK_IN"): State.WAITING,
        }

    def test_a_correction_takes_the_place_of_what_was_refused(self, store: Store) -> None:
        wrong, back = queue(store, 1), queue(store, 1, "CHECK_IN")
        store.outbox.refuse(wrong, "ODOMETER_IMPLAUSIBLE", "too low")
        right = new_id()
        payload = {"protocolId": right, "contractId": "contract-1", "overrideReason": "new instrument"}

        assert store.outbox.enqueue(right, "CHECK_OUT", "contract-1", ANNA, payload, [], "t", instead_of=wrong)

        assert next_id(store) == right
        store.outbox.confirm(right, conflict=False)
        assert next_id(store) == back
        states = {item.protocol_id: item.state for item in store.outbox.items()}
        assert states == {wrong: State.DISCARDED, right: State.SENT, back: State.WAITING}

    def test_only_what_was_refused_can_be_discarded_and_it_is_kept_for_a_month(
        self, store: Store, clock: Clock
    ) -> None:
        protocol_id = queue(store)
        with pytest.raises(ValueError, match="refused"):
            store.outbox.discard(protocol_id, "by mistake")
        store.outbox.refuse(protocol_id, "NOT_FOUND", "gone")
        store.outbox.discard(protocol_id, "recorded twice")
        assert store.outbox.waiting().count == 0

        clock.move(days=29)
        with pytest.raises(TooEarly):
            store.outbox.delete_discarded(protocol_id)
        store.photos.sweep()
        assert len(taken_photos(store)) == 1
        assert store.outbox.payload(protocol_id) is not None

        clock.move(days=2)
        store.outbox.delete_discarded(protocol_id)
        store.photos.sweep()
        assert store.outbox.payload(protocol_id) is None
        assert taken_photos(store) == []

    def test_what_was_sent_is_forgotten_after_a_week_and_never_sent_again(self, store: Store, clock: Clock) -> None:
        protocol_id = queue(store)
        store.outbox.confirm(protocol_id, conflict=False)
        clock.move(days=6)
        assert store.outbox.forget_old() == 0
        clock.move(days=2)
        assert store.outbox.forget_old() == 1

        (item,) = store.outbox.items()
        assert (item.title, item.state, store.outbox.payload(protocol_id)) == ("", State.SENT, None)
        payload = {"protocolId": protocol_id, "contractId": "contract-1"}
        assert not store.outbox.enqueue(protocol_id, "CHECK_OUT", "contract-1", ANNA, payload, [], "title")

    def test_it_says_since_when_something_waits(self, store: Store, clock: Clock) -> None:
        first = clock.now
        queue(store, 1)
        clock.move(hours=1)
        queue(store, 2)
        assert (store.outbox.waiting().count, store.outbox.waiting().oldest) == (2, first)

    def test_without_a_session_its_protocols_wait_and_those_of_others_go_on(self, store: Store) -> None:
        store.people.remember(session_of(BERT), None)
        queue(store, 1)
        of_bert = record(store, BERT, contract(2), "CHECK_OUT")
        store.people.mark_sign_in_needed(ANNA)

        assert next_id(store) == of_bert
        assert [item.state for item in store.outbox.items()] == [State.SIGN_IN, State.WAITING]
        assert store.outbox.users_to_sign_in() == (ANNA,)

    def test_two_threads_queue_and_nothing_gets_lost(self, store: Store) -> None:
        def work(first: int) -> None:
            for number in range(first, first + 20):
                queue(store, number)

        threads = [threading.Thread(target=work, args=(first,)) for first in (0, 100, 200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.outbox.waiting().count == 60
        assert len(taken_photos(store)) == 60


def next_id(store: Store) -> str | None:
    parcel = store.outbox.next_parcel()
    return parcel.protocol_id if parcel else None


class TestPhotos:
    def test_a_file_stays_until_the_last_protocol_that_names_it_is_confirmed(self, store: Store) -> None:
        picture = small_photo(7)
        first = record(store, ANNA, contract(1), "CHECK_OUT", [picture])
        second = record(store, ANNA, contract(2), "CHECK_OUT", [picture])
        store.photos.put_thumbnail(sha256_of(picture), b"small")
        store.outbox.confirm(first, conflict=False)
        assert store.photos.release() == 0
        assert store.photos.read(sha256_of(picture)) == picture
        store.outbox.confirm(second, conflict=False)
        assert store.photos.release() == 1
        assert taken_photos(store) == []
        assert store.photos.thumbnail(sha256_of(picture)) is None

    def test_a_form_that_stores_the_same_picture_again_keeps_it(self, store: Store, clock: Clock) -> None:
        picture = small_photo(7)
        protocol_id = record(store, ANNA, contract(1), "CHECK_OUT", [picture])
        clock.move(minutes=1)
        store.photos.put(picture)
        store.outbox.confirm(protocol_id, conflict=False)
        assert store.photos.release() == 0
        assert len(taken_photos(store)) == 1

    def test_the_sweep_takes_old_files_that_nothing_names(self, store: Store, clock: Clock) -> None:
        queued, drafted, forgotten = small_photo(1), small_photo(2), small_photo(3)
        record(store, ANNA, contract(1), "CHECK_OUT", [queued])
        nested = {"marks": [{"photos": [store.photos.put(drafted).sha256]}]}
        store.drafts.save(new_id(), "contract-2", "CHECK_OUT", ANNA, nested)
        store.photos.put(forgotten)
        unfinished = store.folder / "photos" / f"{'0' * 64}.jpg.1234.part"
        unfinished.write_bytes(b"half")
        os.utime(unfinished, (clock.now.timestamp(), clock.now.timestamp()))

        clock.move(minutes=59)
        assert store.photos.sweep() == 0
        clock.move(minutes=2)
        recent = store.photos.put(small_photo(4))
        assert store.photos.sweep() == 2

        kept = {sha256_of(queued), sha256_of(drafted), recent.sha256}
        assert {name[:64] for name in taken_photos(store)} == kept

    def test_a_missing_and_a_damaged_file_are_told_apart(self, store: Store) -> None:
        with pytest.raises(FileMissing):
            store.photos.read("0" * 64)
        kept = store.photos.put(small_photo(1))
        kept.path.write_bytes(b"rotten")
        with pytest.raises(FileDamaged):
            store.photos.read(kept.sha256)

    def test_names_cannot_lead_elsewhere(self, store: Store) -> None:
        with pytest.raises(ValueError, match="hexadecimal"):
            store.photos.path("../tablet.db")
        with pytest.raises(ValueError, match="photo id"):
            store.pictures.path("../tablet.db")


class TestDaysAndPictures:
    def test_old_days_go_except_those_that_unfinished_work_needs(self, store: Store) -> None:
        today = date(2026, 3, 20)
        for number in (1, 2, 3):
            store.days.put(STATION, today - timedelta(days=10 + number), {"checkOuts": [{"id": f"contract-{number}"}]})
        store.days.put(STATION, today, {"checkOuts": []})
        store.drafts.save(new_id(), "contract-1", "CHECK_OUT", ANNA, {})
        queue(store, 2)

        assert store.days.purge(today - timedelta(days=7)) == 1

        assert store.days.dates(STATION) == [today - timedelta(days=12), today - timedelta(days=11), today]

    def test_a_day_is_replaced_and_tells_when_it_was_fetched(self, store: Store, clock: Clock) -> None:
        day = date(2026, 3, 20)
        assert store.days.get(STATION, day) is None
        store.days.put(STATION, day, {"checkOuts": [1]})
        clock.move(minutes=5)
        store.days.put(STATION, day, {"checkOuts": []})
        assert store.days.get(STATION, day) == ({"checkOuts": []}, clock.now)

    def test_pictures_are_fetched_once_and_purged(self, store: Store) -> None:
        store.pictures.put("a-1", b"one")
        store.pictures.put("b-2", b"two")
        assert store.pictures.missing(["a-1", "c-3", "c-3", "b-2"]) == ["c-3"]
        assert store.pictures.purge(keep={"b-2"}) == 1
        assert store.pictures.path("a-1") is None

    def test_settings(self, store: Store) -> None:
        assert store.settings.get("station") is None
        assert store.settings.get("station", "none") == "none"
        store.settings.set("station", "a")
        store.settings.set("station", "b")
        assert again(store).settings.get("station") == "b"


class TestFile:
    def test_every_commit_is_on_the_disk(self, store: Store) -> None:
        database = store.photos._database
        (mode,), (synchronous,) = database.rows("PRAGMA journal_mode")[0], database.rows("PRAGMA synchronous")[0]
        assert (mode, synchronous) == ("wal", 2)

    @pytest.mark.parametrize("damage", ["header", "pages"])
    def test_a_corrupt_database_is_kept_and_reported_and_no_photo_is_swept(
        self, store: Store, clock: Clock, damage: str
    ) -> None:
        for number in range(30):
            queue(store, number)
        file = store.folder / "tablet.db"
        store.close()
        content = bytearray(file.read_bytes())
        spoiled = slice(0, 100) if damage == "header" else slice(4096, len(content))
        content[spoiled] = b"\xa5" * len(content[spoiled])
        file.write_bytes(content)

        store = Store(store.folder, clock)

        (aside,) = store.set_aside()
        assert aside.read_bytes() == content
        assert store.outbox.items() == []
        clock.move(days=1)
        assert store.photos.sweep() == 0
        assert len(taken_photos(store)) == 30
        store.close()

    def test_a_store_of_a_newer_app_is_left_alone(self, store: Store) -> None:
        store.close()
        with sqlite3.connect(store.folder / "tablet.db") as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
        with pytest.raises(NewerStore):
            Store(store.folder)
        assert not list(store.folder.glob("*corrupt*"))

    def test_an_older_store_is_upgraded_with_everything_in_it(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from mobile_kivy.store import database, schema

        protocol_id = queue(store)
        more = (*schema.VERSIONS, ("ALTER TABLE setting ADD COLUMN changed_at TEXT",))
        monkeypatch.setattr(database, "VERSIONS", more)
        store = again(store)
        assert store.photos._database.rows("PRAGMA user_version")[0][0] == 2
        assert [item.protocol_id for item in store.outbox.items()] == [protocol_id]

    def test_an_upgrade_that_fails_changes_nothing(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        from mobile_kivy.store import database, schema

        store.close()
        monkeypatch.setattr(database, "VERSIONS", (*schema.VERSIONS, ("CREATE TABLE half (a TEXT)", "NONSENSE")))
        with pytest.raises(sqlite3.OperationalError):
            Store(store.folder)
        monkeypatch.undo()
        reopened = Store(store.folder)
        assert reopened.photos._database.rows("SELECT 1 FROM sqlite_master WHERE name = 'half'") == []
        reopened.close()
