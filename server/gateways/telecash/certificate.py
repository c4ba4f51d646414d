"""The store's client certificate: that it can be used, and from when until when it is good."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_EXPLICIT_VERSION, _UTC_TIME, _GENERALISED_TIME = 0xA0, 0x17, 0x18
_FIELDS_BEFORE_VALIDITY = 3
"""Serial number, algorithm and issuer (RFC 5280, 4.1)."""


class UnreadableCertificate(ValueError):
    """A file is no certificate in PEM form."""


@dataclass(frozen=True)
class Validity:
    """From when until when a certificate is good, in UTC."""

    begins: datetime
    ends: datetime


def validity_of(file: Path) -> Validity:
    """What the first certificate of a PEM file says. UnreadableCertificate if there is none."""
    try:
        text = file.read_text("ascii")
        start = text.index(ssl.PEM_HEADER)
        end = text.index(ssl.PEM_FOOTER, start) + len(ssl.PEM_FOOTER)
        (certificate,) = _parts(ssl.PEM_cert_to_DER_cert(text[start:end]))
        to_be_signed = next(_parts(certificate.content))
        fields = [part for part in _parts(to_be_signed.content) if part.tag != _EXPLICIT_VERSION]
        begins, ends = map(_instant, _parts(fields[_FIELDS_BEFORE_VALIDITY].content))
    except (ValueError, IndexError, StopIteration) as error:
        raise UnreadableCertificate(f"{file} holds no certificate in PEM form") from error
    return Validity(begins, ends)


@dataclass(frozen=True)
class _Part:
    tag: int
    content: bytes


def _parts(der: bytes) -> Iterator[_Part]:
    """The values that stand one after another in DER (X.690, 8.1)."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(der[at : at + size], "big"), at + size
        if at + length > len(der):
            raise ValueError("cut off")
        yield _Part(tag, der[at : at + length])
        at += length


def _instant(part: _Part) -> datetime:
    text = part.content.decode("ascii")
    if part.tag == _UTC_TIME:  # two digits for the years 1950 to 2049
        text = ("19" if text[:2] >= "50" else "20") + text
    elif part.tag != _GENERALISED_TIME:
        raise ValueError("not a time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
