"""How a booking ends before its car goes out."""

from __future__ import annotations

import strawberry

from server.models import Contract
from server.schema.building import Info
from server.schema.results import ContractResult
from server.schema.root_fields import BOOKERS, MANAGERS, OFFICE, mutation
from server.services.ends import cancellation, no_show, undo
from server.services.validation import as_uuid


@strawberry.type
class EndMutation:
    """Calling bookings off, and those that nobody picks up."""

    @mutation(allow=BOOKERS, graphql_type=ContractResult)
    async def cancel_contract(
        self, info: Info, contract_id: strawberry.ID, version: int, reason: str | None = None
    ) -> Contract:
        """Calls a RESERVED booking off: free until the tariff's deadline, then with its fee. What was paid too much
        goes back, the deposit is lifted, the customer gets a mail with the document. `changePreview` names the amounts.

        A website may do it for its own bookings before their start.
        """
        context = info.context
        done = await cancellation.cancel(context.outside, context.acting, as_uuid(contract_id), version, reason)
        return await context.read_anew(Contract, done)

    @mutation(allow=OFFICE, graphql_type=ContractResult)
    async def mark_no_show(self, info: Info, contract_id: strawberry.ID, version: int) -> Contract:
        """Says that nobody came, from two hours after the planned start on: the car is free, and the tariff's fee due.

        Without it the system says so itself eight days after the start: until then a tablet without a network may still
        bring the hand-over. The car is kept to the planned end only.
        """
        context = info.context
        done = await no_show.mark(context.outside, context.acting, as_uuid(contract_id), version)
        return await context.read_anew(Contract, done)

    @mutation(allow=MANAGERS, graphql_type=ContractResult)
    async def undo_protocol(self, info: Info, protocol_id: strawberry.ID, reason: str) -> Contract:
        """Takes the last check-out or check-in of a contract back, within 60 minutes of its arrival: the car is where
        it was before. The protocol is kept as voided, and the customer is told.

        An invoice that was issued meanwhile is taken back; what was paid for it counts for the next one.
        """
        context = info.context
        done = await undo.undo(context.outside, context.acting, as_uuid(protocol_id), reason)
        return await context.read_anew(Contract, done)

    @mutation(allow=MANAGERS, graphql_type=ContractResult)
    async def undo_no_show(self, info: Info, contract_id: strawberry.ID, version: int, reason: str) -> Contract:
        """Takes a booking up again that counted as not picked up, if a car of its group is free in its period. The fee
        is taken back.
        """
        context = info.context
        done = await no_show.undo(context.outside, context.acting, as_uuid(contract_id), version, reason)
        return await context.read_anew(Contract, done)
