"""Somebody before the door: tries to sign in at given instants from given addresses, without a server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from server.database import ADMINISTRATION, SYSTEM
from server.errors import Refused
from server.models import User
from server.models.staff import Role
from server.services.people import sessions, sign_in_limits, staff
from server.services.people.staff import NewUser
from tests.builders.bench import Bench

NOW = datetime(2026, 9, 7, 8, tzinfo=UTC)
OFFICE, HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7", "203.0.113.9"
RIGHT, WRONG = "correct-horse-battery", "wrong-password"
ANNA, BEN, NOBODY = "anna@example.com", "ben@example.com", "nobody@example.com"


@dataclass
class Door:
    """What tests do at it, and what is written of them."""

    bench: Bench

    async def staff(self, *emails: str, role: Role = Role.CLERK) -> list[User]:
        """Members of staff with the right password."""
        new = [NewUser(email=email, name="Somebody", role=role, password=RIGHT) for email in emails]
        async with self.bench.outside.database.transaction(ADMINISTRATION) as session:
            return [await staff.create_user(session, one, now=NOW) for one in new]

    async def says(self, email: str, password: str = WRONG, *, at: str = OFFICE, after: timedelta | None = None) -> str:
        """What a try is answered: SIGNED_IN, or the code of the refusal."""
        now = NOW + (after or timedelta())
        try:
            await sessions.sign_in(self.bench.outside, email, password, address=at, now=now)
        except Refused as refusal:
            return refusal.code.value
        return "SIGNED_IN"

    async def fill(self, kind: str, failures: int, *, account: str = ANNA, at: str = OFFICE, age: timedelta) -> None:
        """As if so much had been tried, in a window that began so long before NOW."""
        key = getattr(sign_in_limits.keys_of(self.bench.outside.sealer, account, at), kind)
        async with self.bench.outside.database.transaction(SYSTEM) as session:
            await session.write(
                "insert into sign_in_bucket (key, window_started_at, failures) values (:key, :began, :failures)",
                {"key": key, "began": NOW - age, "failures": failures},
            )

    async def rows(self) -> list[tuple[str, int]]:
        """Kind and failures of what is stored."""
        return sorted((key.partition(":")[0], failures) for key, failures, _ in await self.stored())

    async def stored(self) -> list[Any]:
        """Everything that is stored of attempts."""
        async with self.bench.outside.database.transaction(SYSTEM) as session:
            return [
                tuple(row)
                for row in await session.rows("select key, failures, window_started_at from sign_in_bucket order by 1")
            ]
