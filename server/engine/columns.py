"""Columns: one field of one level, with a value for each parent; and what a wave of them waits for."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import CoroutineType
from typing import Any

from server.engine.failures import Level, Raised
from server.engine.plan import PlannedField
from server.engine.relation import Find
from server.engine.taking import Attribute, Made, Related


@dataclass(slots=True)
class Column:
    """One field of one level, and its values: for each parent one, `Raised` where there is none."""

    level: Level
    field: PlannedField
    values: list[Any] = dataclasses.field(default_factory=list)

    def fail(self, error: Exception) -> None:
        """Nobody gets a value."""
        self.values = [Raised(error)] * len(self.level.sources)


@dataclass(slots=True)
class Wanted:
    """What a wave wants of one batch function: columns with the key of each parent."""

    columns: list[tuple[Column, list[Any]]] = dataclasses.field(default_factory=list)

    def keys(self) -> list[Any]:
        """Each key once, in the order in which they were met."""
        all_of_them = (key for _, keys in self.columns for key in keys)
        return [key for key in dict.fromkeys(all_of_them) if key is not None and not isinstance(key, Raised)]


@dataclass(slots=True)
class Wave:
    """What one wave waits for."""

    columns: list[Column] = dataclasses.field(default_factory=list)
    wanted: dict[Find, Wanted] = dataclasses.field(default_factory=dict)
    awaited: list[tuple[Column, int]] = dataclasses.field(default_factory=list)
    """Where awaitables stand in place of values."""
    texts: list[tuple[Column, int]] = dataclasses.field(default_factory=list)
    """Where those of JSON texts do."""


def fill(level: Level, columns: list[list[Any]]) -> None:
    """Puts the columns of a level into its answers, row by row."""
    keys = level.selection.keys
    for answer, row in zip(level.answers, zip(*columns, strict=True), strict=True):
        answer.update(zip(keys, row, strict=True))


def read(column: Column, taking: Attribute, sources: Sequence[Any]) -> None:
    """Takes an attribute of each source."""
    read, read_all, name = taking.read, taking.read_all, taking.name
    with contextlib.suppress(Exception):
        column.values = [read(source, name) for source in sources] if read_all is None else read_all(sources, name)
        return
    for source in sources:
        try:
            column.values.append(read(source, name))
        except Exception as error:
            column.values.append(Raised(error))


def take_texts(column: Column, taking: Made, context: object, wave: Wave) -> None:
    """Says for each source what text is wanted of it. All of a wave's are said before the first is waited for."""
    for place, source in enumerate(column.level.sources):
        try:
            column.values.append(taking.make(source, context))
            wave.texts.append((column, place))
        except Exception as error:
            column.values.append(Raised(error))


def note_awaitables(column: Column, wave: Wave) -> None:
    """Whether a value can be awaited is a matter of its type: each type is looked at once."""
    waiting = {kind for kind in set(map(type, column.values)) if hasattr(kind, "__await__")}
    if waiting:
        wave.awaited += ((column, position) for position, value in enumerate(column.values) if type(value) in waiting)


def give_up(value: object) -> None:
    """Ends a coroutine that nobody will wait for any more; one that has begun is ended by its task."""
    if isinstance(value, CoroutineType):
        with contextlib.suppress(RuntimeError):
            value.close()


async def hear(column: Column, position: int) -> None:
    """Waits for one value, and puts it where its awaitable stands."""
    awaitable: Awaitable[Any] = column.values[position]
    try:
        column.values[position] = await awaitable
    except Exception as error:
        column.values[position] = Raised(error)


def show(column: Column, keys: Sequence[Any], found: Mapping[Any, Any], context: object) -> None:
    """The values of a relation, from what its batch function has found for the key of each source."""
    taking = column.field.taking
    shown: Callable[[Any, Any, Any], object] | None = taking.relation.shown if isinstance(taking, Related) else None
    values: list[Any] = []
    for source, key in zip(column.level.sources, keys, strict=True):
        try:
            value = key if isinstance(key, Raised) else None if key is None else found[key]
            if shown is not None and not isinstance(value, (Raised, Exception)):
                value = shown(source, value, context)
        except Exception as error:
            value = Raised(error)
        values.append(value)
    column.values = values
