"""Mails to one recipient each, over SMTP, with headers that nobody can break out of.

The caller gives the Message-ID and the date, so that a repeated attempt sends the same mail and a mailbox that got it
twice can tell.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import NamedTuple, Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import aiosmtplib
from email_validator import EmailNotValidError, validate_email

TEMPLATE_HEADER = "X-Ersatzwagen-Template"

# C0 and C1 controls, the Unicode line separators, and lone surrogates, which no encoding can carry.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._+=-]{1,120}@[A-Za-z0-9.-]{1,120}>")
_CONTENT_TYPE = re.compile(r"([a-z]+)/([a-z0-9.+-]+)")
_HEADER_NAME = re.compile(r"X-[A-Za-z0-9-]{1,60}|Auto-Submitted|List-Unsubscribe")


class MailRefused(Exception):
    """The mail can never be delivered as it is: a bad address, a header with control characters, a 5xx answer about its
    recipient or its content.
    """


class MailUnavailable(Exception):
    """The mail could not be handed over now: no server or none configured, no connection, a server that refuses us, a
    4xx answer, a time-out. Try again later.
    """


class UnfitSender(ValueError):
    """The address of all mails cannot be one."""


class Attachment(NamedTuple):
    """A file that goes with a mail."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class OutgoingMail:
    """One mail to one recipient. `message_id` with angle brackets, `date` aware, `template` the API's name.

    `sender_name` stands before the sender's address; answers go to `reply_to`.
    """

    message_id: str
    date: datetime
    to: str
    subject: str
    html: str
    text: str
    template: str
    sender_name: str | None = None
    reply_to: str | None = None
    attachments: Sequence[Attachment] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


class Mailer(Protocol):
    """Hands mails over."""

    async def send(self, mail: OutgoingMail) -> None:
        """Hand over one mail; `MailRefused` is final, `MailUnavailable` asks for another try."""
        ...


class SmtpMailer:
    """Sends over `smtp://host:port` (plain), `smtp://user:password@host?starttls` or `smtps://…` (TLS).

    `timeout`: seconds for a whole try, from the connection to the server's last word. `ValueError` for another URL and
    for a password that would go over the wire in the clear, `UnfitSender` for another sender.
    """

    def __init__(self, url: str, sender: str, timeout: float = 10.0) -> None:
        parts = urlsplit(url)
        self._starttls = "starttls" in parse_qs(parts.query, keep_blank_values=True)
        self._tls = parts.scheme == "smtps"
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("a mail server is an smtp://host:port or smtps://host:port URL")
        encrypted = self._tls or self._starttls
        if parts.password and not encrypted and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("a password needs smtps:// or ?starttls")
        self._host = parts.hostname
        self._port = _port(parts) or (465 if self._tls else 587 if self._starttls else 25)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = _sender(sender)
        self._timeout = timeout

    async def send(self, mail: OutgoingMail) -> None:
        """Hand over one mail in a connection of its own."""
        message = compose(mail, self._sender)
        recipient = message["To"].addresses[0].addr_spec
        try:
            # A server that answers a little now and then would be waited for without an end by the library alone.
            async with asyncio.timeout(self._timeout):
                await self._hand_over(message, recipient)
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError, TimeoutError) as problem:
            if isinstance(problem, aiosmtplib.SMTPNotSupported) and not recipient.isascii():
                raise MailRefused("the mail server cannot send to an address with such letters") from problem
            raise _judged(problem) from problem

    async def sign_in(self) -> None:
        """Connect, encrypt and sign in as for a mail, and send none. `MailUnavailable` says what did not work."""
        try:
            async with asyncio.timeout(self._timeout), self._client() as client:
                await client.noop()
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError, TimeoutError) as problem:
            raise _judged(problem) from problem

    async def _hand_over(self, message: EmailMessage, recipient: str) -> None:
        async with self._client() as client:
            await client.send_message(message, sender=self._sender.addr_spec, recipients=[recipient])

    def _client(self) -> aiosmtplib.SMTP:
        """Connects, encrypts and signs in when it is entered."""
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._tls,
            start_tls=self._starttls,
            timeout=self._timeout,
        )


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:  # whose words would show a piece of a password that has a slash in it
        reason = "the port of a mail server is a number; in a password, / ? # @ : are written %2F %3F %23 %40 %3A"
        raise ValueError(reason) from None


def compose(mail: OutgoingMail, sender: Address) -> EmailMessage:
    """The message as it goes out. `MailRefused` when a field would break out of its header."""
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        raise MailRefused("not a Message-ID")
    message = EmailMessage(policy=SMTP)
    try:
        name = sender.display_name if mail.sender_name is None else _plain(mail.sender_name, "sender's name")
        message["From"] = Address(name, sender.username, sender.domain)
        message["To"] = _address(_mailbox(mail.to))
        if mail.reply_to is not None:
            message["Reply-To"] = _address(_mailbox(mail.reply_to))
        message["Subject"] = _plain(mail.subject, "subject")
        message["Date"] = format_datetime(mail.date)
        message["Message-ID"] = mail.message_id
        message[TEMPLATE_HEADER] = _plain(mail.template, "template")
        # RFC 3834: no out-of-office answers to an automatic mail.
        message["Auto-Submitted"] = mail.headers.get("Auto-Submitted", "auto-generated")
        for name, value in mail.headers.items():
            if not _HEADER_NAME.fullmatch(name) or name.lower() == TEMPLATE_HEADER.lower():
                raise MailRefused(f"not a header that a mail may add: {name!r}")
            if name != "Auto-Submitted":
                message[name] = _plain(value, name)
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        for attachment in mail.attachments:
            _attach(message, attachment)
    except (MessageError, ValueError, UnicodeError) as problem:
        raise MailRefused(f"the mail cannot be written: {problem}") from problem
    return message


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    filename, content_type, content = attachment
    kind = _CONTENT_TYPE.fullmatch(content_type)
    if kind is None:
        raise MailRefused(f"not a content type: {content_type!r}")
    if "/" in filename or "\\" in filename or not filename:
        raise MailRefused(f"not a file name: {filename!r}")
    message.add_attachment(content, maintype=kind[1], subtype=kind[2], filename=_plain(filename, "file name"))


def _plain(value: str, where: str) -> str:
    """Refused instead of cleaned: control characters in a header are an attack or a fault, never a customer's name."""
    if _CONTROL.search(value):
        raise MailRefused(f"control characters in the {where}")
    return value


def _mailbox(address: str) -> str:
    """Exactly one mailbox, in ASCII where that is possible (a domain with umlauts becomes its xn-- form).

    Nothing is refused here that `contact_data.email` accepts, or a booking's mails could never be sent.
    """
    _plain(address, "address")
    try:
        found = validate_email(address, check_deliverability=False, allow_smtputf8=True, test_environment=True)
    except EmailNotValidError as problem:
        raise MailRefused(f"not an e-mail address: {problem}") from problem
    return found.ascii_email or found.normalized


def _address(mailbox: str, display_name: str = "") -> Address:
    """A checked mailbox as a header has it. `Address` parses only ASCII by itself, so the parts are given apart."""
    username, _, domain = mailbox.rpartition("@")
    return Address(display_name, username, domain)


def _sender(text: str) -> Address:
    if _CONTROL.search(text):
        raise UnfitSender("the sender has control characters")
    name, address = parseaddr(text)
    try:
        found = _address(_mailbox(address), name)
    except MailRefused as problem:
        raise UnfitSender(f"the sender is not an e-mail address: {text!r}") from problem
    if not found.addr_spec.isascii():
        raise UnfitSender(f"the sender needs plain letters before the @: {text!r}")
    return found


def _judged(problem: Exception) -> Exception:
    """Final is only what the server says about this mail; a wrong password or a closed server may be mended."""
    if isinstance(problem, aiosmtplib.SMTPRecipientsRefused):
        answers: list[aiosmtplib.SMTPResponseException] = list(problem.recipients)
        final = [answer for answer in answers if _is_final(answer)]
        return MailRefused(_words(final[0])) if final else MailUnavailable("; ".join(map(_words, answers)))
    about_mail = (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError)
    if isinstance(problem, about_mail) and _is_final(problem):
        return MailRefused(_words(problem))
    if isinstance(problem, aiosmtplib.SMTPResponseException):
        return MailUnavailable(_words(problem))
    return MailUnavailable(f"{type(problem).__name__}: {problem}")


_ABOUT_US = {530, 534, 535, 538}
"""Answers that ask who we are (RFC 4954): nothing is wrong with the mail."""


def _is_final(answer: aiosmtplib.SMTPResponseException) -> bool:
    return answer.code >= 500 and answer.code not in _ABOUT_US


def _words(answer: aiosmtplib.SMTPResponseException) -> str:
    return f"{answer.code} {answer.message}"
