"""HTTP exchanges that end: whatever the other side does, the caller goes on after a time that is known before."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

MOST_BYTES = 32 * 1024 * 1024
"""The longest answer that is read: the day of a very large station has two megabytes."""
_PIECE = 64 * 1024


@dataclass(frozen=True)
class Patience:
    """Seconds: to connect (and for each piece that is sent), of silence, and for a whole answer however it trickles."""

    connect: float = 4.0
    silence: float = 20.0
    whole: float = 60.0


@dataclass(frozen=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class TooLong(Exception):
    """The answer is longer than any that the API gives."""


class OutOfTime(Exception):
    """The answer did not come to its end in time; the connection was cut."""


class Exchange:
    """The time that one call has, and the connection to cut when it is over."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self._ended = threading.Event()
        self._line: socket.socket | None = None
        self.out_of_time = False

    def on(self, line: socket.socket) -> None:
        """The call goes over this connection."""
        self._let_go()
        # A handle of its own: an answer without a length is read on when its connection counts as closed.
        self._line = line.dup()

    def moved(self) -> None:
        """A piece of what is sent has left: a slow network is not one that stands still."""
        self._until = time.monotonic() + self._seconds

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Cuts the connection when the time is over."""
        watch = threading.Thread(target=self._watch, name="deadline", daemon=True)
        watch.start()
        _calls.current = self
        try:
            yield
        finally:
            _calls.current = None
            self._ended.set()
            watch.join()
            self._let_go()

    def _let_go(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _watch(self) -> None:
        while not self._ended.wait(max(0.0, self._until - time.monotonic())):
            if time.monotonic() >= self._until:
                self.out_of_time = True
                if self._line is not None:
                    with contextlib.suppress(OSError):  # it may just have ended by itself
                        self._line.shutdown(socket.SHUT_RDWR)
                return


_calls = threading.local()


class _Line:
    """A connection that tells the call under way which socket to cut."""

    _twin: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]  # of urllib3's connection beside it
        # A duplicate, because TLS takes the socket over: cutting one cuts both, from the first byte of the handshake.
        self._let_go()
        self._twin = made.dup()
        _tell(self._twin)
        return made

    def request(self, *args: Any, **options: Any) -> None:
        """Sends, perhaps over a connection that was kept from the call before."""
        _tell(self._twin)
        super().request(*args, **options)  # type: ignore[misc]  # of urllib3's connection beside it

    def close(self) -> None:
        """Closes both."""
        self._let_go()
        super().close()  # type: ignore[misc]  # of urllib3's connection beside it

    def _let_go(self) -> None:
        if self._twin is not None:
            self._twin.close()
            self._twin = None


def _tell(line: socket.socket | None) -> None:
    call: Exchange | None = getattr(_calls, "current", None)
    if call is not None and line is not None:
        call.on(line)


class _Plain(_Line, HTTPConnection):
    """Without TLS: a sandbox on the same machine."""


class _Secure(_Line, HTTPSConnection):
    """With TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Pools whose connections can be cut."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


class Upload(io.BytesIO):
    """A body that is sent piece by piece; each piece that leaves gives the call new time."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.call: Exchange | None = None

    def read(self, size: int | None = -1) -> bytes:
        """The next piece."""
        if self.call is not None:
            self.call.moved()
        return super().read(size)


def http_session() -> requests.Session:
    """A session of `requests` whose connections can be cut."""
    http = requests.Session()
    # No proxies, .netrc or certificates from the environment: an app has none, and a stray one would send tokens
    # elsewhere.
    http.trust_env = False
    for scheme in ("http://", "https://"):
        http.mount(scheme, _Adapter())
    return http


def exchange(http: requests.Session, patience: Patience, method: str, url: str, **request: Any) -> Answer:
    """One request and its whole answer. `OutOfTime`, `TooLong`, and whatever `requests` raises."""
    call = Exchange(patience.whole)
    body = request.get("data")
    if isinstance(body, Upload):
        body.call = call
    with call.watched():
        try:
            timeout = (patience.connect, patience.silence)
            with http.request(method, url, timeout=timeout, stream=True, allow_redirects=False, **request) as response:
                content = _whole(response)
        except (requests.RequestException, OSError, ValueError):
            if call.out_of_time:
                raise OutOfTime from None
            raise
    if call.out_of_time:  # a cut answer without a length looks whole
        raise OutOfTime
    return Answer(response.status_code, response.headers, content)


def _whole(response: requests.Response) -> bytes:
    pieces, length = [], 0
    for piece in response.iter_content(_PIECE):
        length += len(piece)
        if length > MOST_BYTES:
            raise TooLong
        pieces.append(piece)
    return b"".join(pieces)
