"""A customer who asks to be erased (Art. 17 GDPR): hidden at once, erased as far as no law keeps anything."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import col, select

from server.database import RETENTION, SYSTEM, Session
from server.database.conflicts import tried_again
from server.errors import NotFound, ProblemCode, Refused, Sentence, VersionConflict
from server.jobs import enqueue
from server.models import Contract, Customer, HistoryEntry
from server.models.contract_parts import HistoryAction
from server.models.job import JobKind, OfCustomer
from server.services import validation
from server.services.acting import Acting
from server.services.contract import keeping
from server.services.outside import Outside
from server.services.retention import people, standing

MOST_NAMED = 5
"""How many contracts a refusal names."""
_UNKNOWN = Sentence("There is no such customer.", "Diesen Kunden gibt es nicht.")
_STILL_OPEN = Sentence(
    "A rental, money, a damage or the customer's name is still open here. Bring these contracts to an end first:"
    " {numbers}.",
    "Hier ist noch eine Miete, Geld, ein Schaden oder der Name des Kunden offen. Bringen Sie erst diese Verträge zu"
    " Ende: {numbers}.",
)


@tried_again
async def erase(outside: Outside, acting: Acting, customer_id: UUID | None, version: int, reason: str) -> Customer:
    """Hides a customer that the caller sees, empties the record, and has a job erase the rest. What a contract of a
    station that the caller does not see still needs stays until that is closed. Returns the emptied record.

    Raises NotFound, VersionConflict, InvalidInput without a reason; NOT_ALLOWED names contracts that are not over.
    """
    acting = acting.because(validation.text(reason, ("reason",), longest=500, multiline=True))
    async with outside.database.snapshot(acting.person.scope) as session:
        seen = await session.by_id(Customer, customer_id)
        if seen is None or seen.restricted_at is not None:
            raise NotFound(_UNKNOWN, field=["id"])
        mine = await session.all(select(Contract).where(col(Contract.customer_id) == seen.id))
    async with outside.database.transaction(RETENTION) as session:
        await _refuse_what_is_open(session, mine, acting)
    async with outside.database.transaction(SYSTEM) as session:
        customer = await session.by_id(Customer, seen.id, lock=True)
        if customer is None or customer.restricted_at is not None:
            raise NotFound(_UNKNOWN, field=["id"])
        if customer.version != version:
            raise VersionConflict(customer.version)
        people.empty(customer, now=acting.now)
        customer.restricted_by, customer.restricted_reason = acting.name, acting.why
        await session.store(customer, *(_entry(contract, acting) for contract in mine))
        key = f"erase-customer:{customer.id}"
        await enqueue(session, JobKind.ERASE_CUSTOMER, OfCustomer(customer.id), key=key, now=acting.now)
        return customer


async def _refuse_what_is_open(session: Session, contracts: list[Contract], acting: Acting) -> None:
    stands = await standing.of(session, contracts, now=acting.now)
    # Of a doubtful booking nobody knows whether it is this customer's.
    still_open = sorted(one.number for one in contracts if one.customer_review or stands[one.id].closed_at is None)
    if still_open:
        numbers = ", ".join(still_open[:MOST_NAMED]) + (" …" if len(still_open) > MOST_NAMED else "")
        message = Sentence(*(said.format(numbers=numbers) for said in _STILL_OPEN))
        raise Refused(ProblemCode.NOT_ALLOWED, message, field=["id"])


def _entry(contract: Contract, acting: Acting) -> HistoryEntry:
    return HistoryEntry(
        contract_id=contract.id,
        station_id=contract.station_id,
        at=acting.now,
        actor=acting.name,
        action=HistoryAction.CUSTOMER_ERASED,
        reason=acting.why,
    )


async def carry_out(outside: Outside, customer_id: UUID) -> None:
    """Erases what changes of the record have replaced, and has each contract looked at now. Safe to repeat."""
    now = outside.clock.now()
    async with outside.database.transaction(RETENTION) as session:
        await people.erase_versions(session, customer_id)
        await people.erase_if_nobody_needs_them(session, customer_id, now=now)
    async with outside.database.transaction(SYSTEM) as session:
        for contract_id in await session.all(select(Contract.id).where(col(Contract.customer_id) == customer_id)):
            await keeping.look_now(session, contract_id, now=now)
