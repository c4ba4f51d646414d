"""A selection as plain data, for who makes an answer of it by other means than field by field."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """A field that is selected: its key in the answer, its name in the schema, and what is selected of the object or
    the objects that it gives; nothing for a plain value. No field of it has arguments.
    """

    key: str
    name: str
    within: tuple[Wanted, ...] = ()
