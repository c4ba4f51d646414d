"""Files on the tablet: photos, days, photos of known damages, and a database that may be old, new or corrupt."""

from __future__ import annotations

import os
import sqlite3
from datetime import date, timedelta
from typing import Any

import pytest

from mobile_kivy.forms.day import read_day
from mobile_kivy.reading import Unreadable
from mobile_kivy.store import FileDamaged, FileMissing, NewerStore, Store
from mobile_kivy.store.sealing import about
from tests.driving import new_id
from tests.tablet.answers import contract as contract_answer
from tests.tablet.answers import day, vehicle
from tests.tablet.people import ANNA, Clock, contract
from tests.tablet.store.kept import STATION, again, queue
from tests.tablet.yard import record, sha256_of, small_photo, taken_photos


class TestPhotos:
    def test_a_file_stays_until_the_last_protocol_that_names_it_is_confirmed(self, store: Store) -> None:
        photo = small_photo(7)
        first = record(store, ANNA, contract(1), "CHECK_OUT", [photo])
        second = record(store, ANNA, contract(2), "CHECK_OUT", [photo])
        store.photos.put_thumbnail(sha256_of(photo), b"small")
        store.outbox.confirm(first, conflict=False)
        assert store.photos.release() == 0
        assert store.photos.read(sha256_of(photo)) == photo
        store.outbox.confirm(second, conflict=False)
        assert store.photos.release() == 1
        assert taken_photos(store) == []
        assert store.photos.thumbnail(sha256_of(photo)) is None

    def test_a_form_that_stores_the_same_photo_again_keeps_it(self, store: Store, clock: Clock) -> None:
        photo = small_photo(7)
        protocol_id = record(store, ANNA, contract(1), "CHECK_OUT", [photo])
        clock.move(minutes=1)
        store.photos.put(photo)
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
            store.known_photos.read("../tablet.db")


class TestDaysAndKnownPhotos:
    def test_old_days_go_except_those_that_unfinished_work_needs(self, store: Store) -> None:
        today = date(2026, 3, 20)
        for number in (1, 2, 3):
            told = day(STATION, checkOuts=[contract_answer(number, id=f"contract-{number}")])
            store.days.put(STATION, today - timedelta(days=10 + number), told)
        store.days.put(STATION, today, day(STATION))
        store.drafts.save(new_id(), "contract-1", "CHECK_OUT", ANNA, {})
        queue(store, 2)

        assert store.days.purge(today - timedelta(days=7)) == 1

        assert store.days.dates(STATION) == [today - timedelta(days=12), today - timedelta(days=11), today]

    def test_a_day_is_replaced_and_tells_when_it_was_fetched(self, store: Store, clock: Clock) -> None:
        today = date(2026, 3, 20)
        assert store.days.get(STATION, today) is None
        store.days.put(STATION, today, day(STATION, checkOuts=[contract_answer(1)]))
        clock.move(minutes=5)
        store.days.put(STATION, today, day(STATION))
        assert store.days.get(STATION, today) == (read_day(day(STATION)), clock.now)

    def test_a_day_keeps_the_shapes_of_its_cars_through_a_restart(self, store: Store) -> None:
        # given a day with a van, and a spare car of which no shape is told
        today = date(2026, 3, 20)
        van, spare = vehicle(1, body="VAN"), vehicle(2)
        store.days.put(STATION, today, day(STATION, checkOuts=[contract_answer(1, vehicle=van)], spareVehicles=[spare]))

        # when the app is started again
        found = again(store).days.get(STATION, today)

        # then
        assert found is not None
        (job,), (other,) = found[0].jobs, found[0].spare_vehicles
        assert (job.contract.vehicle and job.contract.vehicle.body, other.body) == ("VAN", "HATCHBACK")

    @pytest.mark.parametrize("odd", [{}, day("s-2"), {**day(STATION), "generatedAt": "2026-03-20T10:00:00"}])
    def test_what_is_no_day_replaces_none(self, store: Store, odd: dict[str, Any]) -> None:
        # given a day that was fetched
        today = date(2026, 3, 20)
        store.days.put(STATION, today, day(STATION, checkOuts=[contract_answer(1)]))

        # when something else comes in its place
        with pytest.raises(Unreadable):
            store.days.put(STATION, today, odd)

        # then the fetched one is still there
        found = store.days.get(STATION, today)
        assert found is not None
        assert [job.contract.id for job in found[0].jobs] == ["c1"]

    def test_a_day_of_an_earlier_app_that_cannot_be_read_is_none_and_disturbs_nobody(self, store: Store) -> None:
        today = date(2026, 3, 20)
        store.days.put(STATION, today, day(STATION))
        for payload in ("{", "[]", '{"generatedAt": NaN}', '{"checkOuts": [1]}'):
            sealed = store._database.texts.seal(about("day", STATION, today.isoformat()), payload)
            store._database.execute("UPDATE day SET payload = ?", (sealed,))
            assert store.days.get(STATION, today) is None
            assert store.days.damage_photo_ids() == set()
        assert store.days.purge(today + timedelta(days=1)) == 1

    def test_the_cache_of_an_earlier_app_moves_to_where_it_is_emptied(self, store: Store) -> None:
        store.known_photos.put("a-1", b"one")
        (store.folder / "known_photos").rename(store.folder / "pictures")
        store = again(store)
        assert store.known_photos.purge(keep=()) == 1
        assert not (store.folder / "pictures").exists()

    def test_photos_are_fetched_once_and_purged(self, store: Store) -> None:
        store.known_photos.put("a-1", b"one")
        store.known_photos.put("b-2", b"two")
        assert store.known_photos.missing(["a-1", "c-3", "c-3", "b-2"]) == ["c-3"]
        assert store.known_photos.purge(keep={"b-2"}) == 1
        assert store.known_photos.read("a-1") is None

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
        assert store.read_set_aside(aside) == content
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
        assert store.photos._database.rows("PRAGMA user_version")[0][0] == len(more)
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
