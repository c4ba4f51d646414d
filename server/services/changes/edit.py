"""What all edits of a contract share: who may see it, its lock and version, what an edit comes to, history and mail.

An edit looks first (`Prospect`): the price before and after, what would move, and everything that stands against it.
The preview shows that; the edit itself refuses with the first problem, or does it in the same transaction.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from server.database import SYSTEM, Scope, Session
from server.errors import DomainError, NotFound, Sentence, VersionConflict
from server.models import Contract, Document, HistoryEntry, Occupancy, Protocol
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.price import PriceBreakdown
from server.paper.views import Changed
from server.services.acting import Acting
from server.services.changes import mails
from server.services.contract import contracts, history, keeping
from server.services.outside import Outside


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """What an edit would come to. `moved_cents` would be charged at once (negative: refunded), `fee_cents` is a fee in
    it; `problems` stand against it, the first is what the edit itself refuses with; `conflicts` are other uses of the
    car that are in the way.
    """

    before: PriceBreakdown
    after: PriceBreakdown
    moved_cents: int = 0
    fee_cents: int = 0
    problems: Sequence[DomainError] = ()
    conflicts: Sequence[Occupancy] = ()

    def refuse(self) -> None:
        """Raises the first problem, if there is one."""
        if self.problems:
            raise self.problems[0]


Look = Callable[[Session, Contract, Acting], Awaitable[Prospect]]
"""Finds what an edit would come to, and writes nothing."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """What an edit has changed: as the history names it, and as the customer is told, with what was
    `issued`; without `told` no mail goes."""

    action: HistoryAction
    before: str | None = None
    after: str | None = None
    told: Sequence[Changed] = ()
    issued: Sequence[Document] = ()


@asynccontextmanager
async def editing(
    outside: Outside, acting: Acting, contract_id: UUID | None, version: int | None
) -> AsyncIterator[tuple[Session, Contract]]:
    """The transaction of an edit, with the contract locked as the caller has read it. NotFound, VersionConflict.

    `version` None: what is only added needs none. The caller must see the contract; what the edit then looks at and
    writes, such as mails and the cars of a group, is the system's.
    """
    async with outside.database.snapshot(acting.person.scope) as session:
        seen = await contracts.get(session, contract_id, field=["contract_id"])
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, seen.id)
        if version is not None and contract.version != version:
            raise VersionConflict(contract.version)
        keeping.require_person(contract)
        yield session, contract


@asynccontextmanager
async def editing_protocol(
    outside: Outside, acting: Acting, protocol_id: UUID | None
) -> AsyncIterator[tuple[Session, Contract, Protocol]]:
    """The transaction of an edit that is about a protocol: with it as it is once its contract is locked. NotFound."""
    async with outside.database.snapshot(acting.person.scope) as session:
        seen = await session.by_id(Protocol, protocol_id)
    if seen is None:
        message = Sentence("There is no such protocol.", "Dieses Protokoll gibt es nicht.")
        raise NotFound(message, field=["protocol_id"])
    async with editing(outside, acting, seen.contract_id, None) as (session, contract):
        protocol = await session.by_id(Protocol, seen.id)
        if protocol is None:
            raise LookupError(f"protocol {seen.id}")
        yield session, contract, protocol


@asynccontextmanager
async def editing_document(
    outside: Outside, acting: Acting, document_id: UUID | None, *, field: str = "document_id"
) -> AsyncIterator[tuple[Session, Contract, Document]]:
    """The transaction of an edit that is about a document: with its contract locked. NotFound names the `field`."""
    async with outside.database.snapshot(acting.person.scope) as session:
        document = await session.by_id(Document, document_id)
    if document is None:
        raise NotFound(Sentence("There is no such document.", "Diesen Beleg gibt es nicht."), field=[field])
    async with editing(outside, acting, document.contract_id, None) as (session, contract):
        yield session, contract, document


async def preview(
    outside: Outside, acting: Acting, contract_id: UUID | None, look: Look, *, scope: Scope = SYSTEM
) -> Prospect:
    """What an edit of a visible contract would come to. NotFound. Nothing is written. `scope` is what the look may see:
    the same as the edit itself.
    """
    async with outside.database.snapshot(acting.person.scope) as session:
        seen = await contracts.get(session, contract_id, field=["contract_id"])
    async with outside.database.snapshot(scope) as session:
        contract = await contracts.get(session, seen.id)
        prospect = await look(session, contract, acting)
        return replace(prospect, problems=(*keeping.against_erased(contract), *prospect.problems))


async def finish(session: Session, contract: Contract, done: Done, acting: Acting) -> HistoryEntry:
    """Stores an edited contract with its entry in the history, which is returned, and tells the customer."""
    contract.version += 1
    await session.store(contract)
    entry = await history.record(session, contract, done.action, acting, before=done.before, after=done.after)
    if done.told:
        await mails.changed(session, contract, entry.id, done.told, done.issued, now=acting.now)
    return entry


def against_state(contract: Contract, possible: frozenset[ContractState]) -> list[DomainError]:
    """The InvalidTransition of an edit that a contract's state does not allow; nothing if it does."""
    return [] if contract.state in possible else [contracts.not_now(contract)]


def require_state(contract: Contract, *possible: ContractState) -> None:
    """InvalidTransition unless the contract is in one of these states."""
    if contract.state not in possible:
        raise contracts.not_now(contract)
