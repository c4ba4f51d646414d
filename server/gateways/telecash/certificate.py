"""Until when a client certificate is good. One that has ended stops every payment, and nothing warns of it."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

_FIRST = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_SEQUENCE, _VERSION, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18


class _Element(NamedTuple):
    """One element of DER: its tag, its content, and what follows it."""

    tag: int
    content: bytes
    rest: bytes


def ends_at(pem: Path) -> datetime:
    """When the first certificate of a PEM file ends (UTC). ValueError if there is none or it cannot be read, OSError if
    the file cannot.
    """
    found = _FIRST.search(pem.read_text(encoding="ascii"))
    if found is None:
        raise ValueError("there is no certificate in the file")
    try:
        return _not_after(ssl.PEM_cert_to_DER_cert(found.group()))
    except IndexError:
        raise ValueError("the certificate ends in the middle") from None


def _not_after(certificate: bytes) -> datetime:
    """The end of the validity (RFC 5280, 4.1): behind version, serial number, algorithm and issuer."""
    body = _read(_read(certificate, _SEQUENCE).content, _SEQUENCE).content
    if body[0] == _VERSION:
        body = _read(body).rest
    for _before in ("serial number", "algorithm", "issuer"):
        body = _read(body).rest
    not_before = _read(_read(body, _SEQUENCE).content)
    return _time(_read(not_before.rest))


def _read(data: bytes, tag: int | None = None) -> _Element:
    length, begin = data[1], 2
    if length & 0x80:
        begin += length & 0x7F
        length = int.from_bytes(data[2:begin])
    if (tag is not None and data[0] != tag) or begin + length > len(data):
        raise ValueError("this is no certificate")
    return _Element(data[0], data[begin : begin + length], data[begin + length :])


def _time(element: _Element) -> datetime:
    text = element.content.decode("ascii")
    if element.tag == _UTC_TIME:  # two digits of the year: those from 50 on are of the last century
        text = ("19" if text[:2] >= "50" else "20") + text
    elif element.tag != _GENERALIZED_TIME:
        raise ValueError("this is no time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
