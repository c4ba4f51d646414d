"""What all steps of a contract share: finding it, locking it, moving its state, pricing it anew."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from server.database import Session
from server.errors import InvalidTransition, NotFound, Path, Sentence
from server.models import Contract
from server.models.contract import ALLOWED, BACK, ContractState
from server.models.contract_parts import HistoryAction
from server.models.price import PriceBreakdown
from server.models.tariff import TariffTerms
from server.services.acting import Acting
from server.services.contract import history
from server.services.contract.state_words import why_not
from server.services.pricing.price import Facts, breakdown

_ENTERED = {
    ContractState.RESERVED: HistoryAction.STATE_RESERVED,
    ContractState.CHECKED_OUT: HistoryAction.STATE_CHECKED_OUT,
    ContractState.RETURNED: HistoryAction.STATE_RETURNED,
    ContractState.BILLED: HistoryAction.STATE_BILLED,
    ContractState.CANCELLED: HistoryAction.STATE_CANCELLED,
    ContractState.NO_SHOW: HistoryAction.STATE_NO_SHOW,
}
# Without letters and digits that people mix up on the phone.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_number(station_code: str) -> str:
    """A contract number: the station's code and six random characters, which tell nobody how many contracts exist."""
    return f"{station_code}-{''.join(secrets.choice(_ALPHABET) for _ in range(6))}"


async def get(session: Session, contract_id: UUID | None, *, field: Path | None = None) -> Contract:
    """A visible contract; NotFound otherwise."""
    contract = await session.by_id(Contract, contract_id)
    if contract is None:
        raise NotFound(Sentence("There is no such contract.", "Diesen Vertrag gibt es nicht."), field=field)
    return contract


async def find(session: Session, contract_id: UUID | None, number: str | None) -> Contract | None:
    """A visible contract by its number or, without one, by its id."""
    if number is None:
        return await session.by_id(Contract, contract_id)
    return await session.first(select(Contract).where(col(Contract.number) == number.strip().upper()))


async def lock(session: Session, contract_id: UUID | None, *, field: Path | None = None) -> Contract:
    """A visible contract, locked until the end of the transaction; NotFound otherwise."""
    contract = await session.by_id(Contract, contract_id, lock=True)
    if contract is None:
        raise NotFound(Sentence("There is no such contract.", "Diesen Vertrag gibt es nicht."), field=field)
    return contract


def require_state(contract: Contract, wanted: ContractState) -> None:
    """InvalidTransition unless `wanted` may follow the contract's state, forwards."""
    if wanted not in ALLOWED[contract.state] or (contract.state, wanted) in BACK:
        raise not_now(contract)


def not_now(contract: Contract) -> InvalidTransition:
    """The refusal of a step that a contract's state does not allow: where it stands, and what could follow."""
    allowed = ALLOWED[contract.state]
    return InvalidTransition(why_not(contract.state, allowed), state=contract.state, allowed=allowed)


async def move(session: Session, contract: Contract, state: ContractState, acting: Acting) -> None:
    """Moves a locked contract on, with its entry in the history."""
    require_state(contract, state)
    await _enter(session, contract, state, acting)


async def move_back(session: Session, contract: Contract, state: ContractState, acting: Acting) -> None:
    """Moves a locked contract back, because what moved it on was taken back; a billed one, too, with its invoice."""
    await _enter(session, contract, state, acting)


async def _enter(session: Session, contract: Contract, state: ContractState, acting: Acting) -> None:
    before, contract.state = contract.state, state
    contract.state_since = acting.now
    contract.version += 1
    await session.store(contract)
    words = {"before": before.value, "after": state.value, "approved_by": acting.approved_by}
    await history.record(session, contract, _ENTERED[state], acting, **words)


def price_of(
    contract: Contract,
    *,
    drivers: int,
    zone: ZoneInfo,
    period: tuple[datetime, datetime] | None = None,
    after_hours: bool | None = None,
    terms: TariffTerms | None = None,
) -> PriceBreakdown:
    """What is agreed, priced anew from the contract's own copy of its tariff: for `drivers` people, and for another
    `period` if one is given, which is or is not `after_hours`. With `terms` as if those were the copy.
    """
    starts_at, ends_at = period or (contract.starts_at, contract.ends_at)
    facts = Facts(
        contract.kind,
        starts_at,
        ends_at,
        zone,
        extras=contract.extras,
        drivers=drivers,
        one_way=contract.return_station_id != contract.station_id,
        after_hours=contract.agreed_after_hours if after_hours is None else after_hours,
        language=contract.language.value.lower(),
    )
    return breakdown(contract.terms if terms is None else terms, facts)
