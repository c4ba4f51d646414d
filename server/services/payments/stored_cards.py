"""The card that a booking names by its token. Whoever pays with a card has agreed to it, for this rental."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from server.database import Session
from server.errors import InvalidInput, Sentence
from server.models import Contract, StoredCard
from server.services import validation

FIELD = ("input", "payment", "card_token")


def not_usable() -> InvalidInput:
    """The gateway knows no such card, or it is somebody else's: both are told alike."""
    message = Sentence(
        "No card of this customer is stored under this token: use another token, or the payment page.",
        "Unter diesem Token ist keine Karte dieses Kunden hinterlegt: bitte ein anderes oder die Zahlungsseite nehmen.",
    )
    return InvalidInput(message, field=FIELD)


async def keep(session: Session, contract: Contract, token: str | None, *, now: datetime) -> None:
    """Stores the card that a booking brought. InvalidInput if it came from another customer's payment page. Needs the
    system's scope: that page may have been opened at any station.
    """
    card = validation.token(token, FIELD)
    if await _is_anothers(session, card, contract.customer_id):
        raise not_usable()
    await session.store(StoredCard(contract_id=contract.id, station_id=contract.station_id, token=card, consent_at=now))


async def _is_anothers(session: Session, card: str, customer_id: UUID) -> bool:
    # Names that we give are in small letters; a gateway may take capitals for the same.
    found = await session.value(
        "select 1 from hosted_payment h join contract c on c.id = h.contract_id"
        " where h.token = :token and c.customer_id <> :customer limit 1",
        {"token": card.lower(), "customer": customer_id},
    )
    return found is not None
