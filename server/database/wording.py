"""Statements that are put into words once for each form of their conditions: what differs from time to time are values.

SQLAlchemy, too, keeps its words by the form of a statement, but the whole of it has to be built before it can be looked
for, and again goes through its layers when it is sent. Here the conditions alone are built, which say the form.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from server.database.text_sql import DriverSql

MOST = 500
"""How many forms are kept: each is some thousand characters."""
Bound = BindParameter[Any]
_DIALECT: Final = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy's own


@dataclass(frozen=True, slots=True)
class _Value:
    """How a value of a condition becomes parameters: of a list, each of its values one."""

    names: tuple[str, ...]
    of_list: bool
    sent: Callable[[Any], Any] | None

    def parameters(self, value: Any) -> Iterator[tuple[str, Any]]:
        for name, one in zip(self.names, value if self.of_list else (value,), strict=True):
            yield name, one if self.sent is None or one is None else self.sent(one)


@dataclass(frozen=True, slots=True)
class _Worded:
    sql: DriverSql
    values: tuple[_Value, ...]


class Wordings:
    """The words of statements by their forms; those that were used last are kept."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, _Worded] = OrderedDict()

    def of(
        self, form: Hashable, conditions: Sequence[ColumnElement[bool]], build: Callable[[], Select[Any]]
    ) -> tuple[DriverSql, dict[str, Any]]:
        """The words of a statement, and the parameters that come from its conditions. `form` is all that decides what
        `build` makes of them; what else it leaves open are `bindparam`s of their own names.
        """
        keys = [condition._generate_cache_key() for condition in conditions]
        if any(key is None for key in keys):
            raise TypeError("a condition that SQLAlchemy cannot tell from others")
        bound = [one for key in keys if key is not None for one in key.bindparams]
        lengths = tuple(_length(one) for one in bound if one.expanding)
        known = (form, lengths, *(key.key for key in keys if key is not None))
        worded = self._kept.get(known)
        if worded is None:
            worded = self._kept[known] = _worded(build(), bound)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(known)
        parameters: dict[str, Any] = {}
        for value, one in zip(worded.values, bound, strict=True):
            parameters.update(value.parameters(one.effective_value))
        return worded.sql, parameters


def _worded(statement: Select[Any], bound: Sequence[Bound]) -> _Worded:
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    names: dict[Bound, str] = compiled.bind_names
    return _Worded(DriverSql(str(compiled)), tuple(_value(one, names[one]) for one in bound))


def _value(one: Bound, name: str) -> _Value:
    names = [name]
    if one.expanding:  # as SQLAlchemy calls them
        names = [f"{name}_{place}" for place in range(1, _length(one) + 1)]
    return _Value(tuple(names), one.expanding, one.type.dialect_impl(_DIALECT).bind_processor(_DIALECT))


def _length(one: Bound) -> int:
    values: Any = one.effective_value
    return len(values)
