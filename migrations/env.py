"""Runs migrations on a connection of the owner. Several processes at once wait for each other."""

from alembic import context
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import server.models  # noqa: F401  # fills the metadata
from server.database.connections import owners_engine

LOCK = 727274


def run(connection: Connection) -> None:
    connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": LOCK})
    # Whoever waits for a table has everybody else wait behind it: rather a few seconds, again and again (migrate.py).
    connection.execute(text("select set_config('lock_timeout', '3s', false)"))
    # Row-level security is forced: without it an owner who is no superuser would change no row, and say nothing.
    connection.execute(text("select set_config('app.everything', 'on', false)"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.execute(text("select set_config('app.everything', '', false)"))
    connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": LOCK})
    connection.commit()


url = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True)["url"]
engine = owners_engine(url, isolation_level="READ COMMITTED")
try:
    with engine.connect() as own:
        run(own)
finally:
    engine.dispose()
