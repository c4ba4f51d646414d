"""A queue of hand-overs over a network that fails one call in five: all of them arrive, once, in order."""

from __future__ import annotations

import os
import time

import pytest

from mobile_kivy.api import Client
from mobile_kivy.store import State, Store
from mobile_kivy.sync import Sync
from tests.driving import SandboxServer
from tests.tablet.faulty_network import FAULTS, faulty_network
from tests.tablet.yard import open_yard, record_all, small_photo, taken_photos

FULL = os.environ.get("TABLET_TEST_SCALE") == "full"
CARS, ROUNDS, PHOTOS = (10, 10, 8) if FULL else (5, 6, 3)
"""Each car is handed over and taken back in each round: 200 protocols with 1600 photos, or 60 with 180.

The server takes a tenth of a second for each call on a busy machine, and that is nearly all of the time: four minutes
for the full scale.
"""


def photos(number: int) -> list[bytes]:
    """Photos of a protocol's own."""
    return [small_photo(number * PHOTOS + place) for place in range(PHOTOS)]


@pytest.mark.timeout(600)
def test_every_protocol_arrives_once_and_in_order(server: SandboxServer, store: Store) -> None:
    began = time.monotonic()
    yard = open_yard(server, CARS, ROUNDS)
    user = yard.sign_in(Client(server.base), store)
    ids = record_all(store, user.user_id, yard, photos)
    recorded = time.monotonic()
    with faulty_network(server.port) as network:
        sync = Sync(store, Client(network.url), base_delay=0.005, most_delay=0.02)
        pause = sync.turn()
        while store.outbox.waiting().count:
            time.sleep(pause)
            pause = sync.turn()
    sent = time.monotonic()

    print(f"\nrecorded in {recorded - began:.1f} s, sent in {sent - recorded:.1f} s, {network.calls} calls")
    arrived = yard.all_protocols()
    assert len(ids) == 2 * CARS * ROUNDS
    assert [protocol["id"] for protocol in arrived] == ids
    for protocol in arrived:
        payload = store.outbox.payload(protocol["id"])
        assert payload is not None
        assert [photo["sha256"] for photo in protocol["photos"]] == [photo["sha256"] for photo in payload["photos"]]
    assert {item.state for item in store.outbox.items()} == {State.SENT}
    assert taken_photos(store) == []
    assert store.integrity() == "ok"
    assert set(network.faults) == set(FAULTS)
    assert network.faults.total() >= network.calls // 5
