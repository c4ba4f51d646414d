"""The generated databases, and what PostgreSQL itself says about the statements that it gets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from benchmarks.generate import Fleet, fill
from server import migrate
from server.database.embedded import SUPERUSER, Cluster

FRESH = timedelta(days=2)
"""How long data are the present's: after that too many cars are late, and a day's work is another one."""
OVERHEAD = ("set_config", "session s join app_user")
"""Words of what every request does before it comes to its own: it says who asks, and finds that out."""
_NEEDED = {"shared_preload_libraries": "pg_stat_statements", "max_connections": "200"}
_FRAME = ("begin", "commit", "rollback", "set ", "deallocate")
_COUNTED = """
select query, calls, total_plan_time as planning, total_exec_time as execution,
  shared_blks_hit + shared_blks_read as buffers
from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())
  and userid <> (select oid from pg_roles where rolname = current_user)
"""


@dataclass(frozen=True)
class Filled:
    """A generated database, and the present of its data."""

    name: str
    anchor: datetime


@dataclass(frozen=True)
class Counted:
    """What PostgreSQL did for one request: `statements` without those that begin, end, scope or sign in."""

    statements: float
    transactions: float
    planning_ms: float
    execution_ms: float
    buffers: float
    queries: dict[str, float] = field(default_factory=dict)
    """How often each of them was run."""


def filled(cluster: Cluster, size: int, fleet: Fleet | None = None) -> Filled:
    """A database with so many contracts; made if it is not there or too old, brought up to date if it is."""
    name, maintenance = f"bench_{size}", cluster.url(SUPERUSER, "postgres")
    owner = cluster.url(SUPERUSER, name)
    migrate.create_database(maintenance, name)
    anchor = _anchor(owner)
    if anchor is None or datetime.now(UTC) - anchor > FRESH:
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(SQL("drop database {} with (force)").format(Identifier(name)))
        migrate.create_database(maintenance, name)
        migrate.upgrade(owner)
        anchor = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        print(f"{size:,} contracts:", flush=True)
        fill(owner, size, anchor.isoformat(), fleet)
        with psycopg.connect(owner, autocommit=True) as connection:
            # Said last: data that were half made are made anew.
            note = Literal(anchor.isoformat())
            connection.execute(SQL("comment on database {} is {}").format(Identifier(name), note))
    migrate.upgrade(owner)
    return Filled(name, anchor)


def _anchor(owner: str) -> datetime | None:
    with psycopg.connect(owner) as connection:
        row = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
        ).fetchone()
    return datetime.fromisoformat(row[0]) if row and row[0] else None


@contextmanager
def measured_cluster(folder: Path) -> Iterator[Cluster]:
    """A running cluster whose statements can be counted."""
    cluster = Cluster(folder, durable=False)
    cluster.start()
    try:
        if prepare_counting(cluster):
            cluster.stop()
            cluster.start()
        yield cluster
    finally:
        cluster.stop()


def prepare_counting(cluster: Cluster) -> bool:
    """Whether the cluster has to be started anew, so that it can count and has connections for the peers, too."""
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        found = {
            name: (connection.execute(SQL("show {}").format(Identifier(name))).fetchone() or ("",))[0]
            for name in _NEEDED
        }
        if found == _NEEDED:
            return False
        for name, value in _NEEDED.items():
            connection.execute(SQL("alter system set {} = {}").format(Identifier(name), Literal(value)))
    return True


class Counter:
    """Counts the statements of one database while it listens; at rest it costs nothing."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("create extension if not exists pg_stat_statements")
            connection.execute("alter system set pg_stat_statements.track_planning = on")
            connection.execute("alter system set pg_stat_statements.track_utility = on")
        self._track("none")

    def listen(self) -> None:
        """From now on, from nothing."""
        self._track("top")
        with psycopg.connect(self._owner, autocommit=True) as connection:
            connection.execute("select pg_stat_statements_reset()")

    def heard(self, requests: int, *, overhead: tuple[str, ...] = OVERHEAD) -> Counted:
        """What each of so many requests took; statements with one of these words are no work of theirs."""
        with psycopg.connect(self._owner) as connection:
            rows = connection.execute(_COUNTED.encode()).fetchall()
        self._track("none")
        # What the worker does now and then, whoever asks, is run by none of the requests.
        rows = [row for row in rows if row[1] >= requests / 2]
        own = [row for row in rows if not _is_overhead(row[0], overhead)]
        return Counted(
            statements=sum(row[1] for row in own) / requests,
            transactions=sum(row[1] for row in rows if row[0].lower().startswith(("commit", "rollback"))) / requests,
            planning_ms=sum(row[2] for row in rows) / requests,
            execution_ms=sum(row[3] for row in rows) / requests,
            buffers=sum(row[4] for row in rows) / requests,
            queries={row[0]: row[1] / requests for row in own},
        )

    def _track(self, what: str) -> None:
        with psycopg.connect(self._owner, autocommit=True) as connection:
            connection.execute(SQL("alter system set pg_stat_statements.track = {}").format(Literal(what)))
            connection.execute("select pg_reload_conf()")


def _is_overhead(query: str, words: tuple[str, ...]) -> bool:
    text = query.lower()
    return text.startswith(_FRAME) or text in ("select $1", ";", "") or any(word in text for word in words)
