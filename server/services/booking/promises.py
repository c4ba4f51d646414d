"""What a quote promises, sealed into its id: asking for a price stores nothing, and booking with the id keeps it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson

from server.database import Session
from server.errors import InvalidInput, Path, Sentence
from server.models import Tariff
from server.models.contract import ContractKind
from server.security import Sealer
from server.services.booking.slot import Slot
from server.services.pricing import tariffs
from server.services.pricing.tariffs import FrozenTerms

VALID_FOR = timedelta(hours=24)
PURPOSE = "quote"
_LONGEST = 400
_NOT_OURS = Sentence("This is not the id of a quote.", "Das ist nicht die id eines Angebots.")
_OVER = Sentence(
    "This quote is no longer valid; ask for a new one.", "Dieses Angebot gilt nicht mehr; bitte ein neues einholen."
)
_OF_ANOTHER = Sentence(
    "This quote was made for another station, group, period or kind of rental.",
    "Dieses Angebot galt einer anderen Station, Gruppe, einem anderen Zeitraum oder einer anderen Art von Miete.",
)


@dataclass(frozen=True)
class Promise:
    """The terms of a tariff for one rental, until an instant (UTC)."""

    tariff_id: UUID
    terms: str
    rental: str
    valid_until: datetime


def promised(tariff: Tariff, slot: Slot, group_id: UUID, kind: ContractKind, now: datetime) -> Promise:
    """What a quote that is made now promises."""
    return Promise(tariff.id, tariffs.freeze(tariff).sha256, _rental(slot, group_id, kind), now + VALID_FOR)


def sealed(promise: Promise, seal: Sealer) -> str:
    """The id of a quote."""
    until = int(promise.valid_until.timestamp())
    content = orjson.dumps([promise.tariff_id.hex, promise.terms[:16], promise.rental, until])
    text = base64.urlsafe_b64encode(content).decode().rstrip("=")
    return f"{text}.{seal.of(PURPOSE, text)}"


async def terms_of(
    session: Session, quote_id: str, slot: Slot, group_id: UUID, kind: ContractKind, *, seal: Sealer, now: datetime
) -> FrozenTerms:
    """The terms that a quote promised for this rental, also if the tariff was replaced or ended since. InvalidInput if
    it is not ours, over, or of another rental.
    """
    promise, field = _opened(quote_id, seal, ("input", "quote_id")), ["input", "quote_id"]
    if now > promise.valid_until:
        raise InvalidInput(_OVER, field=field)
    if promise.rental != _rental(slot, group_id, kind):
        raise InvalidInput(_OF_ANOTHER, field=field)
    terms = await tariffs.promised(session, promise.tariff_id, promise.terms)
    if terms is None:
        raise InvalidInput(_OVER, field=field)
    return terms


def _opened(quote_id: str, seal: Sealer, field: Path) -> Promise:
    text, _, its_seal = quote_id.strip().partition(".")
    if len(quote_id) > _LONGEST or not seal.is_on(PURPOSE, text, its_seal):
        raise InvalidInput(_NOT_OURS, field=field)
    try:
        tariff, terms, rental, until = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return Promise(UUID(tariff), terms, rental, datetime.fromtimestamp(until, UTC))
    except (binascii.Error, ValueError) as error:  # sealed by a version that wrote something else
        raise InvalidInput(_OVER, field=field) from error


def _rental(slot: Slot, group_id: UUID, kind: ContractKind) -> str:
    facts = [slot.station.id.hex, slot.back_at.id.hex, group_id.hex, slot.start.isoformat(), slot.end.isoformat(), kind]
    return hashlib.sha256(orjson.dumps(facts)).hexdigest()[:16]
