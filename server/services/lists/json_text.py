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
class Needs:
    """What an expression needs: joins, and conditions that hold for every row, because the API knows no null there."""

    joins: tuple[str, ...] = ()
    always: tuple[str, ...] = ()

    def __or__(self, other: Needs) -> Needs:
        joins, always = dict.fromkeys((*self.joins, *other.joins)), dict.fromkeys((*self.always, *other.always))
        return Needs(tuple(joins), tuple(always))


@dataclass(frozen=True)
class Shape:
    """A type: its name, its plain fields (how their text is made, never null), and what it shows of other rows.
    `needs`: joins and conditions of plain fields that need any.
    """

    name: str
    fields: Mapping[str, str]
    parts: Mapping[str, Part | Many] = field(default_factory=dict)
    needs: Mapping[str, Needs] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """A field that shows an object: of which shape, when it is null, and how it is found."""

    shape: Shape
    missing: str | None = None
    needs: Needs = Needs()


@dataclass(frozen=True)
class Many:
    """A field that shows a list: of which shape, from which rows, in which order. What its fields need is needed by the
    row that the list belongs to.
    """

    shape: Shape
    rows: str
    order: str


@dataclass(frozen=True)
class Written:
    """An SQL expression that gives JSON text, and what it needs."""

    text: str
    needs: Needs = Needs()


def written(shape: Shape, wanted: Sequence[Wanted]) -> Written | None:
    """The object of one row; None if a field is not known here."""
    members: list[tuple[str, str]] = []
    needs = Needs()
    for one in wanted:
        shown = _shown(shape, one)
        if shown is None:
            return None
        needs |= shown.needs
        members.append((one.key, shown.text))
    return Written(object_of(members), needs)


def _shown(shape: Shape, wanted: Wanted) -> Written | None:
    if wanted.name == TYPE_NAME:
        return Written(constant(shape.name))
    if (text := shape.fields.get(wanted.name)) is not None:
        return Written(text, shape.needs.get(wanted.name, Needs()))
    part = shape.parts.get(wanted.name)
    inner = None if part is None else written(part.shape, wanted.within)
    if part is None or inner is None:
        return None
    if isinstance(part, Many):
        return Written(f"(select {array(inner.text, part.order)} from {part.rows})", inner.needs)  # noqa: S608  # our own text
    text = inner.text if part.missing is None else f"case when {part.missing} then 'null' else {inner.text} end"
    return Written(text, part.needs | inner.needs)


def object_of(members: Sequence[tuple[str, str]]) -> str:
    """An object of these keys and texts. A key is a name of GraphQL: letters, digits and underscores."""
    shown = "".join(f"'{',' if place else ''}\"{key}\":' || {text} || " for place, (key, text) in enumerate(members))
    return f"'{{' || {shown}'}}'".replace("' || '", "")  # two literals are one


def array(text: str, order: str, only: str | None = None) -> str:
    """All rows as a list, or only those of which a condition holds."""
    narrowed = "" if only is None else f" filter (where {only})"
    return f"coalesce('[' || string_agg({text}, ',' order by {order}){narrowed} || ']', '[]')"


def constant(name: str) -> str:
    """A name of the schema."""
    return f"'\"{name}\"'"


def value(expression: str) -> str:
    """A text, a number, a truth value or a day, or null."""
    return f"coalesce(to_json({expression})::text, 'null')"


def name(expression: str) -> str:
    """An id, or a member of an enum, which is stored by its name."""
    return f"coalesce('\"' || {expression} || '\"', 'null')"


def money(cents: str) -> Part:
    """Euros, as `schema/shared.py` makes them of cents that are never null."""
    amount = f"'\"' || round({cents}::numeric / 100, 2) || '\"'"
    return Part(Shape("Money", {"amount": amount, "currency": constant("EUR")}))


def instant(expression: str, zone: str = "cast(:zone as text)") -> str:
    """An instant in a zone, as the scalar DateTime writes it: thousandths only if there is a fraction."""
    # Short, because the driver keeps what it knows of a statement only if that has less than 4,096 characters.
    return (
        "coalesce((select '\"' || to_char(l, 'YYYY-MM-DD\"T\"HH24:MI:SS')"  # noqa: S608  # our own text
        " || case when date_trunc('second', l) = l then '' else to_char(l, '.MS') end"
        " || case when l < u then '-' else '+' end || to_char(greatest(l - u, u - l), 'HH24:MI') || '\"'"
        f" from (select {expression} at time zone {zone} as l, {expression} at time zone 'UTC' as u) i), 'null')"
    )
