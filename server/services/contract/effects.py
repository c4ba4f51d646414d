"""What follows a contract by itself (paper, mail, money) and has given up: shown on it, and set going again.

A job that has ended without success is the truth; the contract's flag repeats it, so that lists can ask for it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from server import jobs
from server.clock import SystemClock
from server.database import SYSTEM, Session
from server.jobs import ClaimedJob
from server.jobs.lists import SeenJob
from server.models import Contract
from server.models.columns import Json
from server.models.contract_parts import HistoryAction
from server.services.acting import Acting
from server.services.contract import contracts, history
from server.services.outside import Outside

OF_CONTRACTS = ("payment", "protocol", "document", "open_item", "email", "damage")
"""What a job may be about besides a contract: names in its payload, and tables whose rows name their contract."""


async def given_up(session: Session, job: ClaimedJob, reason: str, now: datetime) -> None:
    """Shows on its contract that a job has been given up, in the transaction that gives it up. `reason` is a type's
    name: it holds nobody's data.
    """
    contract = await session.by_id(Contract, await _contract_of(session, job.payload), lock=True)
    if contract is None:
        return
    await jobs.belongs_to(session, job.id, contract.id)
    await history.record(session, contract, HistoryAction.EFFECT_FAILED, Acting(now, why=reason), after=job.kind)
    await _show(session, contract)


async def retry(outside: Outside, acting: Acting, contract_id: UUID | None) -> UUID:
    """Sets everything of a contract going again that was given up; returns its id. Nothing to do is no refusal.

    NotFound for a contract that the caller does not see.
    """
    async with outside.database.snapshot(acting.person.scope) as session:
        visible = await contracts.get(session, contract_id, field=["contract_id"])
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, visible.id)
        await _go_on(session, contract, await jobs.retry(session, now=acting.now, contract_id=contract.id), acting)
    return visible.id


async def retry_jobs(outside: Outside, *, ids: Collection[UUID] | None = None, kind: str | None = None) -> int:
    """The same for jobs of these ids, of a kind, or for all, whoever they belong to; how many there were."""
    acting = Acting(outside.clock.now())
    async with outside.database.transaction(SYSTEM) as session:
        going = await jobs.retry(session, now=acting.now, ids=ids, kind=kind)
        for contract_id in sorted({job.contract_id for job in going if job.contract_id is not None}):
            contract = await session.by_id(Contract, contract_id, lock=True)
            if contract is not None:
                await _go_on(session, contract, [job for job in going if job.contract_id == contract_id], acting)
    return len(going)


async def dismiss(outside: Outside, job_id: UUID) -> bool:
    """Somebody has seen to what a job had given up, and nothing can set it going: it counts no longer. False if there
    is no such job.
    """
    acting = Acting(outside.clock.now())
    async with outside.database.transaction(SYSTEM) as session:
        resting = await jobs.let_rest(session, now=acting.now, machine_now=SystemClock().now(), job_id=job_id)
        for job in resting:
            contract = await session.by_id(Contract, job.contract_id, lock=True)
            if contract is not None:
                await history.record(session, contract, HistoryAction.EFFECT_DISMISSED, acting, after=job.kind)
                await _show(session, contract)
    return bool(resting)


async def let_rest(session: Session, contract: Contract, key: str, now: datetime) -> None:
    """Somebody has seen to what a job had given up, in another way: it counts no longer."""
    if await jobs.let_rest(session, now=now, machine_now=SystemClock().now(), key=key):
        await _show(session, contract)


async def _go_on(session: Session, contract: Contract, going: Sequence[SeenJob], acting: Acting) -> None:
    if not going:
        return
    mails = [UUID(job.payload["email"]) for job in going if "email" in job.payload]
    waits_again = "update email set state = 'QUEUED' where id = any(:ids) and state = 'FAILED'"
    await session.write(waits_again, {"ids": mails})
    kinds = ", ".join(sorted({job.kind for job in going}))
    await history.record(session, contract, HistoryAction.EFFECTS_RETRIED, acting, after=kinds)
    await _show(session, contract)


async def _contract_of(session: Session, payload: Json) -> UUID | None:
    """Whose work a job is; None if it is no contract's, or what it is about is gone."""
    if "contract" in payload:
        return UUID(payload["contract"])
    for table in OF_CONTRACTS:
        if table in payload:
            statement = f"select contract_id from {table} where id = :id"  # noqa: S608  # our own names
            found = await session.value(statement, {"id": UUID(payload[table])})
            return found if isinstance(found, UUID) else None
    return None


async def _show(session: Session, contract: Contract) -> None:
    """The flag says what the jobs say."""
    failed = await jobs.is_given_up(session, contract.id)
    if contract.effects_failed != failed:
        contract.effects_failed = failed
        contract.version += 1
        await session.store(contract)
