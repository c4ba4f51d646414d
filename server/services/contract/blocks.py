"""What keeps a contract from being billed until a person has looked: set and cleared here and nowhere else."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import col, select

from server.database import Session
from server.errors import Sentence
from server.models import Contract, HistoryEntry, payment_reasons
from server.models.contract import ContractState
from server.models.contract_attention import BillingBlock
from server.models.contract_parts import HistoryAction
from server.services.acting import Acting
from server.services.contract import history
from server.services.contract.state_words import STATE_WORDS

_TEXTS = {
    BillingBlock.ODOMETER: Sentence(
        "The odometer is not plausible: {detail}", "Der Kilometerstand ist nicht plausibel: {detail}"
    ),
    BillingBlock.PROTOCOL_CONFLICT: Sentence(
        "A protocol does not fit the contract (its state on arrival: {detail}).",
        "Ein Protokoll passt nicht zum Vertrag (Stand beim Eintreffen: {detail}).",
    ),
    BillingBlock.DEVICE_CLOCK: Sentence(
        "The clock of the device that made a protocol seems to be wrong by {detail} hours: look at the times.",
        "Die Uhr des Geräts, das ein Protokoll gemacht hat, geht wohl um {detail} Stunden falsch: bitte Zeiten prüfen.",
    ),
    BillingBlock.LATE_HANDOVER: Sentence(
        "A protocol arrived late, and on time it would have been refused ({detail}): look at why.",
        "Ein Protokoll kam verspätet an und wäre rechtzeitig abgelehnt worden ({detail}): bitte prüfen, warum.",
    ),
    BillingBlock.VEHICLE_SIZE: Sentence(
        "The size of the tank or battery is missing: missing fuel or charge cannot be priced.",
        "Die Größe von Tank oder Batterie fehlt: fehlender Kraftstoff oder Strom lässt sich nicht berechnen.",
    ),
    BillingBlock.ADDRESS_MISSING: Sentence(
        "The customer's postal address is missing, which the invoice needs: enter it, then settle again.",
        "Die Anschrift des Kunden fehlt, ohne die es keine Rechnung gibt: bitte eintragen, dann noch einmal abrechnen.",
    ),
    BillingBlock.SELLER_CONTACT_MISSING: Sentence(
        "The XRechnung needs our phone number and e-mail address: enter them (company or station), settle again.",
        "Die XRechnung braucht unser Telefon und unsere E-Mail-Adresse: bitte eintragen (Firma oder Station), dann noch"
        " einmal abrechnen.",
    ),
    BillingBlock.REFUND_ABOVE_PAYMENT: Sentence(
        "The refund is larger than what was paid by card: transfer the rest and record it.",
        "Die Erstattung ist höher als das, was mit Karte bezahlt wurde: bitte den Rest überweisen und eintragen.",
    ),
    BillingBlock.REFUND_REFUSED: Sentence(
        "The refund was refused ({detail}): transfer it and record it.",
        "Die Erstattung wurde abgelehnt ({detail}): bitte überweisen und eintragen.",
    ),
    BillingBlock.DOCUMENT_CANCELLED: Sentence(
        "The final invoice {detail} was taken back: put right what was wrong, then settle to bill the rental anew.",
        "Die Schlussrechnung {detail} ist storniert: bitte berichtigen, was falsch war, dann neu abrechnen.",
    ),
    BillingBlock.ADVANCE_NOT_REFUNDED: Sentence(
        "The advance of a booking that did not come about could not be refunded: do it by hand.",
        "Die Anzahlung einer gescheiterten Buchung konnte nicht erstattet werden: bitte von Hand auszahlen.",
    ),
}


_FLAGGED = frozenset({BillingBlock.PROTOCOL_CONFLICT, BillingBlock.DEVICE_CLOCK, BillingBlock.LATE_HANDOVER})
"""A protocol is what has to be looked at: the contract carries the flag for it."""


async def block_billing(
    session: Session, contract: Contract, reason: BillingBlock, acting: Acting, *, detail: str | None = None
) -> None:
    """Stops the billing of a locked contract. The first reason is shown until it is cleared, then the next.

    `detail` is what the sentence about the reason names, without words of a language. The same again changes nothing.
    """
    shown = (contract.billing_block, contract.billing_block_detail)
    if shown == (reason, detail) or (reason, detail) in await _waiting(session, contract):
        return
    if contract.billing_block is None:
        contract.billing_block, contract.billing_block_detail = reason, detail
    contract.version += 1
    await session.store(contract)
    await history.record(session, contract, HistoryAction.BILLING_BLOCKED, acting.because(detail), after=reason.value)


async def clear(session: Session, contract: Contract, acting: Acting) -> BillingBlock | None:
    """A person has looked at the reason that is shown: takes it away and shows the next, if there is one; returns it.

    The flag of a protocol that does not fit goes with that reason, or where nothing but the flag was shown.
    """
    before, detail = contract.billing_block, contract.billing_block_detail
    released = acting.because(detail)
    value = before.value if before else None
    await history.record(session, contract, HistoryAction.BILLING_RELEASED, released, before=value)
    if before is None or before in _FLAGGED:
        contract.protocol_conflict = False
    contract.billing_block, contract.billing_block_detail = await _next(session, contract)
    contract.protocol_conflict = contract.protocol_conflict or contract.billing_block in _FLAGGED
    contract.version += 1
    await session.store(contract)
    return before


async def withdraw(session: Session, contract: Contract, reasons: Collection[BillingBlock], acting: Acting) -> None:
    """Takes waiting reasons away that have gone by themselves; nobody has said anything about them."""
    gone = [(reason, detail) for reason, detail in await _waiting(session, contract) if reason in reasons]
    for reason, detail in gone:
        what = HistoryAction.BILLING_WITHDRAWN
        await history.record(session, contract, what, acting.because(detail), before=reason.value)
    if gone:
        contract.billing_block, contract.billing_block_detail = await _next(session, contract)
        contract.version += 1
        await session.store(contract)


async def _next(session: Session, contract: Contract) -> tuple[BillingBlock | None, str | None]:
    waiting = await _waiting(session, contract)
    # A conflict of version 0.1 is a flag without an entry.
    flagged = BillingBlock.PROTOCOL_CONFLICT if contract.protocol_conflict else None
    return waiting[0] if waiting else (flagged, None)


async def _waiting(session: Session, contract: Contract) -> list[tuple[BillingBlock, str | None]]:
    """Every reason, with its detail, that nobody has cleared yet, the oldest first."""
    actions = (HistoryAction.BILLING_BLOCKED, HistoryAction.BILLING_RELEASED, HistoryAction.BILLING_WITHDRAWN)
    entries = await session.all(
        select(HistoryEntry)
        .where(col(HistoryEntry.contract_id) == contract.id, col(HistoryEntry.action).in_(actions))
        .order_by(col(HistoryEntry.id))
    )
    waiting: dict[tuple[str | None, str | None], None] = {}
    for entry in entries:
        if entry.action is HistoryAction.BILLING_BLOCKED:
            waiting[entry.after, entry.reason] = None
        else:
            waiting.pop((entry.before, entry.reason), None)
    return [(BillingBlock(reason), detail) for reason, detail in waiting if reason is not None]


def text(contract: Contract, language: str) -> str | None:
    """Why billing waits, for people ("de" or "en"); None when it does not."""
    if contract.billing_block is None:
        return None
    return _TEXTS[contract.billing_block].within(language).format(detail=_detail(contract, language))


def _detail(contract: Contract, language: str) -> str:
    detail = contract.billing_block_detail or "–"
    if contract.billing_block is BillingBlock.PROTOCOL_CONFLICT and detail in list(ContractState):
        return STATE_WORDS[ContractState(detail)].within(language)
    if contract.billing_block is BillingBlock.REFUND_REFUSED:
        words = payment_reasons.said(contract.billing_block_detail)
        return words.within(language).rstrip(".") if words else detail
    return detail
