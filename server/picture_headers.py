"""What a picture's header says about the memory and the time that it will take to decode."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_WITHOUT_LENGTH: Final = frozenset({0x01, _START, *range(0xD0, 0xD8)})
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
"""As libjpeg looks for one: what is no marker before it is passed over, and a scan's own bytes have none in them."""
_COEFFICIENT_BYTES = 2
MOST_SCANS_READ = 1000


@dataclass(frozen=True)
class JpegLayout:
    """How a JPEG is stored."""

    scans: int
    """Passes over the whole picture (SOS); each takes as long as the picture is large."""
    kept_bytes: int
    """What the decoder has to keep of all passes until the last one; 0 if there is only one."""


def jpeg_layout(data: bytes) -> JpegLayout:
    """Reads markers only (ITU-T T.81, annex B), at most up to the picture's end."""
    scans, coefficients, progressive, at = 0, 0, False, 0
    while scans < MOST_SCANS_READ and (found := _MARKER.search(data, at)):
        marker, at = found[1][0], found.end()
        if marker == _END:
            break
        if marker in _WITHOUT_LENGTH:
            continue
        segment = data[at + 2 : at + int.from_bytes(data[at : at + 2], "big")]
        at += max(2, len(segment) + 2)
        if marker == _SCAN:
            scans += 1
        elif marker in _FRAMES and not coefficients:
            coefficients, progressive = _coefficients(segment), marker in _PROGRESSIVE
    return JpegLayout(scans, coefficients * _COEFFICIENT_BYTES if progressive or scans > 1 else 0)


def _coefficients(frame: bytes) -> int:
    """How many numbers all channels have: those for colour are often stored in half the size."""
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    shares = [byte >> 4 for byte in frame[7::3]], [byte & 15 for byte in frame[7::3]]
    across, down = (max(1, *own) if own else 1 for own in shares)
    own = zip(*shares, strict=True)
    return sum((width * wide // across) * (height * high // down) for wide, high in own)
