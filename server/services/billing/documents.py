"""Issuing documents: numbered without gaps, frozen, chained by hash per station and year; then printed.

The number is taken inside the transaction that stores the document, from the series' locked row: no number is ever
used for something that does not exist (domain 3.2). The row keeps what its PDF shows, and the chain is made of that.
The PDF is made after the commit, so that a slow object store does not keep a station's other invoices waiting.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.jobs import enqueue
from server.models import Company, Contract, Document, Station
from server.models.columns import uuid7
from server.models.document import DocumentType
from server.models.email import XML, StoredFile
from server.models.job import JobKind, OfDocument
from server.models.local_time import day_of
from server.models.price import PriceLine
from server.models.tariff import PriceLineKind
from server.paper import file_names, typesetter
from server.paper.views import (
    Advance,
    DocumentReference,
    EInvoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceView,
)
from server.services.billing import addressee
from server.services.billing.drafts import Deduction, Draft
from server.services.mail import emails, parts
from server.services.outside import Outside

_log = structlog.get_logger("documents")
PRINTED_WITHIN = timedelta(seconds=30)
_AT_ONCE_SECONDS = 10.0
"""How long money, or somebody who waits for an answer, waits for paper: then a job prints it."""
"""When the job looks whether whoever issued a document has also printed it."""


async def issue(
    session: Session, contract: Contract, draft: Draft, company: Company, station: Station, *, now: datetime
) -> Document:
    """Numbers a document and stores it. Whoever commits it calls `print_unprinted`; else a job does so later."""
    place = await _next_place(session, station, now)
    document_id = uuid7()
    view = _view(contract, draft, company, station, place.number, now)
    document = Document(
        id=document_id,
        contract_id=contract.id,
        station_id=contract.station_id,
        issued_at=now,
        issuer=company.model_dump(mode="json"),
        language=contract.language,
        recipient_json=draft.recipient(contract).as_json(),
        vat_rate_bp=draft.vat_rate_bp(contract),
        tariff_hash=contract.tariff_hash,
        pdf_key=f"documents/{document_id}.pdf",
        xml_key=f"documents/{document_id}.xml" if view.e_invoice else None,
        view_json=view.as_json(),
        chain_hash="",
        **place._asdict(),
        **_content(draft),
    )
    document.chain_hash = document.seal()
    await session.store(document)
    await session.write(
        "update document_series set last_hash = :hash where station_id = :station and year = :year",
        {"hash": document.chain_hash, "station": station.id, "year": place.year},
    )
    key, due_at = f"print:{document.id}", now + PRINTED_WITHIN
    await enqueue(session, JobKind.PRINT_DOCUMENT, OfDocument(document.id), key=key, now=now, due_at=due_at)
    return document


async def print_unprinted(outside: Outside, contract_id: UUID) -> None:
    """Makes the PDFs of a contract's documents that have none yet. No lock is held meanwhile; safe to repeat."""
    async with outside.database.transaction(SYSTEM) as session:
        statement = select(Document).where(col(Document.contract_id) == contract_id, col(Document.sha256).is_(None))
        waiting = await session.all(statement)
    for place, document in enumerate(waiting):
        try:
            async with asyncio.timeout(_AT_ONCE_SECONDS):
                # Of the first it is known that nobody has printed it; meanwhile somebody may have printed the others.
                await (_print(outside, document) if place == 0 else print_pdf(outside, document.id))
        except Exception:  # what was issued stands, and whoever waits for an answer gets it: the job prints
            _log.exception("document.not_printed", document=str(document.id))


async def print_pdf(outside: Outside, document_id: UUID) -> None:
    """Makes a document's PDF, and its XML where it is an e-invoice, from what was frozen with it, puts them away and
    adds their hashes, once.
    """
    async with outside.database.transaction(SYSTEM) as session:
        document = await session.by_id(Document, document_id)
    if document is not None and document.sha256 is None:
        await _print(outside, document)


async def _print(outside: Outside, document: Document) -> None:
    if (view := document.view) is None:
        return
    made = await asyncio.to_thread(typesetter.print_invoice, InvoiceView.of_json(view))
    await outside.objects.put(document.pdf_key, made.pdf)
    if made.xml is not None and document.xml_key is not None:
        await outside.objects.put(document.xml_key, made.xml)
    async with outside.database.transaction(SYSTEM) as session:
        await session.write(
            "update document set sha256 = :sha256, xml_sha256 = :xml_sha256 where id = :id and sha256 is null",
            {"sha256": _hash(made.pdf), "xml_sha256": made.xml and _hash(made.xml), "id": document.id},
        )
        await emails.send_now(session, document.contract_id, now=outside.clock.now())


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _content(draft: Draft) -> dict[str, Any]:
    return {
        "type": draft.type,
        "service_from": draft.service_from,
        "service_until": draft.service_until,
        "lines_json": [line.as_json() for line in draft.lines],
        "total_cents": draft.sums.gross,
        "net_cents": draft.sums.net,
        "vat_cents": draft.sums.vat,
        "advances": [advance.as_json() for advance in draft.advances],
        "payable_cents": draft.payable_cents,
        "to_move_cents": draft.to_move_cents,
        "refers_to_id": draft.refers_to.id if draft.refers_to else None,
    }


class _Place(NamedTuple):
    """A document's place in its series, behind the document of `previous_hash`."""

    number: str
    year: int
    running_number: int
    previous_hash: str | None


async def _next_place(session: Session, station: Station, now: datetime) -> _Place:
    year = station.day_of(now).year
    rows = await session.rows(
        "insert into document_series (station_id, year, last_number) values (:station, :year, 1)"
        " on conflict (station_id, year) do update set last_number = document_series.last_number + 1"
        " returning last_number, last_hash",
        {"station": station.id, "year": year},
    )
    running: int = rows[0].last_number
    return _Place(number_of(station, year, running), year, running, rows[0].last_hash)


def number_of(station: Station, year: int, running: int) -> str:
    """The number of a document: BER-2026-000123."""
    return f"{station.code}-{year}-{running:06d}"


async def find(session: Session, document_id: UUID | None, number: str | None) -> Document | None:
    """A visible document by its number or, without one, by its id."""
    if number is None:
        return await session.by_id(Document, document_id)
    return await session.first(select(Document).where(col(Document.number) == number.strip().upper()))


async def standing(session: Session, contract_id: UUID, kind: DocumentType) -> list[Document]:
    """The documents of a kind that were not taken back, the oldest first."""
    cancelled = select(col(Document.refers_to_id)).where(
        col(Document.contract_id) == contract_id, col(Document.type) == DocumentType.CANCELLATION_INVOICE
    )
    gone = set(await session.all(cancelled))
    statement = select(Document).where(col(Document.contract_id) == contract_id, col(Document.type) == kind)
    found = await session.all(statement.order_by(col(Document.issued_at), col(Document.running_number)))
    return [document for document in found if document.id not in gone]


async def advances_of(session: Session, contract_id: UUID) -> list[Document]:
    """The advance invoices of a contract, which its final invoice deducts."""
    return await standing(session, contract_id, DocumentType.ADVANCE_INVOICE)


def _view(
    contract: Contract, draft: Draft, company: Company, station: Station, number: str, now: datetime
) -> InvoiceView:
    zone = station.zone
    return InvoiceView(
        kind=InvoiceKind(draft.type.value),
        language=parts.wording(contract.language),
        time_zone=station.time_zone,
        number=number,
        issued_at=now,
        supplier=parts.supplier_of(company),
        recipient=draft.recipient(contract),
        contract_number=contract.number,
        service_start=draft.service_from,
        service_end=draft.service_until,
        lines=[_line_view(line) for line in draft.lines],
        net_cents=0 if draft.is_untaxed else draft.sums.net,
        vat_cents=draft.sums.vat,
        untaxed_cents=draft.sums.gross if draft.is_untaxed else 0,
        total_cents=draft.sums.gross,
        payable_cents=draft.payable_cents,
        vat_rate_bp=draft.vat_rate_bp(contract),
        advances=[_advance_view(advance, zone) for advance in draft.advances],
        payments=draft.payments,
        kept_cents=draft.kept_cents,
        vehicles=draft.vehicles,
        station=parts.place_of(station),
        workshop_order=contract.workshop_order_number,
        deposit_cents=draft.deposit_cents,
        deposit_note=draft.deposit_note,
        refers_to=_reference(draft.refers_to, zone),
        reason=draft.reason,
        objections_to=draft.objections_to,
        damage_at=draft.damage_at,
        remarks=draft.remarks,
        e_invoice=addressee.e_invoice_for(draft.recipient(contract), company, station),
    )


def shown(document: Document) -> InvoiceView:
    """What the paper of a document that is not erased shows."""
    return InvoiceView.of_json(document.view or {})


def original_number(mirror: Document) -> str:
    """The number of the document that another one takes back."""
    of = shown(mirror).refers_to
    return of.number if of else ""


def _advance_view(advance: Deduction, zone: ZoneInfo) -> Advance:
    return Advance(
        number=advance.number,
        issued_on=day_of(advance.issued_at, zone),
        net_cents=advance.sums.net,
        vat_cents=advance.sums.vat,
        total_cents=advance.sums.gross,
    )


def _reference(document: Document | None, zone: ZoneInfo) -> DocumentReference | None:
    if document is None:
        return None
    kind = InvoiceKind(document.type.value)
    return DocumentReference(kind=kind, number=document.number, issued_on=day_of(document.issued_at, zone))


def _line_view(line: PriceLine) -> InvoiceLine:
    return InvoiceLine(
        kind=line.kind.value,
        text=line.text,
        total_cents=line.total_cents,
        quantity=line.quantity,
        unit_price_cents=line.unit_cents,
        explanation=line.explanation,
        taxable=line.taxable,
        unit=line.unit,
    )


def advance_line(text: str, cents: int, explanation: str) -> PriceLine:
    """The single line of an advance invoice."""
    return PriceLine(PriceLineKind.RENTAL, text, Decimal(1), cents, cents, explanation)


def attachments(*issued: Document) -> list[StoredFile]:
    """Documents as a mail's attachments: the XML of an XRechnung stands before the PDF that shows it to people; that
    of a ZUGFeRD is in its PDF.
    """
    files = []
    for document in issued:
        if document.xml_key is not None and (document.view or {}).get("e_invoice") == EInvoice.XRECHNUNG:
            files.append(StoredFile(f"{document.number}.xml", XML, document.xml_key))
        name = file_names.pdf(_title_of(document), document.number, parts.wording(document.language))
        files.append(StoredFile(name, "application/pdf", document.pdf_key))
    return files


def _title_of(document: Document) -> str:
    """What it is called: what takes a claim back is no invoice."""
    of = (document.view or {}).get("refers_to") or {}
    return "WITHDRAWN_CLAIM" if of.get("kind") == DocumentType.DAMAGE_CLAIM else document.type.value
