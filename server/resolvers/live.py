"""What changes, told as it happens."""

from __future__ import annotations

from collections.abc import AsyncIterator

import strawberry

from server.schema.building import Info
from server.schema.contract import Contract as ContractType
from server.schema.fleet import Vehicle as VehicleType
from server.schema.root_fields import STAFF, subscription
from server.services.lists import live
from server.services.lists.live import Changed
from server.services.validation import as_uuid


@strawberry.type(description="What changes, told as it happens: over WebSockets, or as server-sent events.")
class Subscription:
    """All subscriptions."""

    @subscription(allow=STAFF, graphql_type=ContractType)
    async def contract_changed(self, info: Info, station_id: strawberry.ID) -> AsyncIterator[Changed]:
        """A contract that is picked up at the station, or was handed out and comes back there, as it is after something
        of it was changed: what counts is what counts for `updatedAt`. Changes in quick succession are told once, and
        nothing of what you may not see. After a time without a connection, read what has changed with `changedSince`.
        """
        context = info.context
        return await live.contracts(context.outside.database, context.principal.scope, as_uuid(station_id))

    @subscription(allow=STAFF, graphql_type=VehicleType)
    async def vehicle_changed(self, info: Info, station_id: strawberry.ID) -> AsyncIterator[Changed]:
        """A car that stands at the station or belongs to it, or did until now, as it is after it or a block or damage
        of it was changed. What its contracts do is told by `contractChanged`. Nothing is told of what you may not see.
        """
        context = info.context
        return await live.vehicles(context.outside.database, context.principal.scope, as_uuid(station_id))
