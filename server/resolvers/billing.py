"""Documents, open items, mails, settlement."""

from __future__ import annotations

import strawberry

from server.models import Contract, Document, Email, OpenItem
from server.schema.building import Info
from server.schema.document import Document as DocumentType
from server.schema.document import DocumentConnection, DocumentFilter, OpenItemConnection
from server.schema.document_audit import DocumentAudit
from server.schema.email import EmailConnection, EmailFilter
from server.schema.handover import SettlementPreviewInput
from server.schema.paging import Page, page
from server.schema.payment import Settlement
from server.schema.results import ContractResult, EmailResult
from server.schema.root_fields import MANAGERS, OFFICE, STAFF, mutation, query
from server.services.billing import audit, documents, invoice, settlements
from server.services.billing.audit import DocumentAudit as AuditFound
from server.services.billing.settlements import Settlement as SettlementFound
from server.services.contract import effects
from server.services.lists import search
from server.services.lists.search import only
from server.services.mail import resending
from server.services.validation import as_uuid


@strawberry.type
class BillingQuery:
    """What was billed, and what would be."""

    @query(allow=OFFICE, graphql_type=DocumentConnection)
    async def documents(
        self,
        info: Info,
        filter: DocumentFilter | None = None,  # noqa: A002
        first: int = 50,
        after: str | None = None,
    ) -> Page[Document]:
        """Issued documents, the newest first."""
        return await page(info, (filter or DocumentFilter()).listing(), first, after)

    @query(allow=OFFICE, graphql_type=DocumentType | None)
    async def document(self, info: Info, id: strawberry.ID | None = None, number: str | None = None) -> Document | None:  # noqa: A002
        """One document, by id or by number; null if there is no such document."""
        return await documents.find(await info.context.session(), as_uuid(id), number)

    @query(allow=MANAGERS, graphql_type=DocumentAudit)
    async def document_audit(self, info: Info, station_id: strawberry.ID, year: int) -> AuditFound:
        """Whether all documents that a station has issued in a year are there and unchanged: numbers without gaps, and
        a chain in which the seal of each document, computed anew from its content, is the one that it has and that the
        next one names. It reads them all: a year of many thousands takes seconds.
        """
        context = info.context
        return await audit.of_series(context.outside, context.principal.scope, as_uuid(station_id), year)

    @query(allow=OFFICE, graphql_type=OpenItemConnection)
    async def open_items(
        self, info: Info, station_id: strawberry.ID | None = None, first: int = 50, after: str | None = None
    ) -> Page[OpenItem]:
        """What customers still owe, the oldest debt first."""
        return await page(info, search.open_items(only(station_id)), first, after)

    @query(allow=OFFICE, graphql_type=EmailConnection)
    async def emails(
        self,
        info: Info,
        filter: EmailFilter | None = None,  # noqa: A002
        first: int = 50,
        after: str | None = None,
    ) -> Page[Email]:
        """Mails to customers, the newest first, with what became of them."""
        return await page(info, (filter or EmailFilter()).listing(), first, after)

    @query(allow=STAFF, graphql_type=Settlement)
    async def settlement_preview(
        self,
        info: Info,
        contract_id: strawberry.ID,
        input: SettlementPreviewInput,  # noqa: A002
    ) -> SettlementFound:
        """What billing would do if the car came back like this. For contracts that are CHECKED_OUT or RETURNED."""
        return await settlements.preview(await info.context.session(), as_uuid(contract_id), input.given())


@strawberry.type
class BillingMutation:
    """Billing again, and mailing again."""

    @mutation(allow=OFFICE, graphql_type=ContractResult)
    async def settle_contract(self, info: Info, contract_id: strawberry.ID, version: int) -> Contract:
        """Says that you have looked at the reason in `billingBlock`: it is cleared, and whatever waited goes on.

        If there is another reason, it is shown then, and is cleared by settling again.

        A refund that you had to pay by hand counts as paid. Several are entered one by one with
        `recordExternalPayment`, which clears their block with the last of them: NOT_ALLOWED as long as more than one is
        owed. Without a block, billing of a returned contract is tried again.
        """
        context = info.context
        settled = await invoice.settle_by_hand(context.outside, context.principal, as_uuid(contract_id), version)
        return await context.read_anew(Contract, settled)

    @mutation(allow=MANAGERS, graphql_type=ContractResult)
    async def retry_effects(self, info: Info, contract_id: strawberry.ID) -> Contract:
        """Sets going again what was given up of a contract, within the minute: paper, mail, money. The flag
        EFFECTS_FAILED goes, and comes back if it fails once more. Nothing is done twice, and where nothing was given up
        nothing changes. What merely waits for a server that is away needs none of this.
        """
        context = info.context
        done = await effects.retry(context.outside, context.acting, as_uuid(contract_id))
        return await context.read_anew(Contract, done)

    @mutation(allow=OFFICE, graphql_type=EmailResult)
    async def resend_email(self, info: Info, email_id: strawberry.ID, to: str | None = None) -> Email:
        """Sends a mail once more as it was: a mail of its own, with an entry in the history. One that still waits for
        the same address is left waiting.
        """
        context = info.context
        done = await resending.resend(context.outside, context.acting, as_uuid(email_id), to)
        return await context.read_anew(Email, done)
