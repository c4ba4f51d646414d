"""The day that is fetched, and the patience with servers and networks that are not well."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from mobile_kivy.api import Client, Confirmation, Refusal, ServerFault, Session
from mobile_kivy.store import State, Store
from mobile_kivy.sync import Sync, SyncState
from tests.calendar import BEGINS, day_of
from tests.driving import SandboxServer, free_port, new_id, picture
from tests.tablet.people import ANNA, session_of
from tests.tablet.yard import Yard, open_yard, record, states


class TestDay:
    def test_today_tomorrow_and_the_photos_of_known_damages_are_there_without_a_network(
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

        today = day_of(server.now())
        found = store.days.get(station, today)
        assert found is not None
        day = found[0].answer
        assert store.days.dates(station) == [today, today + timedelta(days=1)]
        assert sync.state.day_version == 1
        assert [contract["id"] for contract in day["checkOuts"]] == [yard.contracts[1]["id"]]
        still_out: list[dict[str, Any]] = day["checkIns"] + day["overdue"]
        (out,) = still_out
        assert out["protocols"][0]["condition"]["odometerKm"] == 10_000
        (known,) = out["vehicle"]["damages"]
        assert known["id"] == damage["id"]
        kept = store.known_photos.read(known["photos"][0]["id"])
        assert kept is not None
        assert kept[:3] == b"\xff\xd8\xff"
        assert client.photo(user.access_token, known["photos"][0]["thumbnailUrl"]) == kept

        sync.turn()  # not a minute later
        assert sync.state.day_version == 1
        sync.poke()
        sync.turn()
        assert sync.state.day_version == 2

    @pytest.mark.parametrize("off", [timedelta(days=-1), timedelta(0), timedelta(hours=3)])
    def test_a_clock_that_is_wrong_is_noticed_and_remembered(
        self, server: SandboxServer, yard: Yard, client: Client, store: Store, user: Session, off: timedelta
    ) -> None:
        # given a device whose clock is off
        sync = Sync(store, client, now=lambda: server.now() + off)
        assert sync.state.clock_ahead == timedelta(0)
        sync.watch(user.user_id, yard.dealership.station["id"])

        # when it has heard of the server
        sync.turn()

        # then it knows by how much, also after it was switched off and has no network
        assert abs(sync.state.clock_ahead - off) < timedelta(minutes=1)
        assert Sync(store, client, now=server.now).state.clock_ahead == sync.state.clock_ahead
        # and when somebody has set it, nothing is left
        again = Sync(store, client, now=server.now)
        again.watch(user.user_id, yard.dealership.station["id"])
        again.turn()
        assert abs(again.state.clock_ahead) < timedelta(minutes=1)

    def test_every_answer_tells_the_clock_not_only_a_day(
        self, server: SandboxServer, client: Client, store: Store, user: Session
    ) -> None:
        # given a device that watches no station
        sync = Sync(store, client, now=lambda: server.now() + timedelta(hours=3))

        # when the server has answered anything
        client.check(user.access_token)
        sync.turn()

        # then it is known, and said
        assert abs(sync.state.clock_ahead - timedelta(hours=3)) < timedelta(minutes=1)
        assert abs(sync.server_now() - server.now()) < timedelta(minutes=1)

    def test_a_foreign_station_is_refused_and_nothing_stops(
        self, server: SandboxServer, yard: Yard, client: Client, store: Store, user: Session
    ) -> None:
        other = open_yard(server)
        sync = Sync(store, client, now=server.now)
        sync.watch(user.user_id, other.dealership.station["id"])
        record(store, user.user_id, yard.contract, "CHECK_OUT")
        sync.turn()
        assert states(store) == [State.SENT]
        assert (sync.state.online, sync.state.day_version) == (True, 0)
        with pytest.raises(Refusal):
            sync.refresh_day(user.user_id, other.dealership.station["id"], day_of(server.now()))


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
            contract = {"id": contract_id, "starts": BEGINS, "drivers": [], "vehicle": {"plate": "B-EW 1"}}
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
