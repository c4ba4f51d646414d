"""The app as a person starts it: a process, a window, a mouse, a battery that dies twice. The one test of real pixels."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageGrab

from mobile_kivy.forms.form import GUIDED_SLOTS
from mobile_kivy.i18n import text
from mobile_kivy.store import State, Store
from tests.calendar import ahead_of_machine
from tests.driving import ROOT, SandboxServer
from tests.tablet.faulty_network import FaultyNetwork, faulty_network
from tests.tablet.ui.yard_day import PIN, YardDay, open_yard_day
from tests.tablet.window import Tablet, clean_environment, display, lacking
from tests.tablet.yard import draft_of

pytestmark = pytest.mark.skipif(bool(lacking()), reason=lacking() or "nothing is missing")
FEWEST_COLOURS = 30
"""Smoothed letters alone have more; a blank window has one."""


@pytest.fixture
def shown_on() -> Iterator[str]:
    with display() as number:
        yield number


@pytest.fixture
def yard_day(server: SandboxServer) -> YardDay:
    return open_yard_day(server)


@pytest.fixture
def network(server: SandboxServer) -> Iterator[FaultyNetwork]:
    """A cable between tablet and server that can be pulled."""
    with faulty_network(server.port, one_in=0) as cable:
        yield cable


@pytest.fixture
def tablet(shown_on: str, tmp_path: Path, yard_day: YardDay, network: FaultyNetwork) -> Iterator[Tablet]:
    """Not started yet. The yard's user has signed in this morning, and the day is on the device."""
    store = Store(tmp_path / "device", yard_day.clock)
    yard_day.enter(store)
    store.close()
    made = Tablet(shown_on, tmp_path, network.url, ahead_of_machine(yard_day.clock()))
    yield made
    made.kill()


def word(key: str, **figures: object) -> str:
    return text("de", key, **figures)


def enter_and_open(tablet: Tablet, contract: dict[str, Any]) -> dict[str, Any]:
    """Name, PIN, the contract's row; the form as it stands then."""
    name = tablet.until(_person, "a name")
    tablet.tap(_person(name))
    for digit in PIN:
        tablet.tap(digit)
    tablet.tap(contract["id"])
    form: dict[str, Any] = tablet.until(lambda look: look["form"], "the form")["form"]
    return form


def _person(look: dict[str, Any]) -> str:
    """The only person's name: what stands on the tile that is neither a button nor a key."""
    return next((name for name in look["places"] if name.startswith("Yard")), "")


def go_on(tablet: Tablet, to: str) -> None:
    tablet.tap("#next")
    until_form(tablet, "step", to)


def until_form(tablet: Tablet, field: str, value: str) -> None:
    tablet.until(lambda look: look["form"] and look["form"][field] == value, f"{field} {value}")


def until_taken(tablet: Tablet, count: int) -> None:
    tablet.until(lambda look: len(look["form"]["photos"]) == count, f"photo {count}")


def until_signed(tablet: Tablet, who: str) -> None:
    tablet.until(lambda look: look["form"][f"{who}_signature"], f"the signature of the {who}")


def begin(tablet: Tablet, contract: dict[str, Any], odometer: str) -> dict[str, Any]:
    """Up to a new damage on the left that has no photo yet; the form as it is then."""
    enter_and_open(tablet, contract)
    for count, digit in enumerate(odometer, start=1):
        tablet.tap(digit)
        until_form(tablet, "odometer", odometer[:count])
    go_on(tablet, "care")
    go_on(tablet, "damages")
    tablet.tap("side LEFT", at=(0.3, 0.4))
    form: dict[str, Any] = tablet.until(lambda look: look["form"]["damages"], "the damage")["form"]
    return form


def finish(tablet: Tablet) -> None:
    """From the damage's photo to the last signature."""
    tablet.tap(word("take_photo"))
    tablet.until(lambda look: look["form"]["damages"][0]["photos"], "the damage's photo")
    go_on(tablet, "photos")
    tablet.tap(word("slot_FRONT"))
    for count in range(1, len(GUIDED_SLOTS) + 1):
        tablet.tap("#take")
        until_taken(tablet, count)
    go_on(tablet, "licences")
    tablet.tap(word("licence_seen"))
    go_on(tablet, "sign")
    wave = [(0.1 + step / 40, 0.3 + 0.4 * (step % 4) / 4) for step in range(30)]
    for who in ("customer", "staff"):
        tablet.draw(f"#{who}", wave)
        until_signed(tablet, who)
    tablet.tap("#next")
    tablet.until(lambda look: look["screen"] == "today", "the list again")


@pytest.mark.timeout(300)
def test_a_check_out_survives_two_dead_batteries_and_no_network(
    tablet: Tablet, yard_day: YardDay, network: FaultyNetwork, tmp_path: Path
) -> None:
    # given a form that is filled in up to a damage without a photo
    tablet.start()
    before = begin(tablet, yard_day.out, "10012")
    assert colours(tablet.photograph()) > FEWEST_COLOURS
    wait_until_saved(tmp_path / "device", yard_day.out, before)

    # when the battery dies and the app is started again, without a network from here on
    tablet.kill()
    network.up = False
    tablet.start()
    after = enter_and_open(tablet, yard_day.out)

    # then the form is where it was
    assert after == before
    assert (after["step"], after["odometer"], len(after["damages"])) == ("damages", "10012", 1)

    # when it is finished, the battery dies again, and the network comes back
    tablet.tap("side LEFT", at=(0.3, 0.4))
    finish(tablet)
    tablet.until(lambda look: "1 wartet, seit" in look["sync"], "the word that it waits")
    tablet.kill()
    assert yard_day.told(yard_day.out)["protocols"] == []
    network.up = True
    tablet.start()

    # then it leaves by itself, and the server has it once, as it was typed, tapped and signed
    tablet.until(lambda look: look["sync"] == word("all_sent"), "all sent", patience=60)
    tablet.kill()
    assert states(tmp_path / "device") == [State.SENT]
    (protocol,) = yard_day.told(yard_day.out)["protocols"]
    assert (protocol["id"], protocol["condition"]["odometerKm"]) == (before["protocol_id"], 10_012)
    (damage,) = protocol["damages"]
    assert damage["position"]["view"] == "LEFT"
    assert abs(damage["position"]["x"] - 0.3) < 0.02
    assert len(damage["photos"]) == 1
    assert [photo["slot"] for photo in protocol["photos"]] == list(GUIDED_SLOTS)
    assert protocol["signedByCustomer"] is True


@pytest.mark.timeout(120)
def test_the_app_draws_with_nobody_watching(shown_on: str, tmp_path: Path) -> None:
    """The very command that a person types, with nothing of ours around it."""
    command = [sys.executable, "-m", "mobile_kivy", "--server", "http://127.0.0.1:9", "--data", str(tmp_path / "data")]
    environment = clean_environment(DISPLAY=shown_on, KIVY_HOME=str(tmp_path / "kivy"))
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        end = time.monotonic() + 60
        while time.monotonic() < end and colours(ImageGrab.grab(xdisplay=shown_on)) <= FEWEST_COLOURS:
            assert process.poll() is None, "the app has ended"
            time.sleep(0.2)
        seen = colours(ImageGrab.grab(xdisplay=shown_on))
        process.kill()
    assert seen > FEWEST_COLOURS


def colours(photo: Image.Image) -> int:
    return len(photo.convert("RGB").getcolors(photo.width * photo.height) or ())


def wait_until_saved(folder: Path, contract: dict[str, Any], form: dict[str, Any]) -> None:
    """Half a second after the last change the form is on the disk; before that, a change may be lost."""
    end = time.monotonic() + 20
    store = Store(folder)
    while draft_of(store, contract["id"], "CHECK_OUT") != form:
        assert time.monotonic() < end, "the form is not saved"
        time.sleep(0.05)
    store.close()


def states(folder: Path) -> list[State]:
    store = Store(folder)
    found = [item.state for item in store.outbox.items()]
    store.close()
    return found
