"""What the server refuses, and what has changed meanwhile: said with what to do, corrected, never lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.tablet.ui import work
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.yard_day import YardDay
from tests.tablet.yard import taken_photos

Start = Callable[..., Finger]


def test_what_the_server_disputes_it_keeps_and_the_device_says_so(
    open_app: Start, device: Path, yard_day: YardDay
) -> None:
    # given a car that another device has handed over before this one opened its form
    finger = open_app("http://127.0.0.1:9", now=lambda: yard_day.now + timedelta(minutes=30))
    work.enter(finger)
    work.check_out_quickly(finger, yard_day.out)
    work.finish(finger)
    result = yard_day.dealership.check_out(yard_day.out, yard_day.now)
    assert result["__typename"] == "Protocol", result

    # when this device sends its own, which is signed
    yard_day.server.move_to(yard_day.now + timedelta(minutes=31))
    finger.app.use_server(yard_day.server.base)
    finger.app.sync.poke()
    finger.wait(lambda: finger.app.sync.state.conflicts == 1, "the conflict", 40)

    # then nothing exists on this tablet only: the server has it with its photos and shows it to the office
    told = yard_day.told(yard_day.out)
    assert "PROTOCOL_CONFLICT" in told["flags"]
    assert sorted(len(protocol["photos"]) for protocol in told["protocols"]) == [0, 8]
    # and the device says that somebody looks at it, and keeps no photo
    finger.tap(finger.find("SyncPill"))
    assert finger.find("OutboxRow").reason == work.word(finger, "advice_CONFLICT")
    assert list((finger.app.store.folder / "photos").iterdir()) == []


def test_what_the_server_refuses_is_said_with_what_to_do(open_app: Start, device: Path, yard_day: YardDay) -> None:
    # given a check-out whose odometer the server does not believe
    finger = open_app("http://127.0.0.1:9", now=yard_day.clock)
    work.enter(finger)
    work.check_out_quickly(finger, yard_day.out)
    work.finish(finger)
    yard_day.drive(yard_day.out, 10_400)
    before = yard_day.told(yard_day.out)

    # when it is sent
    finger.app.use_server(yard_day.server.base)
    finger.wait(lambda: finger.app.sync.state.refused == 1, "the refusal", 40)
    finger.wait(lambda: finger.app.sync_words == "1 braucht Hilfe", "the pill")

    # then nothing has changed at the server, and the device says why and keeps all
    assert yard_day.told(yard_day.out) == before
    finger.tap(finger.find("SyncPill"))
    assert work.word(finger, "refused_ODOMETER_IMPLAUSIBLE") in finger.find("OutboxRow").reason
    assert len(taken_photos(finger.app.store)) == 9, "eight photos, and the signature that both hands wrote alike"
    # and it is thrown away only after a second question
    finger.tap(work.word(finger, "discard"))
    finger.tap(work.word(finger, "keep"))
    assert finger.app.store.outbox.items()[0].state == "REFUSED"


def test_a_refused_protocol_is_corrected_and_signed_anew(open_app: Start, device: Path, yard_day: YardDay) -> None:
    # given a check-out whose odometer the server does not believe, because the car was driven meanwhile
    finger = open_app("http://127.0.0.1:9", now=yard_day.clock)
    work.enter(finger)
    work.check_out_quickly(finger, yard_day.out)
    work.finish(finger)
    yard_day.drive(yard_day.out, 10_400)
    finger.app.use_server(yard_day.server.base)
    finger.wait(lambda: finger.app.sync.state.refused == 1, "the refusal", 40)
    (refused,) = finger.app.store.outbox.items()
    assert refused.problem_code == "ODOMETER_IMPLAUSIBLE"

    # when it is corrected
    finger.tap(finger.find("SyncPill"))
    finger.tap(work.word(finger, "correct"))
    assert finger.app.root.current == "handover"
    assert finger.screen.step.ids.odometer.text == "10000"
    for _ in range(5):
        finger.tap(finger.find("PadKey", key="<"), after=0.2)
    finger.type_digits("10401")
    work.go_on(finger, "care")
    work.go_on(finger, "damages")
    work.go_on(finger, "photos")
    work.go_on(finger, "licences")
    work.go_on(finger, "sign")
    work.sign(finger)
    work.finish(finger)
    work.all_sent(finger)

    # then there is one protocol with all its photos, and the refused one is kept aside
    (protocol,) = yard_day.told(yard_day.out)["protocols"]
    assert protocol["condition"]["odometerKm"] == 10_401
    assert len(protocol["photos"]) == 8
    assert sorted(item.state for item in finger.app.store.outbox.items()) == ["DISCARDED", "SENT"]


def test_a_form_outlives_its_place_on_the_list(open_app: Start, device: Path, yard_day: YardDay) -> None:
    # given a form that was begun before another device handed the car over
    finger = open_app("http://127.0.0.1:9", now=yard_day.clock)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10003")
    finger.screen.leave()
    result = yard_day.dealership.check_out(yard_day.out, yard_day.now)
    assert result["__typename"] == "Protocol", result
    finger.app.use_server(yard_day.server.base)
    person, station, contract_id = finger.app.person, finger.app.station, yard_day.out["id"]
    assert person
    assert station
    finger.app.sync.watch(person.user_id, station.id)
    finger.wait(lambda: finger.app.day and finger.app.day.job(contract_id, "CHECK_OUT") is None, "the new list")
    finger.frames(5)

    # then it is still there to be finished or thrown away
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    assert finger.screen.step.ids.odometer.text == "10003"
    finger.tap(finger.screen.ids.discard)
    finger.tap(work.word(finger, "discard_form"))
    assert finger.app.store.drafts.all() == []


def meet_server(finger: Finger, yard_day: YardDay) -> None:
    """The network is back, for somebody who has been at work."""
    finger.app.use_server(yard_day.server.base)
    person, station = finger.app.person, finger.app.station
    assert person
    assert station
    finger.app.sync.watch(person.user_id, station.id)


def test_an_open_form_is_told_that_its_contract_changed(open_app: Start, device: Path, yard_day: YardDay) -> None:
    # given an open form with a reading
    finger = open_app("http://127.0.0.1:9", now=yard_day.clock)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10003")

    # when the office changes the contract, and the day is fetched
    query = "mutation($id:ID!,$v:Int!,$d:DriverInput!){addDriver(contractId:$id,version:$v,driver:$d){__typename}}"
    version = yard_day.dealership.contract(yard_day.out["id"])["version"]
    bert = {"firstName": "Bert", "lastName": "Bergmann", "birthDate": "1980-01-01"}
    result = yard_day.dealership.clerk(query, id=yard_day.out["id"], v=version, d=bert)
    assert result["__typename"] == "Contract", result
    meet_server(finger, yard_day)
    finger.wait(lambda: work.word(finger, "contract_changed_title") in finger.texts(), "the notice")

    # then it is said once, and the reading is still there
    finger.tap(work.word(finger, "ok"))
    assert finger.screen.step.ids.odometer.text == "10003"
    assert len(finger.screen.visit.job.contract.drivers) == 2
    finger.app.sync.poke()
    finger.frames(10)
    assert work.word(finger, "contract_changed_title") not in finger.texts()


def test_an_open_form_is_told_that_its_contract_is_not_on_the_list_any_more(
    open_app: Start, device: Path, yard_day: YardDay
) -> None:
    # given an open form with a reading
    finger = open_app("http://127.0.0.1:9", now=yard_day.clock)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10003")

    # when a colleague hands that car over with another device, and the day is fetched
    result = yard_day.dealership.check_out(yard_day.out, yard_day.clock())
    assert result["__typename"] == "Protocol", result
    meet_server(finger, yard_day)
    finger.wait(lambda: work.word(finger, "contract_gone_title") in finger.texts(), "the notice")

    # then it is said once, and the reading is still there
    finger.tap(work.word(finger, "ok"))
    assert finger.screen.step.ids.odometer.text == "10003"
    known = finger.app.sync.state.day_version
    finger.app.sync.poke()
    finger.wait(lambda: finger.app.sync.state.day_version > known, "another look at the day")
    finger.frames(10)
    assert work.word(finger, "contract_gone_title") not in finger.texts()
