"""kill -9 of the app and of the server, twenty times in one sync: nothing is lost, nothing is doubled."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from mobile_kivy.api import Client
from mobile_kivy.store import State, Store
from tests.calendar import BEGINS, ahead_of_machine, running_from
from tests.driving import ROOT, SandboxServer
from tests.forge import Forged, forge
from tests.tablet.faulty_network import FaultyNetwork, faulty_network
from tests.tablet.yard import open_yard, record_all, small_photo, taken_photos

FULL = os.environ.get("TABLET_TEST_SCALE") == "full"
CARS, ROUNDS, PHOTOS = (10, 10, 8) if FULL else (4, 3, 2)
APP_KILLS, SERVER_KILLS = 18, 2
MOMENTS = ("before", "during", "after")


class Tablet:
    """The app's process, started again whenever it was killed."""

    def __init__(self, folder: Path, url: str) -> None:
        ahead = str(ahead_of_machine(BEGINS).total_seconds())
        self._module = ["tests.tablet.tablet_process", str(folder), url, ahead]
        self._log = folder.with_suffix(".log")
        self.deaths = 0
        self._process = self._start()

    def _start(self) -> Forged:
        app = forge("mobile_kivy.api", "mobile_kivy.store", "mobile_kivy.sync")
        return app.start(self._module, self._log, dict(os.environ))

    def kill(self) -> None:
        """As if the battery was pulled."""
        self._process.kill()

    def run_to_the_end(self, most_seconds: float) -> None:
        """Starts it again after each death, until it has ended by itself."""
        deadline = time.monotonic() + most_seconds
        while (code := self._process.wait(timeout=deadline - time.monotonic())) != 0:
            assert code == -9, (code, self._log.read_text())
            self.deaths += 1
            self._process = self._start()


class ServerLives:
    """Kills the server and starts it again, in a thread of its own: the tablet tries in vain meanwhile."""

    def __init__(self, server: SandboxServer) -> None:
        self._server = server
        self._restarts: list[threading.Thread] = []

    @property
    def deaths(self) -> int:
        return len(self._restarts)

    def kill(self) -> None:
        self.wait()
        self._server.kill()
        restart = threading.Thread(target=self._server.restart)
        self._restarts.append(restart)
        restart.start()

    def wait(self) -> None:
        for restart in self._restarts:
            restart.join(90)
            assert not restart.is_alive()


def plan(network: FaultyNetwork, app: Callable[[], None], server: Callable[[], None], calls: int) -> None:
    """Deaths at random calls and moments: by progress, so that it is the same on a slow machine."""
    lots = random.Random(20)
    numbers = lots.sample(range(2, calls), APP_KILLS + SERVER_KILLS)
    deaths = [server] * SERVER_KILLS + [app] * APP_KILLS
    for place, (number, death) in enumerate(zip(numbers, deaths, strict=True)):
        network.surprises[number] = (MOMENTS[place % len(MOMENTS)], death)


@pytest.mark.timeout(300)
def test_killed_twenty_times_while_sending(server: SandboxServer, store: Store) -> None:
    yard = open_yard(server, CARS, ROUNDS)
    user = yard.sign_in(Client(server.base), store)
    ids = record_all(
        store, user.user_id, yard, lambda number: [small_photo(5000 + number * PHOTOS + n) for n in range(PHOTOS)]
    )
    store.close()
    began = time.monotonic()
    with faulty_network(server.port, seed=3) as network:
        lives = ServerLives(server)
        tablet = Tablet(store.folder, network.url)
        plan(network, tablet.kill, lives.kill, len(ids) * (PHOTOS + 1))
        tablet.run_to_the_end(240)
        lives.wait()
    print(f"\nsent in {time.monotonic() - began:.1f} s, {network.calls} calls, {network.faults}")

    assert (tablet.deaths, lives.deaths) == (APP_KILLS, SERVER_KILLS)
    reopened = Store(store.folder, running_from(BEGINS))
    assert reopened.integrity() == "ok"
    assert Counter(item.state for item in reopened.outbox.items()) == {State.SENT: len(ids)}
    assert taken_photos(reopened) == []
    reopened.close()
    arrived = yard.all_protocols()
    assert [protocol["id"] for protocol in arrived] == ids
    assert {len(protocol["photos"]) for protocol in arrived} == {PHOTOS}


SAVING = """
import sys
from pathlib import Path
from mobile_kivy.store import Store
from tests.calendar import BEGINS
from tests.tablet.yard import record, small_photo
store = Store(Path(sys.argv[1]), lambda: BEGINS)
for number in range(10_000):
    contract = {"id": f"contract-{number}", "starts": BEGINS, "drivers": [], "vehicle": {"plate": "B-EW 1"}}
    photos = [small_photo(number * 3 + place) for place in range(3)]
    print(record(store, "user", contract, "CHECK_OUT", photos), flush=True)
"""


def test_killed_while_saving_what_was_said_to_be_saved_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "tablet"
    command = [sys.executable, "-c", SAVING, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().strip() for _ in range(40)]
        process.kill()
        # What it said between our last look and its death; the last line may be cut.
        said += [line.strip() for line in process.stdout if line.endswith("\n")]

    store = Store(folder, running_from(BEGINS))
    items = store.outbox.items()
    assert store.integrity() == "ok"
    assert set(said) <= {item.protocol_id for item in items}
    assert {item.photos_total for item in items} == {3}
    for item in items:
        payload = store.outbox.payload(item.protocol_id)
        assert payload is not None
        for photo in payload["photos"]:
            assert store.photos.read(photo["sha256"])
    store.close()
