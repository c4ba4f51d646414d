"""Money that claims for damages ask for: the deposit first, the stored card second, what neither pays is left open.

A hold can be captured only once (domain 4.5 rule 6): so it stays while people have still to decide about a damage, and
then one capture pays for claims first and for what is open of the rent second. `collect` looks only at what is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.jobs import enqueue
from server.models import Contract, Damage, Deposit, Document, OpenItem, Payment
from server.models.contract_parts import HistoryAction
from server.models.damage import DamageLiability
from server.models.document import DocumentType
from server.models.job import JobKind, OfContract
from server.models.payment import DepositState, PaymentKind, PaymentState, Purpose
from server.services.acting import Acting
from server.services.billing import collection as rent
from server.services.billing import open_items, settlements
from server.services.claims import cases, mails
from server.services.claims.plan import Plan, Wish
from server.services.contract import contracts, history
from server.services.outside import Outside
from server.services.payments import attempts, deposits, shares
from server.services.payments.attempts import Move
from server.services.payments.shares import Split
from server.services.receivables import standing

_UNPAID = (DamageLiability.CLAIMED, DamageLiability.DISPUTED)


async def set_going(session: Session, contract: Contract, damage: Damage, now: datetime) -> None:
    """Has the money of a contract looked at, now that something about a damage is decided."""
    key = f"claims:{damage.id}:{damage.version}"
    await enqueue(session, JobKind.COLLECT_CLAIMS, OfContract(contract.id), key=key, now=now)


async def collect(outside: Outside, contract_id: UUID) -> None:
    """Moves what is due of the rent, then what claims ask for, one committed attempt at a time; then a hold is lifted
    that nothing needs any more. Safe to repeat.
    """
    await rent.collect(outside, contract_id)
    while (step := await _next_step(outside, contract_id)) is not None:
        if await attempts.execute(outside, step) in attempts.UNRESOLVED:
            return
    if await _is_through(outside, contract_id):
        await deposits.release(outside, contract_id)


async def _next_step(outside: Outside, contract_id: UUID) -> UUID | None:
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        split = await shares.of_contract(session, contract_id)
        if contract.state in deposits.LIVE or _is_under_way(split.made):
            return None
        if not await _is_damaged(session, contract_id):
            return None
        await _account(session, contract, split, now)
        await _close_paid(session, contract, now)
        plan = await foresee(session, contract, now)
        if plan.hold is not None and plan.parts:
            return (await _capture(session, contract, plan, plan.hold, now)).id
        for claim in await _under_way(session, contract_id):
            step = await _charge_step(session, contract, claim, split, now)
            if step is not None:
                return step
    return None


async def _is_through(outside: Outside, contract_id: UUID) -> bool:
    """Whether nothing of a damaged contract's money is under way any more, so that its hold can be lifted."""
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        made = await attempts.of_contract(session, contract_id)
        return contract.state in rent.OVER and not _is_under_way(made) and await _is_damaged(session, contract_id)


def _is_under_way(made: Sequence[Payment]) -> bool:
    """A page that is merely open, for another card, keeps nothing waiting."""
    waits = [one for one in made if one.kind is not PaymentKind.RELEASE and one.purpose is not Purpose.CARD]
    return any(one.state in attempts.UNRESOLVED for one in waits)


async def _is_damaged(session: Session, contract_id: UUID) -> bool:
    return await session.first(select(Damage.id).where(col(Damage.contract_id) == contract_id)) is not None


async def foresee(session: Session, contract: Contract, now: datetime, new_claim_cents: int = 0) -> Plan:
    """What the deposit pays as things stand: nothing while a damage of the contract waits for people, or when it cannot
    be captured any more. `new_claim_cents`: a claim that is just being written, without its document yet.
    """
    hold = await _usable_hold(session, contract.id, now)
    if hold is None or await deposits.awaits_decision(session, contract.id):
        return Plan(None, ())
    wishes = [Wish(claim, claim.moves_cents) for claim in await _under_way(session, contract.id)]
    wishes += [Wish(None, new_claim_cents)] if new_claim_cents else []
    wishes += [Wish(document, item.open_cents) for document, item in await _left_open(session, contract)]
    return Plan.of(hold, wishes)


async def _usable_hold(session: Session, contract_id: UUID, now: datetime) -> Payment | None:
    deposit = await session.by_id(Deposit, contract_id, lock=True)
    if deposit is None or not deposits.is_active(deposit, now):
        return None
    made = await attempts.of_contract(session, contract_id)
    return None if deposits.is_spent(made, deposit.hold_id) else await session.by_id(Payment, deposit.hold_id)


async def _under_way(session: Session, contract_id: UUID) -> list[Document]:
    """Claims of which it is not known yet how they are paid, the oldest first."""
    statement = (
        select(Document)
        .join(Damage, col(Damage.claim_document_id) == col(Document.id))
        .where(col(Damage.contract_id) == contract_id, deposits.claim_is_under_way())
    )
    return await session.all(statement.order_by(col(Document.issued_at), col(Document.running_number)))


async def _open_items(session: Session, contract: Contract) -> list[tuple[Document, OpenItem]]:
    statement = (
        select(Document, OpenItem)
        .join(OpenItem, col(OpenItem.document_id) == col(Document.id))
        .where(col(Document.contract_id) == contract.id, col(OpenItem.open_cents) > 0)
        .order_by(col(Document.issued_at), col(Document.running_number))
    )
    found: list[tuple[Document, OpenItem]] = await session.pairs(statement)
    return found


async def _left_open(session: Session, contract: Contract) -> list[tuple[Document, OpenItem]]:
    """What a deposit may be taken for: claims that nobody disputes, then the rent, unless somebody else pays that."""
    found = await _open_items(session, contract)
    damages = await session.all(select(Damage).where(col(Damage.contract_id) == contract.id))
    disputed = {damage.claim_document_id for damage in damages if damage.liability is not DamageLiability.CLAIMED}
    claims = [pair for pair in found if pair[0].type is DocumentType.DAMAGE_CLAIM and pair[0].id not in disputed]
    rents = [pair for pair in found if pair[0].type is DocumentType.FINAL_INVOICE and contract.payer is None]
    return claims + rents


async def _capture(session: Session, contract: Contract, plan: Plan, hold: Payment, now: datetime) -> Payment:
    parts = plan.documents
    purpose = Purpose.DAMAGE if parts[0][0].type is DocumentType.DAMAGE_CLAIM else Purpose.FINAL
    move = Move(PaymentKind.CAPTURE, purpose, plan.total_cents, refers_to=hold, document_id=parts[0][0].id)
    capture = await attempts.prepare(session, contract, move, now=now)
    await shares.divide(session, capture, [(document.id, cents) for document, cents in parts])
    return capture


async def _account(session: Session, contract: Contract, split: Split, now: datetime) -> None:
    """What a capture has taken, written down once: of the deposit, and of what was left open."""
    deposit = await session.by_id(Deposit, contract.id, lock=True)
    if deposit is None or deposit.state is not DepositState.ACTIVE:
        return
    captures = [one for one in split.made if one.kind is PaymentKind.CAPTURE and one.refers_to_id == deposit.hold_id]
    taken = next((one for one in captures if one.state is PaymentState.SUCCEEDED), None)
    if taken is None:
        return
    deposit.used_cents = taken.amount_cents
    deposit.state = DepositState.USED if taken.amount_cents == deposit.amount_cents else DepositState.PARTLY_USED
    await session.store(deposit)
    for document, item in await _open_items(session, contract):
        part = split.part(taken, document.id)
        if part:
            item.open_cents = max(0, item.open_cents - part)
            await session.store(item)
            await standing.look(session, contract, document, item, Acting(now))


async def _close_paid(session: Session, contract: Contract, now: datetime) -> None:
    """A claim is paid when nothing of it is open any more, whoever has paid that, and however."""
    statement = (
        select(Document)
        .join(OpenItem, col(OpenItem.document_id) == col(Document.id))
        .join(Damage, col(Damage.claim_document_id) == col(Document.id))
        .where(col(Damage.contract_id) == contract.id, col(Damage.liability).in_(_UNPAID))
        .where(col(OpenItem.open_cents) == 0)
    )
    for claim in await session.all(statement):
        await _paid(session, contract, claim, now)


async def _charge_step(
    session: Session, contract: Contract, claim: Document, split: Split, now: datetime
) -> UUID | None:
    """The card for what the deposit does not pay; what it refuses is left open."""
    from_deposit = split.paid_for(claim.id)
    left = claim.moves_cents - from_deposit
    sale = next((one for one in split.made if one.kind is PaymentKind.SALE and one.document_id == claim.id), None)
    if left == 0:
        await _paid(session, contract, claim, now)
        return None
    if sale is None and await settlements.has_card(session, contract):
        charges = [one for one in split.made if one.kind is PaymentKind.SALE and one.purpose is Purpose.DAMAGE]
        move = Move(PaymentKind.SALE, Purpose.DAMAGE, left, f"C{1 + len(charges)}", document_id=claim.id)
        return (await attempts.prepare(session, contract, move, now=now)).id
    item = await open_items.owe(session, contract, claim, left, now)
    if sale is not None:
        acting = Acting(now, why=sale.reason)
        await history.record(session, contract, HistoryAction.PAYMENT_FAILED, acting, before=claim.number)
        await mails.not_paid(session, contract, claim, sale, from_deposit, item, now=now)
    return None


async def _paid(session: Session, contract: Contract, claim: Document, now: datetime) -> None:
    damage = await session.first(select(Damage).where(col(Damage.claim_document_id) == claim.id).with_for_update())
    if damage is not None and damage.liability in _UNPAID:
        await cases.enter(session, damage, DamageLiability.PAID)
        await history.record(session, contract, HistoryAction.DAMAGE_PAID, Acting(now), before=claim.number)
