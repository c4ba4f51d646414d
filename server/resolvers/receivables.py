"""What is owed after billing."""

from __future__ import annotations

from decimal import Decimal

import strawberry

from server.models import Document
from server.schema.building import Info
from server.schema.results import DocumentResult
from server.schema.root_fields import MANAGERS, OFFICE, mutation
from server.services.receivables import external, taking_back, write_off
from server.services.receivables.external import ExternalPayment
from server.services.validation import HIGHEST_CENTS, as_uuid, cents


@strawberry.type
class ReceivablesMutation:
    """Payments that no card made, and documents or debts that are given up."""

    @mutation(allow=OFFICE, graphql_type=DocumentResult)
    async def record_external_payment(
        self, info: Info, document_id: strawberry.ID, amount: Decimal, reference: str
    ) -> Document:
        """Enters what was paid for a document without a card: by bank transfer, or at the dealer's till (then
        `reference` names its receipt). A part is possible; a negative amount is a transfer back to the customer.

        The same amount with the same reference again changes nothing.
        """
        context, paid = info.context, ExternalPayment(cents(amount, ("amount",), lowest=-HIGHEST_CENTS), reference)
        done = await external.record(context.outside, context.acting, as_uuid(document_id), paid)
        return await context.read_anew(Document, done)

    @mutation(allow=MANAGERS, graphql_type=DocumentResult)
    async def write_off_open_item(self, info: Info, open_item_id: strawberry.ID, reason: str) -> Document:
        """Gives up what is still open of a document. What was paid stays; reminders end."""
        context = info.context
        done = await write_off.write_off(context.outside, context.acting, as_uuid(open_item_id), reason)
        return await context.read_anew(Document, done)

    @mutation(allow=MANAGERS, graphql_type=DocumentResult)
    async def cancel_document(self, info: Info, document_id: strawberry.ID, reason: str) -> Document:
        """Takes an advance invoice or a final invoice back; answers with the cancellation invoice. What was paid for it
        goes back, and the customer gets a mail with it.

        A rental whose final invoice is gone is RETURNED again and waits: `settleContract` bills it anew.
        """
        context = info.context
        done = await taking_back.cancel(context.outside, context.acting, as_uuid(document_id), reason)
        return await context.read_anew(Document, done)
