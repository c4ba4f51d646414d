"""What a change leaves as it is: a value of its own, so that "leave it" and "empty it" are two things."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal, TypeAlias, TypeVar

T = TypeVar("T")


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "UNSET"


UNSET: Final = Unset.UNSET
"""Not given: stays as it is."""
Maybe: TypeAlias = T | Literal[Unset.UNSET]
"""A value, or nothing said about it."""


def given_or(value: Maybe[T], stored: T) -> T:
    """The value if one was given, else what is stored."""
    return stored if value is UNSET else value
