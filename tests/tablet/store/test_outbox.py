"""What the tablet keeps: nothing is lost, nothing is kept twice, nothing stays longer than it may."""

from __future__ import annotations

import threading

import pytest

from mobile_kivy.api import Client
from mobile_kivy.store import Finished, State, Store
from mobile_kivy.sync import Sync
from tests.driving import new_id
from tests.tablet.people import ANNA, BERT, Clock, contract, session_of
from tests.tablet.store.kept import again, queue
from tests.tablet.yard import draft_of, record, taken_photos


class TestOutbox:
    def test_a_protocol_that_is_queued_twice_is_there_once_as_it_was_first(self, store: Store) -> None:
        protocol_id = queue(store)
        first = store.outbox.payload(protocol_id)
        other = {"protocolId": protocol_id, "contractId": "contract-1", "remarks": "changed"}

        assert store.outbox.enqueue(Finished(protocol_id, "CHECK_OUT", "contract-1", ANNA, other, [], "other")) is False

        assert store.outbox.payload(protocol_id) == first
        assert len(store.outbox.items()) == 1

    def test_its_draft_ends_with_it_and_a_late_autosave_does_not_bring_it_back(self, store: Store) -> None:
        protocol_id = new_id()
        payload = {"protocolId": protocol_id, "contractId": "contract-1", "photos": []}
        assert store.drafts.save(protocol_id, "contract-1", "CHECK_OUT", ANNA, {"step": 3})

        store.outbox.enqueue(Finished(protocol_id, "CHECK_OUT", "contract-1", ANNA, payload, [], "title"))

        assert store.drafts.all() == []
        assert store.drafts.save(protocol_id, "contract-1", "CHECK_OUT", ANNA, {"step": 4}) is False
        assert draft_of(store, "contract-1", "CHECK_OUT") is None

    def test_a_crash_in_the_middle_leaves_the_draft_and_no_half_protocol(self, store: Store) -> None:
        protocol_id = new_id()
        payload = {"protocolId": protocol_id, "contractId": "contract-1"}
        store.drafts.save(protocol_id, "contract-1", "CHECK_OUT", ANNA, {"step": 3})

        with pytest.raises(AttributeError):  # after the protocol's row, at its photos
            store.outbox.enqueue(Finished(protocol_id, "CHECK_OUT", "contract-1", ANNA, payload, [None], "title"))  # type: ignore[list-item]

        store = again(store)
        assert store.outbox.items() == []
        assert draft_of(store, "contract-1", "CHECK_OUT") == {"step": 3}

    def test_it_leaves_in_order_and_a_contract_waits_for_its_earlier_protocol(self, store: Store) -> None:
        out_1, out_2 = queue(store, 1), queue(store, 2)
        back_1 = queue(store, 1, "CHECK_IN")
        assert next_id(store) == out_1

        store.outbox.refuse(out_1, "ODOMETER_IMPLAUSIBLE", "too low", ["input", "condition", "odometerKm"])
        assert next_id(store) == out_2
        store.outbox.confirm(out_2, conflict=False)
        assert next_id(store) is None

        (refused,) = store.outbox.refused()
        assert (refused.problem_code, refused.message) == ("ODOMETER_IMPLAUSIBLE", "too low")
        assert refused.field == ("input", "condition", "odometerKm")
        assert store.outbox.retry(out_1) is True
        assert next_id(store) == out_1
        store.outbox.confirm(out_1, conflict=True)
        assert next_id(store) == back_1
        assert store.outbox.states() == {
            ("contract-1", "CHECK_OUT"): State.CONFLICT,
            ("contract-2", "CHECK_OUT"): State.SENT,
            ("contract-1", "CHECK_IN"): State.WAITING,
        }

    def test_a_correction_takes_the_place_of_what_was_refused(self, store: Store) -> None:
        wrong, back = queue(store, 1), queue(store, 1, "CHECK_IN")
        store.outbox.refuse(wrong, "ODOMETER_IMPLAUSIBLE", "too low")
        right = new_id()
        payload = {"protocolId": right, "contractId": "contract-1", "overrideReason": "new instrument"}

        assert store.outbox.enqueue(
            Finished(right, "CHECK_OUT", "contract-1", ANNA, payload, [], "t", instead_of=wrong)
        )

        assert next_id(store) == right
        store.outbox.confirm(right, conflict=False)
        assert next_id(store) == back
        states = {item.protocol_id: item.state for item in store.outbox.items()}
        assert states == {wrong: State.DISCARDED, right: State.SENT, back: State.WAITING}

    def test_only_what_was_refused_can_be_discarded_and_a_month_later_it_is_erased(
        self, store: Store, clock: Clock
    ) -> None:
        protocol_id = queue(store)
        with pytest.raises(ValueError, match="refused"):
            store.outbox.discard(protocol_id, "by mistake")
        store.outbox.refuse(protocol_id, "NOT_FOUND", "gone")
        store.outbox.discard(protocol_id, "recorded twice")
        assert store.outbox.waiting().count == 0

        clock.move(days=29)
        assert store.outbox.forget_old() == 0
        store.photos.sweep()
        assert len(taken_photos(store)) == 1
        assert store.outbox.payload(protocol_id) is not None

        clock.move(days=2)
        assert store.outbox.forget_old() == 1
        store.photos.sweep()
        (item,) = store.outbox.items()
        assert (item.title, item.state, store.outbox.payload(protocol_id)) == ("", State.DISCARDED, None)
        assert taken_photos(store) == []

    def test_the_sync_erases_what_was_discarded_by_itself_also_without_a_network(
        self, store: Store, clock: Clock
    ) -> None:
        protocol_id = queue(store)
        store.outbox.refuse(protocol_id, "NOT_FOUND", "gone")
        store.outbox.discard(protocol_id, "recorded twice")
        clock.move(days=31)
        Sync(store, Client("http://127.0.0.1:9"), now=store.outbox._now).turn()
        assert store.outbox.payload(protocol_id) is None
        assert taken_photos(store) == []

    def test_what_was_sent_is_forgotten_after_a_week_and_never_sent_again(self, store: Store, clock: Clock) -> None:
        protocol_id = queue(store)
        store.outbox.confirm(protocol_id, conflict=False)
        clock.move(days=6)
        assert store.outbox.forget_old() == 0
        clock.move(days=2)
        assert store.outbox.forget_old() == 1

        (item,) = store.outbox.items()
        assert (item.title, item.state, store.outbox.payload(protocol_id)) == ("", State.SENT, None)
        payload = {"protocolId": protocol_id, "contractId": "contract-1"}
        assert not store.outbox.enqueue(Finished(protocol_id, "CHECK_OUT", "contract-1", ANNA, payload, [], "title"))

    def test_it_says_since_when_something_waits(self, store: Store, clock: Clock) -> None:
        first = clock.now
        queue(store, 1)
        clock.move(hours=1)
        queue(store, 2)
        assert (store.outbox.waiting().count, store.outbox.waiting().oldest) == (2, first)

    def test_without_a_session_its_protocols_wait_and_those_of_others_go_on(self, store: Store) -> None:
        store.people.remember(session_of(BERT), None)
        queue(store, 1)
        of_bert = record(store, BERT, contract(2), "CHECK_OUT")
        store.people.mark_sign_in_needed(ANNA)

        assert next_id(store) == of_bert
        assert [item.state for item in store.outbox.items()] == [State.SIGN_IN, State.WAITING]
        assert store.outbox.users_to_sign_in() == (ANNA,)

    def test_two_threads_queue_and_nothing_gets_lost(self, store: Store) -> None:
        def work(first: int) -> None:
            for number in range(first, first + 20):
                queue(store, number)

        threads = [threading.Thread(target=work, args=(first,)) for first in (0, 100, 200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.outbox.waiting().count == 60
        assert len(taken_photos(store)) == 60


def next_id(store: Store) -> str | None:
    parcel = store.outbox.next_parcel()
    return parcel.protocol_id if parcel else None


def test_a_protocol_that_cannot_be_unsealed_keeps_no_other_from_leaving(store: Store) -> None:
    # given two protocols, of which somebody has changed the first
    store.people.remember(session_of(ANNA), None)
    first, second = queue(store, 1), queue(store, 2)
    store.photos._database.execute(
        "UPDATE protocol SET payload = ?, title = ? WHERE protocol_id = ?", (b"x" * 99, b"y" * 99, first)
    )

    # when the next one is to leave
    parcel = store.outbox.next_parcel()

    # then it is the second, and a person looks at the first
    assert parcel is not None
    assert parcel.protocol_id == second
    (refused,) = store.outbox.refused()
    assert (refused.protocol_id, refused.problem_code, refused.title) == (first, "FILE_DAMAGED", "")
