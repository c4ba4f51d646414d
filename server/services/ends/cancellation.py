"""Calling a booking off before its car goes out: by the office at any time, by a website before the start."""

from __future__ import annotations

from uuid import UUID

from server.database import Session
from server.database.conflicts import tried_again
from server.errors import DomainError, ProblemCode, Refused, Sentence
from server.models import Contract
from server.models.contract import ContractState
from server.models.staff import Role
from server.services import validation
from server.services.acting import Acting
from server.services.billing import documents
from server.services.changes import edit
from server.services.changes.edit import Prospect
from server.services.ends import closing
from server.services.ends.closing import End
from server.services.fleet import stations
from server.services.outside import Outside
from server.services.pricing import fees

LONGEST_REASON = 500
_HAS_BEGUN = Sentence(
    "The rental has begun: please call the station.",
    "Die Miete hat schon begonnen: bitte die Station anrufen.",
)


async def look(session: Session, contract: Contract, acting: Acting) -> Prospect:
    """What calling it off costs now, and what would move at once."""
    end = _end(contract, acting)
    station = await stations.get(session, contract.station_id)
    return Prospect(
        before=contract.price,
        after=end.price(contract, station),
        moved_cents=await closing.moved_by(session, contract, end),
        fee_cents=end.fee_cents,
        problems=[*edit.against_state(contract, frozenset({ContractState.RESERVED})), *_against(contract, acting)],
    )


@tried_again
async def cancel(outside: Outside, acting: Acting, contract_id: UUID | None, version: int, reason: str | None) -> UUID:
    """Calls a booking off. Free until the terms' deadline, then it costs their fee; what was paid too much goes back,
    and the deposit is lifted. NotFound, VersionConflict, InvalidTransition, NOT_ALLOWED.
    """
    acting = acting.because(validation.optional_text(reason, ("reason",), longest=LONGEST_REASON, multiline=True))
    async with edit.editing(outside, acting, contract_id, version) as (session, contract):
        (await look(session, contract, acting)).refuse()
        await closing.close(session, contract, _end(contract, acting), acting)
        done = contract.id
    await documents.print_unprinted(outside, done)
    return done


def _end(contract: Contract, acting: Acting) -> End:
    total = fees.basis(contract.kind, contract.total_cents)
    fee = fees.cancellation_fee(contract.terms, total, contract.starts_at, acting.now)
    return End(ContractState.CANCELLED, fee)


def _against(contract: Contract, acting: Acting) -> list[DomainError]:
    if acting.person.role is not Role.WEB or acting.now < contract.starts_at:
        return []
    return [Refused(ProblemCode.NOT_ALLOWED, _HAS_BEGUN)]
