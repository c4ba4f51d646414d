"""An open item that the company gives up: a manager's decision, with a reason (domain 4.5 rule 9)."""

from __future__ import annotations

from uuid import UUID

from server.database import Session
from server.database.conflicts import tried_again
from server.errors import InvalidInput, NotFound, Sentence
from server.models import Contract, Document, OpenItem
from server.models.contract_parts import HistoryAction
from server.models.document import DocumentType
from server.services import validation
from server.services.acting import Acting
from server.services.billing import invoice
from server.services.changes import edit
from server.services.contract import history
from server.services.outside import Outside
from server.services.receivables import standing

_UNKNOWN = Sentence("There is no such open item.", "Diesen offenen Posten gibt es nicht.")
_NOTHING = Sentence(
    "Nothing that a customer or payer owes is open here any more.",
    "Hier ist nichts mehr offen, was ein Kunde oder Zahler schuldet.",
)

_OF_A_DAMAGE = Sentence(
    "This is open of a claim for a damage: `writeOffDamage` gives it up.",
    "Das ist von einer Schadenersatzforderung offen: `writeOffDamage` bucht es aus.",
)


@tried_again
async def write_off(outside: Outside, acting: Acting, item_id: UUID | None, reason: str) -> UUID:
    """Gives up what is open; returns the document's id. What was paid stays, and nothing moves.

    Raises NotFound; InvalidInput without a reason or where nothing is open; PAYMENT_UNRESOLVED while money moves.
    """
    acting = acting.because(validation.text(reason, ("reason",), longest=500, multiline=True))
    async with outside.database.snapshot(acting.person.scope) as session:
        seen = await session.by_id(OpenItem, item_id)
    if seen is None:
        raise NotFound(_UNKNOWN, field=["open_item_id"])
    async with edit.editing_document(outside, acting, seen.document_id) as (session, contract, document):
        await invoice.refuse_under_way(session, contract)
        item = await session.by_id(OpenItem, seen.id, lock=True)
        if item is None or item.open_cents <= 0:
            raise InvalidInput(_NOTHING, field=["open_item_id"])
        if document.type is DocumentType.DAMAGE_CLAIM:
            raise InvalidInput(_OF_A_DAMAGE, field=["open_item_id"])
        await give_up(session, contract, document, item, acting)
        return document.id


async def give_up(session: Session, contract: Contract, document: Document, item: OpenItem, acting: Acting) -> None:
    """Writes off what is open of an item of a locked contract, with the reason of `acting`."""
    given_up, item.written_off_cents, item.open_cents = item.open_cents, item.written_off_cents + item.open_cents, 0
    contract.version += 1
    await session.store(item, contract)
    await history.record(
        session, contract, HistoryAction.OPEN_ITEM_WRITTEN_OFF, acting, before=str(given_up), after=document.number
    )
    await standing.look(session, contract, document, item, acting)
