"""JSON text of rows, made by PostgreSQL: what each type shows as plain values, and how these are written.

A list that is hot says which fields of its types it can write so (`services/fleet/board_text.py`); a selection of
anything else goes the general way. What is written is what the general way would have written, byte by byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from server.engine.wanted import Wanted

TYPE_NAME = "__typename"


@dataclass(frozen=True)
class Shape:
    """A type: its name, its plain fields (how their text is made, never null), and what it shows of other rows."""

    name: str
    fields: Mapping[str, str]
    parts: Mapping[str, Part] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """A field that shows an object: of which shape, when it is null, and by which joins it is found."""

    shape: Shape
    missing: str | None = None
    joins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """An SQL expression that gives JSON text, and the joins that it needs."""

    text: str
    joins: tuple[str, ...]


def written(shape: Shape, wanted: Sequence[Wanted]) -> Written | None:
    """The object of one row; None if a field is not known here."""
    members: list[tuple[str, str]] = []
    joins: dict[str, None] = {}
    for one in wanted:
        part = shape.parts.get(one.name)
        if part is not None:
            inner = written(part.shape, one.within)
            if inner is None:
                return None
            joins |= dict.fromkeys((*part.joins, *inner.joins))
            shown = f"case when {part.missing or 'false'} then 'null' else {inner.text} end"
        elif one.name == TYPE_NAME:
            shown = constant(shape.name)
        elif one.name in shape.fields:
            shown = shape.fields[one.name]
        else:
            return None
        members.append((one.key, shown))
    return Written(object_of(members), tuple(joins))


def object_of(members: Sequence[tuple[str, str]]) -> str:
    """An object of these keys and texts. A key is a name of GraphQL: letters, digits and underscores."""
    return (
        "'{' || "
        + "".join(f"'{',' if place else ''}\"{key}\":' || {text} || " for place, (key, text) in enumerate(members))
        + "'}'"
    )


def array(text: str, order: str) -> str:
    """All rows as a list."""
    return f"coalesce('[' || string_agg({text}, ',' order by {order}) || ']', '[]')"


def constant(name: str) -> str:
    """A name of the schema."""
    return f"'\"{name}\"'"


def value(expression: str) -> str:
    """A text, a number, a truth value or a day, or null."""
    return f"coalesce(to_json({expression})::text, 'null')"


def name(expression: str) -> str:
    """An id, or a member of an enum, which is stored by its name."""
    return f"coalesce('\"' || {expression} || '\"', 'null')"


def instant(expression: str) -> str:
    """An instant in the zone `:zone`, as the scalar DateTime writes it: thousandths only if there is a fraction."""
    local = f"({expression} at time zone cast(:zone as text))"
    offset = f"({local} - ({expression} at time zone 'UTC'))"
    return (
        f"coalesce('\"' || to_char({local}, 'YYYY-MM-DD\"T\"HH24:MI:SS')"
        f" || case when date_trunc('second', {expression}) = {expression} then '' else to_char({local}, '.MS') end"
        f" || case when {offset} < interval '0' then '-' else '+' end"
        f" || to_char(greatest({offset}, -{offset}), 'HH24:MI') || '\"', 'null')"
    )
