"""Whether the times of a protocol can be believed: they are those of a device's clock, and days are billed by them."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.services.handover.report import HandoverReport

APART = timedelta(hours=1)
"""Further apart the times of a protocol are looked at by a person before they cost money."""
STEADY = timedelta(minutes=15)
"""Who has been in contact for so long would have told before what happened an hour ago."""


def doubt(report: HandoverReport, in_contact_since: datetime | None, now: datetime) -> timedelta | None:
    """How far the device's clock seems to be ahead of ours (negative: behind) if that is more than an hour.

    A device says how far it is off. Of one that does not, the time is doubted if it lies ahead, or more than an hour
    back although the device has been in contact for a quarter of an hour: it was not offline when it happened.
    """
    if report.clock_difference is not None:
        return report.clock_difference if abs(report.clock_difference) > APART else None
    away = report.occurred_at - now
    steady = in_contact_since is not None and in_contact_since <= now - STEADY
    return away if away > APART or (away < -APART and steady) else None


def in_hours(away: timedelta) -> str:
    """As it is shown, without words of a language: +0:30, −24:00."""
    minutes = round(abs(away) / timedelta(minutes=1))
    return f"{'−' if away < timedelta() else '+'}{minutes // 60}:{minutes % 60:02}"
