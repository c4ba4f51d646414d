"""Contracts, bookings, customers."""

from __future__ import annotations

from typing import Any

import strawberry
from sqlmodel import col, select

from server.context import Context
from server.models import Contract, Customer
from server.models.staff import Role
from server.schema.booking import Booking, BookVehicleInput, BookVehicleResult, FormField, HostedPaymentForm
from server.schema.building import Info
from server.schema.contract import Contract as ContractType
from server.schema.contract import ContractConnection, ContractFilter, ContractOrder, ContractResult
from server.schema.contract_parts import DriverInput
from server.schema.customer import Customer as CustomerType
from server.schema.customer import CustomerConnection
from server.schema.paging import page
from server.schema.root_fields import EVERYBODY, OFFICE, mutation, query
from server.services.booking import saga
from server.services.lists import search
from server.services.lists.search import customers as list_customers
from server.services.lists.search import only
from server.services.payments import hosted_page
from server.services.people import drivers
from server.services.validation import as_uuid

BOOKERS = frozenset({Role.WEB, Role.CLERK, Role.MANAGER, Role.ADMIN})


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
    ) -> Any:
        """Contracts that you may see; for a website, its own bookings."""
        listing = search.contracts(_filter(filter), order_by.value, info.context.principal, info.context.now)
        return await page(info, listing, first, after)

    @query(allow=EVERYBODY, graphql_type=ContractType | None)
    async def contract(self, info: Info, id: strawberry.ID | None = None, number: str | None = None) -> Any:  # noqa: A002
        """One contract, by id or by number; null if there is no such contract."""
        session = await info.context.session()
        if number is not None:
            return await session.first(select(Contract).where(col(Contract.number) == number.strip().upper()))
        return await session.by_id(Contract, as_uuid(id))

    @query(allow=OFFICE, graphql_type=CustomerConnection)
    async def customers(self, info: Info, search: str | None = None, first: int = 50, after: str | None = None) -> Any:
        """Customers of your stations, the newest first."""
        return await page(info, list_customers(search), first, after)

    @query(allow=OFFICE, graphql_type=CustomerType | None)
    async def customer(self, info: Info, id: strawberry.ID) -> Any:  # noqa: A002
        """One customer; null if there is no such customer."""
        return await (await info.context.session()).by_id(Customer, as_uuid(id))


@strawberry.type
class ContractMutation:
    """Booking, and what changes a booking."""

    @mutation(allow=BOOKERS, graphql_type=BookVehicleResult)
    async def book_vehicle(self, info: Info, input: BookVehicleInput) -> Booking:  # noqa: A002
        """Books a vehicle of the group if one is free: takes one day's price and the deposit, then confirms.

        Repeating the same key returns the first answer and charges nothing again.
        """
        context = info.context
        contract_id = await saga.book(context.outside, context.principal, input.given())
        return await _booking(context, contract_id)

    @mutation(allow=OFFICE, graphql_type=ContractResult)
    async def add_driver(self, info: Info, contract_id: strawberry.ID, version: int, driver: DriverInput) -> Any:
        """Adds somebody who may drive, until the car is back. The price is that of one driver more."""
        context = info.context
        wanted = as_uuid(contract_id)
        async with context.write() as session:
            await drivers.add(session, wanted, version, driver.given(), context.acting)
        await context.start_anew()
        return await (await context.session()).by_id(Contract, wanted)


async def _booking(context: Context, contract_id: Any) -> Booking:
    await context.start_anew()
    form = await hosted_page.form_of(context.outside, contract_id)
    contract = await (await context.loaders()).contract.load(contract_id)
    payment_form = None
    if form is not None:
        fields = [FormField(name=name, value=value) for name, value in form[0].fields.items()]
        payment_form = HostedPaymentForm(url=form[0].url, fields=fields, expires_at=form[1])
    return Booking(contract=contract, payment_form=payment_form)  # type: ignore[arg-type]


def _filter(wanted: ContractFilter | None) -> search.ContractFilter:
    if wanted is None:
        return search.ContractFilter()
    return search.ContractFilter(
        station_id=only(wanted.station_id),
        states=wanted.states,
        settlement=wanted.settlement,
        flags=wanted.flags,
        customer_id=only(wanted.customer_id),
        vehicle_id=only(wanted.vehicle_id),
        start=wanted.period.start if wanted.period else None,
        end=wanted.period.end if wanted.period else None,
        search=wanted.search,
    )
