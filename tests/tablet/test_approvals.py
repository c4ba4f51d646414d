"""What only a manager may allow: approved on the tablet, sent with a fresh token that is kept nowhere."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from mobile_kivy.api import Client, Session
from mobile_kivy.store import State, Store
from mobile_kivy.sync import Sync
from tests.calendar import morning
from tests.dealership import Dealership, add_user, open_dealership
from tests.driving import PASSWORD, SandboxServer, new_id
from tests.tablet.people import ANNA, BERT, contract, session_of
from tests.tablet.yard import record, small_photo, states

APPROVED = "query($id:ID){contract(id:$id){state protocols{staff approvedBy} history{actor approvedBy reason action}}}"


@dataclass
class Counter:
    """A car that has to go out, and whose deposit the card does not give."""

    dealership: Dealership
    contract: dict[str, Any]
    yard: Session
    manager: Session

    def told(self) -> dict[str, Any]:
        """What the server has of it."""
        found: dict[str, Any] = self.dealership.admin(APPROVED, id=self.contract["id"])
        return found


def signed_in(client: Client, store: Store, of: Dealership, role: str) -> Session:
    email = f"{role.lower()}-{new_id()}@example.com"
    add_user(of.admin, email, role, [of.station["id"]])
    session = client.sign_in(email, PASSWORD, store.settings.this_device)
    store.people.remember(session, "4711" if role == "YARD" else "2580")
    return session


@pytest.fixture
def counter(server: SandboxServer, client: Client, store: Store) -> Counter:
    dealership = open_dealership(server, openingHours=[])
    start = morning(server) + timedelta(days=14)
    booked = dealership.booked(start, start + timedelta(days=1))
    server.script("preAuth", "decline:51", f"{booked['number']}-H1")
    server.move_to(start)
    yard, manager = (signed_in(client, store, dealership, role) for role in ("YARD", "MANAGER"))
    return Counter(dealership, {**booked, "starts": start - timedelta(minutes=5)}, yard, manager)


def refused(counter: Counter, store: Store, sync: Sync) -> str:
    """A check-out that the server does not take without a deposit; its id."""
    protocol_id = record(store, counter.yard.user_id, counter.contract, "CHECK_OUT", [small_photo(1)])
    sync.turn()
    (item,) = store.outbox.items()
    assert (item.state, item.problem_code, item.can_be_approved) == (State.REFUSED, "DEPOSIT_MISSING", True)
    return protocol_id


def test_an_approved_protocol_goes_out_and_names_the_manager(counter: Counter, client: Client, store: Store) -> None:
    # given
    sync = Sync(store, client)
    protocol_id = refused(counter, store, sync)
    # when
    assert store.outbox.approve(protocol_id, counter.manager.user_id, "Stammkunde") is True
    sync.turn()
    # then
    assert states(store) == [State.SENT]
    told = counter.told()
    yard, manager = counter.yard.name, counter.manager.name
    assert told["protocols"] == [{"staff": yard, "approvedBy": manager}]
    approved = [one for one in told["history"] if one["approvedBy"]]
    assert approved == [{"actor": yard, "approvedBy": manager, "reason": "Stammkunde", "action": "STATE_CHECKED_OUT"}]


def test_the_token_is_fresh_when_it_is_needed_and_kept_nowhere(counter: Counter, client: Client, store: Store) -> None:
    # given a manager who signed in hours ago
    store.people.remember(replace(counter.manager, access_token="ew_access_expired"), None)
    sync = Sync(store, client)
    protocol_id = refused(counter, store, sync)
    store.outbox.approve(protocol_id, counter.manager.user_id, "Stammkunde")
    # when
    sync.turn()
    # then
    assert states(store) == [State.SENT]
    fresh = store.people.session(counter.manager.user_id)
    assert fresh is not None
    assert fresh.refresh_token != counter.manager.refresh_token
    payload = store.outbox.payload(protocol_id)
    assert payload is not None
    assert (payload["overrideReason"], "approvedBy" in payload) == ("Stammkunde", False)
    assert [token for token in (fresh.access_token, fresh.refresh_token) if token in json.dumps(payload)] == []


def test_a_manager_whose_session_has_ended_approves_once_more(counter: Counter, client: Client, store: Store) -> None:
    # given
    sync = Sync(store, client)
    protocol_id = refused(counter, store, sync)
    client.sign_out(counter.manager.access_token)
    store.outbox.approve(protocol_id, counter.manager.user_id, "Stammkunde")
    # when
    sync.turn()
    # then it is said who has to do what, and the yard's own session goes on
    (item,) = store.outbox.items()
    assert (item.state, item.problem_code, item.can_be_approved) == (State.REFUSED, "APPROVAL_ENDED", True)
    assert store.people.approvers() == []
    assert store.people.needs_sign_in(counter.yard.user_id) is False
    # when the manager signs in again and approves
    store.people.remember(client.sign_in(counter.manager.email, PASSWORD), None)
    assert [person.user_id for person in store.people.approvers()] == [counter.manager.user_id]
    store.outbox.approve(protocol_id, counter.manager.user_id, "Stammkunde")
    sync.turn()
    # then
    assert states(store) == [State.SENT]


def test_somebody_who_may_not_approve_is_refused_by_the_server(counter: Counter, client: Client, store: Store) -> None:
    # given
    clerk = signed_in(client, store, counter.dealership, "CLERK")
    sync = Sync(store, client)
    protocol_id = refused(counter, store, sync)
    # when
    store.outbox.approve(protocol_id, clerk.user_id, "Stammkunde")
    sync.turn()
    # then
    (item,) = store.outbox.items()
    assert (item.problem_code, item.field, item.can_be_approved) == ("NOT_ALLOWED", ("input", "approvedBy"), True)
    assert counter.told()["protocols"] == []


class TestWithoutAServer:
    def test_who_may_approve_here(self, store: Store) -> None:
        # given a manager with a PIN, one without, an administrator who has to sign in, and a clerk
        for number, (role, pin) in enumerate([("MANAGER", "1111"), ("MANAGER", None), ("ADMIN", "2"), ("CLERK", "3")]):
            person = replace(session_of(ANNA), user_id=f"user-{number}", name=f"Person {number}", role=role)
            store.people.remember(person, pin)
        # when, then
        assert [person.name for person in store.people.approvers()] == ["Person 0", "Person 2"]
        store.people.mark_sign_in_needed("user-2")
        assert [person.name for person in store.people.approvers()] == ["Person 0"]

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (None, "Stammkunde"),
            ("Tacho getauscht", "Tacho getauscht; Stammkunde"),
            ("x" * 499, "x" * 488 + "; Stammkunde"),
        ],
    )
    def test_the_reason_joins_the_one_that_was_given(self, store: Store, before: str | None, after: str) -> None:
        # given
        store.people.remember(session_of(ANNA), None)
        protocol_id = record(store, ANNA, contract(), "CHECK_OUT", overrideReason=before)
        store.outbox.refuse(protocol_id, "DRIVER_NOT_ELIGIBLE", "too young")
        # when
        assert store.outbox.approve(protocol_id, BERT, "Stammkunde") is True
        # then
        parcel = store.outbox.next_parcel()
        assert parcel is not None
        assert (parcel.payload["overrideReason"], parcel.approved_by) == (after, BERT)

    def test_what_waits_or_was_sent_cannot_be_approved(self, store: Store) -> None:
        # given
        store.people.remember(session_of(ANNA), None)
        protocol_id = record(store, ANNA, contract(), "CHECK_OUT")
        # when, then
        assert store.outbox.approve(protocol_id, BERT, "Stammkunde") is False
        parcel = store.outbox.next_parcel()
        assert parcel is not None
        assert (parcel.payload.get("overrideReason"), parcel.approved_by) == (None, None)
