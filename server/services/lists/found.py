"""Rows that a search finds, by the database's own function: it folds what is asked as it has folded what is stored, and
looks in indexes that row-level security would not use (migration 0037). It gives ids of the caller's scope.
"""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import ARRAY, Uuid, any_, column, func, select, union
from sqlmodel import col

from server.errors import Path
from server.models.document import Document
from server.models.plate import plate_key
from server.services import validation

Kind = Literal["contract", "vehicle", "customer", "document"]
"""In which tables somebody can search."""
LONGEST = 100
"""Characters of what is searched for."""
SIMILAR = 4
"""The nearness of what does not fit what is asked, and is only like it."""


def narrowing(search: str | None, field: Path) -> str | None:
    """What a list is narrowed by; None, or nothing to be seen in it, narrows nothing. InvalidInput names the field."""
    return validation.optional_text(search, field, longest=LONGEST)


def ids_of(kind: Kind, asked: str) -> Any:
    """The ids of rows that fit what is asked, for a condition; where none fits, of what is like it: a typing error.

    As an array: the planner would look at every row of the caller's, and ask whether it is one of them.
    """
    return _any(select(_found(kind, asked).c.id))


def contracts_of(asked: str) -> Any:
    """The same of contracts: those that fit, and those of whose documents one does."""
    papers = _found("document", asked)
    fitting = select(papers.c.id).where(papers.c.nearness < SIMILAR)
    billed = select(col(Document.contract_id)).where(col(Document.id) == _any(fitting))
    return _any(union(select(_found("contract", asked).c.id), billed))


def _any(ids: Any) -> Any:
    return any_(func.array(ids.scalar_subquery(), type_=ARRAY(Uuid)))


def _found(kind: Kind, asked: str) -> Any:
    """Without a most: everything that fits."""
    call = func.search_found(kind, asked, plate_key(asked), None, None)
    return call.table_valued(column("id", Uuid), column("nearness"), column("is_open"))
