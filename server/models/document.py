"""Issued documents: frozen, numbered without gaps, chained by hash."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from server.models.columns import Json, cents_column, enum_column, json_column, new_id, search_index
from server.models.customer import Language
from server.models.keys import of_contract, within_station
from server.models.money import VatSplit
from server.models.price import PriceLine
from server.models.recipient import Recipient


class DocumentType(StrEnum):
    """What kind of document it is."""

    ADVANCE_INVOICE = "ADVANCE_INVOICE"
    """Anzahlungsrechnung: invoice over the price of one day, taken at booking."""
    FINAL_INVOICE = "FINAL_INVOICE"
    """Schlussrechnung: the whole rental, with advances deducted."""
    CANCELLATION_INVOICE = "CANCELLATION_INVOICE"
    """Stornorechnung: takes another document back; its totals are negative."""
    CORRECTION_INVOICE = "CORRECTION_INVOICE"
    """Rechnungskorrektur: changes another document without taking it back."""
    DAMAGE_CLAIM = "DAMAGE_CLAIM"
    """Schadensrechnung: what a customer has to pay for a damage; outside VAT."""


class Document(SQLModel, table=True):
    """One document. Nothing of it changes after it was issued but the hashes of its PDF and its XML, added once.

    `view_json` is everything that the PDF shows: printed again, it is the same PDF. `to_move_cents`: see `moves_cents`.
    Once it is erased, number, sums and seals are left: the chain of its series still holds.
    """

    __tablename__ = "document"
    id: UUID = new_id()
    contract_id: UUID = Field(index=True)
    station_id: UUID
    number: str = Field(unique=True)
    year: int
    running_number: int
    type: DocumentType = Field(sa_column=enum_column(DocumentType))
    language: Language = Field(sa_column=enum_column(Language))
    issued_at: datetime
    service_from: datetime
    service_until: datetime
    issuer: Json = Field(sa_column=json_column())
    recipient_json: Json = Field(sa_column=json_column(name="recipient"))
    lines_json: list[Json] = Field(sa_column=json_column(name="lines"))
    vat_rate_bp: int
    total_cents: int = Field(sa_column=cents_column())
    net_cents: int = Field(sa_column=cents_column())
    vat_cents: int = Field(sa_column=cents_column())
    advances: list[Json] = Field(default_factory=list, sa_column=json_column("'[]'"))
    payable_cents: int = Field(sa_column=cents_column())
    to_move_cents: int | None = Field(default=None, sa_column=cents_column(nullable=True))
    refers_to_id: UUID | None = Field(default=None, index=True)
    tariff_hash: str
    pdf_key: str
    sha256: str | None = None
    xml_key: str | None = None
    xml_sha256: str | None = None
    view_json: Json | None = Field(default=None, sa_column=json_column(nullable=True, name="view"))
    previous_hash: str | None = None
    chain_hash: str
    erased_at: datetime | None = None
    __table_args__ = of_contract(
        "document",
        within_station("document", "refers_to_id", "document"),
        UniqueConstraint("station_id", "id", name="uq_document_station"),
        UniqueConstraint("station_id", "year", "running_number", name="uq_document_series"),
        Index("ix_document_station_issued", "station_id", "issued_at", "id"),
        search_index("document", "number, recipient"),
    )

    @property
    def recipient(self) -> Recipient:
        """Who it is made out to."""
        return Recipient.of_json(self.recipient_json)

    @property
    def lines(self) -> tuple[PriceLine, ...]:
        """What is charged for."""
        return tuple(PriceLine.of_json(line) for line in self.lines_json)

    @property
    def moves_cents(self) -> int:
        """What has to be collected because of it, after what was moved before; negative: paid back. An advance is paid
        when its invoice is issued. Documents of before say it by what is payable.
        """
        if self.to_move_cents is not None:
            return self.to_move_cents
        return self.payable_cents if self.type is DocumentType.FINAL_INVOICE else 0

    @property
    def view(self) -> Json | None:
        """What the PDF shows, for whoever prints it; None for documents of version 0.1, which have their PDF."""
        return self.view_json

    @property
    def sums(self) -> VatSplit:
        """Gross, net and VAT."""
        return VatSplit(self.total_cents, self.net_cents, self.vat_cents)

    def seal(self) -> str:
        """The hash that ties the document to its content and to the one before it in its series."""
        return seal_of({name: getattr(self, column) for name, column in SEALED.items()})


SEALED = {
    "number": "number",
    "type": "type",
    "issued_at": "issued_at",
    "recipient": "recipient_json",
    "lines": "lines_json",
    "total": "total_cents",
    "net": "net_cents",
    "vat": "vat_cents",
    "payable": "payable_cents",
    "view": "view_json",
    "pdf": "sha256",
    "previous": "previous_hash",
}
"""What a seal is made of, by the name that it has there: attributes of a document."""


def seal_of(content: Mapping[str, Any]) -> str:
    """The seal of a document whose content was read as `SEALED` names it. A PDF is made of what it shows, after the
    seal; documents of version 0.1, which do not keep what it shows, are tied to the PDF.
    """
    instead = "pdf" if content["view"] is not None else "view"
    sealed = {name: value for name, value in content.items() if name != instead}
    sealed["issued_at"] = content["issued_at"].astimezone(UTC).isoformat()  # whatever zone it came in
    return hashlib.sha256(orjson.dumps(sealed, option=orjson.OPT_SORT_KEYS)).hexdigest()


class OpenItem(SQLModel, table=True):
    """What is still owed for a document: by whom it is made out to, or to the customer (negative), where a card cannot
    take it back. `written_off_cents`: what the company has given up of it. `for_clerk`: nobody is reminded any more.
    """

    __tablename__ = "open_item"
    id: UUID = new_id()
    document_id: UUID = Field(unique=True)
    contract_id: UUID = Field(index=True)
    station_id: UUID
    due_on: date
    open_cents: int = Field(sa_column=cents_column())
    reminders: int = 0
    for_clerk: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    written_off_cents: int = Field(default=0, sa_column=cents_column(server_default="0"))
    __table_args__ = of_contract(
        "open_item",
        within_station("open_item", "document_id", "document"),
        Index("ix_open_item_station", "station_id", "due_on", "id"),
    )
