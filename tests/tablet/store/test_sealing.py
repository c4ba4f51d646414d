"""What a thief finds in the app's folder: nothing that can be read, and nothing that can be put elsewhere."""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobile_kivy.forms.day import read_day
from mobile_kivy.store import FileDamaged, KeyLost, SealBroken, Store
from mobile_kivy.store import schema as schema_module
from mobile_kivy.store.sealing import KEY_FILE, KeyFileSeal
from tests.driving import new_id
from tests.tablet.answers import contract as contract_answer
from tests.tablet.answers import day
from tests.tablet.people import ANNA, Clock, contract, session_of
from tests.tablet.store.kept import STATION, again
from tests.tablet.yard import draft_of, record, sha256_of, small_photo, taken_photos

NAMES = ("Zwetschgenbaum", "access-user-anna-1", "refresh-user-anna-1", "anna@example.com", "Hinterhofstr", "B-EW 1")
DAY = date(2026, 3, 2)
WHO = {"firstName": "Anna", "lastName": "Zwetschgenbaum", "company": None, "phone": None}
A_DAY = day(STATION, checkOuts=[contract_answer(1, customer=WHO)])


def everything(folder: Path) -> bytes:
    """The bytes of all files, with their names."""
    return b"".join(path.name.encode() + path.read_bytes() for path in folder.rglob("*") if path.is_file())


def found_in(folder: Path, photos: tuple[bytes, ...] = ()) -> list[str]:
    """What can be read in the folder's files although it is personal."""
    content = everything(folder)
    texts = [name for name in NAMES if name.encode() in content]
    # From the middle of a photo: its beginning is the same for all JPEGs.
    return texts + [f"photo {number}" for number, photo in enumerate(photos) if photo[200:260] in content]


def fill(store: Store) -> tuple[str, str]:
    """One of each kind of row, with names in all of them; the ids of the draft and of the refused protocol."""
    store.days.put(STATION, DAY, A_DAY)
    draft = new_id()
    kept = store.photos.put(small_photo(1))
    store.photos.put_thumbnail(kept.sha256, small_photo(2))
    store.known_photos.put("known-1", small_photo(3))
    form = {"remarks": "Zwetschgenbaum, Hinterhofstr. 1", "photos": [{"sha256": kept.sha256}]}
    store.drafts.save(draft, "contract-9", "CHECK_OUT", ANNA, form)
    protocol_id = record(store, ANNA, contract(1), "CHECK_OUT", [small_photo(4)], remarks="Zwetschgenbaum")
    store.outbox.refuse(protocol_id, "NOT_FOUND", "Zwetschgenbaum is not known")
    return draft, protocol_id


class TestKeyFile:
    @given(about=st.binary(max_size=40), plain=st.binary(max_size=2000))
    def test_what_is_sealed_comes_back_and_nothing_else_is_taken(
        self, tmp_path_factory: pytest.TempPathFactory, about: bytes, plain: bytes
    ) -> None:
        folder = tmp_path_factory.getbasetemp() / "sealing"
        folder.mkdir(exist_ok=True)
        seal = KeyFileSeal(folder)
        sealed = seal.seal(about, plain)
        assert KeyFileSeal(folder).unseal(about, sealed) == plain
        assert seal.seal(about, plain) != sealed
        assert len(sealed) == len(plain) + 48
        for wrong in (bytes([sealed[0] ^ 1]) + sealed[1:], sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:-1], b""):
            with pytest.raises(SealBroken):
                seal.unseal(about, wrong)
        with pytest.raises(SealBroken):
            seal.unseal(about + b"x", sealed)

    def test_the_end_of_a_place_is_not_taken_for_the_beginning_of_what_is_sealed(self, tmp_path: Path) -> None:
        seal = KeyFileSeal(tmp_path)
        sealed = seal.seal(b"draft 1", b"23456789")
        with pytest.raises(SealBroken):
            seal.unseal(b"draft 1" + sealed[:1], sealed[1:])

    def test_the_key_is_its_owners_only_and_another_ones_opens_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "one").mkdir()
        (tmp_path / "two").mkdir()
        sealed = KeyFileSeal(tmp_path / "one").seal(b"", b"secret")
        assert (tmp_path / "one" / KEY_FILE).stat().st_mode & 0o777 == 0o600
        with pytest.raises(SealBroken):
            KeyFileSeal(tmp_path / "two").unseal(b"", sealed)
        (tmp_path / "one" / KEY_FILE).write_bytes(b"short")
        with pytest.raises(KeyLost):
            KeyFileSeal(tmp_path / "one")


class TestStore:
    def test_nothing_personal_can_be_read_in_any_file_open_or_closed(self, store: Store) -> None:
        fill(store)
        photos = tuple(small_photo(number) for number in (1, 2, 3, 4))
        assert found_in(store.folder, photos) == []
        store.close()
        assert found_in(store.folder, photos) == []

    def test_everything_is_read_again_after_a_restart(self, store: Store) -> None:
        draft, protocol_id = fill(store)
        store = again(store)
        assert store.people.session(ANNA) == session_of(ANNA)
        (person,) = store.people.all()
        assert (person.name, person.email) == ("Anna", "anna@example.com")
        known = store.days.get(STATION, DAY)
        assert known is not None
        assert known[0] == read_day(A_DAY)
        (kept,) = store.drafts.all()
        assert (kept.protocol_id, kept.data["remarks"]) == (draft, "Zwetschgenbaum, Hinterhofstr. 1")
        (item,) = store.outbox.refused()
        assert (item.title, item.message) == ("B-EW 1 Hof", "Zwetschgenbaum is not known")
        sent = store.outbox.payload(protocol_id)
        assert sent is not None
        assert sent["remarks"] == "Zwetschgenbaum"
        assert store.photos.read(sha256_of(small_photo(1))) == small_photo(1)
        assert store.photos.thumbnail(sha256_of(small_photo(1))) == small_photo(2)
        assert store.known_photos.read("known-1") == small_photo(3)
        store.close()

    def test_a_row_that_was_put_elsewhere_is_unreadable(self, store: Store) -> None:
        fill(store)
        other = new_id()
        store.drafts.save(other, "contract-8", "CHECK_OUT", ANNA, {"remarks": "other"})
        database = store.photos._database
        data = database.rows("SELECT data FROM draft WHERE contract_id = 'contract-9'")[0][0]
        database.execute("UPDATE draft SET data = ? WHERE protocol_id = ?", (data, other))
        assert draft_of(store, "contract-8", "CHECK_OUT") is None
        # Nor can somebody write one in plain.
        database.execute("UPDATE draft SET data = '{}' WHERE protocol_id = ?", (other,))
        assert draft_of(store, "contract-8", "CHECK_OUT") is None

    def test_a_photo_that_was_put_elsewhere_is_damaged_or_fetched_again(self, store: Store) -> None:
        one, two = store.photos.put(small_photo(1)), store.photos.put(small_photo(2))
        two.path.write_bytes(one.path.read_bytes())
        with pytest.raises(FileDamaged):
            store.photos.read(two.sha256)
        store.known_photos.put("known-1", small_photo(3))
        next((store.folder / "known_photos").iterdir()).write_bytes(b"rotten")
        assert store.known_photos.read("known-1") is None
        assert store.known_photos.missing(["known-1"]) == ["known-1"]

    def test_another_key_is_said_at_once_and_nothing_is_changed(self, store: Store) -> None:
        fill(store)
        store.close()
        key = (store.folder / KEY_FILE).read_bytes()
        (store.folder / KEY_FILE).write_bytes(b"\x00" * 32)
        with pytest.raises(KeyLost):
            Store(store.folder)
        (store.folder / KEY_FILE).write_bytes(key)
        reopened = Store(store.folder)
        assert [person.name for person in reopened.people.all()] == ["Anna"]
        reopened.close()

    def test_a_sealed_draft_still_keeps_its_photos(self, store: Store, clock: Clock) -> None:
        fill(store)
        store.drafts.save(new_id(), "contract-7", "CHECK_IN", ANNA, {"licences": [store.photos.put(b"x" * 300).sha256]})
        clock.move(hours=2)
        assert store.photos.sweep() == 0
        for draft in store.drafts.all():
            store.drafts.discard(draft.protocol_id)
        assert store.photos.sweep() == 2  # the thumbnail was made just now, by the system's own clock
        assert [name[:64] for name in taken_photos(store)] == [sha256_of(small_photo(4))]


def plain_store(folder: Path) -> tuple[str, str]:
    """A store as the first version of the app has left it, with everything in plain."""
    for name in ("photos", "thumbnails", "known_photos"):
        (folder / name).mkdir(parents=True)
    connection = sqlite3.connect(folder / "tablet.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    for statement in schema_module.VERSIONS[0]:
        connection.execute(str(statement))
    connection.execute("PRAGMA user_version=1")
    session, now = session_of(ANNA), datetime(2026, 3, 2, 8, tzinfo=UTC).isoformat(timespec="microseconds")
    connection.execute(
        "INSERT INTO person VALUES (?, ?, ?, 'YARD', '[]', ?, ?, ?, NULL, NULL, 7, ?)",
        (ANNA, session.name, session.email, session.access_token, session.refresh_token, now, now),
    )
    draft, protocol_id, photo = new_id(), new_id(), sha256_of(small_photo(1))
    connection.execute("INSERT INTO day VALUES (?, ?, ?, ?)", (STATION, DAY.isoformat(), json.dumps(A_DAY), now))
    form = json.dumps({"remarks": "Zwetschgenbaum, Hinterhofstr. 1", "photos": [{"sha256": photo}]})
    connection.execute("INSERT INTO draft VALUES (?, 'contract-9', 'CHECK_OUT', ?, ?, ?)", (draft, ANNA, form, now))
    # A row that was deleted: its text lies in a free page.
    connection.execute("INSERT INTO draft VALUES ('gone', 'c', 'CHECK_OUT', ?, ?, ?)", (ANNA, form * 200, now))
    connection.execute("DELETE FROM draft WHERE protocol_id = 'gone'")
    payload: dict[str, Any] = {"protocolId": protocol_id, "remarks": "Zwetschgenbaum"}
    connection.execute(
        "INSERT INTO protocol (protocol_id, position, kind, contract_id, user_id, title, payload, state, queued_at,"
        " message) VALUES (?, 1, 'CHECK_OUT', 'contract-1', ?, 'B-EW 1 Zwetschgenbaum', ?, 'REFUSED', ?, ?)",
        (protocol_id, ANNA, json.dumps(payload), now, "Zwetschgenbaum is not known"),
    )
    connection.close()
    (folder / "photos" / f"{photo}.jpg").write_bytes(small_photo(1))
    (folder / "photos" / f"{sha256_of(small_photo(5))}.png").write_bytes(small_photo(5))
    (folder / "photos" / f"{photo}.jpg.abcd.part").write_bytes(small_photo(1))
    (folder / "thumbnails" / f"{photo}.jpg").write_bytes(small_photo(2))
    (folder / "known_photos" / "known-1.jpg").write_bytes(small_photo(3))
    (folder / "tablet.db.corrupt-20260101000000000000").write_bytes(b"SQLite format 3 Zwetschgenbaum")
    (folder / "tablet.db.corrupt-20260101000000000000-wal").write_bytes(b"Zwetschgenbaum")
    return draft, protocol_id


PHOTOS = tuple(small_photo(number) for number in (1, 2, 3, 5))


class TestUpgrade:
    def test_what_an_earlier_app_left_in_plain_is_sealed_and_gone_from_all_files(
        self, tmp_path: Path, clock: Clock
    ) -> None:
        folder = tmp_path / "old"
        draft, protocol_id = plain_store(folder)
        assert set(found_in(folder, PHOTOS)) >= {"Zwetschgenbaum", "access-user-anna-1", "photo 0", "photo 3"}
        taken = (folder / "photos" / f"{sha256_of(small_photo(1))}.jpg").stat().st_mtime

        store = Store(folder, clock, elapsed=clock.seconds)

        assert found_in(folder, PHOTOS) == []
        session = store.people.session(ANNA)
        assert session is not None
        assert (session.access_token, session.refresh_token, session.name) == (
            "access-user-anna-1",
            "refresh-user-anna-1",
            "Anna",
        )
        known = store.days.get(STATION, DAY)
        assert known is not None
        assert known[0] == read_day(A_DAY)
        (kept,) = store.drafts.all()
        assert (kept.protocol_id, kept.data["remarks"]) == (draft, "Zwetschgenbaum, Hinterhofstr. 1")
        (item,) = store.outbox.items()
        assert (item.protocol_id, item.title, item.message) == (
            protocol_id,
            "B-EW 1 Zwetschgenbaum",
            "Zwetschgenbaum is not known",
        )
        assert store.photos.read(sha256_of(small_photo(1))) == small_photo(1)
        assert store.photos.read(sha256_of(small_photo(5))) == small_photo(5)
        assert store.photos.thumbnail(sha256_of(small_photo(1))) == small_photo(2)
        assert store.known_photos.read("known-1") == small_photo(3)
        (aside,) = store.set_aside()
        assert store.read_set_aside(aside) == b"SQLite format 3 Zwetschgenbaum"
        sealed = store.photos.path(sha256_of(small_photo(1)))
        assert sealed is not None
        assert sealed.stat().st_mtime == taken
        store.close()
        assert found_in(folder, PHOTOS) == []

    def test_the_photo_of_an_old_draft_outlives_the_sweep(self, tmp_path: Path, clock: Clock) -> None:
        folder = tmp_path / "old"
        plain_store(folder)
        for aside in folder.glob("*corrupt*"):
            aside.unlink()  # with it, nothing would be swept at all
        for path in folder.rglob("*.*"):
            os.utime(path, (0, 0))
        store = Store(folder, clock)
        assert store.photos.sweep() == 1
        assert [name[:64] for name in taken_photos(store)] == [sha256_of(small_photo(1))]
        store.close()

    def test_killed_before_the_file_was_written_anew_it_is_done_at_the_next_start(
        self, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from mobile_kivy.store.database import Database

        folder = tmp_path / "old"
        plain_store(folder)

        def killed(_database: Database) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(Database, "_wash", killed)
        with pytest.raises(KeyboardInterrupt):
            Store(folder, clock)
        monkeypatch.undo()
        store = Store(folder, clock)
        assert found_in(folder, PHOTOS) == []
        assert len(store.drafts.all()) == 1
        store.close()
