"""What the tables have in common: ids, enum columns, JSON columns."""

import os
import time
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Label, literal_column
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

Json = dict[str, Any]

# Named constraints: a violated one is recognised by its name, and a migration can drop it.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def uuid7() -> UUID:
    """A new UUID, version 7 (RFC 9562): ordered by the millisecond it was made in, so that indexes stay dense."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=value)


def new_id() -> Any:
    """A primary key that the server makes."""
    return Field(default_factory=uuid7, primary_key=True)


def enum_column(kind: type[StrEnum], *, nullable: bool = False, index: bool = False) -> Column[Any]:
    """An enum stored as its name in plain text: a new member needs no change of a database type."""
    return Column(EnumType(kind, native_enum=False, length=32, create_constraint=False), nullable=nullable, index=index)


def json_column(default: str | None = None, *, nullable: bool = False, name: str | None = None) -> Column[Any]:
    """A JSONB column; `default` is SQL text such as `'[]'`. JSON null is stored as SQL NULL.

    `name` is the column's, where the attribute has another: what is read through a typed form is called `…_json`.
    """
    kind = JSONB(none_as_null=True)
    if name is None:
        return Column(kind, nullable=nullable, server_default=default)
    return Column(name, kind, nullable=nullable, server_default=default)


def cents_column(*, nullable: bool = False, server_default: str | None = None) -> Column[Any]:
    """Money: integer cents."""
    return Column(BigInteger(), nullable=nullable, server_default=server_default)


def search_index(table: str, columns: str) -> Index:
    """The index of trigrams by which a table's rows are searched: of what migration 0037 makes of these columns."""
    line: Label[Any] = literal_column(f"search_of_{table}({columns})").label("line")
    return Index(f"ix_{table}_search", line, postgresql_using="gin", postgresql_ops={"line": "gin_trgm_ops"})
