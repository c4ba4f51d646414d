"""A damage that somebody deals with: found as its caller sees it, then locked together with its contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.errors import InvalidTransition, NotFound, Path, ProblemCode, Refused, Sentence, VersionConflict
from server.models import Contract, Damage, OpenItem
from server.models.damage import FOLLOWS, DamageLiability
from server.services.acting import Acting
from server.services.claims.wording import why_not
from server.services.contract import contracts, keeping
from server.services.outside import Outside

_NOT_THERE = Sentence("There is no such damage.", "Diesen Schaden gibt es nicht.")
_UNDER_WAY = Sentence(
    "How the claim is paid is not known yet. Please try again in a minute.",
    "Wie die Forderung bezahlt wird, ist noch nicht bekannt. Bitte in einer Minute noch einmal versuchen.",
)


@dataclass(frozen=True)
class Case:
    """A locked damage with its locked contract; None: nobody is suspected."""

    damage: Damage
    contract: Contract | None

    @property
    def of(self) -> Contract:
        """The contract, where a step is only possible with one. LookupError if there is none."""
        if self.contract is None:
            raise LookupError(f"damage {self.damage.id} has no contract")
        return self.contract

    @property
    def allowed(self) -> Sequence[DamageLiability]:
        """What may follow. From a claim that stands only `cancelDocument` leads back, with its document and money; who
        is erased cannot be asked to pay.
        """
        follows = FOLLOWS[self.damage.liability] if self.contract is not None else ()
        asks_nobody = self.damage.claim_document_id is not None or self.is_erased
        return [one for one in follows if not (asks_nobody and one is DamageLiability.DECIDED_CUSTOMER)]

    @property
    def is_erased(self) -> bool:
        """Whether there is nobody any more who could be told anything."""
        return self.contract is not None and keeping.is_erased(self.contract)

    def require(self, wanted: DamageLiability) -> None:
        """InvalidTransition unless `wanted` may follow; names where the damage stands, and what is allowed."""
        if wanted not in self.allowed:
            message = why_not(self.damage.liability, self.allowed)
            raise InvalidTransition(message, state=self.damage.liability, allowed=self.allowed)


async def seen_by(outside: Outside, acting: Acting, damage_id: UUID | None, *, with_contract: bool = True) -> Damage:
    """A damage that the caller sees, `with_contract` together with its contract: who has only got the car does not
    decide about another station's customer. NotFound.
    """
    async with outside.database.snapshot(acting.person.scope) as session:
        damage = await session.by_id(Damage, damage_id)
        of = damage.contract_id if damage else None
        if damage is None or (with_contract and of is not None and await session.by_id(Contract, of) is None):
            raise NotFound(_NOT_THERE, field=["damage_id"])
    return damage


@asynccontextmanager
async def handling(
    outside: Outside,
    acting: Acting,
    damage_id: UUID | None,
    version: int,
    *,
    with_contract: bool = True,
    asks_customer: bool = True,
) -> AsyncIterator[tuple[Session, Case]]:
    """The transaction of a step, with the damage as the caller has read it. NotFound, VersionConflict; NOT_ALLOWED for
    one that `asks_customer` to pay, when their data are erased.
    """
    seen = await seen_by(outside, acting, damage_id, with_contract=with_contract)
    async with outside.database.transaction(SYSTEM) as session:
        # The contract first, as everywhere: whoever waits for the damage already has it.
        contract = await contracts.lock(session, seen.contract_id) if seen.contract_id else None
        if contract is not None and asks_customer:
            keeping.require_person(contract, field=["damage_id"])
        damage = await session.by_id(Damage, seen.id, lock=True)
        if damage is None:
            raise LookupError(f"damage {seen.id}")
        if damage.version != version:
            raise VersionConflict(damage.version)
        yield session, Case(damage, contract)


async def enter(session: Session, damage: Damage, liability: DamageLiability) -> None:
    """Stores a locked damage in another state."""
    damage.liability = liability
    damage.version += 1
    await session.store(damage)


async def open_item(session: Session, damage: Damage, *, field: Path = ("damage_id",)) -> OpenItem | None:
    """What is open of the claim for a damage, locked. PAYMENT_UNRESOLVED, naming the `field`, while its money is under
    way.
    """
    statement = select(OpenItem).where(col(OpenItem.document_id) == damage.claim_document_id).with_for_update()
    item = await session.first(statement)
    if item is None and damage.liability is DamageLiability.CLAIMED:
        raise Refused(ProblemCode.PAYMENT_UNRESOLVED, _UNDER_WAY, field=field)
    return item
