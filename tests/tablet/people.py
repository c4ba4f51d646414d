"""Two people of the yard, their clock and a contract, for tests without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from mobile_kivy.api import Session, StationRef

ANNA, BERT = "user-anna", "user-bert"


def session_of(user_id: str, generation: int = 1) -> Session:
    """A session as a sign-in or a refresh would give it; another generation has other tokens."""
    name = user_id.removeprefix("user-").title()
    return Session(
        access_token=f"access-{user_id}-{generation}",
        refresh_token=f"refresh-{user_id}-{generation}",
        expires_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        user_id=user_id,
        name=name,
        email=f"{name.lower()}@example.com",
        role="YARD",
        stations=(StationRef("station-1", "BER", "Berlin"),),
    )


class Clock:
    """Stands still until it is told to move. `elapsed` is the time that really passes: no setting moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
        self.elapsed = 1000.0

    def __call__(self) -> datetime:
        return self.now

    def move(self, **delta: float) -> None:
        """Time passes."""
        self.now += timedelta(**delta)
        self.elapsed += timedelta(**delta).total_seconds()

    def set(self, **delta: float) -> None:
        """Somebody sets the clock; no time passes."""
        self.now += timedelta(**delta)

    def seconds(self) -> float:
        return self.elapsed


def contract(number: int = 1) -> dict[str, Any]:
    starts = datetime(2026, 3, 2, 8, tzinfo=UTC)
    return {"id": f"contract-{number}", "starts": starts, "drivers": [], "vehicle": {"plate": "B-EW 1"}}
