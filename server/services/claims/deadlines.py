"""Until when a damage can be claimed, and who is reminded of that: claims lapse six months after the return."""

from __future__ import annotations

import calendar
from datetime import date, datetime, time
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from server.database import SYSTEM, Session
from server.errors import Sentence
from server.jobs import enqueue
from server.models import Contract, Damage, Vehicle
from server.models.damage import UNDECIDED
from server.models.job import JobKind, OfDamage
from server.services.claims.wording import dated
from server.services.fleet import stations
from server.services.mail import notices
from server.services.mail.notices import Notice
from server.services.outside import Outside

MONTHS = 6
"""§ 548 BGB."""
REMINDED_AFTER = (3, 5)
"""Months after the return, as long as nobody has decided and claimed."""
_IN_THE_MORNING = time(8)
_LAPSES = Sentence(
    "A damage is not decided and claimed yet. Its claim lapses: the last day is {day}.",
    "Ein Schaden ist noch nicht entschieden und gefordert. Der Anspruch verjährt: Der letzte Tag ist der {day}.",
)


def months_after(day: date, months: int) -> date:
    """The same day some months later; a day that the month lacks is its last."""
    month = day.month + months
    year, month = day.year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def deadline_of(returned_on: date) -> date:
    """The last day on which a damage can be claimed that was found at a return."""
    return months_after(returned_on, MONTHS)


async def schedule(session: Session, damage: Damage, zone: ZoneInfo, now: datetime) -> None:
    """Writes the jobs that remind a station of a suspected damage."""
    returned_on = damage.seen_at.astimezone(zone).date()
    for months in REMINDED_AFTER:
        at = datetime.combine(months_after(returned_on, months), _IN_THE_MORNING, zone)
        key = f"damage:{damage.id}:{months}"
        await enqueue(session, JobKind.DAMAGE_REMINDER, OfDamage(damage.id), key=key, now=now, due_at=at)


async def remind(outside: Outside, damage_id: UUID) -> None:
    """Tells the station of a damage that nobody has decided about, or claimed: once for each of the times."""
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        damage = await session.by_id(Damage, damage_id)
        contract = await session.by_id(Contract, damage.contract_id) if damage else None
        if damage is None or contract is None or damage.liability not in UNDECIDED or damage.claim_deadline is None:
            return
        station = await stations.get(session, contract.station_id)
        reached = [
            months
            for months in REMINDED_AFTER
            if station.day_of(now) >= months_after(damage.seen_at.astimezone(station.zone).date(), months)
        ]
        if not reached:
            return
        vehicle = await session.by_id(Vehicle, damage.vehicle_id)
        # A notice is one for each cause: that of a damage and the months that are over.
        notice = Notice(uuid5(damage.id, str(reached[-1])), dated(_LAPSES, damage.claim_deadline), vehicle)
        await notices.tell_station(session, contract, notice, now=now)
