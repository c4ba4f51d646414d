"""Who asks: a clerk of each station that is asked about, signed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.operations import FIXED, LARGE, ORDINARY, station_id
from server.clock import SystemClock
from server.config import Settings
from server.database import ADMINISTRATION
from server.models.staff import Role
from server.runtime import create_runtime
from server.services.people import sessions, staff

PASSWORD = "benchmark-password"


async def clerk(runtime: Any, station: UUID) -> str:
    """The token of a clerk of one station, good for an hour."""
    now, email = SystemClock().now(), f"clerk-{station}@example.com"
    async with runtime.outside.database.transaction(ADMINISTRATION) as session:
        if not await session.value("select 1 from app_user where email_key = :email", {"email": email}):
            new = staff.NewUser(
                email=email, name="Clerk", role=Role.CLERK, station_ids=(station,), password=PASSWORD
            )
            await staff.create_user(session, new, now=now)
    tokens = await sessions.sign_in(runtime.outside, email, PASSWORD, address="127.0.0.1", now=now)
    return tokens.access_token


async def tokens(url: str, folder: Path) -> dict[str, str]:
    """Tokens by the code of the station."""
    runtime = create_runtime(Settings(data_dir=folder, database_url=url), url)
    try:
        return {code: await clerk(runtime, station_id(code)) for code in (ORDINARY, FIXED, LARGE)}
    finally:
        await runtime.outside.database.close()
