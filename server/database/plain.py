"""Rows that are only read: models without the ORM's bookkeeping, which takes longer than to find them.

Such a row has all attributes, properties and methods of its model. It belongs to no session: to change or store it, or
to ask for a column that was left out, raises an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Select, any_, bindparam, inspect, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import SQLModel

M = TypeVar("M", bound=SQLModel)
NOT_PYDANTIC: Final = (("__pydantic_extra__", None), ("__pydantic_private__", None))
"""What pydantic wants of a model, and a table's model has not."""


class PlainRows(Generic[M]):
    """How the rows of one model are read; `without` are columns that the caller's role may not read."""

    def __init__(self, model: type[M], *, without: Iterable[str] = ()) -> None:
        self._model = model
        left_out = set(without)
        # A column may be an attribute of another name: what is stored as JSON is read through a property of its own.
        attributes = [one for one in inspect(model).column_attrs if one.key not in left_out]
        self.columns = [one.columns[0] for one in attributes]
        self._names = [one.key for one in attributes]

    def select(self, statement: Select[Any]) -> Select[Any]:
        """The same select, of the columns alone."""
        return statement.with_only_columns(*self.columns)

    def by(self, key: str, *order: str) -> Select[Any]:
        """All rows of which a column has one of the values in the parameter `keys`, in this order. It is one statement
        for PostgreSQL, however many keys there are.
        """
        columns = self._model.__table__.c  # type: ignore[attr-defined]  # a model of a table has it
        wanted = bindparam("keys", type_=ARRAY(columns[key].type))
        return select(*self.columns).where(columns[key] == any_(wanted)).order_by(*(columns[name] for name in order))

    def of(self, rows: Sequence[Any]) -> list[M]:
        """The models of what such a select has found."""
        new, model, names = object.__new__, self._model, self._names
        made: list[M] = []
        for row in rows:
            one = new(model)
            one.__dict__.update(zip(names, row, strict=True))
            for name, value in (("__pydantic_fields_set__", set(names)), *NOT_PYDANTIC):
                object.__setattr__(one, name, value)
            made.append(one)
        return made
