"""Issued documents and what is still owed for them."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from server import batches
from server.models import Document as DocumentRow
from server.models import OpenItem as OpenItemRow
from server.models.document import DocumentType
from server.models.tariff import PriceLineKind
from server.schema.building import Info, api_enum, api_input, api_type, row_type, shown_as
from server.schema.paging import connection_type
from server.schema.payer import Payer, payer_of
from server.schema.related import later, related
from server.schema.shared import Money, Period, PeriodInput, money, period, row_of
from server.services.lists import search
from server.services.lists.listing import Listing
from server.services.lists.search import distinct, only

api_enum(DocumentType)


@api_type
class DocumentLine:
    """One line of a document."""

    kind: PriceLineKind
    """What is charged for, as an enum for programs."""
    text: str
    """What is charged for, in the document's language."""
    quantity: Decimal
    """How much of it: packages or days, kilometres, litres, kilowatt-hours or pieces; negative where money is taken
    off or goes back.
    """
    unit_price: Money
    """Gross price of one: `quantity` times it, rounded half up to a cent, is `total`. In documents that version 0.1 has
    issued, `total` of a FUEL or ENERGY line has the service fee in it, too.
    """
    total: Money
    """Gross amount of the line; negative where money is taken off."""
    taxable: bool
    """Whether VAT is in the amount; a damage bears none."""
    explanation: str
    """How the amount came about, in the document's language, as it is printed."""


@dataclass(frozen=True)
class DeductedAdvance:
    """An advance as a document stores it."""

    document_id: UUID
    total_cents: int
    net_cents: int
    vat_cents: int


@row_type(DeductedAdvance)
class AdvanceDeduction:
    """An advance that a final invoice deducts, with the VAT on it."""

    document = related(later("document.Document"), batches.document, by="document_id")
    """The advance invoice that is deducted."""

    @strawberry.field
    def total(self) -> Money:
        """Gross amount of the advance invoice."""
        return money(row_of(self).total_cents)

    @strawberry.field
    def net(self) -> Money:
        """Net amount of the advance invoice."""
        return money(row_of(self).net_cents)

    @strawberry.field
    def vat(self) -> Money:
        """VAT of the advance invoice, which is not asked for again."""
        return money(row_of(self).vat_cents)


@row_type(OpenItemRow)
class OpenItem:
    """What is still owed for a document: by whom it is made out to, or to the customer where no card takes it back."""

    id: strawberry.ID
    """Id of the open item."""
    due_on: date
    """Last day to pay it: fourteen days after billing, by the station's calendar."""
    reminders: int
    """How many payment reminders were sent."""

    document = related(later("document.Document"), batches.document, by="document_id")
    """The document that is not fully paid."""

    @strawberry.field
    def open(self) -> Money:
        """What is still to be paid of the document; negative: what the customer still gets back by transfer."""
        return money(row_of(self).open_cents)

    @strawberry.field
    def written_off(self) -> Money:
        """What the company has given up of it; zero if nothing."""
        return money(row_of(self).written_off_cents)


@row_type(DocumentRow)
class Document:
    """An issued document. It is never changed: a correction is a new one that refers to it."""

    id: strawberry.ID
    """The document's id, which other operations take; people use `number`."""
    number: str
    """Its number, without gaps per station and year: BER-2026-000123."""
    type: DocumentType
    """What kind of document it is."""
    issued_at: datetime
    """When it was issued; the year in `number` is that of this instant at the station."""
    erased_at: datetime | None
    """Since when its content is erased, eight years after the end of its year: recipient, lines and files are gone,
    number, sums and seal stay. Null before.
    """

    @strawberry.field
    def sha256(self) -> str:
        """Hash of the PDF; in the moment before it is made, of the document's content."""
        row: DocumentRow = row_of(self)
        return row.sha256 or row.chain_hash

    @shown_as(Period)
    def service_period(self, info: Info) -> Period | Awaitable[Period]:
        """When the service was given; on an advance invoice, when it is expected."""
        return period(row_of(self).service_from, row_of(self).service_until, self, info)

    contract = related(later("contract.Contract"), batches.contract, by="contract_id")
    """The contract that it belongs to."""

    @strawberry.field
    def recipient(self) -> Payer:
        """Who it is made out to, as at the time of issue."""
        return payer_of(row_of(self).recipient)

    @strawberry.field
    def lines(self) -> list[DocumentLine]:
        """What is charged for, line by line."""
        return [
            DocumentLine(
                kind=line.kind,
                text=line.text,
                quantity=line.quantity,
                unit_price=money(line.unit_cents),
                total=money(line.total_cents),
                taxable=line.taxable,
                explanation=line.explanation,
            )
            for line in row_of(self).lines
        ]

    @strawberry.field
    def total(self) -> Money:
        """Gross total of the lines, before advances are deducted; negative on a cancellation."""
        return money(row_of(self).total_cents)

    @strawberry.field
    def net(self) -> Money:
        """Net total of the lines."""
        return money(row_of(self).net_cents)

    @strawberry.field
    def vat(self) -> Money:
        """VAT: gross minus net, to the cent."""
        return money(row_of(self).vat_cents)

    @shown_as(list[AdvanceDeduction])
    def advances(self) -> list[DeductedAdvance]:
        """The advance invoices that a final invoice deducts; empty on other documents."""
        return [
            DeductedAdvance(UUID(item["document_id"]), item["total_cents"], item["net_cents"], item["vat_cents"])
            for item in row_of(self).advances
        ]

    @strawberry.field
    def payable(self) -> Money:
        """What remains after the advances; negative if money goes back."""
        return money(row_of(self).payable_cents)

    refers_to = related(later("document.Document") | None, batches.document, by="refers_to_id")
    """The document that this one cancels or corrects; null if it does neither."""

    @strawberry.field
    def pdf_url(self, info: Info) -> str:
        """Link to the PDF, good for a quarter of an hour; in the moments before that is made it answers 404. A business
        gets a PDF/A-3 with the e-invoice in it (ZUGFeRD, profile EN 16931).
        """
        return info.context.link(f"/media/documents/{row_of(self).id}")

    @strawberry.field
    def xml_url(self, info: Info) -> str | None:
        """Link to the e-invoice as XML (EN 16931), good for a quarter of an hour; in the moments before it is made it
        answers 404. Null where the recipient is no business. With a Leitweg-ID it is an XRechnung, which the mail
        brings beside the PDF, else what the PDF (ZUGFeRD) has in it.
        """
        row: DocumentRow = row_of(self)
        return info.context.link(f"/media/documents/{row.id}/xml") if row.xml_key else None

    open_item = related(OpenItem | None, batches.open_item_of_document)
    """What is still owed for it; null if nothing was left open."""


DocumentConnection = connection_type(Document)
OpenItemConnection = connection_type(OpenItem)


@api_input
class DocumentFilter:
    """Narrows a list of documents."""

    station_id: strawberry.ID | None = None
    """Only documents that this station has issued."""
    types: list[DocumentType] | None = None
    """Only documents of one of these types."""
    issued: PeriodInput | None = None
    """Only documents issued in this period."""
    contract_id: strawberry.ID | None = None
    """Only documents of this contract."""
    search: str | None = None
    """Words of the document's number or of the recipient's name, in any order and every spelling, at most 100
    characters. Where nothing fits, what is written much like it.
    """

    def listing(self) -> Listing[DocumentRow]:
        """The list that it asks for."""
        return search.documents(
            station_id=only(self.station_id),
            types=distinct(self.types),
            start=self.issued.start if self.issued else None,
            end=self.issued.end if self.issued else None,
            contract_id=only(self.contract_id),
            search=self.search,
        )
