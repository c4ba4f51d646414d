"""Customers of the company, matched by e-mail, visible to the stations that deal with them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from server.models.columns import Json, enum_column, json_column, new_id, search_index
from server.models.composing import composed
from server.models.recipient import PostalAddress

LONGEST_EMAIL = 320
"""64 characters before the @ and 255 behind it (RFC 5321, 4.5.3.1)."""


class Language(StrEnum):
    """The language of mails and documents."""

    DE = "DE"
    """Mails, documents and texts in German."""
    EN = "EN"
    """Mails, documents and texts in English."""


class CustomerKind(StrEnum):
    """A person or a company."""

    PERSON = "PERSON"
    """A natural person, with a last name."""
    COMPANY = "COMPANY"
    """A company or an authority; its name goes on the invoice, and its documents are e-invoices."""


class CustomerStatus(StrEnum):
    """How staff should treat a customer. Never shown to websites."""

    NORMAL = "NORMAL"
    """Nothing special is known of the customer."""
    VIP = "VIP"
    """Treat this customer with particular care."""
    CAUTION = "CAUTION"
    """Look twice before renting to this customer."""
    BLOCKED = "BLOCKED"
    """Gets no car; bookings are refused with a neutral message."""


@dataclass(frozen=True, kw_only=True)
class CustomerDetails:
    """A customer as somebody named it. The contract keeps what its booking named as a copy of its own."""

    kind: CustomerKind = CustomerKind.PERSON
    email: str
    language: Language = Language.DE
    salutation: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    vat_id: str | None = None
    buyer_reference: str | None = None
    phone: str | None = None
    birth_date: date | None = None
    address: PostalAddress | None = None

    @property
    def person(self) -> str:
        """First and last name; empty where there is none."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)

    @property
    def display_name(self) -> str:
        """How the customer is addressed on paper: the company, or first and last name."""
        if self.kind is CustomerKind.COMPANY:
            return self.company or self.person
        return self.person or self.company or ""

    @property
    def greeting_name(self) -> str:
        """Whom a mail greets: the person, also where that is a company's contact."""
        return self.person or self.display_name

    @property
    def columns(self) -> dict[str, Any]:
        """The values by the names of a customer's columns, where the address stands flat."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "address"}
        address = asdict(self.address) if self.address else dict.fromkeys(("street", "postcode", "city", "country"))
        return values | address

    def as_json(self) -> Json:
        """As the contract keeps it."""
        born = self.birth_date.isoformat() if self.birth_date else None
        return {**self.columns, "kind": self.kind.value, "language": self.language.value, "birth_date": born}

    @classmethod
    def of_json(cls, stored: Json) -> CustomerDetails:
        """Reads a contract's copy back."""
        values = dict(stored)
        address = {name: values.pop(name, None) for name in ("street", "postcode", "city", "country")}
        values["address"] = PostalAddress(**address) if address["street"] else None
        values["kind"], values["language"] = CustomerKind(stored["kind"]), Language(stored["language"])
        values["birth_date"] = date.fromisoformat(stored["birth_date"]) if stored.get("birth_date") else None
        return cls(**values)


class Customer(SQLModel, table=True):
    """A customer. `email_key` is unique among those that are not restricted and do not `shares_email` (domain 4.9): a
    clerk has said that it is another person's address, too, or has written it in. Once it is restricted nothing
    personal is left in the row; `restricted_by` and `restricted_reason`: who did that and why, None for the clocks.
    """

    __tablename__ = "customer"
    id: UUID = new_id()
    kind: CustomerKind = Field(sa_column=enum_column(CustomerKind))
    salutation: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    vat_id: str | None = None
    buyer_reference: str | None = None
    email: str
    email_key: str
    phone: str | None = None
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None
    birth_date: date | None = None
    language: Language = Field(sa_column=enum_column(Language))
    status: CustomerStatus = Field(default=CustomerStatus.NORMAL, sa_column=enum_column(CustomerStatus))
    review_needed: bool = False
    shares_email: bool = False
    restricted_at: datetime | None = None
    restricted_by: str | None = None
    restricted_reason: str | None = None
    version: int = 1
    created_at: datetime
    __table_args__ = (
        Index("ix_customer_email_key", "email_key"),
        search_index("customer", "first_name, last_name, company, email, phone"),
        Index(
            "uq_customer_email_key",
            "email_key",
            unique=True,
            postgresql_where=text("restricted_at is null and not shares_email"),
        ),
    )


class CustomerStation(SQLModel, table=True):
    """Which stations may see a customer: where the record was made, or a visible contract is."""

    __tablename__ = "customer_station"
    customer_id: UUID = Field(foreign_key="customer.id", primary_key=True)
    station_id: UUID = Field(foreign_key="station.id", primary_key=True, index=True)


class CustomerVersion(SQLModel, table=True):
    """What a change of a customer's record replaced. Only ever added to."""

    __tablename__ = "customer_version"
    id: UUID = new_id()
    customer_id: UUID = Field(foreign_key="customer.id", index=True)
    at: datetime
    source: str
    changed: list[str] = Field(sa_column=json_column())
    before: Json = Field(sa_column=json_column())


def email_key(email: str) -> str:
    """The form in which addresses are compared: trimmed, Unicode NFC, lower case, the domain in its own letters
    (`xn--mller-kva.de` is `müller.de`, IDNA); no dot or plus tricks.
    """
    plain = composed(email.strip(), LONGEST_EMAIL)[:LONGEST_EMAIL]
    with suppress(EmailNotValidError, UnicodeError):  # what is no address has no domain to look at
        plain = validate_email(plain, check_deliverability=False, allow_smtputf8=True, test_environment=True).normalized
    return plain.lower()
