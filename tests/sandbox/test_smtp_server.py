"""The SMTP server of sandbox and tests: when it has ended, nothing of it is left."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.sandbox.smtp_server import SmtpServer
from tests.driving import free_port

TIMES = 40


def sockets_at(port: int) -> list[str]:
    """The sockets of this process that are bound to a port: listening, or accepted there."""
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    there = {f"socket:[{entry[9]}]" for entry in table if entry[1].endswith(f":{port:04X}")}
    return [name for one in Path("/proc/self/fd").iterdir() if (name := _name_of(one)) in there]


def _name_of(file: Path) -> str:
    try:
        return str(file.readlink())
    except FileNotFoundError:  # closed meanwhile, such as the one that reads the directory
        return ""


def connects(client: socket.socket) -> None:
    """Has not heard the greeting yet: the server may not even have noticed."""


def connects_and_dies(client: socket.socket) -> None:
    client.close()


def is_greeted(client: socket.socket) -> None:
    assert client.recv(1000).startswith(b"220 ")


def is_in_the_middle_of_a_mail(client: socket.socket) -> None:
    is_greeted(client)
    for line in (b"EHLO shop", b"MAIL FROM:<a@shop.example>", b"RCPT TO:<b@shop.example>", b"DATA"):
        client.sendall(line + b"\r\n")
        assert client.recv(1000)[:1] in (b"2", b"3")
    client.sendall(b"Subject: half of it\r\n")


@pytest.fixture
def _nothing_is_collected() -> Iterator[None]:
    """A connection that was forgotten stays open for as long as nobody collects it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_nothing_is_collected")
@pytest.mark.parametrize("client_that", [connects, connects_and_dies, is_greeted, is_in_the_middle_of_a_mail])
def test_its_end_ends_every_connection(client_that: Callable[[socket.socket], None]) -> None:
    for _ in range(TIMES):
        server = SmtpServer(object(), free_port())
        server.start()
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
            client_that(client)
            server.stop()
            assert sockets_at(server.port) == []
