"""Cars go out and come back by touch alone; what counts is what the server has of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from mobile_kivy.forms.form import GUIDED_SLOTS
from tests.driving import PASSWORD
from tests.tablet.faulty_network import FaultyNetwork
from tests.tablet.ui import work
from tests.tablet.ui.conftest import TALL
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.yard_day import PIN, YardDay
from tests.tablet.yard import draft_of

Start = Callable[..., Finger]


def test_from_the_first_sign_in_to_both_protocols(open_app: Start, yard_day: YardDay) -> None:
    # given a device that nobody has used yet
    finger = open_app(yard_day.server.base, now=yard_day.clock)
    screen = finger.screen
    screen.ids.email.text, screen.ids.password.text = yard_day.email, PASSWORD
    finger.tap(screen.ids.go)
    finger.wait(lambda: screen.face == "new_pin", "the choice of a PIN")
    finger.type_digits(PIN)
    finger.type_digits(PIN)
    finger.wait(lambda: finger.app.root.current == "today", "the day")
    finger.wait(lambda: finger.app.day is not None, "the day's list")
    tiles = [finger.screen.ids[f"tile_{name}"] for name in ("late", "outs", "ins")]
    finger.wait(lambda: [tile.figure for tile in tiles] == ["1", "2", "1"], "one late, two going out, one coming in")

    # when a car is handed over with all that there is
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10012")
    gauge = finger.screen.step.ids.gauge
    x, y = gauge.to_window(*gauge.pos)
    finger.tap(gauge, at=(x + gauge.width * 0.7, y + 20))
    work.go_on(finger, "care")
    finger.tap(finger.find("Choice", root=finger.screen.step.ids.outside, value="NORMAL"))
    finger.screen.step.ids.remarks.text = "Winterreifen"
    first = finger.screen.step.ids.accessories.children[-1]
    finger.tap(finger.find("Btn", root=first, icon="minus"))
    work.go_on(finger, "damages")
    work.mark(finger, "LEFT", 0.3, 0.4)
    finger.tap(work.word(finger, "damage_DENT"))
    finger.tap(work.word(finger, "size_30"))
    work.go_on(finger, "photos")
    work.take_around(finger, skip="REAR")
    work.go_on(finger, "licences")
    work.see_licences(finger)
    work.go_on(finger, "sign")
    work.sign(finger)
    work.finish(finger)
    work.all_sent(finger)

    # then the server has exactly that
    told = yard_day.told(yard_day.out)
    assert told["state"] == "CHECKED_OUT"
    (protocol,) = told["protocols"]
    assert protocol["condition"] == {
        "odometerKm": 10_012,
        "fuelEighths": 6,
        "stateOfChargePercent": None,
        "cleanlinessInside": "CLEAN",
        "cleanlinessOutside": "NORMAL",
    }
    assert protocol["accessories"][0]["present"] == protocol["accessories"][0]["expected"] - 1
    assert abs(protocol["clockDifferenceSeconds"]) < 60
    assert protocol["remarks"] == "Winterreifen\nKein Foto Hinten: Starker Regen"
    (damage,) = protocol["damages"]
    assert (damage["kind"], damage["sizeMm"], damage["position"]["view"]) == ("DENT", 30, "LEFT")
    assert abs(damage["position"]["x"] - 0.3) < 0.01
    assert abs(damage["position"]["y"] - 0.4) < 0.01
    assert len(damage["photos"]) == 1
    assert [photo["slot"] for photo in protocol["photos"]] == [slot for slot in GUIDED_SLOTS if slot != "REAR"]
    assert protocol["signedByCustomer"] is True

    # when another comes back, its key from the box
    work.open_job(finger, yard_day.back, "CHECK_IN")
    finger.type_digits("10090")
    finger.tap(work.word(finger, "key_drop"))
    finger.tap("− 1 h")
    dropped = finger.screen.visit.form.key_drop_at
    work.go_on(finger, "care")
    finger.tap(finger.find("Choice", root=finger.screen.step.ids.inside, value="HEAVY"))
    work.go_on(finger, "damages")
    work.go_on(finger, "photos")
    work.take_around(finger)
    work.go_on(finger, "sign")
    finger.tap(finger.screen.step.ids.cannot)
    finger.screen.step.ids.reason.text = "Schlüsseleinwurf"
    work.sign_as(finger, "staff")
    work.finish(finger)
    work.all_sent(finger)

    # then it is back since the key was dropped
    told = yard_day.told(yard_day.back)
    assert told["state"] == "RETURNED"
    protocol = next(p for p in told["protocols"] if p["type"] == "CHECK_IN")
    assert datetime.fromisoformat(protocol["keyDropAt"]) == datetime.fromisoformat(dropped)
    assert protocol["condition"]["odometerKm"] == 10_090
    assert protocol["condition"]["cleanlinessInside"] == "HEAVY"
    assert (protocol["signedByCustomer"], protocol["signatureMissingReason"]) == (False, "Schlüsseleinwurf")
    assert len(protocol["photos"]) == 8
    # and the device keeps no photo that the server has confirmed
    finger.wait(lambda: not list((finger.app.store.folder / "photos").glob("*")), "the photos to be gone")
    # and both stay in sight, ticked
    finger.frames(5)
    shown = [*finger.screen.ids.outs.data, *finger.screen.ids.ins.data]
    sent = {row["contract_id"]: row["title"] for row in shown if row["state"] == "SENT"}
    assert sent.keys() == {yard_day.out["id"], yard_day.back["id"]}
    assert all(
        sent[contract["id"]].startswith(contract["vehicle"]["plate"]) for contract in (yard_day.out, yard_day.back)
    )


def test_a_shift_without_a_network_in_portrait(
    open_app: Start, device: Path, yard_day: YardDay, network: FaultyNetwork
) -> None:
    # given no network, with the day on the device
    network.up = False
    finger = open_app(network.url, TALL, now=yard_day.clock)
    work.enter(finger)
    finger.wait(lambda: finger.app.sync_words.startswith("Offline"), "the word offline")

    # when a car is handed over, and the app started anew
    work.check_out_quickly(finger, yard_day.out)
    work.finish(finger)
    finger.frames(3)
    assert "1 wartet, seit" in finger.app.sync_words
    assert work.row_of(finger, yard_day.out, "CHECK_OUT").state == "WAITING"
    finger = open_app(network.url, TALL, now=yard_day.clock)
    finger.wait(lambda: "1 wartet, seit" in finger.app.sync_words, "what waits")
    assert yard_day.told(yard_day.out)["state"] == "RESERVED"

    # then it is sent as soon as there is a network, nobody signed in
    network.up = True
    finger.app.sync.poke()
    work.all_sent(finger)
    assert [p["type"] for p in yard_day.told(yard_day.out)["protocols"]] == ["CHECK_OUT"]


def test_the_form_goes_on_where_the_battery_died(open_app: Start, device: Path, yard_day: YardDay) -> None:
    finger = open_app("http://127.0.0.1:9", now=yard_day.clock)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10005")
    work.go_on(finger, "care")
    work.go_on(finger, "damages")
    work.mark(finger, "FRONT", 0.5, 0.6)
    work.go_on(finger, "photos")
    finger.tap(work.word(finger, "slot_FRONT"))
    aim = finger.top()
    finger.tap(aim.ids.take)
    finger.wait(lambda: aim.slot != "FRONT", "the first photo")
    # Half a second after the last change all of it is on the disk.
    finger.wait(lambda: len(_saved(finger, yard_day)["photos"]) == 1, "the form to be saved", 5)
    before = finger.screen.visit.form.to_json()

    # when the plug is pulled: nothing of the app gets to run again
    finger.screen.save = lambda: None
    finger = open_app("http://127.0.0.1:9", now=yard_day.clock)
    work.enter(finger)
    row = work.row_of(finger, yard_day.out, "CHECK_OUT")
    assert row.state == "DRAFT"
    work.open_job(finger, yard_day.out, "CHECK_OUT")

    # then it is the same step of the same protocol with the same photos
    assert finger.screen.visit.form.to_json() == before
    assert finger.screen.visit.form.step == "photos"
    assert finger.find("PhotoTile", caption=work.word(finger, "slot_FRONT")).done


def _saved(finger: Finger, yard_day: YardDay) -> dict[str, Any]:
    return draft_of(finger.app.store, yard_day.out["id"], "CHECK_OUT") or {"photos": []}


def test_impatient_fingers_make_one_protocol(open_app: Start, device: Path, yard_day: YardDay) -> None:
    finger = open_app("http://127.0.0.1:9", now=yard_day.clock)
    work.enter(finger)
    work.check_out_quickly(finger, yard_day.out)
    button = finger.screen.ids.next
    finger.tap(button)
    for _ in range(5):
        finger.tap(button, after=0.04)
    finger.wait(lambda: finger.app.root.current == "today", "the list")
    assert len(finger.app.store.outbox.items()) == 1


def test_another_car_because_of_a_flat_tyre(open_app: Start, device: Path, yard_day: YardDay) -> None:
    finger = open_app(yard_day.server.base, now=yard_day.clock)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10001")
    finger.tap(finger.screen.step.ids.other_car)
    spare = finger.app.work.spare_vehicles()[0]
    finger.tap(finger.button(f"{spare.plate}  ·  {spare.name}  ·  {spare.group}"))
    # then what was read off the first car is gone
    assert finger.screen.step.ids.odometer.text == ""
    assert spare.plate in finger.screen.title
    finger.type_digits("10002")
    work.go_on(finger, "care")
    work.go_on(finger, "damages")
    work.go_on(finger, "photos")
    work.take_around(finger)
    work.go_on(finger, "licences")
    work.see_licences(finger)
    work.go_on(finger, "sign")
    work.sign(finger)
    work.finish(finger)
    work.all_sent(finger)

    told = yard_day.told(yard_day.out)
    assert told["vehicle"]["plate"] == spare.plate
    assert told["protocols"][0]["vehicle"]["plate"] == spare.plate


def test_the_customer_is_asked_for_the_address_of_the_invoice(open_app: Start, yard_day: YardDay, device: Path) -> None:
    # given
    far = yard_day.book_far()
    finger = open_app(yard_day.server.base, now=yard_day.clock)
    work.enter(finger)
    finger.wait(lambda: finger.app.day and finger.app.day.job(far["id"], "CHECK_OUT"), "the list with the new booking")
    # when the address is asked for before the licence
    work.open_job(finger, far, "CHECK_OUT")
    finger.type_digits(str(far["vehicle"]["odometerKm"]))
    for step in ("care", "damages", "photos"):
        work.go_on(finger, step)
    work.take_around(finger)
    work.go_on(finger, "customer")
    finger.tap(finger.screen.ids.next)
    assert finger.screen.visit.form.step == "customer"
    assert finger.screen.error == work.word(finger, "address_incomplete")
    fields = finger.screen.step.ids
    fields.street.text, fields.postcode.text, fields.city.text = "Seestr. 5", "13353", "Berlin"
    work.go_on(finger, "licences")
    work.see_licences(finger)
    work.go_on(finger, "sign")
    work.sign(finger)
    work.finish(finger)
    work.all_sent(finger)
    # then the contract knows it
    told = yard_day.dealership.clerk(
        "query($id:ID){contract(id:$id){state addressMissing billingBlock customer{address{street postcode city}}}}",
        id=far["id"],
    )
    assert told == {
        "state": "CHECKED_OUT",
        "addressMissing": False,
        "billingBlock": None,
        "customer": {"address": {"street": "Seestr. 5", "postcode": "13353", "city": "Berlin"}},
    }


def test_a_damages_photo_is_opened_over_the_whole_screen(open_app: Start, device: Path, yard_day: YardDay) -> None:
    # given a new damage with its photo
    finger = open_app("http://127.0.0.1:9", now=yard_day.clock)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10001")
    work.go_on(finger, "care")
    work.go_on(finger, "damages")
    work.mark(finger, "LEFT", 0.3, 0.4)

    # when it is tapped
    finger.tap(next(tile for tile in finger.walk() if type(tile).__name__ == "PhotoTile" and tile.done))

    # then it is there in its full size, and closes again
    view = finger.top()
    (sha256,) = finger.screen.visit.form.damages[0].photos
    assert view.photo == finger.app.store.photos.read(sha256)
    finger.tap(view.ids.close)
    assert finger.top() is finger.app.root
