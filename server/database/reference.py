"""Rows of tables that hardly change and are asked for by nearly every operation. Who only reads may be given what
others have read before (`memory.py`); who writes always asks the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select
from sqlmodel import SQLModel

from server.database.memory import NOTHING
from server.database.plain import PlainRows
from server.database.session import Session

M = TypeVar("M", bound=SQLModel)


class Reference(Generic[M]):
    """The rows of one model. Its table has the trigger `tell_of_change` (migration 0035)."""

    def __init__(self, model: type[M]) -> None:
        self._model, self._rows = model, PlainRows(model)
        self._by_id = self._rows.by("id")

    async def by_id(self, session: Session, row_id: UUID | None) -> M | None:
        """A visible row, or None."""
        if session.recollection is None:
            return await session.by_id(self._model, row_id)
        return None if row_id is None else (await self.by_ids(session, [row_id]))[0]

    async def by_ids(self, session: Session, row_ids: Sequence[UUID]) -> list[M | None]:
        """Visible rows, or None in their places."""
        wanted = list(dict.fromkeys(row_ids))
        found: dict[UUID, M | None] = {}
        if (recollection := session.recollection) is not None:
            kept = {row_id: recollection.get((self._model, row_id)) for row_id in wanted}
            found = {row_id: row for row_id, row in kept.items() if row is not NOTHING}
        if missing := [row_id for row_id in wanted if row_id not in found]:
            read: Any = {row.id: row for row in await self._by_id.all(session, keys=missing)}  # type: ignore[attr-defined]
            for row_id in missing:
                found[row_id] = read.get(row_id)
                if recollection is not None:
                    recollection.keep((self._model, row_id), found[row_id])
        return [found[row_id] for row_id in row_ids]

    def query(self, statement: Select[Any]) -> ReferenceQuery[M]:
        """A select of the model that is put into words once; what differs from time to time are its `bindparam`s."""
        return ReferenceQuery(self._rows, statement)


class ReferenceQuery(Generic[M]):
    """A statement that finds rows of such a table."""

    def __init__(self, rows: PlainRows[M], statement: Select[Any]) -> None:
        self._query = rows.query(statement)

    async def all(self, session: Session, **parameters: Any) -> Sequence[M]:
        """What it finds, with these values for its parameters. Nothing to be changed: others are given the same."""
        recollection, key = session.recollection, (self, *parameters.items())
        found: Any = NOTHING if recollection is None else recollection.get(key)
        if found is NOTHING:
            found = tuple(await self._query.all(session, **parameters))
            if recollection is not None:
                recollection.keep(key, found)
        return found  # type: ignore[no-any-return]  # what was kept under this key
