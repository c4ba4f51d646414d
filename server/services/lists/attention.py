"""What a clerk should look at: the flags of a contract, for one row and as a filter."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, text
from sqlmodel import col, select

from server.models import Contract, Deposit
from server.models.contract import ContractFlag, ContractState
from server.models.payment import DepositState

EXPIRING_WITHIN = timedelta(days=2)
AT_RISK = """
select c.id from contract c
join vehicle v on v.id = c.vehicle_id and v.out_contract_id <> c.id
join station s on s.id = c.station_id
where c.state = 'RESERVED' and v.out_until <= cast(:now as timestamptz) + make_interval(mins => s.turnaround_minutes)
  and not exists (
    select 1 from contract e where e.vehicle_id = c.vehicle_id and e.state = 'RESERVED' and e.starts_at < c.starts_at
  )
"""
"""Reserved contracts that are the next to need a car which is late with somebody else."""


def flags(contract: Contract, deposit: Deposit | None, *, at_risk: bool, now: datetime) -> list[ContractFlag]:
    """All flags of a contract."""
    expiring = deposit is not None and deposit.state is DepositState.ACTIVE and deposit.expires_at is not None
    found = {
        ContractFlag.AT_RISK: at_risk,
        ContractFlag.OVERDUE: contract.state is ContractState.CHECKED_OUT and contract.ends_at < now,
        ContractFlag.BILLING_BLOCKED: contract.billing_block is not None,
        ContractFlag.CUSTOMER_REVIEW: contract.customer_review,
        ContractFlag.DEPOSIT_EXPIRING: expiring
        and deposit is not None
        and deposit.expires_at is not None
        and deposit.expires_at < now + EXPIRING_WITHIN,
        ContractFlag.PROTOCOL_CONFLICT: contract.protocol_conflict,
    }
    return [flag for flag, is_set in found.items() if is_set]


def with_flag(flag: ContractFlag, now: datetime) -> ColumnElement[bool]:
    """The condition that a contract has a flag."""
    conditions: dict[ContractFlag, ColumnElement[bool]] = {
        ContractFlag.AT_RISK: text(f"contract.id in ({AT_RISK})").bindparams(now=now),  # type: ignore[dict-item]
        ContractFlag.OVERDUE: and_(col(Contract.state) == ContractState.CHECKED_OUT, col(Contract.ends_at) < now),
        ContractFlag.BILLING_BLOCKED: col(Contract.billing_block).is_not(None),
        ContractFlag.CUSTOMER_REVIEW: col(Contract.customer_review).is_(True),
        ContractFlag.PROTOCOL_CONFLICT: col(Contract.protocol_conflict).is_(True),
        ContractFlag.DEPOSIT_EXPIRING: exists(
            select(Deposit.contract_id).where(
                col(Deposit.contract_id) == col(Contract.id),
                col(Deposit.state) == DepositState.ACTIVE,
                col(Deposit.expires_at) < now + EXPIRING_WITHIN,
            )
        ),
    }
    return conditions[flag]
