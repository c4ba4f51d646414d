"""Contracts, bookings, customers."""

from __future__ import annotations

import strawberry

from server import batches
from server.models import Contract, Customer
from server.schema.booking import BookingMade, BookVehicleInput
from server.schema.building import Info
from server.schema.contract import Contract as ContractType
from server.schema.contract import ContractConnection
from server.schema.contract_list import ContractFilter, ContractOrder
from server.schema.customer import Customer as CustomerType
from server.schema.customer import CustomerConnection
from server.schema.late_page import LatePage, late_page
from server.schema.paging import Page, page
from server.schema.results import BookVehicleResult, ReassignResult
from server.schema.root_fields import BOOKERS, EVERYBODY, OFFICE, mutation, query
from server.services.booking import reassignment, saga
from server.services.booking.reassignment import Reassignment
from server.services.contract import contracts
from server.services.lists.contract_text import CONTRACTS
from server.services.lists.search import customers as list_customers
from server.services.validation import as_uuid


@strawberry.type
class ContractQuery:
    """Contracts and customers."""

    @query(allow=EVERYBODY, graphql_type=ContractConnection)
    async def contracts(
        self,
        info: Info,
        filter: ContractFilter | None = None,  # noqa: A002
        order_by: ContractOrder = ContractOrder.START_ASC,
        first: int = 50,
        after: str | None = None,
    ) -> LatePage[Contract]:
        """Contracts that you may see; for a website, its own bookings."""
        wanted, principal, now = filter or ContractFilter(), info.context.principal, info.context.now
        order = order_by.of(wanted)
        if order is ContractOrder.UPDATED_ASC:
            listing = wanted.changes(principal, now)
            return await late_page(info, listing, first, after, CONTRACTS, of=batches.contract)
        return await late_page(info, wanted.listing(order, principal, now), first, after, CONTRACTS, of=None)

    @query(allow=EVERYBODY, graphql_type=ContractType | None)
    async def contract(self, info: Info, id: strawberry.ID | None = None, number: str | None = None) -> Contract | None:  # noqa: A002
        """One contract, by id or by number; null if there is no such contract."""
        return await contracts.find(await info.context.session(), as_uuid(id), number)

    @query(allow=OFFICE, graphql_type=CustomerConnection)
    async def customers(
        self, info: Info, search: str | None = None, first: int = 50, after: str | None = None
    ) -> Page[Customer]:
        """Customers of your stations, the newest first."""
        return await page(info, list_customers(search), first, after)

    @query(allow=OFFICE, graphql_type=CustomerType | None)
    async def customer(self, info: Info, id: strawberry.ID) -> Customer | None:  # noqa: A002
        """One customer; null if there is no such customer, or none any more."""
        found = await (await info.context.session()).by_id(Customer, as_uuid(id))
        return found if found is None or found.restricted_at is None else None


@strawberry.type
class ContractMutation:
    """Booking."""

    @mutation(allow=BOOKERS, graphql_type=BookVehicleResult)
    async def book_vehicle(self, info: Info, input: BookVehicleInput) -> BookingMade:  # noqa: A002
        """Books a vehicle of the group if one is free: takes one day's price and the deposit, then confirms.

        Repeating the same key returns the first answer and charges nothing again.
        """
        context = info.context
        contract_id = await saga.book(context.outside, context.principal, input.given())
        return BookingMade(await context.read_anew(Contract, contract_id))

    @mutation(allow=OFFICE, graphql_type=ReassignResult)
    async def reassign_vehicles(
        self, info: Info, station_id: strawberry.ID, contract_ids: list[strawberry.ID] | None = None
    ) -> Reassignment:
        """Gives contracts of a station that are AT_RISK, or those of them that are named, another car of their group.

        Cars that nobody chose by name are passed on where that helps; a car that was chosen stays with its contract.
        """
        ids = None if contract_ids is None else [as_uuid(one) for one in contract_ids]
        async with info.context.write() as session:
            return await reassignment.reassign(session, as_uuid(station_id), ids, info.context.acting)
