"""Which role of the database a scope works in, and that there are connections for all of them."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.database import ADMINISTRATION, CONNECTIONS, SYSTEM, Scope
from server.database.roles import Caller
from server.models.staff import Role
from server.security import Principal
from tests.builders.bench import Bench

STATION, ID = UUID(int=1), UUID(int=2)
WEBSITE = Principal(ID, "Website", Role.WEB, (STATION,))
SCOPES = {
    "yard": (Principal(ID, "Yard", Role.YARD, (STATION,)).scope, Caller.STAFF),
    "manager": (Principal(ID, "Manager", Role.MANAGER, (STATION,)).scope, Caller.STAFF),
    "administrator": (Principal(ID, "Admin", Role.ADMIN, ()).scope, Caller.ADMIN),
    "website": (WEBSITE.scope, Caller.WEBSITE),
    "a website's prices": (WEBSITE.price_scope, Caller.STAFF),
    "nobody": (Scope(), Caller.STAFF),
    "the system": (SYSTEM, Caller.SYSTEM),
    "the command line": (ADMINISTRATION, Caller.ADMIN),
}


@pytest.mark.parametrize("who", SCOPES)
async def test_a_scope_works_in_the_role_of_its_caller(bench: Bench, who: str) -> None:
    scope, role = SCOPES[who]
    asked = "select current_user || ' for ' || session_user"

    async with bench.outside.database.transaction(scope) as session:
        writing = await session.value(asked)
    async with bench.outside.database.snapshot(scope) as session:
        reading = await session.value(asked)

    assert (writing, reading) == (f"{role.value} for ersatzwagen_app",) * 2


async def test_all_pools_together_leave_the_cluster_room(bench: Bench) -> None:
    async with bench.owned() as session:
        most = int(await session.value("show max_connections"))
        reserved = int(await session.value("show superuser_reserved_connections"))

    assert set(CONNECTIONS) == set(Caller)
    # For a worker beside the server, who listens, and a person at the prompt.
    assert most - reserved - sum(CONNECTIONS.values()) == 14


@pytest.mark.parametrize("caller", list(Caller))
async def test_an_error_of_the_database_does_not_show_what_was_sent(bench: Bench, caller: Caller) -> None:
    async with bench.outside.database.engines[caller].connect() as connection:
        with pytest.raises(DBAPIError) as raised:
            await connection.execute(text("select 1 from nowhere where name = :name"), {"name": "Unverwüstlich"})
    assert "Unverwüstlich" not in str(raised.value)
