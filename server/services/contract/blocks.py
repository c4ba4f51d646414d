"""What keeps a contract from being billed until a person has looked: set and cleared here and nowhere else."""

from __future__ import annotations

from server.database import Session
from server.models import Contract
from server.models.contract import BillingBlock
from server.models.contract_parts import HistoryAction
from server.services.acting import Acting
from server.services.contract import history

_TEXTS = {
    "en": {
        BillingBlock.ODOMETER: "The odometer is not plausible: {detail}",
        BillingBlock.PROTOCOL_CONFLICT: "A protocol does not fit the contract, which was {detail} when it arrived.",
        BillingBlock.VEHICLE_SIZE: "The size of the tank or battery is missing: what is missing has no price.",
        BillingBlock.REFUND_ABOVE_PAYMENT: "The refund is larger than what was paid by card: pay it by hand.",
        BillingBlock.REFUND_REFUSED: "The refund was refused ({detail}): pay it by hand.",
        BillingBlock.ADVANCE_NOT_REFUNDED: (
            "The advance of a booking that did not come about could not be refunded: do it by hand."
        ),
    },
    "de": {
        BillingBlock.ODOMETER: "Der Kilometerstand ist nicht plausibel: {detail}",
        BillingBlock.PROTOCOL_CONFLICT: "Ein Protokoll passt nicht zum Vertrag: bei seinem Eintreffen war er {detail}.",
        BillingBlock.VEHICLE_SIZE: "Größe von Tank oder Batterie des Fahrzeugs fehlt: Fehlendes hat keinen Preis.",
        BillingBlock.REFUND_ABOVE_PAYMENT: (
            "Die Erstattung ist höher als das, was mit Karte bezahlt wurde: bitte von Hand auszahlen."
        ),
        BillingBlock.REFUND_REFUSED: "Die Erstattung wurde abgelehnt ({detail}): bitte von Hand auszahlen.",
        BillingBlock.ADVANCE_NOT_REFUNDED: (
            "Die Anzahlung einer gescheiterten Buchung konnte nicht erstattet werden: bitte von Hand auszahlen."
        ),
    },
}


async def block_billing(
    session: Session, contract: Contract, reason: BillingBlock, acting: Acting, *, detail: str | None = None
) -> None:
    """Stops the billing of a locked contract. The first reason stands until it is cleared; each is in the history.

    `detail` is what the sentence about the reason names, without words of a language. The same again changes nothing.
    """
    if (contract.billing_block, contract.billing_block_detail) == (reason, detail):
        return
    if contract.billing_block is None:
        contract.billing_block, contract.billing_block_detail = reason, detail
    contract.version += 1
    await session.store(contract)
    await history.record(session, contract, HistoryAction.BILLING_BLOCKED, acting.because(detail), after=reason.value)


async def clear(session: Session, contract: Contract, acting: Acting) -> BillingBlock | None:
    """A person has looked: takes the block away, and the flag of a protocol that does not fit; returns what it was."""
    before = contract.billing_block
    contract.billing_block = contract.billing_block_detail = None
    contract.protocol_conflict = False
    contract.version += 1
    await session.store(contract)
    await history.record(
        session, contract, HistoryAction.BILLING_RELEASED, acting, before=before.value if before else None
    )
    return before


def text(contract: Contract, language: str) -> str | None:
    """Why billing waits, for people ("de" or "en"); None when it does not."""
    if contract.billing_block is None:
        return None
    return _TEXTS[language][contract.billing_block].format(detail=contract.billing_block_detail or "–")
