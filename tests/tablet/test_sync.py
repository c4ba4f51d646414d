"""The sync against the real server: what it sends, in which order, in whose name, and what it does with a no."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mobile_kivy.api import Client, Confirmation, Session
from mobile_kivy.imaging import signature_png
from mobile_kivy.store import Finished, State, Store
from mobile_kivy.sync import Sync
from tests.driving import SandboxServer, new_id, picture
from tests.tablet.yard import Yard, open_yard, record, small_photo, states, taken_photos


def test_a_whole_protocol_arrives_with_all_its_photos(yard: Yard, client: Client, store: Store, user: Session) -> None:
    close_up = store.photos.put(picture(3)).sha256
    signed = store.photos.put(
        signature_png([[(100, 200, 0), (500, 80, 50), (900, 240, 99)]], (1000, 400)), ".png"
    ).sha256
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
    assert len(taken_photos(store)) == 1  # its photo is kept for the correction

    # The same again changes nothing; corrected, it goes through, and so does what waited for it.
    store.outbox.retry(wrong)
    sync.turn()
    assert states(store) == [State.REFUSED, State.SENT, State.WAITING]
    payload = store.outbox.payload(wrong)
    assert payload is not None
    right = new_id()
    payload |= {"protocolId": right, "overrideReason": "new instrument"}
    photos = [photo["sha256"] for photo in payload["photos"]]
    store.outbox.enqueue(
        Finished(right, "CHECK_OUT", first["id"], user.user_id, payload, photos, "t", instead_of=wrong)
    )
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
def test_photos_that_the_server_lacks_are_sent_again_three_times(
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


def test_a_photo_that_is_gone_from_the_device_is_shown_not_dropped(
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


def test_a_photo_that_the_server_did_not_keep_stays_on_the_device(
    yard: Yard, server: SandboxServer, store: Store, user: Session
) -> None:
    record(store, user.user_id, yard.contract, "CHECK_OUT", [small_photo(41), small_photo(42)])
    Sync(store, Half(server.base)).turn()
    assert store.outbox.items()[0].problem_code == "PHOTO_NOT_KEPT"
    assert len(taken_photos(store)) == 2
