"""Sessions on a shared tablet: in whose name things are sent, and what happens when a session ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mobile_kivy.api import Broken, Client, Confirmation, Offline, Refusal, Session, SignInNeeded, Trouble
from mobile_kivy.store import State, Store
from mobile_kivy.sync import Sync
from tests.calendar import BEGINS
from tests.dealership import add_user
from tests.driving import PASSWORD, SandboxServer, free_port, new_id, picture
from tests.tablet.people import ANNA, session_of
from tests.tablet.yard import Yard, open_yard, record, small_photo, states, taken_photos


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
        # A large photo: the server answers and hangs up before it has read it all.
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

    def test_a_lost_answer_to_a_renewal_ends_nothing(
        self, yard: Yard, server: SandboxServer, store: Store, user: Session
    ) -> None:
        # given a renewal whose answer is lost on its way
        store.people.remember(replace(user, access_token="ew_access_expired"), None)
        record(store, user.user_id, yard.contract, "CHECK_OUT")
        client = Watched(server.base, store)
        client.answers_to_lose = 1
        sync = Sync(store, client)
        sync.turn()
        assert (sync.state.online, states(store)) == (False, [State.WAITING])

        # when the next turn asks with the same token
        sync.turn()

        # then the session goes on, and nobody has to sign in
        assert (client.refreshed, states(store)) == (2, [State.SENT])
        assert list(sync.state.sign_in_needed) == []

    def test_without_a_network_the_session_is_kept(self, store: Store) -> None:
        store.people.remember(session_of(ANNA), None)
        contract = {
            "id": "c",
            "starts": BEGINS - timedelta(days=40),
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
        self.refreshed = self.answers_to_lose = 0
        self.used: set[str] = set()
        self.before_refresh: Callable[[], None] = lambda: None

    def refresh(self, refresh_token: str, device_id: str | None = None) -> Session:
        self.refreshed += 1
        self.before_refresh()
        answer = super().refresh(refresh_token, device_id)
        if self.answers_to_lose:
            self.answers_to_lose -= 1
            raise Broken("the answer was lost", Trouble.NO_NETWORK)
        return answer

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
