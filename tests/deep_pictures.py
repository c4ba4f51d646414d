"""Pictures as scanners, fax machines and drawing programs make them: a ramp from black to white in every depth."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

SIZE = (256, 16)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(bits: int, colour: int, row: bytes, *, clear: bytes = b"") -> bytes:
    """A PNG of equal rows; `colour` as PNG counts: 0 grey, 2 RGB, 4 grey with alpha. `clear` is what is transparent."""
    header = struct.pack(">IIBBBBB", *SIZE, bits, colour, 0, 0, 0)
    transparent = _chunk(b"tRNS", clear) if clear else b""
    pixels = zlib.compress((b"\0" + row) * SIZE[1])
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + transparent + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **({"quality": 100} if kind == "JPEG" else {}))
    return out.getvalue()


def _ramp() -> Image.Image:
    return Image.frombytes("L", SIZE, bytes(range(256)) * SIZE[1])


def _palette() -> Image.Image:
    """Its numbers run the other way than its colours."""
    picture = Image.frombytes("P", SIZE, bytes(range(255, -1, -1)) * SIZE[1])
    picture.putpalette([value for grey in range(255, -1, -1) for value in (grey, grey, grey)])
    return picture


RAMPS = {
    "8 bits of grey": _encoded(_ramp()),
    "16 bits of grey": png(16, 0, struct.pack(">256H", *(grey * 257 for grey in range(256)))),
    "16 bits of grey and alpha": png(16, 4, struct.pack(">512H", *(v for g in range(256) for v in (g * 257, 65535)))),
    "16 bits of each colour": png(16, 2, struct.pack(">768H", *(grey * 257 for grey in range(256) for _ in "rgb"))),
    "palette": _encoded(_palette()),
    "grey and alpha": _encoded(_ramp().convert("LA")),
    "CMYK": _encoded(_ramp().convert("RGB").convert("CMYK"), "JPEG"),
    "grey JPEG": _encoded(_ramp(), "JPEG"),
}
"""One ramp, from 0 at the left to 255 at the right."""
HALF_CLEAR = png(16, 0, struct.pack(">256H", *[1000] * 128, *[1001] * 128), clear=struct.pack(">H", 1001))
"""Nearly black at the left; what is at the right differs by less than eight bits can tell, and is transparent."""


def greys(picture: Image.Image, *, at: tuple[float, ...] = (0.02, 0.25, 0.5, 0.75, 0.98)) -> list[int]:
    """How bright a picture is from left to right, at these fractions of its width."""
    plain = picture.convert("L")
    row = plain.tobytes()[plain.height // 2 * plain.width :]
    return [row[int(plain.width * place)] for place in at]
