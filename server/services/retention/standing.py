"""Where contracts stand for the clocks: since when nothing of them is open any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from server.database import Session
from server.models import Contract, Station
from server.models.contract import ContractState, SettlementState
from server.models.contract_parts import HistoryAction
from server.models.damage import UNDECIDED, DamageLiability
from server.models.local_time import wall_clock
from server.services.retention.clocks import Standing

ENDED = (ContractState.BILLED, ContractState.CANCELLED, ContractState.NO_SHOW)
SETTLED = (SettlementState.NONE, SettlementState.PAID, SettlementState.WRITTEN_OFF)
NO_CLAIM = [DamageLiability.KNOWN.value, DamageLiability.REJECTED.value]
"""Damages of a contract that nobody is asked to pay for: their photos belong to the car."""
_CLOSING = (
    HistoryAction.SETTLED,
    HistoryAction.PAYMENT_RECORDED,
    HistoryAction.OPEN_ITEM_WRITTEN_OFF,
    HistoryAction.BILLING_RELEASED,
    HistoryAction.READING_CORRECTED,
)
# What lapsed undecided cannot be claimed any more: it is closed since its last day.
_FACTS = """
select c.id,
  (select max(resolved_at) from payment p where p.contract_id = c.id) as paid_at,
  (select max(issued_at) from document d where d.contract_id = c.id) as issued_at,
  (select max(at) from history_entry h where h.contract_id = c.id and h.action = any(:closing)) as closed_at,
  (select max(at) from history_entry h where h.contract_id = c.id and h.action like 'DAMAGE_%') as decided_at,
  (select max(claim_deadline) from damage d where d.contract_id = c.id and d.liability = any(:undecided)) as lapses_on,
  exists (select from damage d where d.contract_id = c.id and d.liability <> all(:no_claim)) as has_claim,
  exists (select from damage d where d.contract_id = c.id and (d.liability in ('CLAIMED', 'DISPUTED')
    or d.liability = any(:undecided)
      and coalesce(d.claim_deadline >= cast(cast(:now as timestamptz) at time zone s.time_zone as date), true)))
    as has_open_claim,
  exists (select from payment p where p.contract_id = c.id and p.state in ('PENDING', 'UNKNOWN'))
    or exists (select from open_item o where o.contract_id = c.id and o.open_cents <> 0)
    or exists (select from deposit d where d.contract_id = c.id and d.state = 'ACTIVE')
    or exists (select from vehicle v where v.out_contract_id = c.id) as is_open,
  exists (select from document d where d.contract_id = c.id)
    or exists (select from payment p where p.contract_id = c.id and p.state = 'SUCCEEDED'
      and p.kind in ('SALE', 'CAPTURE', 'REFUND', 'EXTERNAL')) as has_vouchers,
  exists (select from email m where m.contract_id = c.id and m.state = 'QUEUED')
    or exists (select from document d where d.contract_id = c.id and d.sha256 is null)
    or exists (select from protocol p where p.contract_id = c.id and p.pdf_key is null) as has_work,
  exists (select from customer u where u.id = c.customer_id and u.restricted_at is not null) as is_restricted
from contract c join station s on s.id = c.station_id where c.id = any(:contracts)
"""


async def of(session: Session, contracts: Sequence[Contract], *, now: datetime) -> dict[UUID, Standing]:
    """What the clocks need to know of contracts, by their ids. Needs a scope that sees all of them."""
    values = {
        "contracts": [contract.id for contract in contracts],
        "now": now,
        "undecided": [state.value for state in UNDECIDED],
        "no_claim": NO_CLAIM,
        "closing": [action.value for action in _CLOSING],
    }
    facts = {row.id: row for row in await session.rows(_FACTS, values)}
    zones = await _zones(session, contracts)
    return {one.id: _standing(one, facts[one.id], zones[one.station_id]) for one in contracts}


async def _zones(session: Session, contracts: Sequence[Contract]) -> Mapping[UUID, ZoneInfo]:
    here = select(Station).where(col(Station.id).in_({contract.station_id for contract in contracts}))
    return {station.id: station.zone for station in await session.all(here)}


def _standing(contract: Contract, facts: Any, zone: ZoneInfo) -> Standing:
    lapsed = None if facts.lapses_on is None else wall_clock(facts.lapses_on + timedelta(1), time(), zone)
    ended = (contract.state_since, contract.billed_at, facts.paid_at, facts.issued_at, facts.closed_at)
    decided = (facts.decided_at, lapsed)
    return Standing(
        zone=zone,
        created_at=contract.created_at,
        came_about=contract.confirmed_at is not None,
        has_vouchers=facts.has_vouchers,
        is_restricted=facts.is_restricted and not contract.customer_review,
        has_work=facts.has_work,
        letters_erased_at=contract.letters_erased_at,
        closed_at=_latest(*ended, *decided) if _is_over(contract, facts) else None,
        returned_at=contract.returned_at,
        has_claim=facts.has_claim,
        claim_closed_at=None if facts.has_open_claim else _latest(contract.state_since, *decided),
    )


def _is_over(contract: Contract, facts: Any) -> bool:
    waits = contract.billing_block is not None or contract.protocol_conflict
    ended = contract.state in ENDED and contract.settlement_state in SETTLED
    return ended and not waits and not facts.is_open and not facts.has_open_claim


def _latest(*instants: datetime | None) -> datetime | None:
    return max((instant for instant in instants if instant is not None), default=None)
