"""Which drawings of cars a PDF shows: it keeps the curves of their SVGs, number by number."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Final

from pypdf import PdfReader

from tests.driving import ROOT

DRAWINGS: Final = ROOT / "server" / "paper" / "templates" / "documents" / "car"
_CURVE = re.compile(r"(?<=C)\d+(?: \d+){5}")


def drawn(pdf: bytes) -> dict[str, int]:
    """How often each drawing is there, by its name: `{"van/left": 2, "interior": 1}`."""
    streams = [page.get_contents() for page in PdfReader(io.BytesIO(pdf)).pages]
    content = " ".join(stream.get_data().decode("latin-1") for stream in streams if stream is not None)
    found = {_name(source): _times(source, content) for source in sorted(DRAWINGS.rglob("*.svg"))}
    return {name: times for name, times in found.items() if times}


def _name(source: Path) -> str:
    return source.relative_to(DRAWINGS).with_suffix("").as_posix()


def _times(source: Path, content: str) -> int:
    return min(content.count(f"{curve} c") for curve in set(_CURVE.findall(source.read_text(encoding="utf-8"))))
