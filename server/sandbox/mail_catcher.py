"""A mail server on loopback that delivers nothing: mails land in a folder and can be looked at.

A mail that arrives again under the same Message-ID is the same mail, as in a customer's mailbox.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
from collections.abc import Mapping
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from server.clock import Clock
from server.gateways.mailer import TEMPLATE_HEADER
from server.sandbox.smtp_server import SmtpServer

MODES = ("ok", "down", "451", "550")


class MailCatcher:
    """Catches mails until told to behave otherwise (`mode`)."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._lock = threading.Lock()
        self.mode = "ok"
        self._port = _free_port()
        self._server: SmtpServer | None = None
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """Where to send mails."""
        return f"smtp://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Begins to listen."""
        if self._server is None:
            self._server = SmtpServer(self, self._port, data_size_limit=50_000_000)
            self._server.start()

    def stop(self) -> None:
        """Ends listening, and whatever is just being said."""
        if self._server is not None:
            self._server.stop(no_assert=True)
            self._server = None

    def behave(self, mode: str) -> None:
        """ok, down (nobody listens), 451 (not now), 550 (never)."""
        if mode not in MODES:
            raise ValueError(f"a mode is one of {', '.join(MODES)}")
        self.mode = mode
        if mode == "down":
            self.stop()
        else:
            self.start()

    async def handle_RCPT(  # noqa: N802  # the name that aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Refuses or accepts a recipient."""
        if self.mode == "550":
            return "550 no such mailbox"
        if self.mode == "451":
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keeps a mail, on disk before it is acknowledged."""
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=default)
        identity = str(message["Message-ID"] or hashlib.sha256(content).hexdigest())
        self._keep(
            hashlib.sha256(identity.encode()).hexdigest()[:20],
            content,
            {
                "to": ", ".join(envelope.rcpt_tos),
                "subject": str(message["Subject"] or ""),
                "template": str(message[TEMPLATE_HEADER] or ""),
                "at": self._clock.now().isoformat(),
            },
        )
        return "250 OK"

    def _keep(self, mail_id: str, content: bytes, about: Mapping[str, Any]) -> None:
        with self._lock:
            note = self._directory / f"{mail_id}.json"
            if note.exists():
                known = json.loads(note.read_text(encoding="utf-8"))
                known["arrivals"] += 1
                _write(note, json.dumps(known).encode())
                return
            _write(self._directory / f"{mail_id}.eml", content)
            position = len(list(self._directory.glob("*.json")))
            _write(note, json.dumps({"id": mail_id, **about, "position": position, "arrivals": 1}).encode())

    def mails(self) -> list[dict[str, Any]]:
        """What has arrived, in order."""
        with self._lock:
            notes = [json.loads(note.read_text(encoding="utf-8")) for note in self._directory.glob("*.json")]
        return sorted(notes, key=lambda note: note["position"])

    def raw(self, mail_id: str) -> bytes | None:
        """One message as it came (RFC 5322)."""
        if not mail_id.isalnum():
            return None
        file = self._directory / f"{mail_id}.eml"
        return file.read_bytes() if file.exists() else None


def _write(target: Path, content: bytes) -> None:
    draft = target.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
