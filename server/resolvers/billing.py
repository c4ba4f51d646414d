"""Documents, open items, mails, settlement."""

from __future__ import annotations

from typing import Any

import strawberry
from sqlmodel import col, select

from server.errors import NotFound, VersionConflict
from server.models import Contract, Document
from server.schema.building import Info
from server.schema.contract import ContractResult
from server.schema.document import Document as DocumentType
from server.schema.document import DocumentConnection, DocumentFilter, OpenItemConnection
from server.schema.email import EmailConnection, EmailFilter, EmailResult
from server.schema.handover import SettlementPreviewInput
from server.schema.paging import page
from server.schema.payment import Settlement
from server.schema.root_fields import OFFICE, STAFF, mutation, query
from server.services.billing import collection, invoice, settlements
from server.services.billing.settlements import ReturnFacts
from server.services.contract import contracts
from server.services.fleet import stations
from server.services.lists import search
from server.services.lists.search import only
from server.services.mail import emails
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
    ) -> Any:
        """Issued documents, the newest first."""
        wanted = filter or DocumentFilter()
        listing = search.documents(
            station_id=only(wanted.station_id),
            types=wanted.types,
            start=wanted.issued.start if wanted.issued else None,
            end=wanted.issued.end if wanted.issued else None,
            contract_id=only(wanted.contract_id),
            search=wanted.search,
        )
        return await page(info, listing, first, after)

    @query(allow=OFFICE, graphql_type=DocumentType | None)
    async def document(self, info: Info, id: strawberry.ID | None = None, number: str | None = None) -> Any:  # noqa: A002
        """One document, by id or by number; null if there is no such document."""
        session = await info.context.session()
        if number is not None:
            return await session.first(select(Document).where(col(Document.number) == number.strip().upper()))
        return await session.by_id(Document, as_uuid(id))

    @query(allow=OFFICE, graphql_type=OpenItemConnection)
    async def open_items(
        self, info: Info, station_id: strawberry.ID | None = None, first: int = 50, after: str | None = None
    ) -> Any:
        """What customers still owe, the oldest debt first."""
        return await page(info, search.open_items(only(station_id)), first, after)

    @query(allow=OFFICE, graphql_type=EmailConnection)
    async def emails(
        self,
        info: Info,
        filter: EmailFilter | None = None,  # noqa: A002
        first: int = 50,
        after: str | None = None,
    ) -> Any:
        """Mails to customers, the newest first, with what became of them."""
        wanted = filter or EmailFilter()
        listing = search.emails(contract_id=only(wanted.contract_id), states=wanted.states, template=wanted.template)
        return await page(info, listing, first, after)

    @query(allow=STAFF, graphql_type=Settlement)
    async def settlement_preview(self, info: Info, contract_id: strawberry.ID, input: SettlementPreviewInput) -> Any:  # noqa: A002
        """What billing would do if the car came back like this."""
        session = await info.context.session()
        contract = await session.by_id(Contract, as_uuid(contract_id))
        if contract is None:
            raise NotFound("contract", field=["contractId"])
        back = as_uuid(input.return_station_id) if input.return_station_id else contract.return_station_id
        station = await stations.get(session, back, field=["input", "returnStationId"])
        condition = input.condition.report()
        facts = ReturnFacts(
            returned_at=input.returned_at,
            station=station,
            odometer_km=condition.odometer_km,
            fuel_eighths=condition.fuel_eighths,
            state_of_charge_percent=condition.state_of_charge_percent,
            cleanliness_inside=condition.cleanliness_inside,
            cleanliness_outside=condition.cleanliness_outside,
        )
        return await settlements.preview(session, contract, facts)


@strawberry.type
class BillingMutation:
    """Billing again, and mailing again."""

    @mutation(allow=OFFICE, graphql_type=ContractResult)
    async def settle_contract(self, info: Info, contract_id: strawberry.ID, version: int) -> Any:
        """Runs billing for a returned contract again, after what blocked it was cleared."""
        context = info.context
        wanted = as_uuid(contract_id)
        async with context.write() as session:
            contract = await contracts.lock(session, wanted, field=["contractId"])
            if contract.version != version:
                raise VersionConflict(contract.version)
            await invoice.release_block(session, contract, context.acting)
        await invoice.settle(context.outside, contract.id)
        await collection.collect(context.outside, contract.id)
        await context.start_anew()
        return await (await context.session()).by_id(Contract, wanted)

    @mutation(allow=OFFICE, graphql_type=EmailResult)
    async def resend_email(self, info: Info, email_id: strawberry.ID) -> Any:
        """Sends a mail again, as it was."""
        context = info.context
        async with context.write() as session:
            return await emails.resend(session, as_uuid(email_id), now=context.now)
