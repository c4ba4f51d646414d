"""What is owed after billing."""

from __future__ import annotations

from decimal import Decimal

import strawberry

from server.models import Contract, Document
from server.schema.booking import BookingMade
from server.schema.building import Info
from server.schema.results import BookVehicleResult, ContractResult, DocumentResult
from server.schema.root_fields import BOOKERS, MANAGERS, OFFICE, mutation
from server.services.changes import card
from server.services.claims import withdrawal
from server.services.payments.new_card import Page
from server.services.receivables import external, write_off
from server.services.receivables.external import ExternalPayment
from server.services.validation import as_uuid


@strawberry.type
class ReceivablesMutation:
    """Cards and deposits after booking, payments that no card made, documents and debts that are given up."""

    @mutation(allow=OFFICE, graphql_type=ContractResult)
    async def place_deposit(self, info: Info, contract_id: strawberry.ID, version: int) -> Contract:
        """Places a deposit that has failed or expired once more on the stored card, at once."""
        context = info.context
        done = await card.place_deposit(context.outside, context.acting, as_uuid(contract_id), version)
        return await context.read_anew(Contract, done)

    @mutation(allow=BOOKERS, graphql_type=BookVehicleResult)
    async def replace_card(
        self, info: Info, contract_id: strawberry.ID, version: int, success_url: str, failure_url: str
    ) -> BookingMade:
        """Opens a payment page for another card, good for half an hour: post `paymentForm` from the customer's browser.
        Once the card is entered, the deposit moves to it; where none is wanted, one euro is blocked and lifted at once.
        Until then the old card stays. Websites may do it for their own bookings.
        """
        context, page = info.context, Page(success_url, failure_url)
        done = await card.replace(context.outside, context.acting, as_uuid(contract_id), version, page)
        return BookingMade(await context.read_anew(Contract, done))

    @mutation(allow=OFFICE, graphql_type=DocumentResult)
    async def record_external_payment(
        self, info: Info, document_id: strawberry.ID, amount: Decimal, reference: str
    ) -> Document:
        """Enters what was paid for a document without a card: by bank transfer, or at the dealer's till (then
        `reference` names its receipt). A part is possible; a negative amount is a transfer back to the customer.

        The same amount with the same reference again changes nothing.
        """
        context, paid = info.context, ExternalPayment.of(amount, reference)
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
        """Takes an advance invoice, a final invoice or a claim for a damage back; answers with the cancellation
        invoice. What was paid for it goes back, and the customer gets a mail with it.

        A rental whose final invoice is gone is RETURNED again and waits: `settleContract` bills it anew. With the
        fee of a booking that was called off or missed, its advance is taken back, too. A damage whose claim is gone is
        DECIDED_CUSTOMER again: it can be claimed anew, or decided otherwise. Not while money is under way.
        """
        context = info.context
        done = await withdrawal.cancel_document(context.outside, context.acting, as_uuid(document_id), reason)
        return await context.read_anew(Document, done)
