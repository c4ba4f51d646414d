"""A cable between a program and a server on this machine, which can be cut and put in again."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.driving import free_port


class Relay:
    """Passes on what is said at `port` to another port of this machine. While it is cut nobody answers there."""

    def __init__(self, to_port: int) -> None:
        self.port = free_port()
        self._to = ("127.0.0.1", to_port)
        self._listening: socket.socket | None = None
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()

    def join(self) -> Relay:
        """Lets everybody through from now on."""
        self._listening = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()
        return self

    def cut(self) -> None:
        """Ends all connections, and takes no more."""
        if self._listening is not None:
            with contextlib.suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        with self._lock:
            ends, self._ends = self._ends, set()
        for end in ends:
            _close(end)

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            with self._lock:
                self._ends.add(near)
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._to, timeout=5)
        except OSError:
            _close(near)
            return
        far.settimeout(None)
        with self._lock:
            self._ends.add(far)
        threading.Thread(target=_pass_on, args=(far, near), daemon=True).start()
        _pass_on(near, far)


def _pass_on(heard: socket.socket, told: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := heard.recv(65536):
            told.sendall(piece)
    _close(heard)
    _close(told)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
