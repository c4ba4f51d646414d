"""Values written into a document, which never pass the strict JSON parser: the same rules for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from graphql import FloatValueNode, IntValueNode, ListValueNode, ObjectValueNode, StringValueNode, ValueNode

from server.errors import CallerError, CallerErrorCode

_MOST_DIGITS = 40
LONGEST_LIST = 1000


def check_literals(value: ValueNode | None) -> int:
    """Refuses NUL characters, numbers that become infinite, and overlong numbers and lists. Returns how many elements
    its lists have.
    """
    waiting, elements = [value] if value is not None else [], 0
    while waiting:
        node = waiting.pop()
        if isinstance(node, StringValueNode) and "\0" in node.value:
            raise _refusal("A text contains a NUL character.")
        if isinstance(node, IntValueNode | FloatValueNode) and not _is_sensible(node.value):
            raise _refusal("A number is too large.")
        if isinstance(node, ListValueNode):
            if len(node.values) > LONGEST_LIST:
                raise _refusal(f"A list has more than {LONGEST_LIST} elements.")
            elements += len(node.values)
            waiting.extend(node.values)
        elif isinstance(node, ObjectValueNode):
            waiting.extend(entry.value for entry in node.fields)
    return elements


def elements_of(variables: Mapping[str, Any]) -> int:
    """How many elements the lists have that are sent as variables, inside one another too."""
    waiting, elements = list(variables.values()), 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            elements += len(value)
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
    return elements


def _is_sensible(number: str) -> bool:
    return len(number) <= _MOST_DIGITS and math.isfinite(float(number))


def _refusal(message: str) -> CallerError:
    return CallerError(CallerErrorCode.BAD_USER_INPUT, message)
