"""Who asks: members of staff who are signed in for a day, by the machine's clock."""

from __future__ import annotations

from uuid import uuid4

from benchmarks.operations import FIXED, LARGE, ORDINARY, station_id
from tests.staff import put_staff


def member(owner: str, role: str, *codes: str) -> str:
    """The token of somebody new who works at the generated stations of these codes."""
    return put_staff(owner, f"{uuid4().hex}@example.com", role, [str(station_id(code)) for code in codes])


def crowd(owner: str, code: str, many: int) -> list[str]:
    """The tokens of so many clerks of one station: one person may not ask everything at once."""
    return [member(owner, "CLERK", code) for _ in range(many)]


def clerks(owner: str) -> dict[str, str]:
    """The token of a clerk of each station that is asked about, by its code."""
    return {code: member(owner, "CLERK", code) for code in (ORDINARY, FIXED, LARGE)}
