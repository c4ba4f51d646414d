"""A server that is right, in memory, and whatever wrongness is ordered for one of its answers."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.tablet.answers import contract, day, vehicle, went_out
from tests.tablet.fuzz.wrong_answers import Wrong

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
TODAY = "2026-11-23"
JOBS = 4
"""Of today with the next morning: one is there to be left as a draft."""
Spoil = Callable[[dict[str, Any]], Wrong]
Answer = dict[str, Any]
SIGN_IN_NEEDED = Wrong(b'{"errors":[{"message":"x","extensions":{"code":"UNAUTHENTICATED"}}]}', "unauthenticated")


def _car(number: int) -> Answer:
    photos = [{"id": f"p{number}", "thumbnailUrl": f"/pictures/{number}"}]
    position = {"view": "LEFT", "x": 0.3, "y": 0.5}
    damage = {"id": f"dm{number}", "kind": "DENT", "sizeMm": 30, "description": "Tür", "position": position}
    return vehicle(number, damages=[{**damage, "photos": photos}])


def _handover_day(date: str) -> Answer:
    morning = {"start": "2026-11-24T08:00:00+01:00", "end": "2026-11-25T08:00:00+01:00"}
    if date != TODAY:
        return day(checkOuts=[contract(4, vehicle=_car(4), period=morning)])
    outs = [contract(number, vehicle=_car(number)) for number in (1, 2)]
    ins = [contract(3, vehicle=_car(3), state="CHECKED_OUT", protocols=went_out())]
    return day(checkOuts=outs, checkIns=ins, spareVehicles=[_car(9)])


class RightServer:
    """`spoil_next` spoils the next answer to an operation; `spoilt` says how. `protocols` counts what arrived."""

    def __init__(self) -> None:
        self.protocols: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.spoilt: list[str] = []
        self.every: Spoil | None = None
        self._next: dict[str, Spoil] = {}
        self._sessions = 0
        self._lock = threading.Lock()

    def spoil_next(self, operation: str, spoil: Spoil) -> None:
        self._next[operation] = spoil

    def heal(self) -> None:
        """All answers are right from now on."""
        self._next.clear()
        self.every = None

    def reply(self, operation: str, variables: Answer) -> Wrong:
        """What is sent: wrong only if that was ordered."""
        with self._lock:
            self.calls[operation] += 1
            good = {"data": {operation: self._answer(operation, variables)}}
            spoil = self._next.pop(operation, None) or self.every
        if spoil is None:
            return Wrong(json.dumps(good).encode(), "")
        wrong = spoil(good)
        self.spoilt.append(f"{operation}: {wrong.what}")
        return wrong

    def _answer(self, operation: str, variables: Answer) -> Answer:
        if operation in {"signIn", "refreshSession"}:
            self._sessions += 1
            return _session(self._sessions)
        if operation == "handoverDay":
            return _handover_day(variables["date"])
        if operation == "uploadPhoto":
            return {"__typename": "StoredPhoto", "sha256": variables["sha256"]}
        if operation in {"checkOut", "checkIn"}:
            self.protocols[variables["input"]["protocolId"]] += 1
            return _protocol(variables["input"])
        return {"role": "YARD"}


def _session(number: int) -> Answer:
    user = {"id": "u1", "name": "Yard", "email": "yard@example.com"}
    viewer = {"role": "YARD", "user": user, "stations": [{"id": "s1", "code": "B", "name": "Berlin"}]}
    tokens = {"accessToken": f"a{number}", "refreshToken": f"r{number}", "expiresAt": "2026-11-24T09:00:00+01:00"}
    return {"__typename": "Session", **tokens, "viewer": viewer}


def _protocol(given: Answer) -> Answer:
    damages = [{"photos": [{"sha256": sha256} for sha256 in damage["photos"]]} for damage in given["damages"]]
    photos = [{"sha256": photo["sha256"]} for photo in given["photos"]]
    contract = {"state": "CHECKED_OUT", "flags": []}
    return {"__typename": "Protocol", "id": given["protocolId"], "contract": contract, "photos": photos} | {
        "damages": damages
    }


@contextmanager
def running(server: RightServer) -> Iterator[str]:
    """Its address."""
    handler = type("Handler", (_Handler,), {"served": server})
    listener = _Listener(("127.0.0.1", 0), handler)
    listener.daemon_threads, listener.block_on_close = True, False
    threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}"
    finally:
        listener.shutdown()
        listener.server_close()
        listener.hang_up()


class _Listener(ThreadingHTTPServer):
    """A tablet keeps its connections; each would keep a thread of ours, for all the tests that follow."""

    def __init__(self, *where: Any) -> None:
        super().__init__(*where)
        self._lines: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self._lines.append(request.dup())
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        for line in self._lines:
            with contextlib.suppress(OSError), line:
                line.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    served: RightServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.served.calls["picture"] += 1
        self._send(Wrong(JPEG, ""), "image/jpeg")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Type"].startswith("multipart/"):
            found = re.search(rb'name="operations"\r\n\r\n(.*?)\r\n--', raw, re.DOTALL)
            assert found is not None
            raw = found[1]
        asked = json.loads(raw)
        operation = re.search(r"\{\s*(\w+)", asked["query"])
        assert operation is not None
        self._send(self.served.reply(operation[1], asked["variables"]), "application/json")

    def _send(self, wrong: Wrong, kind: str) -> None:
        try:
            time.sleep(wrong.pause)
            self.send_response(wrong.status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(wrong.body)))
            self.end_headers()
            for place in range(0, len(wrong.body), 1 if wrong.between else max(1, len(wrong.body))):
                self.wfile.write(wrong.body[place : place + 1] if wrong.between else wrong.body)
                time.sleep(wrong.between)
        except OSError:  # the tablet did not wait for the end
            self.close_connection = True
