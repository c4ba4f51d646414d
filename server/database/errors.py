"""What PostgreSQL says when it refuses a statement."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError


def violated_constraint(error: DBAPIError) -> str | None:
    """The name of the constraint that a statement ran into, if that was the reason."""
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)


def sql_state(error: DBAPIError) -> str | None:
    """PostgreSQL's five characters for what went wrong: 23P01 is an overlap, 40P01 a deadlock."""
    return getattr(error.orig, "sqlstate", None)
