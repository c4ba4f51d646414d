"""Two hundred hand-overs over a network that fails one call in five: all of them arrive, once, in order."""

from __future__ import annotations

import time

import pytest

from mobile_kivy.api import Client
from mobile_kivy.store import Store
from mobile_kivy.sync import Sync
from tests.driving import SandboxServer
from tests.tablet.faulty_network import FAULTS, faulty_network
from tests.tablet.yard import fill_outbox, open_yard, taken_photos

CONTRACTS, PHOTOS = 100, 8


@pytest.mark.timeout(600)
def test_two_hundred_protocols_arrive_once_and_in_order(server: SandboxServer, store: Store) -> None:
    began = time.monotonic()
    yard = open_yard(server, CONTRACTS)
    user = yard.sign_in(Client(server.base), store)
    ids = fill_outbox(store, user.user_id, yard, PHOTOS)
    filled = time.monotonic()
    with faulty_network(server.port) as network:
        sync = Sync(store, Client(network.url), base_delay=0.01, most_delay=0.05)
        while store.outbox.waiting().count:
            time.sleep(sync.turn() if store.outbox.waiting().count else 0)
    sent = time.monotonic()

    arrived = yard.all_protocols()
    print(
        f"\nyard and outbox {filled - began:.1f} s, sync {sent - filled:.1f} s, {network.calls} calls, {network.faults}"
    )
    assert [protocol["id"] for protocol in arrived] == ids
    named = {item.protocol_id: store.outbox.payload(item.protocol_id) for item in store.outbox.items()}
    for protocol in arrived:
        expected = [photo["sha256"] for photo in named[protocol["id"]]["photos"]]
        assert [photo["sha256"] for photo in protocol["photos"]] == expected
    assert {item.state for item in store.outbox.items()} == {"SENT"}
    assert taken_photos(store) == []
    assert store.integrity() == "ok"
    assert set(network.faults) == set(FAULTS)
    assert network.faults.total() >= network.calls // 5
