"""What a clerk should look at: the flags of a contract, for one row and as a filter."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, and_, exists, func, text
from sqlmodel import col, select

from server.models import Contract, Deposit
from server.models.contract import ContractState
from server.models.contract_attention import ContractFlag
from server.models.payment import DepositState

EXPIRING_WITHIN = timedelta(days=2)
# A car is late from its planned end on; overdue once the grace is over, too. Who may not see the contract that has the
# car does without its grace.
AT_RISK = """
select c.id, c.station_id from vehicle v
join contract c on c.vehicle_id = v.id
join station s on s.id = c.station_id
left join contract o on o.id = v.out_contract_id
where v.out_until <= cast(:now as timestamptz) and c.id <> v.out_contract_id
  and c.state = 'RESERVED' and c.ends_at > :now
  and (c.starts_at < cast(:now as timestamptz) + make_interval(mins => s.turnaround_minutes)
    or coalesce(o.ends_at + make_interval(mins => (o.tariff_snapshot ->> 'grace_minutes')::int), v.out_until) <= :now)
union all
select c.id, c.station_id from contract c where c.state = 'RESERVED' and c.vehicle_id is null and c.ends_at > :now
"""
"""Reserved contracts whose planned car is overdue with somebody else, or can no longer be ready in time, or that have
no car at all: nobody knows when they can be served. For contracts whose period is over it is too late.
"""
_GONE = (DepositState.FAILED, DepositState.EXPIRED)
_NEEDS_DEPOSIT = (ContractState.RESERVED, ContractState.CHECKED_OUT)
_IS_AT_RISK = f"contract.id in (select r.id from ({AT_RISK}) r)"  # noqa: S608  # our own text


def overdue_at(contract: Contract) -> datetime:
    """When a car that is not back is overdue: the grace after its planned end is over."""
    return contract.ends_at + timedelta(minutes=contract.grace_minutes)


def is_overdue(at: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The condition that a contract's car is out and overdue at an instant."""
    over = col(Contract.ends_at) + func.make_interval(0, 0, 0, 0, 0, Contract.grace())
    return and_(Contract.is_in(ContractState.CHECKED_OUT), col(Contract.ends_at) <= at, over <= at)


def flags(contract: Contract, deposit: Deposit | None, *, at_risk: bool, now: datetime) -> list[ContractFlag]:
    """All flags of a contract."""
    ends_at = deposit.expires_at if deposit is not None and deposit.state is DepositState.ACTIVE else None
    missing = deposit is not None and deposit.state in _GONE and deposit.amount_cents > 0
    found = {
        ContractFlag.AT_RISK: at_risk,
        ContractFlag.OVERDUE: contract.state is ContractState.CHECKED_OUT and overdue_at(contract) <= now,
        ContractFlag.BILLING_BLOCKED: contract.billing_block is not None,
        ContractFlag.CUSTOMER_REVIEW: contract.customer_review,
        ContractFlag.DEPOSIT_EXPIRING: ends_at is not None and ends_at < now + EXPIRING_WITHIN,
        ContractFlag.DEPOSIT_MISSING: missing and contract.state in _NEEDS_DEPOSIT,
        ContractFlag.PROTOCOL_CONFLICT: contract.protocol_conflict,
        ContractFlag.EFFECTS_FAILED: contract.effects_failed,
        ContractFlag.PAYMENT_OVERDUE: contract.payment_overdue,
    }
    return [flag for flag, is_set in found.items() if is_set]


def with_flag(flag: ContractFlag, now: datetime) -> ColumnElement[bool]:
    """The condition that a contract has a flag."""
    conditions: dict[ContractFlag, ColumnElement[bool]] = {
        ContractFlag.AT_RISK: text(_IS_AT_RISK).bindparams(now=now),  # type: ignore[dict-item]
        ContractFlag.OVERDUE: is_overdue(now),
        ContractFlag.BILLING_BLOCKED: col(Contract.billing_block).is_not(None),
        ContractFlag.EFFECTS_FAILED: col(Contract.effects_failed).is_(True),
        ContractFlag.PAYMENT_OVERDUE: col(Contract.payment_overdue).is_(True),
        ContractFlag.CUSTOMER_REVIEW: col(Contract.customer_review).is_(True),
        ContractFlag.PROTOCOL_CONFLICT: col(Contract.protocol_conflict).is_(True),
        ContractFlag.DEPOSIT_MISSING: and_(
            col(Contract.state).in_(_NEEDS_DEPOSIT),
            exists(
                select(Deposit.contract_id).where(
                    col(Deposit.contract_id) == col(Contract.id),
                    col(Deposit.state).in_(_GONE),
                    col(Deposit.amount_cents) > 0,
                )
            ),
        ),
        ContractFlag.DEPOSIT_EXPIRING: exists(
            select(Deposit.contract_id).where(
                col(Deposit.contract_id) == col(Contract.id),
                col(Deposit.state) == DepositState.ACTIVE,
                col(Deposit.expires_at) < now + EXPIRING_WITHIN,
            )
        ),
    }
    return conditions[flag]
