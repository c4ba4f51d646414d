"""A network as it is in a yard: an HTTP proxy that fails one call in five, each time in another way."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FAULTS = ("refused", "unavailable", "answer lost", "request cut", "answer cut", "portal", "redirect", "other json")
"""Refused: no answer at all. Answer lost: the server has done it. Portal: a hotel's page, with status 200."""
_PORTAL = b"<html><body>Welcome! Please accept our terms.</body></html>"
_PLAIN: dict[str, tuple[int, str, bytes]] = {
    "unavailable": (503, "text/plain", b"upstream not available"),
    "portal": (200, "text/html", _PORTAL),
    "redirect": (302, "text/html", _PORTAL),
    "other json": (200, "application/json", b'{"status": "login required"}'),
}
Moment = str
"""When something happens to a call: "before" the server gets it, "during" its work, "after" it, before we answer."""


class FaultyNetwork:
    """Stands between a tablet and a server on this machine."""

    def __init__(self, server_port: int, *, seed: int = 1, one_in: int = 5) -> None:
        """`one_in` of that many calls fails; 0 for none."""
        self.calls = 0
        self.faults: Counter[str] = Counter()
        self.surprises: dict[int, tuple[Moment, Callable[[], None]]] = {}
        self._surprised: set[int] = set()
        self.up = True
        self._server_port = server_port
        self._one_in = one_in
        self._lots = random.Random(seed)
        self._kinds = itertools.cycle(FAULTS)
        self._unlucky = -1
        self._lock = threading.Lock()
        self._httpd = _Proxy(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._httpd.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        return type("Handler", (_Relay,), {"network": self})

    def next_fate(self) -> tuple[int, str | None]:
        """The number of a call and what goes wrong with it. In every five calls it is one, nobody knows which."""
        with self._lock:
            number = self.calls
            self.calls += 1
            if not self.up:
                return number, "refused"
            if not self._one_in:
                return number, None
            if number % self._one_in == 0:
                self._unlucky = number + self._lots.randrange(self._one_in)
            if number != self._unlucky:
                return number, None
            fault = next(self._kinds)
            self.faults[fault] += 1
            return number, fault

    def surprise(self, number: int, moment: Moment) -> None:
        """Lets happen what was planned for this moment of this call, or of an earlier one that never got so far.

        One surprise a call: a process that was killed in it cannot be killed again before the next call.
        """
        with self._lock:
            due = [planned for planned, (when, _) in self.surprises.items() if planned <= number and when == moment]
            if not due or number in self._surprised:
                return
            self._surprised.add(number)
            happens = self.surprises.pop(min(due))[1]
        happens()

    @property
    def server_port(self) -> int:
        return self._server_port

    def start(self) -> None:
        threading.Thread(target=self._httpd.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()


@contextmanager
def faulty_network(server_port: int, **options: Any) -> Iterator[FaultyNetwork]:
    network = FaultyNetwork(server_port, **options)
    network.start()
    try:
        yield network
    finally:
        network.stop()


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections break here on purpose."""


class _Relay(BaseHTTPRequestHandler):
    """Passes one connection's calls on, or does not."""

    network: FaultyNetwork
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every answer waits 40 ms for an acknowledgement
    upstream: http.client.HTTPConnection | None = None

    def log_message(self, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._relay(b"")

    def do_POST(self) -> None:
        self._relay(self.rfile.read(int(self.headers["Content-Length"])))

    def _relay(self, body: bytes) -> None:
        number, fault = self.network.next_fate()
        self.network.surprise(number, "before")
        if fault == "refused":
            self._hang_up()
        elif fault in _PLAIN:
            self._answer(*_PLAIN[fault])
        elif fault == "request cut":
            self._send(body, part=len(body) // 2)
            self._hang_up()
        else:
            self._pass_on(number, body, fault)

    def _pass_on(self, number: int, body: bytes, fault: str | None) -> None:
        try:
            upstream = self._send(body)
            self.network.surprise(number, "during")
            response = upstream.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self._drop_upstream()
            self._hang_up()  # there is no server at the moment
            return
        self.network.surprise(number, "after")
        if fault == "answer lost":
            self._hang_up()
        else:
            kind = response.headers.get("Content-Type", "text/plain")
            self._answer(response.status, kind, content, cut=fault == "answer cut")

    def _send(self, body: bytes, part: int | None = None) -> http.client.HTTPConnection:
        if self.upstream is None:
            self.upstream = http.client.HTTPConnection("127.0.0.1", self.network.server_port, timeout=60)
        upstream = self.upstream
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(body[:part] or None)
        except OSError:
            self._drop_upstream()
            raise
        if part is not None:
            self._drop_upstream()
        return upstream

    def _drop_upstream(self) -> None:
        if self.upstream is not None:
            self.upstream.close()
            self.upstream = None

    def _answer(self, status: int, kind: str, content: bytes, *, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if status == 302:
            self.send_header("Location", "http://portal.example/")
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

    def _hang_up(self) -> None:
        # With a reset, as from a network that is gone, not with a polite end.
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def finish(self) -> None:
        self._drop_upstream()
        with contextlib.suppress(OSError, ValueError):  # hung up already
            super().finish()
