"""The sync against the real server: what it sends, in which order, in whose name, and what it does with a no."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mobile_kivy.api import Client, Confirmation, Offline, Refusal, ServerFault, Session, SignInNeeded
from mobile_kivy.imaging import signature_png
from mobile_kivy.store import State, Store
from mobile_kivy.sync import Sync, SyncState
from tests.dealership import add_user
from tests.driving import PASSWORD, SandboxServer, free_port, new_id, picture
from tests.tablet.people import ANNA, session_of
from tests.tablet.yard import Yard, open_yard, record, small_photo, taken_photos


@pytest.fixture
def yard(server: SandboxServer) -> Yard:
    return open_yard(server)


@pytest.fixture
def user(yard: Yard, client: Client, store: Store) -> Session:
    return yard.sign_in(client, store)


def states(store: Store) -> list[State]:
    return [item.state for item in store.outbox.items()]


def test_a_whole_protocol_arrives_with_all_its_pictures(
    yard: Yard, client: Client, store: Store, user: Session
) -> None:
    close_up = store.photos.put(picture(3)).sha256
    signed = store.photos.put(signature_png([[(0.1, 0.5), (0.5, 0.2), (0.9, 0.6)]]), ".png").sha256
    position = {"view": "LEFT", "x": 0.3, "y": 0.6}
    damage = {"id": new_id(), "position": position, "kind": "SCRATCH", "sizeMm": 40, "photos": [close_up]}
    record(
        store,
        user.user_id,
        yard.contract,
        "CHECK_OUT",
        [small_photo(1), small_photo(2)],
        [close_up, signed],
        signature={"sha256": signed},
        damages=[damage],
    )

    Sync(store, client).turn()

    (item,) = store.outbox.items()
    assert (item.state, item.photos_sent, item.photos_total) == (State.SENT, 4, 4)
    (protocol,) = yard.protocols(yard.contract)["protocols"]
    assert protocol["damages"] == [{"id": damage["id"], "photos": [{"sha256": close_up}]}]
    assert [photo["slot"] for photo in protocol["photos"]] == ["FRONT", "REAR"]
    assert taken_photos(store) == []


def test_both_protocols_of_a_contract_arrive_in_order_although_only_the_second_was_new(
    yard: Yard, client: Client, store: Store, user: Session
) -> None:
    out = record(store, user.user_id, yard.contract, "CHECK_OUT")
    back = record(store, user.user_id, yard.contract, "CHECK_IN")
    Sync(store, client).turn()
    assert [protocol["id"] for protocol in yard.all_protocols()] == [out, back]
    assert yard.protocols(yard.contract)["state"] in {"RETURNED", "BILLED"}


def test_a_refusal_is_shown_holds_its_contract_and_nobody_else(
    server: SandboxServer, client: Client, store: Store
) -> None:
    yard = open_yard(server, cars=2)
    user = yard.sign_in(client, store)
    first, second = yard.contracts
    low = {"odometerKm": 9_999, "fuelEighths": 8}
    wrong = record(store, user.user_id, first, "CHECK_OUT", [small_photo(11)], condition=low)
    record(store, user.user_id, second, "CHECK_OUT")
    record(store, user.user_id, first, "CHECK_IN")
    sync = Sync(store, client)

    sync.turn()

    assert states(store) == [State.REFUSED, State.SENT, State.WAITING]
    (refused,) = store.outbox.refused()
    assert (refused.problem_code, refused.field) == ("ODOMETER_IMPLAUSIBLE", ("input", "condition", "odometerKm"))
    assert refused.message
    assert (sync.state.refused, sync.state.waiting, sync.state.online) == (1, 1, True)
    assert len(taken_photos(store)) == 1  # its picture is kept for the correction

    # The same again changes nothing; corrected, it goes through, and so does what waited for it.
    store.outbox.retry(wrong)
    sync.turn()
    assert states(store) == [State.REFUSED, State.SENT, State.WAITING]
    payload = store.outbox.payload(wrong)
    assert payload is not None
    right = new_id()
    payload |= {"protocolId": right, "overrideReason": "new instrument"}
    photos = [photo["sha256"] for photo in payload["photos"]]
    store.outbox.enqueue(right, "CHECK_OUT", first["id"], user.user_id, payload, photos, "t", instead_of=wrong)
    sync.turn()
    by_id = {item.protocol_id: item.state for item in store.outbox.items()}
    assert by_id[wrong] is State.DISCARDED
    assert by_id[right] is State.SENT
    assert sync.state.waiting == 0


def test_what_the_server_keeps_but_flags_is_a_conflict(yard: Yard, client: Client, store: Store, user: Session) -> None:
    # Another tablet's check-out arrived first.
    yard.dealership.check_out(yard.contract, yard.dealership.server.now())
    record(store, user.user_id, yard.contract, "CHECK_OUT")
    sync = Sync(store, client)
    sync.turn()
    assert states(store) == [State.CONFLICT]
    assert (sync.state.conflicts, sync.state.waiting) == (1, 0)
    assert "PROTOCOL_CONFLICT" in yard.protocols(yard.contract)["flags"]


def test_an_id_that_was_used_for_something_else_is_refused(
    yard: Yard, client: Client, store: Store, user: Session
) -> None:
    used = new_id()
    yard.dealership.check_out(yard.contract, yard.contract["starts"], id=used)
    record(store, user.user_id, yard.contract, "CHECK_OUT", protocolId=used)
    Sync(store, client).turn()
    assert store.outbox.items()[0].problem_code == "IDEMPOTENCY_CONFLICT"


class Forgetful(Client):
    """Says of its first uploads that they were confirmed, and sends nothing: as if the server had lost them."""

    lost = 0

    def upload_photo(self, access_token: str, sha256: str, content: bytes) -> str:
        if self.lost:
            self.lost -= 1
            return sha256
        return super().upload_photo(access_token, sha256, content)


@pytest.mark.parametrize(("lost", "state"), [(3, State.SENT), (100, State.REFUSED)])
def test_pictures_that_the_server_lacks_are_sent_again_three_times(
    yard: Yard, server: SandboxServer, store: Store, user: Session, lost: int, state: State
) -> None:
    seed = 20_000 + lost * 10
    protocol_id = record(store, user.user_id, yard.contract, "CHECK_OUT", [small_photo(seed), small_photo(seed + 1)])
    client = Forgetful(server.base)
    client.lost = lost
    Sync(store, client).turn()
    (item,) = store.outbox.items()
    assert item.state is state
    if state is State.REFUSED:
        assert item.problem_code == "PHOTO_MISSING"
        assert lost - client.lost == 2 * 4
        client.lost = 0
        assert store.outbox.retry(protocol_id)
        Sync(store, client).turn()
        # A person's "try again" trusts nothing that was said before.
        assert states(store) == [State.SENT]


def test_a_picture_that_is_gone_from_the_device_is_shown_not_dropped(
    yard: Yard, client: Client, store: Store, user: Session
) -> None:
    record(store, user.user_id, yard.contract, "CHECK_OUT", [small_photo(31)])
    next((store.folder / "photos").iterdir()).unlink()
    Sync(store, client).turn()
    (item,) = store.outbox.items()
    assert (item.state, item.problem_code) == (State.REFUSED, "FILE_MISSING")
    assert yard.protocols(yard.contract)["protocols"] == []


class Half(Client):
    """Confirms protocols without one of their photos."""

    def check_out(self, access_token: str, protocol: dict[str, Any]) -> Confirmation:
        confirmed = super().check_out(access_token, protocol)
        return replace(confirmed, photo_hashes=frozenset(list(confirmed.photo_hashes)[1:]))


def test_a_picture_that_the_server_did_not_keep_stays_on_the_device(
    yard: Yard, server: SandboxServer, store: Store, user: Session
) -> None:
    record(store, user.user_id, yard.contract, "CHECK_OUT", [small_photo(41), small_photo(42)])
    Sync(store, Half(server.base)).turn()
    assert store.outbox.items()[0].problem_code == "PHOTO_NOT_KEPT"
    assert len(taken_photos(store)) == 2


class TestSessions:
    def test_an_ended_session_waits_for_its_person_while_others_go_on(
        self, server: SandboxServer, client: Client, store: Store
    ) -> None:
        yard = open_yard(server, cars=2)
        anna = yard.sign_in(client, store)
        email = f"second-{new_id()}@example.com"
        add_user(yard.dealership.admin, email, "YARD", [yard.dealership.station["id"]])
        bert = client.sign_in(email, PASSWORD)
        store.people.remember(bert, None)
        record(store, anna.user_id, yard.contracts[0], "CHECK_OUT", [small_photo(51)])
        record(store, bert.user_id, yard.contracts[0], "CHECK_IN")
        record(store, bert.user_id, yard.contracts[1], "CHECK_OUT")
        client.sign_out(anna.access_token)
        sync = Sync(store, client)

        sync.turn()

        # Bert's return waits for Anna's hand-over of the same contract; his other one does not.
        assert states(store) == [State.SIGN_IN, State.WAITING, State.SENT]
        assert list(sync.state.sign_in_needed) == [anna.user_id]
        assert len(taken_photos(store)) == 1

        yard.sign_in(client, store)
        sync.poke()
        sync.turn()
        assert states(store) == [State.SENT] * 3
        assert list(sync.state.sign_in_needed) == []
        staff = yard.dealership.clerk("query($id:ID){contract(id:$id){protocols{staff}}}", id=yard.contracts[0]["id"])
        assert [protocol["staff"] for protocol in staff["protocols"]] == [anna.name, bert.name]

    @pytest.mark.parametrize("photos", [0, 1])
    def test_an_expired_token_is_refreshed_once_and_stored_before_it_is_used(
        self, yard: Yard, server: SandboxServer, store: Store, user: Session, photos: int
    ) -> None:
        expired = replace(user, access_token="ew_access_expired")
        store.people.remember(expired, None)
        # A large picture: the server answers and hangs up before it has read it all.
        large = [picture(seed, (1600, 1200)) for seed in range(77, 77 + photos)]
        record(store, user.user_id, yard.contract, "CHECK_OUT", large)
        client = Watched(server.base, store)

        Sync(store, client).turn()

        assert states(store) == [State.SENT]
        assert client.refreshed == 1
        stored = store.people.session(user.user_id)
        assert stored is not None
        assert stored.refresh_token != user.refresh_token
        assert client.used == {expired.access_token, stored.access_token}

    def test_a_sign_in_during_the_refresh_is_not_overwritten(
        self, yard: Yard, server: SandboxServer, store: Store, user: Session
    ) -> None:
        store.people.remember(replace(user, access_token="ew_access_expired", refresh_token="ew_refresh_bad"), None)
        record(store, user.user_id, yard.contract, "CHECK_OUT")
        client = Watched(server.base, store)
        client.before_refresh = lambda: store.people.remember(user, None)
        sync = Sync(store, client)
        sync.turn()
        assert store.people.session(user.user_id) == user
        sync.turn()
        assert states(store) == [State.SENT]

    def test_without_a_network_the_session_is_kept(self, store: Store) -> None:
        store.people.remember(session_of(ANNA), None)
        contract = {
            "id": "c",
            "starts": datetime.now(UTC) - timedelta(days=40),
            "drivers": [],
            "vehicle": {"plate": "B-EW 1"},
        }
        record(store, ANNA, contract, "CHECK_OUT")
        sync = Sync(store, Client(f"http://127.0.0.1:{free_port()}"))
        sync.turn()
        assert store.people.session(ANNA) is not None
        assert (sync.state.online, sync.state.waiting) == (False, 1)
        assert states(store) == [State.WAITING]


class Watched(Client):
    """Notes which tokens are used, and that a new one was stored before."""

    def __init__(self, base_url: str, store: Store) -> None:
        super().__init__(base_url)
        self._store = store
        self.refreshed = 0
        self.used: set[str] = set()
        self.before_refresh: Callable[[], None] = lambda: None

    def refresh(self, refresh_token: str) -> Session:
        self.refreshed += 1
        self.before_refresh()
        return super().refresh(refresh_token)

    def upload_photo(self, access_token: str, sha256: str, content: bytes) -> str:
        self._note(access_token)
        return super().upload_photo(access_token, sha256, content)

    def check_out(self, access_token: str, protocol: dict[str, Any]) -> Confirmation:
        self._note(access_token)
        return super().check_out(access_token, protocol)

    def _note(self, access_token: str) -> None:
        self.used.add(access_token)
        assert access_token in {
            session.access_token
            for person in self._store.people.all()
            if (session := self._store.people.session(person.user_id))
        }


class TestDay:
    def test_today_tomorrow_and_the_pictures_of_known_damages_are_there_without_a_network(
        self, server: SandboxServer, client: Client, store: Store
    ) -> None:
        yard = open_yard(server, cars=2)
        user = yard.sign_in(client, store)
        close_up = store.photos.put(picture(5)).sha256
        position = {"view": "LEFT", "x": 0.3, "y": 0.6}
        damage = {"id": new_id(), "position": position, "kind": "DENT", "photos": [close_up]}
        record(store, user.user_id, yard.contracts[0], "CHECK_OUT", [], [close_up], damages=[damage])
        station = yard.dealership.station["id"]
        sync = Sync(store, client, now=server.now)
        sync.watch(user.user_id, station)

        sync.turn()

        today = server.now().astimezone().date()
        found = store.days.get(station, store.days.dates(station)[0])
        assert found is not None
        day, _ = found
        assert len(store.days.dates(station)) == 2
        assert abs((store.days.dates(station)[0] - today).days) <= 1
        assert sync.state.day_version == 1
        assert [contract["id"] for contract in day["checkOuts"]] == [yard.contracts[1]["id"]]
        still_out: list[dict[str, Any]] = day["checkIns"] + day["overdue"]
        (out,) = still_out
        assert out["protocols"][0]["condition"]["odometerKm"] == 10_000
        (known,) = out["vehicle"]["damages"]
        assert known["id"] == damage["id"]
        kept = store.pictures.path(known["photos"][0]["id"])
        assert kept is not None
        assert kept.read_bytes()[:3] == b"\xff\xd8\xff"
        assert client.picture(user.access_token, known["photos"][0]["thumbnailUrl"]) == kept.read_bytes()

        sync.turn()  # not a minute later
        assert sync.state.day_version == 1
        sync.poke()
        sync.turn()
        assert sync.state.day_version == 2

    def test_a_foreign_station_is_refused_and_nothing_stops(
        self, server: SandboxServer, yard: Yard, client: Client, store: Store, user: Session
    ) -> None:
        other = open_yard(server)
        sync = Sync(store, client)
        sync.watch(user.user_id, other.dealership.station["id"])
        record(store, user.user_id, yard.contract, "CHECK_OUT")
        sync.turn()
        assert states(store) == [State.SENT]
        assert (sync.state.online, sync.state.day_version) == (True, 0)
        with pytest.raises(Refusal):
            sync.refresh_day(user.user_id, other.dealership.station["id"], server.now().date())


class Stumbling(Client):
    """A server that stumbles over some contracts, and is otherwise well; it needs no network."""

    def __init__(self, broken: set[str]) -> None:
        super().__init__("http://127.0.0.1:1")
        self.broken = broken
        self.asked: list[str] = []

    def check_out(self, access_token: str, protocol: dict[str, Any]) -> Confirmation:
        self.asked.append(protocol["contractId"])
        if protocol["contractId"] in self.broken:
            raise ServerFault("INTERNAL abc")
        return Confirmation(protocol["protocolId"], False, frozenset(), "CHECKED_OUT")

    check_in = check_out


class TestPatience:
    @staticmethod
    def fill(store: Store, *contracts: str) -> None:
        store.people.remember(session_of(ANNA), None)
        for contract_id in contracts:
            contract = {"id": contract_id, "starts": datetime.now(UTC), "drivers": [], "vehicle": {"plate": "B-EW 1"}}
            record(store, ANNA, contract, "CHECK_OUT")

    def test_a_protocol_that_the_server_stumbles_over_holds_up_no_others(self, store: Store) -> None:
        self.fill(store, "a", "b", "c")
        client = Stumbling({"a"})
        sync = Sync(store, client, random=lambda: 1.0)
        assert [sync.turn(), sync.turn(), sync.turn()] == [1.0, 2.0, 4.0]
        assert client.asked == ["a", "b", "c", "a", "a"]
        assert states(store) == [State.WAITING, State.SENT, State.SENT]
        assert store.outbox.items()[0].last_error == "INTERNAL abc"
        assert store.outbox.items()[0].tries == 3

    def test_a_server_that_stumbles_over_two_is_left_alone_for_a_while(self, store: Store) -> None:
        self.fill(store, "a", "b", "c")
        client = Stumbling({"a", "b", "c"})
        sync = Sync(store, client)
        sync.turn()
        assert client.asked == ["a", "b"]
        assert sync.state.online is False

    def test_it_waits_longer_and_longer_for_a_network_and_a_poke_ends_that(self, store: Store) -> None:
        self.fill(store, "a")
        sync = Sync(store, Client(f"http://127.0.0.1:{free_port()}"), random=lambda: 1.0)
        assert [sync.turn() for _ in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        sync.poke()
        assert sync.turn() == 1
        jittery = Sync(store, Client(f"http://127.0.0.1:{free_port()}"), random=lambda: 0.0)
        assert jittery.turn() == 0.5

    def test_a_listener_that_fails_does_not_end_the_sync(self, store: Store) -> None:
        self.fill(store, "a")

        def broken(_state: SyncState) -> None:
            raise RuntimeError("a screen's fault")

        Sync(store, Stumbling(set()), broken).turn()
        assert states(store) == [State.SENT]

    def test_the_thread_sends_what_it_is_poked_for_and_ends_when_told(self, store: Store) -> None:
        self.fill(store)
        sent = threading.Event()

        def listen(state: SyncState) -> None:
            if state.online and not state.waiting:
                sent.set()

        sync = Sync(store, Stumbling(set()), listen)
        sync.start()
        sync.start()
        self.fill(store, "a")
        sync.poke()
        assert sent.wait(30)
        assert sync.stop(30)
        assert states(store) == [State.SENT]
        self.fill(store, "b")
        sent.clear()
        sync.start()
        assert sent.wait(30)
        assert sync.stop(30)


def test_nobody_is_signed_in_by_a_wrong_password(yard: Yard, client: Client) -> None:
    with pytest.raises(Refusal) as refused:
        client.sign_in(yard.email, "wrong-password-indeed")
    assert refused.value.problem_code == "NOT_ALLOWED"


def test_a_session_that_was_signed_out_is_over(yard: Yard, client: Client, user: Session) -> None:
    client.check(user.access_token)
    client.sign_out(user.access_token)
    with pytest.raises(SignInNeeded):
        client.check(user.access_token)
    with pytest.raises(Refusal):
        client.refresh(user.refresh_token)


def test_a_refresh_gives_the_next_session_of_the_same_person(yard: Yard, client: Client, user: Session) -> None:
    fresh = client.refresh(user.refresh_token)
    assert (
        replace(fresh, access_token=user.access_token, refresh_token=user.refresh_token, expires_at=user.expires_at)
        == user
    )
    assert fresh.access_token != user.access_token
    assert fresh.stations[0].id == yard.dealership.station["id"]


def test_a_closed_port_is_offline() -> None:
    with pytest.raises(Offline):
        Client(f"http://127.0.0.1:{free_port()}").sign_in("a@example.com", PASSWORD)
