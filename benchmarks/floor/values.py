"""Values as the API shows them."""

from __future__ import annotations

import base64
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson


def amount(cents: int) -> dict[str, str]:
    """Money without its currency."""
    return {"amount": f"{cents // 100}.{cents % 100:02d}"}


def instant(at: datetime | None, zone: ZoneInfo) -> str | None:
    """An instant in a station's zone."""
    return None if at is None else at.astimezone(zone).isoformat()


def day(at: date | None) -> str | None:
    """A calendar day."""
    return None if at is None else at.isoformat()


def period(row: Any, zone: ZoneInfo) -> dict[str, str]:
    """From the planned start to the planned end."""
    return {"start": row.starts_at.astimezone(zone).isoformat(), "end": row.ends_at.astimezone(zone).isoformat()}


def cursor(*position: str) -> str:
    """The place of a row in its list."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")
