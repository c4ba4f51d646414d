"""Who gave what away, and how hand-overs were done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.database import Session
from server.models.protocol import GUIDED_SLOTS
from server.services.reports.fleet_use import Span

MOST_EDITS = 500
_EDITS = """
select h.contract_id, h.at, h.actor, h.approved_by, h.reason, h.before, h.after
from history_entry h
where h.station_id = :station and h.action = 'TARIFF_EDITED' and h.at >= :start and h.at < :end
order by h.at desc limit :most
"""
_HANDOVERS = """
select p.staff, count(*) as protocols,
  count(*) filter (where (
    select count(distinct x.slot) from protocol_photo x where x.protocol_id = p.id and x.slot = any(:guided)
  ) < :all_of_them) as without_photos,
  count(*) filter (where p.signature_sha256 is null) as unsigned,
  count(*) filter (where p.override_reason is not null) as overridden,
  cast(percentile_cont(0.5) within group (order by extract(epoch from p.received_at - p.occurred_at)) / 60 as int)
    as minutes
from protocol p
where p.at_station_id = :station and not p.voided and p.occurred_at >= :start and p.occurred_at < :end
group by p.staff order by count(*) desc, p.staff limit 200
"""


@dataclass(frozen=True)
class Reduction:
    """A change of one contract's tariff: a discount, a waiver, another price."""

    contract_id: UUID
    at: datetime
    actor: str
    approved_by: str | None
    reason: str | None
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Handovers:
    """One person's hand-overs and returns in a period."""

    staff: str
    protocols: int
    without_photos: int
    """Those that lack one of the eight photos around the car."""
    unsigned: int
    overridden: int
    """Those in which something was overridden with a reason."""
    minutes: int
    """Median minutes from the hand-over to the protocol's arrival here."""


async def reductions(session: Session, span: Span) -> list[Reduction]:
    """Who changed the price of which contract, and why; the latest first, MOST_EDITS at most."""
    rows = await session.rows(_EDITS, {**span.named, "most": MOST_EDITS})
    return [Reduction(*row) for row in rows]


async def handovers(session: Session, span: Span) -> list[Handovers]:
    """How each person's hand-overs were done; who did most comes first."""
    slots = [slot.value for slot in GUIDED_SLOTS]
    rows = await session.rows(_HANDOVERS, {**span.named, "guided": slots, "all_of_them": len(slots)})
    return [Handovers(*row) for row in rows]
