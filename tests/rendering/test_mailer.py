"""Sending: a real SMTP server on loopback, header and recipient injection, and what refusals mean."""

import email
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import Message
from typing import Any

import pytest

from server.gateways.mailer import Attachment, MailRefused, MailUnavailable, OutgoingMail, SmtpMailer
from server.sandbox.smtp_server import SmtpServer
from tests.driving import free_port

MAIL = OutgoingMail(
    message_id="<0b6f7c1e.1@ersatzwagen.example>",
    date=datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
    to="anna@example.com",
    subject="Ihre Buchung B01-M-2026-00042 ist bestätigt",
    html="<p>Grüße</p>",
    text="Grüße\n",
    template="BOOKING_CONFIRMATION",
    attachments=(Attachment("Rechnung Ä.pdf", "application/pdf", b"%PDF-1.7 \x00\xff"),),
)

# What a customer, a form or a broken import could put into a field to break out of it.
INJECTIONS = [
    "a@b.de, evil@example.com",
    "a@b.de;evil@example.com",
    "a@b.de evil@example.com",
    "a@b.de\r\nBcc: evil@example.com",
    "a@b.de\nBcc: evil@example.com",
    "a@b.de\rBcc: evil@example.com",
    "a@b.de%0aBcc: evil@example.com",
    "a@b.de\x00",
    "a\x00@b.de",
    "a@b.de\x0bBcc: x@y.de",
    "a@b.de\x0cBcc: x@y.de",
    "a@b.de\u2028Bcc: x@y.de",
    "a@b.de\u2029Bcc: x@y.de",
    "a@b.de\x85Bcc: x@y.de",
    "a@b.de\x1b[31m",
    "<a@b.de>, <evil@example.com>",
    "Anna <a@b.de>",
    '"a@b.de, evil@example.com"',
    '"Anna, evil@example.com" <a@b.de>',
    "a@b.de>\r\nRCPT TO:<evil@example.com",
    "a@b.de\r\n.\r\nMAIL FROM:<x@y.de>",
    "a@b.de\r\nDATA\r\nX: y\r\n.\r\nQUIT",
    "@evil.example:a@b.de",
    "a@b.de@evil.example",
    "group: a@b.de, evil@example.com;",
    "a@b.de (evil@example.com)",
    "a@[127.0.0.1]",
    "",
    " ",
    "a@b.de\ud800",
]


class Inbox:
    """Takes mails, or answers as told."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], Message]] = []
        self.rcpt = "250 OK"
        self.data = "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data.startswith("250"):
            self.mails.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content)))
        return self.data


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Inbox, SmtpMailer]]:
    inbox = Inbox()
    listening = SmtpServer(inbox, free_port())
    listening.start()
    yield (
        inbox,
        SmtpMailer(f"smtp://127.0.0.1:{listening.port}", "Autohaus Lindner <mietwagen@lindner.example>", timeout=5),
    )
    listening.stop()


@pytest.fixture
def post(server: tuple[Inbox, SmtpMailer]) -> tuple[Inbox, SmtpMailer]:
    inbox, mailer = server
    inbox.mails.clear()
    inbox.rcpt = inbox.data = "250 OK"
    return inbox, mailer


class TestDelivery:
    async def test_arrives_as_it_was_written(self, post: tuple[Inbox, SmtpMailer]) -> None:
        inbox, mailer = post
        await mailer.send(MAIL)
        [(recipients, message)] = inbox.mails
        assert recipients == ["anna@example.com"]
        assert message["Message-ID"] == MAIL.message_id
        assert message["Date"] == "Mon, 23 Nov 2026 08:00:00 +0000"
        assert message["X-Ersatzwagen-Template"] == "BOOKING_CONFIRMATION"
        assert message["Auto-Submitted"] == "auto-generated"
        assert str(email.header.make_header(email.header.decode_header(message["Subject"]))) == MAIL.subject
        text, html, pdf = [part for part in message.walk() if not part.is_multipart()]
        assert text.get_payload(decode=True) == "Grüße\r\n".encode()
        assert html.get_content_type() == "text/html"
        assert pdf.get_filename() == "Rechnung Ä.pdf"
        assert pdf.get_payload(decode=True) == b"%PDF-1.7 \x00\xff"

    async def test_an_umlaut_domain_travels_in_ascii(self, post: tuple[Inbox, SmtpMailer]) -> None:
        inbox, mailer = post
        await mailer.send(replace(MAIL, to="anna@müller.example"))
        assert inbox.mails[0][0] == ["anna@xn--mller-kva.example"]


class TestInjection:
    def test_the_list_has_thirty(self) -> None:
        assert len(set(INJECTIONS)) == 30

    @pytest.mark.parametrize("text", INJECTIONS)
    async def test_as_recipient(self, post: tuple[Inbox, SmtpMailer], text: str) -> None:
        inbox, mailer = post
        with pytest.raises(MailRefused):
            await mailer.send(replace(MAIL, to=text))
        assert inbox.mails == []

    @pytest.mark.parametrize("text", INJECTIONS)
    @pytest.mark.parametrize("field", ["subject", "template", "filename", "reply_to"])
    async def test_as_header(self, post: tuple[Inbox, SmtpMailer], text: str, field: str) -> None:
        inbox, mailer = post
        changes: dict[str, Any] = {field: text}
        if field == "filename":
            changes = {"attachments": (Attachment(text, "application/pdf", b"x"),)}
        if field == "reply_to":
            changes = {"headers": {"Reply-To": text}}
        try:
            await mailer.send(replace(MAIL, **changes))
        except MailRefused:
            assert inbox.mails == []
            return
        [(recipients, message)] = inbox.mails
        assert recipients == ["anna@example.com"]
        assert message["To"] == "anna@example.com"
        assert message["Bcc"] is None
        assert len(message.get_all("To", [])) == 1

    @pytest.mark.parametrize("text", INJECTIONS)
    async def test_in_the_body_it_stays_in_the_body(self, post: tuple[Inbox, SmtpMailer], text: str) -> None:
        inbox, mailer = post
        try:
            await mailer.send(replace(MAIL, text=text, html=f"<p>{text}</p>"))
        except MailRefused:
            assert "\ud800" in text
            return
        [(recipients, message)] = inbox.mails
        assert recipients == ["anna@example.com"]
        assert message["Bcc"] is None

    @pytest.mark.parametrize(
        "changes",
        [
            {"message_id": "x@y"},
            {"message_id": "<x@y>\r\nBcc: z@example.com"},
            {"headers": {"Bcc": "x@example.com"}},
            {"headers": {"To": "x@example.com"}},
            {"headers": {"X-A\r\nBcc": "x@example.com"}},
            {"headers": {"X-Ersatzwagen-Template": "OTHER"}},
            {"attachments": (Attachment("a.pdf", "application/pdf\r\nX: y", b""),)},
            {"attachments": (Attachment("../a.pdf", "application/pdf", b""),)},
        ],
    )
    async def test_other_ways_out(self, post: tuple[Inbox, SmtpMailer], changes: dict[str, Any]) -> None:
        inbox, mailer = post
        with pytest.raises(MailRefused):
            await mailer.send(replace(MAIL, **changes))
        assert inbox.mails == []


class TestAnswers:
    @pytest.mark.parametrize(
        ("rcpt", "data", "outcome"),
        [
            ("550 no such user", "250 OK", MailRefused),
            ("450 greylisted", "250 OK", MailUnavailable),
            ("250 OK", "554 spam", MailRefused),
            ("250 OK", "451 try later", MailUnavailable),
        ],
    )
    async def test_permanent_and_temporary(
        self, post: tuple[Inbox, SmtpMailer], rcpt: str, data: str, outcome: type[Exception]
    ) -> None:
        inbox, mailer = post
        inbox.rcpt, inbox.data = rcpt, data
        with pytest.raises(outcome, match=(rcpt if rcpt[0] != "2" else data)[:3]):
            await mailer.send(MAIL)

    async def test_down(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with pytest.raises(MailUnavailable):
            await SmtpMailer(f"smtp://127.0.0.1:{port}", "a@lindner.example", timeout=2).send(MAIL)

    async def test_a_server_that_says_nothing(self) -> None:
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            mailer = SmtpMailer(f"smtp://127.0.0.1:{silent.getsockname()[1]}", "a@lindner.example", timeout=0.3)
            with pytest.raises(MailUnavailable):
                await mailer.send(MAIL)


class TestConfiguration:
    @pytest.mark.parametrize(
        ("url", "sender"),
        [
            ("http://x", "a@lindner.example"),
            ("smtp://", "a@lindner.example"),
            ("smtp://user:secret@mail.lindner.example", "a@lindner.example"),
            ("smtp://mail", "nobody"),
            ("smtp://mail", "a@lindner.example\r\nBcc: b@lindner.example"),
        ],
    )
    def test_is_refused(self, url: str, sender: str) -> None:
        with pytest.raises(ValueError, match=r".+"):
            SmtpMailer(url, sender)

    def test_is_taken(self) -> None:
        SmtpMailer("smtps://user:p%40ss@mail.lindner.example", "Müller & Söhne <a@lindner.example>")
        SmtpMailer("smtp://user:secret@mail.lindner.example?starttls", "a@lindner.example")
