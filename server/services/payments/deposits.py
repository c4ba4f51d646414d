"""The deposit: a hold on the card, placed when it is useful, renewed before it ends, lifted when all is settled.

A hold taken weeks before the rental would be dead at hand-over (domain 3.10): it is placed at booking if the rental
starts within five days, else the day before it starts. It is never revenue and never debited by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_
from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.jobs import enqueue
from server.models import Contract, Damage, Deposit, OpenItem, Payment
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.damage import UNDECIDED, DamageLiability
from server.models.job import JobKind, OfContract
from server.models.payment import DepositState, PaymentKind, PaymentState, Purpose
from server.services.acting import Acting
from server.services.contract import contracts, history
from server.services.outside import Outside
from server.services.payments import attempts
from server.services.payments.attempts import Move

AT_BOOKING_WITHIN = timedelta(days=5)
HOLD_LIFE = timedelta(days=5)
"""How long a hold that we place is trusted: the shortest figure for merchant-initiated ones (telecash 5.3)."""
RENEW_BEFORE = timedelta(days=1)
RENEWED_WHILE_LATE = timedelta(days=7)
LIVE = frozenset({ContractState.HELD, ContractState.RESERVED, ContractState.CHECKED_OUT})


def due_at(starts_at: datetime, now: datetime) -> datetime:
    """When the hold is to be placed."""
    return now if starts_at - now <= AT_BOOKING_WITHIN else starts_at - timedelta(days=1)


def is_due(deposit: Deposit, now: datetime) -> bool:
    """Whether the hold should be placed now."""
    wanted = deposit.state is DepositState.NONE and deposit.amount_cents > 0
    return wanted and deposit.due_at is not None and deposit.due_at <= now


def is_active(deposit: Deposit | None, now: datetime) -> bool:
    """Whether a hold stands that can still be captured."""
    if deposit is None or deposit.state is not DepositState.ACTIVE:
        return False
    return deposit.expires_at is not None and deposit.expires_at > now


def held_cents(deposit: Deposit | None) -> int | None:
    """What is blocked on the card as paper and mails say it; None if nothing is."""
    return deposit.amount_cents if deposit is not None and deposit.state is DepositState.ACTIVE else None


async def next_hold(session: Session, contract: Contract, deposit: Deposit) -> Move:
    """The next hold of a contract; every one has an order of its own."""
    holds = [p for p in await attempts.of_contract(session, contract.id) if p.kind is PaymentKind.HOLD]
    return Move(PaymentKind.HOLD, Purpose.DEPOSIT, deposit.amount_cents, f"H{len(holds) + 1}")


async def prepare_hold(session: Session, contract: Contract, deposit: Deposit, *, now: datetime) -> Payment:
    """Writes the next hold of a contract."""
    return await attempts.prepare(session, contract, await next_hold(session, contract, deposit), now=now)


async def activate(session: Session, contract: Contract, deposit: Deposit, hold: Payment, *, now: datetime) -> None:
    """Takes a hold that succeeded as the contract's deposit."""
    placed_at = hold.resolved_at or now
    deposit.state = DepositState.ACTIVE
    deposit.hold_id = hold.id
    deposit.authorised_at = placed_at
    deposit.expires_at = placed_at + HOLD_LIFE
    await session.store(deposit)
    await history.record(session, contract, HistoryAction.DEPOSIT_HELD, Acting(now))


async def schedule(session: Session, contract: Contract, *, now: datetime) -> None:
    """Writes the job that places or renews the hold at its time."""
    deposit = await session.by_id(Deposit, contract.id)
    if deposit is None or deposit.amount_cents == 0:
        return
    times: list[datetime] = []
    if deposit.state is DepositState.NONE and deposit.due_at is not None:
        times = [deposit.due_at]
    elif deposit.state is DepositState.ACTIVE and deposit.expires_at is not None:
        times = [deposit.expires_at - RENEW_BEFORE, deposit.expires_at]
    for at in times:
        key = f"deposit:{contract.id}:{at.isoformat()}"
        await enqueue(session, JobKind.PLACE_DEPOSIT, OfContract(contract.id), key=key, now=now, due_at=at)


async def plan_anew(session: Session, contract: Contract, *, now: datetime) -> None:
    """The period has changed: the hold is placed, or renewed, when it is needed for the new one."""
    deposit = await session.by_id(Deposit, contract.id, lock=True)
    if deposit is not None and deposit.state is DepositState.NONE and deposit.amount_cents > 0:
        deposit.due_at = due_at(contract.starts_at, now)
        await session.store(deposit)
    await schedule(session, contract, now=now)


async def begin_anew(session: Session, contract: Contract, *, now: datetime) -> None:
    """A contract that had ended goes on: the hold that was lifted is placed once more, in its time."""
    deposit = await session.by_id(Deposit, contract.id, lock=True)
    if deposit is not None and deposit.state in {DepositState.RELEASED, DepositState.EXPIRED, DepositState.FAILED}:
        # The old hold stays named: should it live longer than we trust it, it is lifted when the new one stands.
        deposit.state, deposit.expires_at = DepositState.NONE, None
        await session.store(deposit)
    await plan_anew(session, contract, now=now)


async def place(outside: Outside, contract_id: UUID, *, asked: bool = False) -> None:
    """Places a hold that is due, or a new one before the old one ends while the contract needs it; one that a person
    has `asked` for also later. Safe to repeat.
    """
    now = outside.clock.now()
    step: UUID | None = None
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        deposit = await session.by_id(Deposit, contract_id, lock=True)
        if deposit is not None and await _ended(session, contract, deposit, now):
            return
        last = await _last_hold(session, contract_id)
        under_way = last is not None and last.state in attempts.UNRESOLVED
        wanted = deposit is not None and not under_way and _needs_hold(deposit, now)
        if deposit is not None and wanted and (asked or await _is_renewed(session, contract, deposit, now)):
            step = (await prepare_hold(session, contract, deposit, now=now)).id
    if step is not None:
        await attempts.execute(outside, step)
    await follow(outside, contract_id)


async def follow(outside: Outside, contract_id: UUID) -> None:
    """Does what follows from the last hold: it becomes the deposit, and the one before it is lifted."""
    now = outside.clock.now()
    step: UUID | None = None
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        deposit = await session.by_id(Deposit, contract_id, lock=True)
        hold = await _last_hold(session, contract_id)
        if deposit is None or hold is None or contract.state is ContractState.HELD or hold.id == deposit.hold_id:
            return
        if await _is_lifted(session, hold):
            return  # another card's hold has taken its place
        wanted = await _is_needed(session, contract, now) and not await _is_of_the_old_card(session, deposit, hold)
        if hold.state is PaymentState.SUCCEEDED and wanted:
            before = await session.by_id(Payment, deposit.hold_id)
            await activate(session, contract, deposit, hold, now=now)
            await schedule(session, contract, now=now)
            step = await prepare_release(session, contract, before, now) if before else None
        elif hold.state is PaymentState.SUCCEEDED:
            # Its answer was lost, and by now nobody needs it.
            step = await prepare_release(session, contract, hold, now)
        elif _has_failed(deposit, hold, now):
            deposit.state = DepositState.FAILED
            await session.store(deposit)
            await history.record(session, contract, HistoryAction.DEPOSIT_FAILED, Acting(now, why=hold.reason))
    if step is not None:
        await attempts.execute(outside, step)


async def _ended(session: Session, contract: Contract, deposit: Deposit, now: datetime) -> bool:
    """A hold that is not renewed any more ends by itself: it can no longer be captured."""
    if deposit.state is not DepositState.ACTIVE or is_active(deposit, now):
        return False
    if await _is_renewed(session, contract, deposit, now):
        return False
    deposit.state = DepositState.EXPIRED
    await session.store(deposit)
    await history.record(session, contract, HistoryAction.DEPOSIT_ENDED, Acting(now))
    return True


def _has_failed(deposit: Deposit, hold: Payment, now: datetime) -> bool:
    """The last hold was refused and no earlier one stands. A deposit that is over stays what it was."""
    wanted = deposit.state in {DepositState.NONE, DepositState.ACTIVE}
    return wanted and hold.state in {PaymentState.DECLINED, PaymentState.FAILED} and not is_active(deposit, now)


async def _is_renewed(session: Session, contract: Contract, deposit: Deposit, now: datetime) -> bool:
    """Until the planned end; for a car that is late, a week longer; for a damage as long as people decide about it, at
    most until its claim lapses. A card is not blocked for ever.
    """
    if contract.state in LIVE:
        late = RENEWED_WHILE_LATE if contract.state is ContractState.CHECKED_OUT else timedelta(0)
        return now < contract.ends_at + late
    spent = is_spent(await attempts.of_contract(session, contract.id), deposit.hold_id)
    return deposit.state is DepositState.ACTIVE and not spent and await _is_needed(session, contract, now)


async def _is_needed(session: Session, contract: Contract, now: datetime) -> bool:
    return contract.state in LIVE or await awaits_decision(session, contract.id, on=now.date())


def _needs_hold(deposit: Deposit, now: datetime) -> bool:
    ending = deposit.expires_at is not None and deposit.expires_at - RENEW_BEFORE <= now
    return is_due(deposit, now) or (deposit.state is DepositState.ACTIVE and ending)


async def _last_hold(session: Session, contract_id: UUID) -> Payment | None:
    """The last hold that was placed for the deposit itself; one by which a card is stored is for `new_card`."""
    made = await attempts.of_contract(session, contract_id)
    holds = [p for p in made if p.kind is PaymentKind.HOLD and p.purpose is Purpose.DEPOSIT]
    return holds[-1] if holds else None


async def _is_of_the_old_card(session: Session, deposit: Deposit, hold: Payment) -> bool:
    """Whether the deposit stands on another card by now that was entered after this hold was asked for."""
    stands = await session.by_id(Payment, deposit.hold_id) if deposit.state is DepositState.ACTIVE else None
    entered_at = stands.resolved_at if stands is not None and stands.purpose is Purpose.CARD else None
    return entered_at is not None and hold.created_at < entered_at


async def _is_lifted(session: Session, hold: Payment) -> bool:
    made = await attempts.of_contract(session, hold.contract_id)
    return any(p.kind is PaymentKind.RELEASE and p.refers_to_id == hold.id for p in made)


async def is_kept_for_damage(session: Session, contract_id: UUID) -> bool:
    """Whether the hold stays for a damage (domain 4.5 rule 7): people have still to decide, or its claim is just being
    paid.
    """
    under_way = select(Damage).where(col(Damage.contract_id) == contract_id, claim_is_under_way())
    return await awaits_decision(session, contract_id) or await session.first(under_way) is not None


async def awaits_decision(session: Session, contract_id: UUID, *, on: date | None = None) -> bool:
    """Whether people have still to decide about a damage, or to claim it; with `on`: and still may on that day."""
    waiting = select(Damage).where(col(Damage.contract_id) == contract_id, col(Damage.liability).in_(UNDECIDED))
    if on is not None:
        waiting = waiting.where(col(Damage.claim_deadline).is_(None) | (col(Damage.claim_deadline) >= on))
    return await session.first(waiting) is not None


def claim_is_under_way() -> ColumnElement[bool]:
    """The condition of damages that are claimed, and of which it is not known yet how that is paid."""
    item = select(OpenItem.id).where(col(OpenItem.document_id) == col(Damage.claim_document_id))
    return and_(col(Damage.liability) == DamageLiability.CLAIMED, ~item.exists())


def is_spent(made: Sequence[Payment], hold_id: UUID | None) -> bool:
    """Whether somebody has tried to capture a hold, or to lift it: there is only one try."""
    ends = {PaymentKind.CAPTURE, PaymentKind.RELEASE}
    return any(one.kind in ends and one.refers_to_id == hold_id for one in made)


async def release(outside: Outside, contract_id: UUID) -> None:
    """Lifts the hold of a contract that is settled, unless a damage needs it. Safe to repeat."""
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        deposit = await session.by_id(Deposit, contract_id, lock=True)
        going_on = contract.state in LIVE or contract.state is ContractState.RETURNED
        if deposit is None or deposit.state is not DepositState.ACTIVE or going_on:
            return
        if await is_kept_for_damage(session, contract_id):
            return
        hold = await session.by_id(Payment, deposit.hold_id)
        step = await prepare_release(session, contract, hold, now) if hold else None
    if step is not None:
        await attempts.execute(outside, step)
    await after_release(outside, contract_id)


async def prepare_release(session: Session, contract: Contract, hold: Payment, now: datetime) -> UUID | None:
    """Writes the release of a hold, once; None if there is one already that is not merely waiting to be sent."""
    made = await attempts.of_contract(session, contract.id)
    existing = [p for p in made if p.kind is PaymentKind.RELEASE and p.refers_to_id == hold.id]
    if existing:
        return existing[-1].id if existing[-1].state is PaymentState.PENDING else None
    move = Move(PaymentKind.RELEASE, Purpose.DEPOSIT, hold.amount_cents, refers_to=hold)
    return (await attempts.prepare(session, contract, move, now=now)).id


async def after_release(outside: Outside, contract_id: UUID) -> None:
    """Marks the deposit as lifted once the gateway has confirmed it, or as ended where there was nothing to lift."""
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        deposit = await session.by_id(Deposit, contract_id, lock=True)
        if deposit is None or deposit.state is not DepositState.ACTIVE:
            return
        made = await attempts.of_contract(session, contract_id)
        done = [p for p in made if p.kind is PaymentKind.RELEASE and p.refers_to_id == deposit.hold_id]
        if not done or done[-1].state in attempts.UNRESOLVED:
            return
        succeeded = done[-1].state is PaymentState.SUCCEEDED
        deposit.state = DepositState.RELEASED if succeeded else DepositState.EXPIRED
        await session.store(deposit)
        action = HistoryAction.DEPOSIT_RELEASED if succeeded else HistoryAction.DEPOSIT_ENDED
        await history.record(session, contract, action, Acting(now, why=done[-1].reason))
