"""Customers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import strawberry

from server.models import Customer as CustomerRow
from server.models import CustomerVersion as VersionRow
from server.models.customer import CustomerDetails, CustomerKind, CustomerStatus, Language
from server.schema.building import Info, api_enum, api_input, row_type
from server.schema.paging import connection_type, page_from
from server.schema.shared import row_of
from server.schema.station import Address
from server.schema.station_input import AddressInput
from server.services.lists import search
from server.services.people.customers import BookedCustomer

api_enum(CustomerKind)
api_enum(CustomerStatus)


@row_type(VersionRow)
class CustomerVersion:
    """A change of a customer's record."""

    at: datetime
    """When."""
    source: str
    """Who made it: WEBSITE, STAFF or TABLET."""
    changed: list[str]
    """Which fields changed."""


@row_type(CustomerRow, BookedCustomer)
class Customer:
    """A customer. A website sees only what it sent itself."""

    id: strawberry.ID
    """The customer's id."""
    kind: CustomerKind
    """A person or a company."""
    salutation: str | None
    """How to address the customer."""
    first_name: str | None
    """First name."""
    last_name: str | None
    """Last name."""
    company: str | None
    """Company."""
    vat_id: str | None
    """VAT id."""
    email: str
    """Mail address, as typed."""
    phone: str | None
    """Phone number."""
    birth_date: date | None
    """Date of birth."""
    language: Language
    """Language of mails and documents."""
    status: CustomerStatus
    """How staff should treat the customer."""
    version: int
    """Give it with a change; it grows with each."""

    @strawberry.field
    def review_needed(self) -> bool:
        """Whether a booking under this address named somebody else: a clerk should look."""
        return bool(row_of(self).review_needed)

    @strawberry.field
    def address(self) -> Address | None:
        """Postal address."""
        row = row_of(self)
        if not row.street:
            return None
        return Address(street=row.street, postcode=row.postcode, city=row.city, country=row.country)

    @strawberry.field(graphql_type=Annotated["ContractConnection", strawberry.lazy("server.schema.contract")])  # type: ignore[untyped-decorator]  # noqa: F821
    async def contracts(self, info: Info, first: int = 20, after: str | None = None) -> Any:
        """The customer's contracts that you may see, the newest first."""
        customer_id, loaders = row_of(self).id, await info.context.loaders()
        return await page_from(
            search.contracts_of_customers(),
            first,
            after,
            rows=lambda limit, position: loaders.customer_contracts.load(
                (customer_id, limit, tuple(position) if position else None)
            ),
            count=lambda: loaders.customer_contract_counts.load(customer_id),
        )

    @strawberry.field
    async def versions(self, info: Info) -> list[CustomerVersion]:
        """Changes of the record, the oldest first. Not shown to websites."""
        if info.context.is_website:
            return []
        return await (await info.context.loaders()).customer_versions.load(row_of(self).id)  # type: ignore[return-value]


CustomerConnection = connection_type(Customer)


@api_input
class CustomerInput:
    """Who rents. Found by e-mail: what is empty is filled, name, address and phone are updated, nothing else."""

    kind: CustomerKind = CustomerKind.PERSON
    """A person or a company."""
    salutation: str | None = None
    """How to address the customer."""
    first_name: str | None = None
    """First name."""
    last_name: str | None = None
    """Last name; a person needs one."""
    company: str | None = None
    """Company; a company needs its name."""
    vat_id: str | None = None
    """VAT id."""
    email: str
    """Mail address; confirmation, protocols and invoices go there."""
    phone: str | None = None
    """Phone number."""
    address: AddressInput | None = None
    """Postal address; invoices need it."""
    birth_date: date | None = None
    """Date of birth."""
    language: Language = Language.DE
    """Language of mails and documents."""

    def given(self) -> CustomerDetails:
        """As the services take it."""
        return CustomerDetails(
            kind=self.kind,
            salutation=self.salutation,
            first_name=self.first_name,
            last_name=self.last_name,
            company=self.company,
            vat_id=self.vat_id,
            email=self.email,
            phone=self.phone,
            address=self.address.given() if self.address else None,
            birth_date=self.birth_date,
            language=self.language,
        )
