"""A car that was kept for a booking comes free again: the card was refused, or the time is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.errors import DomainError, PaymentDeclined, Sentence
from server.models import Contract, Payment, payment_reasons
from server.models.contract import ContractState
from server.models.payment import PaymentMethod, PaymentState, Purpose
from server.services.acting import Acting
from server.services.booking import idempotency
from server.services.contract import contracts
from server.services.fleet import occupancies
from server.services.payments import attempts, stored_cards

DECLINED = Sentence(
    "The card was declined. Nothing is charged; please try another card.",
    "Die Karte wurde abgelehnt. Es wird nichts abgebucht; bitte eine andere Karte versuchen.",
)
DEPOSIT_DECLINED = Sentence(
    "The deposit could not be placed on the card. Nothing is charged; please try another card.",
    "Die Kaution ließ sich auf der Karte nicht blockieren. Es wird nichts abgebucht; bitte eine andere nehmen.",
)
DEPOSIT_DECLINED_AFTER_SALE = Sentence(
    "The deposit could not be placed on the card. What was taken for the rental goes back; please try another card.",
    "Die Kaution ließ sich auf der Karte nicht blockieren. Was für die Miete abgebucht wurde, geht zurück; bitte eine"
    " andere nehmen.",
)
_NO_REFUSAL = frozenset({payment_reasons.NOT_COMPLETED, payment_reasons.NOT_WANTED, payment_reasons.NEVER_HEARD_OF})
"""Reasons of attempts that no bank has seen."""
_TOO_LATE = Sentence(
    "The payment was not made in time; the car is no longer kept.",
    "Die Zahlung ist nicht rechtzeitig eingegangen; das Fahrzeug ist nicht mehr vorgemerkt.",
)
_REFUSED = frozenset({PaymentState.DECLINED, PaymentState.FAILED})


async def expire_due(session: Session, station_id: UUID, now: datetime) -> None:
    """Frees cars whose time has run out, for a booking that comes before the expiry job."""
    statement = select(Contract).where(
        col(Contract.station_id) == station_id,
        col(Contract.state) == ContractState.HELD,
        col(Contract.held_until) <= now,
    )
    for contract in await session.all(statement.with_for_update(skip_locked=True, key_share=True)):
        await expire(session, contract, now)


async def expire(session: Session, contract: Contract, now: datetime) -> None:
    """The fifteen minutes are over: the car is free, and the booking's answer is a refusal from now on."""
    await cancel(session, contract, now=now, reason="not paid within fifteen minutes")
    refusal = refusal_of(contract, await attempts.of_contract(session, contract.id))
    await idempotency.finish(session, contract.id, refusal=refusal)


def last_refused(made: Sequence[Payment]) -> Payment | None:
    """The attempt at a card that was refused last; None if nothing was but too late, or not tried at all."""
    refused = [payment for payment in made if payment.state in _REFUSED and payment.reason not in _NO_REFUSAL]
    return refused[-1] if refused else None


def refusal_of(contract: Contract, made: Sequence[Payment]) -> DomainError:
    """What a booking answers that did not come about: a card was refused, or the payment never came. A token that leads
    to no card is a wrong input, no decline.
    """
    refused = last_refused(made)
    if refused is None:
        return PaymentDeclined(_TOO_LATE, reason=None)
    if refused.reason == payment_reasons.CARD_UNKNOWN and contract.payment_method == PaymentMethod.STORED_CARD:
        return stored_cards.not_usable()
    message = DECLINED
    if refused.purpose is Purpose.DEPOSIT:
        message = DEPOSIT_DECLINED_AFTER_SALE if contract.prepay_cents > 0 else DEPOSIT_DECLINED
    return PaymentDeclined(message, reason=refused.reason)


async def cancel(session: Session, contract: Contract, *, now: datetime, reason: str) -> None:
    """Ends a booking that did not come about; the car is free at once."""
    await occupancies.free_contract(session, contract.id)
    contract.held_until = None
    await contracts.move(session, contract, ContractState.CANCELLED, Acting(now, why=reason))
