"""A pooler between us and PostgreSQL: whether a connection to it is one to the same process of PostgreSQL all along."""

from __future__ import annotations

import psycopg

from server.database.connections import conninfo

ADVICE = (
    "a pooler stands before the database and pools transactions: set its pool_mode to session, or name PostgreSQL"
    " itself in ERSATZWAGEN_DATABASE_URL"
)
_PROCESS = "select pg_backend_pid()"


class TransactionPooling(RuntimeError):
    """A pooler gives a connection to whoever has a transaction: roles, settings and LISTEN would be others' too."""


def require_sessions(url: str) -> None:
    """TransactionPooling if what one connection has set may be met by another one.

    Such a pooler takes PostgreSQL's process back at the end of a transaction: the next who asks gets it, or we get
    another one as long as that one keeps it. With other callers in between both may fail to show.
    """
    with psycopg.connect(conninfo(url)) as one, psycopg.connect(conninfo(url)) as another:
        ours = _process(one)
        one.commit()
        theirs = _process(another)  # whose transaction goes on
        if ours == theirs or ours != _process(one):
            raise TransactionPooling(ADVICE)


def _process(connection: psycopg.Connection) -> object:
    return connection.execute(_PROCESS).fetchone()
