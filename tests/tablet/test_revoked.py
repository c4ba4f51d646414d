"""A tablet that the office has shut out: it holds nothing of others any more, and what was signed is not lost."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mobile_kivy.api import Client, DeviceRevoked, Session, SignInNeeded
from mobile_kivy.store import State, Store
from mobile_kivy.sync import Sync
from mobile_kivy.version import VERSION
from tests.dealership import add_user
from tests.driving import PASSWORD, SandboxServer, new_id
from tests.tablet.people import ANNA, BERT, contract, session_of
from tests.tablet.yard import Yard, open_yard, record, sha256_of, small_photo, states, taken_photos

REVOKE = "mutation($id:ID!){revokeDevice(id:$id){__typename ...on Device{active}}}"
DEVICES = "query($s:ID){devices(stationId:$s){id name user{email} appVersion active}}"


def signed_in(yard: Yard, client: Client, store: Store, email: str = "") -> Session:
    """Somebody signs in on the tablet, as the app does it."""
    session = client.sign_in(email or yard.email, PASSWORD, store.settings.this_device)
    store.people.remember(session, "4711")
    return session


def listed(yard: Yard) -> list[dict[str, Any]]:
    """The station's devices as the office sees them, the last used first."""
    return yard.dealership.admin(DEVICES, s=yard.dealership.station["id"])


def revoke(yard: Yard, device_id: str) -> None:
    assert yard.dealership.admin(REVOKE, id=device_id) == {"__typename": "Device", "active": False}


def draft(store: Store, contract_id: str, sha256: str) -> None:
    assert store.drafts.save(new_id(), contract_id, "CHECK_OUT", "user", {"photos": [sha256]})


def left(store: Store) -> dict[str, Any]:
    """What the store still holds of others."""
    return {
        "drafts": len(store.drafts.all()),
        "contents": [store.outbox.payload(item.protocol_id) is not None for item in store.outbox.items()],
        "titles": [item.title != "" for item in store.outbox.items()],
        "sessions": [person.name for person in store.people.all() if store.people.session(person.user_id)],
    }


def test_a_tablet_introduces_itself_and_stays_the_same(yard: Yard, client: Client, store: Store) -> None:
    # given
    store.settings.keep_device_name("Samsung SM-X306B")
    # when two people sign in on it
    other = f"other-{new_id()}@example.com"
    add_user(yard.dealership.admin, other, "YARD", [yard.dealership.station["id"]])
    signed_in(yard, client, store)
    signed_in(yard, client, store, other)
    # then
    device = store.settings.this_device
    assert listed(yard) == [
        {"id": device.id, "name": "Samsung SM-X306B", "user": {"email": other}, "appVersion": VERSION, "active": True}
    ]
    assert store.settings.this_device == device


def test_its_version_is_the_projects() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


def test_a_revoked_tablet_wipes_itself_and_sends_what_was_signed_after_a_new_sign_in(
    server: SandboxServer, client: Client, store: Store
) -> None:
    # given one protocol that was sent, a day, a form that was begun, a known photo
    yard = open_yard(server, cars=2)
    user = signed_in(yard, client, store)
    sync = Sync(store, client)
    record(store, user.user_id, yard.contracts[0], "CHECK_OUT", [small_photo(1)])
    sync.watch(user.user_id, yard.dealership.station["id"])
    sync.turn()
    assert states(store) == [State.SENT]
    draft(store, yard.contracts[1]["id"], store.photos.put(small_photo(2)).sha256)
    store.known_photos.put(known := new_id(), small_photo(3))
    before = store.settings.this_device

    # when the office shuts it out, and it then has something to send
    revoke(yard, before.id)
    record(store, user.user_id, yard.contracts[0], "CHECK_IN", [photo := small_photo(4)])
    sync.poke()
    sync.turn()

    # then what it held of others is gone, and what was signed is there with its photo
    assert left(store) == {"drafts": 0, "contents": [False, True], "titles": [False, True], "sessions": []}
    assert store.days.dates(yard.dealership.station["id"]) == []
    assert store.known_photos.read(known) is None
    assert taken_photos(store) == [f"{sha256_of(photo)}.jpg.sealed"]
    assert (sync.state.shut_out, sync.state.online, states(store)) == (True, True, [State.SENT, State.SIGN_IN])
    # and another device id is made, with which its person signs in again
    assert store.settings.this_device.id != before.id
    assert store.people.check_pin(user.user_id, "4711") is True
    signed_in(yard, client, store)
    sync.poke()
    sync.turn()
    assert (sync.state.shut_out, states(store)) == (False, [State.SENT, State.SENT])
    assert [one["active"] for one in listed(yard)] == [True, False]
    assert store.days.dates(yard.dealership.station["id"]) != []


def test_it_hears_of_it_when_it_renews_its_session(yard: Yard, client: Client, store: Store) -> None:
    # given a tablet that was off for more than an hour
    user = signed_in(yard, client, store)
    store.people.remember(replace(user, access_token="ew_access_expired"), None)
    record(store, user.user_id, yard.contract, "CHECK_OUT")
    revoke(yard, store.settings.this_device.id)
    sync = Sync(store, client)
    # when
    sync.turn()
    # then
    assert (sync.state.shut_out, states(store)) == (True, [State.SIGN_IN])


def test_whoever_signs_in_on_it_hears_of_it(yard: Yard, client: Client, store: Store) -> None:
    # given
    signed_in(yard, client, store)
    revoke(yard, store.settings.this_device.id)
    # when, then
    with pytest.raises(DeviceRevoked):
        signed_in(yard, client, store)
    # and a session that has only ended wipes nothing
    with pytest.raises(SignInNeeded) as ended:
        client.check("ew_access_expired")
    assert not isinstance(ended.value, DeviceRevoked)


class TestWithoutAServer:
    @pytest.fixture
    def full(self, store: Store) -> Store:
        """Two people, and a protocol in every state."""
        for user_id in (ANNA, BERT):
            store.people.remember(session_of(user_id), "4711")
        for number, ends in enumerate(("confirm", "conflict", "refuse", "discard", "wait")):
            sent = record(store, ANNA, contract(number), "CHECK_OUT", [small_photo(number)])
            if ends in {"confirm", "conflict"}:
                store.outbox.confirm(sent, conflict=ends == "conflict")
            elif ends != "wait":
                store.outbox.refuse(sent, "DEPOSIT_MISSING", "no deposit")
                if ends == "discard":
                    store.outbox.discard(sent, "Anna")
        return store

    def test_only_what_was_not_sent_stays(self, full: Store) -> None:
        # when
        full.shut_out.begin(session_of(ANNA))
        # then refused and waiting ones do, each with its photo; everybody has to sign in, and people are still known
        stays = [False, False, True, False, True]
        assert left(full) == {"drafts": 0, "contents": stays, "titles": stays, "sessions": []}
        assert len(taken_photos(full)) == 2
        assert [person.name for person in full.people.all()] == ["Anna", "Bert"]

    def test_what_was_said_to_a_session_of_before_is_not_about_this_device(self, full: Store) -> None:
        # given somebody who signed in anew while a call was under way
        device, before = full.settings.this_device, left(full)
        full.people.remember(session_of(ANNA, 2), None)
        # when
        full.shut_out.begin(session_of(ANNA, 1))
        # then
        assert (full.settings.this_device, full.settings.is_revoked, left(full)) == (device, False, before)

    def test_what_an_open_form_writes_afterwards_goes_with_the_next_turn(self, full: Store) -> None:
        # given
        full.shut_out.begin()
        draft(full, "contract-9", full.photos.put(small_photo(9)).sha256)
        sync = Sync(full, Client("http://127.0.0.1:9"))
        # when
        sync.turn()
        # then
        assert (left(full)["drafts"], len(taken_photos(full)), sync.state.shut_out) == (0, 2, True)

    def test_after_a_new_sign_in_nothing_is_wiped_any_more(self, full: Store) -> None:
        # given
        full.shut_out.begin()
        full.people.remember(session_of(BERT, 2), None)
        draft(full, "contract-9", full.photos.put(small_photo(9)).sha256)
        # when
        full.shut_out.go_on()
        # then
        assert (left(full)["drafts"], left(full)["sessions"]) == (1, ["Bert"])
