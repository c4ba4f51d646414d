"""Rows that are only read: models without the ORM's bookkeeping, which takes longer than to find them.

Such a row has all attributes, properties and methods of its model. It belongs to no session: to change or store it, or
to ask for a column that was left out, raises an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

import psycopg
from sqlalchemy import Enum, Select, any_, bindparam, inspect, select, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.types import NullType, TypeEngine
from sqlmodel import AutoString, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from server.database.session import Session
from server.database.text_sql import DriverSql

M = TypeVar("M", bound=SQLModel)
NOT_PYDANTIC: Final = (("__pydantic_extra__", None), ("__pydantic_private__", None))
"""What pydantic wants of a model, and a table's model has not."""
_DIALECT: Final = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
_FLOAT8: Final = psycopg.adapters.types["float8"].oid
"""What every number that is none of integers is here."""


class PlainRows(Generic[M]):
    """How the rows of one model are read; `without` are columns that the caller's role may not read."""

    def __init__(self, model: type[M], *, without: Iterable[str] = ()) -> None:
        self._model = model
        left_out = set(without)
        # A column may be an attribute of another name: what is stored as JSON is read through a property of its own.
        attributes = [one for one in inspect(model).column_attrs if one.key not in left_out]
        self.columns = [one.columns[0] for one in attributes]
        self._names = [one.key for one in attributes]

    @cached_property
    def _read(self) -> list[tuple[str, Callable[[Any], Any]]]:
        """By what the driver's values become the model's, for the attributes that need it: such as enums."""
        functions = [_reader(one.type) for one in self.columns]
        return [(name, read) for name, read in zip(self._names, functions, strict=True) if read is not None]

    @cached_property
    def _as_sent(self) -> list[Any]:
        return [type_coerce(one, NullType()).label(one.name) for one in self.columns]

    def select(self, statement: Select[Any]) -> Select[Any]:
        """The same select, of the columns alone and as the driver gives them: for `of`."""
        return statement.with_only_columns(*self._as_sent)

    def query(self, statement: Select[Any]) -> PlainQuery[M]:
        """A select of the model that is put into words once, and not for each time that it is asked; what differs from
        time to time are its `bindparam`s.
        """
        return PlainQuery(self, DriverSql(str(self.select(statement).compile(dialect=_DIALECT))))

    def by(self, key: str, *order: str) -> PlainQuery[M]:
        """All rows of which a column has one of the values in the parameter `keys`, in this order. It is one statement
        for PostgreSQL, however many keys there are.
        """
        columns = self._model.__table__.c  # type: ignore[attr-defined]  # a model of a table has it
        wanted = bindparam("keys", type_=ARRAY(columns[key].type))
        wanted_rows = select(self._model).where(columns[key] == any_(wanted))
        return self.query(wanted_rows.order_by(*(columns[name] for name in order)))

    def of(self, rows: Iterable[Sequence[Any]]) -> list[M]:
        """The models of what such a select has found."""
        new, model, names, fields = object.__new__, self._model, self._names, set(self._names)
        made: list[M] = []
        for row in rows:
            one = new(model)
            values = one.__dict__
            values.update(zip(names, row, strict=True))
            for name, read in self._read:
                if (value := values[name]) is not None:
                    values[name] = read(value)
            for name, value in (("__pydantic_fields_set__", fields), *NOT_PYDANTIC):
                object.__setattr__(one, name, value)
            made.append(one)
        return made


class _Members(dict[str, Any]):
    """The members of an enum by what is stored for them, each found once."""

    def __init__(self, find: Callable[[str], Any]) -> None:
        self._find = find

    def __missing__(self, stored: str) -> Any:
        member = self[stored] = self._find(stored)
        return member


def _reader(of: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    if isinstance(of, AutoString | UTCDateTime):  # SQLModel's: as the driver gives it, whose connections speak UTC
        return None
    read = of.dialect_impl(_DIALECT).result_processor(_DIALECT, _FLOAT8)
    return _Members(read).__getitem__ if read is not None and isinstance(of, Enum) else read


class PlainQuery(Generic[M]):
    """A statement that finds rows of one model, ready for the driver."""

    def __init__(self, rows: PlainRows[M], sql: DriverSql) -> None:
        self._rows, self.sql = rows, sql

    async def all(self, session: Session, **parameters: Any) -> list[M]:
        """What it finds, with these values for its parameters."""
        return self._rows.of(await session.tuples(self.sql, parameters))
