"""Customers."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import strawberry

from server import batches
from server.models import Contract
from server.models import Customer as CustomerRow
from server.models import CustomerVersion as VersionRow
from server.models.customer import CustomerDetails, CustomerKind, CustomerStatus, Language
from server.schema.building import Info, api_enum, api_input, row_type, shown_as
from server.schema.paging import Page, connection_type, page_from
from server.schema.related import later, related
from server.schema.shared import maybe, maybe_given, row_of
from server.schema.station import Address
from server.schema.station_input import AddressInput
from server.services.changes.customer_record import CustomerChange
from server.services.lists import search
from server.services.people.customers import BookedCustomer

api_enum(CustomerKind)
api_enum(CustomerStatus)


@row_type(VersionRow)
class CustomerVersion:
    """A change of a customer's record."""

    at: datetime
    """When the record was changed, in UTC."""
    source: str
    """Who made it: WEBSITE, STAFF or TABLET."""
    changed: list[str]
    """Names of the fields that changed, sorted, for example last_name."""


def _unless_website(root: CustomerRow | BookedCustomer, info: Info) -> UUID | None:
    return None if info.context.is_website else root.id


def _versions(_row: CustomerRow | BookedCustomer, found: list[VersionRow] | None) -> list[VersionRow]:
    return found or []


@row_type(CustomerRow, BookedCustomer)
class Customer:
    """A customer. A website, and a station with a first contract, sees only what that booking named."""

    id: strawberry.ID
    """The customer's id; bookings under one e-mail address share it."""
    kind: CustomerKind
    """Whether the customer is a person or a company."""
    salutation: str | None
    """How to address the customer, for example "Frau Dr."; null if not given."""
    first_name: str | None
    """First name of the person, or of whom the company names; null if not given."""
    last_name: str | None
    """Last name of the person, or of whom the company names; null if not given."""
    company: str | None
    """Name of the company; null if not given."""
    vat_id: str | None
    """VAT id, for example DE136695976; null if not given."""
    buyer_reference: str | None
    """Leitweg-ID of an authority, which gets its invoices as XRechnung; null if there is none."""
    email: str
    """Mail address, by which the customer is found again; capitals make no difference."""
    phone: str | None
    """Phone number in international form, for example +49 30 1234567; null if not given."""
    birth_date: date | None
    """Date of birth; null if not given."""
    language: Language
    """Language of the customer's first booking; each contract has its own."""
    status: CustomerStatus
    """How staff should treat the customer; a website always sees NORMAL."""
    version: int
    """Grows with each change of the record; a website always sees 1."""
    restricted_at: datetime | None
    """Since when the record is erased and hidden (`eraseCustomer`); null for everybody who is still found."""

    @strawberry.field
    def review_needed(self, info: Info) -> bool:
        """Whether a booking under this address named somebody else: a clerk should look. Always false for a website."""
        return bool(row_of(self).review_needed) and not info.context.is_website

    @strawberry.field
    def address(self) -> Address | None:
        """Postal address; null if not given."""
        row = row_of(self)
        if not row.street:
            return None
        return Address(street=row.street, postcode=row.postcode, city=row.city, country=row.country)

    @shown_as(later("contract.ContractConnection"))
    async def contracts(self, info: Info, first: int = 20, after: str | None = None) -> Page[Contract]:
        """The customer's contracts that you may see, the newest first."""
        customer_id, load = row_of(self).id, info.context.load
        return await page_from(
            search.contracts_of_customers(),
            first,
            after,
            rows=lambda limit, position: load(
                batches.contracts_of_customer, (customer_id, limit, tuple(position) if position else None)
            ),
            count=lambda: load(batches.contract_count_of_customer, customer_id),
        )

    versions = related(list[CustomerVersion], batches.versions_of_customer, by=_unless_website, shown=_versions)
    """Changes of the record, the oldest first. Not shown to websites."""


CustomerConnection = connection_type(Customer)


@api_input
class CustomerUpdate:
    """What changes of what is stored of a customer; what is not given stays. Contracts keep their own copies:
    `completeCustomer` corrects those.
    """

    salutation: str | None = strawberry.UNSET
    """How to address the customer, for example "Frau Dr."; up to 40 characters; null empties it."""
    first_name: str | None = strawberry.UNSET
    """First name of the person, or of whom the company names; up to 100 characters; null empties it."""
    last_name: str | None = strawberry.UNSET
    """Last name, up to 100 characters; a person's cannot be emptied."""
    company: str | None = strawberry.UNSET
    """Name of the company, up to 200 characters; a company's cannot be emptied."""
    vat_id: str | None = strawberry.UNSET
    """VAT id in the form of its country, for example DE136695976; null empties it."""
    buyer_reference: str | None = strawberry.UNSET
    """Leitweg-ID of an authority (kind COMPANY), with check digits that fit: 991-03730-19; null empties it."""
    email: str | None = strawberry.UNSET
    """Mail address; cannot be emptied. Bookings under it are matched with this customer from now on."""
    phone: str | None = strawberry.UNSET
    """Phone number; without a prefix such as +49 it is one of the address's country; null empties it."""
    address: AddressInput | None = strawberry.UNSET
    """Postal address as a whole; null empties it, but not a company's."""
    birth_date: date | None = strawberry.UNSET
    """Date of birth; not in the future, and in none but the last 120 years; null empties it."""
    language: Language | None = strawberry.UNSET
    """Language in which the customer is written to; cannot be emptied. Contracts keep theirs."""
    status: CustomerStatus | None = strawberry.UNSET
    """How staff should treat the customer; BLOCKED: further bookings are refused. Cannot be emptied."""
    review_needed: bool | None = strawberry.UNSET
    """Whether a clerk should look at the customer; false says that somebody has. Cannot be emptied."""

    def given(self) -> CustomerChange:
        """As the services take it."""
        return CustomerChange(
            salutation=maybe(self.salutation),
            first_name=maybe(self.first_name),
            last_name=maybe(self.last_name),
            company=maybe(self.company),
            vat_id=maybe(self.vat_id),
            buyer_reference=maybe(self.buyer_reference),
            email=maybe(self.email),
            phone=maybe(self.phone),
            address=maybe_given(self.address),
            birth_date=maybe(self.birth_date),
            language=maybe(self.language),
            status=maybe(self.status),
            review_needed=maybe(self.review_needed),
        )


@api_input
class CustomerInput:
    """Who rents. The contract keeps what is sent in any case.

    A person who is known by the e-mail address, with the same kind and names, is completed; what has changed is written
    only if the birth date is the one that is known. Otherwise nothing is written and a clerk is asked to look.
    """

    kind: CustomerKind = CustomerKind.PERSON
    """Whether the customer is a person or a company."""
    salutation: str | None = None
    """How to address the customer, for example "Frau Dr."; up to 40 characters."""
    first_name: str | None = None
    """First name of the person, or of whom the company names; up to 100 characters."""
    last_name: str | None = None
    """Last name, up to 100 characters; a person needs one."""
    company: str | None = None
    """Name of the company, up to 200 characters; a company needs it."""
    vat_id: str | None = None
    """VAT id for the invoice, in the form of its country, for example DE136695976."""
    buyer_reference: str | None = None
    """Leitweg-ID of an authority (kind COMPANY), with check digits that fit: 04011000-1234512345-06. With one, its
    invoices are XRechnung.
    """
    email: str
    """Mail address; confirmation, protocols and invoices go there."""
    phone: str | None = None
    """Phone number; without a prefix such as +49 it is one of the address's country, else of the station's."""
    address: AddressInput | None = None
    """Postal address for the invoices. A company needs it, and a person whose advance is above 250 EUR; other persons
    are asked for it when the car is handed over, where the price is above 250 EUR.
    """
    birth_date: date | None = None
    """Date of birth; not in the future, and in none but the last 120 years."""
    language: Language = Language.DE
    """Language of the mails and documents of this booking."""

    def given(self) -> CustomerDetails:
        """As the services take it."""
        return CustomerDetails(
            kind=self.kind,
            salutation=self.salutation,
            first_name=self.first_name,
            last_name=self.last_name,
            company=self.company,
            vat_id=self.vat_id,
            buyer_reference=self.buyer_reference,
            email=self.email,
            phone=self.phone,
            address=self.address.given() if self.address else None,
            birth_date=self.birth_date,
            language=self.language,
        )
