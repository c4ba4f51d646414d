"""What changes a contract after it was booked."""

from __future__ import annotations

import strawberry

from server.models import Contract, Customer
from server.schema.building import Info
from server.schema.change import ChangePreview, ContractChange
from server.schema.contract_parts import DriverInput
from server.schema.contract_tariff import TariffEditInput
from server.schema.customer import CustomerUpdate
from server.schema.handover import CounterCustomerInput
from server.schema.payer import PayerInput
from server.schema.protocol import ReadingInput
from server.schema.results import ChangePeriodResult, ContractResult, CustomerResult
from server.schema.root_fields import BOOKERS, OFFICE, STAFF, mutation, query
from server.schema.shared import PeriodInput
from server.services.changes import (
    customer_data,
    customer_record,
    customer_review,
    drivers,
    edit,
    notes,
    readings,
    tariff,
)
from server.services.changes import payer as payers
from server.services.changes import period as period_changes
from server.services.changes.edit import Prospect
from server.services.changes.period import PeriodChange
from server.services.validation import as_uuid


@strawberry.type
class ChangeQuery:
    """What changes would come to."""

    @query(allow=BOOKERS, graphql_type=ChangePreview)
    async def change_preview(self, info: Info, contract_id: strawberry.ID, change: ContractChange) -> Prospect:
        """What a change would cost, and what would stand against it. Nothing is written."""
        context = info.context
        scope = change.scope(context.principal)
        return await edit.preview(context.outside, context.acting, as_uuid(contract_id), change.look(), scope=scope)


@strawberry.type
class ChangeMutation:
    """Changes of what is agreed. The customer gets a mail that names what was and what is."""

    @mutation(allow=BOOKERS, graphql_type=ChangePeriodResult)
    async def change_period(
        self,
        info: Info,
        contract_id: strawberry.ID,
        version: int,
        period: PeriodInput,
        force: bool = False,
        reason: str | None = None,
        vehicle_id: strawberry.ID | None = None,
    ) -> Contract:
        """Extends, shortens or moves the agreed period, until the car is back: on the same car, before the check-out
        also on another one of the group. The price follows the contract's own tariff; what was paid stays.

        A website may do it for its own bookings before their start, if its policy says so; it names no car.
        """
        context, car = info.context, as_uuid(vehicle_id) if vehicle_id else None
        wanted = PeriodChange(period.start, period.end, force, reason, car)
        done = await period_changes.change(context.outside, context.acting, as_uuid(contract_id), version, wanted)
        return await context.read_anew(Contract, done)

    @mutation(allow=OFFICE, graphql_type=ContractResult)
    async def add_driver(self, info: Info, contract_id: strawberry.ID, version: int, driver: DriverInput) -> Contract:
        """Adds somebody who may drive, until the car is back. The price is that of one driver more."""
        context, entry = info.context, driver.given()
        done = await drivers.add(context.outside, context.acting, as_uuid(contract_id), version, entry)
        return await context.read_anew(Contract, done)

    @mutation(allow=STAFF, graphql_type=ContractResult)
    async def see_licence(
        self, info: Info, contract_id: strawberry.ID, version: int, driver_id: strawberry.ID
    ) -> Contract:
        """Says that you have seen a driver's original licence: it need not be shown again at the check-out."""
        context, ids = info.context, (as_uuid(contract_id), version, as_uuid(driver_id))
        async with context.write() as session:
            done = await drivers.see_licence(session, context.acting, *ids)
        return await context.read_anew(Contract, done)

    @mutation(allow=OFFICE, graphql_type=ContractResult)
    async def remove_driver(
        self, info: Info, contract_id: strawberry.ID, version: int, driver_id: strawberry.ID
    ) -> Contract:
        """Takes somebody off who may drive, until the car is back. The price is that of one driver less."""
        context, driver = info.context, as_uuid(driver_id)
        done = await drivers.remove(context.outside, context.acting, as_uuid(contract_id), version, driver)
        return await context.read_anew(Contract, done)

    @mutation(allow=OFFICE, graphql_type=ContractResult)
    async def edit_tariff(
        self,
        info: Info,
        contract_id: strawberry.ID,
        version: int,
        input: TariffEditInput,  # noqa: A002
    ) -> Contract:
        """Changes the contract's own copy of its tariff, or adds a discount or a waiver, until it is billed. The price
        list stays as it is; money moves with the invoice.
        """
        context, asked = info.context, input.given()
        done = await tariff.change(context.outside, context.acting, as_uuid(contract_id), version, asked)
        return await context.read_anew(Contract, done)

    @mutation(allow=OFFICE, graphql_type=ContractResult)
    async def change_payer(
        self, info: Info, contract_id: strawberry.ID, version: int, payer: PayerInput | None = None
    ) -> Contract:
        """Has somebody else pay, or the customer again, until the rental is billed. An advance that the customer's card
        paid goes back, and its invoice is taken back; the card is never debited for what the payer owes.
        """
        context, wanted = info.context, payer.given() if payer else None
        done = await payers.change(context.outside, context.acting, as_uuid(contract_id), version, wanted)
        return await context.read_anew(Contract, done)

    @mutation(allow=STAFF, graphql_type=ContractResult)
    async def add_note(self, info: Info, contract_id: strawberry.ID, text: str) -> Contract:
        """Adds a remark of staff to a contract, up to 4,000 characters. Customers do not see it."""
        context = info.context
        done = await notes.add(context.outside, context.acting, as_uuid(contract_id), text)
        return await context.read_anew(Contract, done)

    @mutation(allow=OFFICE, graphql_type=CustomerResult)
    async def update_customer(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002
        version: int,
        input: CustomerUpdate,  # noqa: A002
    ) -> Customer:
        """Changes what is stored of a customer. What was there before is kept, and contracts keep their own copies."""
        context, change = info.context, input.given()
        async with context.write() as session:
            return await customer_record.update(session, as_uuid(id), version, change, now=context.now)

    @mutation(allow=OFFICE, graphql_type=ContractResult)
    async def resolve_customer_review(
        self, info: Info, contract_id: strawberry.ID, version: int, same_person: bool
    ) -> Contract:
        """Says whether a booking with the flag CUSTOMER_REVIEW is by the person that is stored under its mail address.
        If it is, what it says is written there; if not, it gets a customer of its own.
        """
        context, contract = info.context, as_uuid(contract_id)
        done = await customer_review.resolve(
            context.outside, context.acting, contract, version, same_person=same_person
        )
        return await context.read_anew(Contract, done)

    @mutation(allow=OFFICE, graphql_type=ContractResult)
    async def correct_reading(
        self, info: Info, protocol_id: strawberry.ID, reading: ReadingInput, reason: str
    ) -> Contract:
        """Corrects odometer, fuel or charge of a protocol; the customer gets a correction sheet by mail.

        After the final invoice a manager does it: the invoice is taken back and issued anew, only the difference moves.
        """
        context, right = info.context, reading.given()
        done = await readings.correct(context.outside, context.acting, as_uuid(protocol_id), right, reason)
        return await context.read_anew(Contract, done)

    @mutation(allow=OFFICE, graphql_type=ContractResult)
    async def complete_customer(
        self, info: Info, contract_id: strawberry.ID, version: int, customer: CounterCustomerInput
    ) -> Contract:
        """Corrects or adds what a contract says of its customer, until it is billed. What waited for it goes on."""
        named = customer.given()
        async with info.context.write() as session:
            return await customer_data.complete(session, as_uuid(contract_id), version, named, info.context.acting)
