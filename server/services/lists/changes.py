"""Contracts by their last change, the oldest first: what somebody reads who keeps up with them."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, select

from server.models import Contract, LastChange
from server.models.staff import Role
from server.security import Principal
from server.services.lists.listing import Key, Listing
from server.services.lists.search import Conditions, ContractFilter, narrowed


def changed_contracts(
    filter_: ContractFilter, since: datetime | None, principal: Principal, now: datetime
) -> Listing[LastChange]:
    """The last change of each contract that a filter asks for, only those after an instant if there is one.

    A page costs the page: each way to be a contract of the caller's has an index in this order.
    """
    where: Conditions = [] if since is None else [col(LastChange.updated_at) > since]
    conditions = narrowed(filter_, now)
    if principal.role is Role.WEB:
        where.append(col(LastChange.client_id) == principal.id)
        if filter_.station_id is not None:
            where.append(col(LastChange.station_id) == filter_.station_id)
    if conditions:
        where.append(col(LastChange.contract_id).in_(select(Contract.id).where(*conditions)))
    ways = tuple(_of_stations(filter_, principal))
    return Listing(LastChange, (Key("updated_at", datetime),), tuple(where), ways, identity="contract_id")


def _of_stations(filter_: ContractFilter, principal: Principal) -> Conditions:
    if principal.role is Role.WEB or (filter_.station_id is None and (filter_.customer_id or filter_.vehicle_id)):
        return []
    stations = [filter_.station_id] if filter_.station_id is not None else list(principal.stations)
    picked_up, back = col(LastChange.station_id), col(LastChange.return_station_id)
    return [one == station for station in stations for one in (picked_up, back)]
