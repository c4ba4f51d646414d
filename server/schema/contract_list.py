"""What a list of contracts is narrowed by, and in which order it comes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import strawberry

from server.errors import InvalidInput, Sentence
from server.models import Contract, LastChange
from server.models.contract import ContractState, SettlementState
from server.models.contract_attention import ContractFlag
from server.schema.building import api_enum, api_input
from server.schema.shared import PeriodInput
from server.security import Principal
from server.services.lists.changes import changed_contracts
from server.services.lists.listing import Listing
from server.services.lists.search import ContractFilter as Wanted
from server.services.lists.search import contracts, distinct, only


@api_input
class ContractFilter:
    """Narrows a list of contracts."""

    station_id: strawberry.ID | None = None
    """Only those picked up there, or handed out and to be returned there."""
    states: list[ContractState] | None = None
    """Only contracts in one of these states."""
    settlement: list[SettlementState] | None = None
    """Only contracts with one of these settlement states, for example OPEN and PARTLY_PAID."""
    flags: list[ContractFlag] | None = None
    """Only contracts with at least one of these flags."""
    customer_id: strawberry.ID | None = None
    """Only contracts of this customer."""
    vehicle_id: strawberry.ID | None = None
    """Only contracts whose planned or handed-over car is this one."""
    period: PeriodInput | None = None
    """Only contracts whose agreed period overlaps this one."""
    search: str | None = None
    """Words of the number, of either car's plate, of the customer's or payer's name or e-mail, of the workshop order or
    of the number or recipient of one of its documents, or a phone number: in any order and every spelling, at most 100
    characters. Where nothing fits, what is written much like it.
    """
    changed_since: datetime | None = None
    """Only those that changed since then, the oldest change first: whatever happened to the contract or to what
    belongs to it. The order is UPDATED_ASC, also if `orderBy` is left out; START_DESC and CREATED_DESC are refused with
    it. Give the `updatedAt` of the last contract that you have read: no change is ever missed that way. A contract that
    no longer fits the rest of the filter, or that you may no longer see, is not listed; whoever comes to see further
    stations begins anew.
    """

    def listing(self, order: ContractOrder, principal: Principal, now: datetime) -> Listing[Contract]:
        """The list that it asks for, as far as it is the caller's."""
        return contracts(self._wanted(), order.value, principal, now)

    def changes(self, principal: Principal, now: datetime) -> Listing[LastChange]:
        """The same by last change."""
        return changed_contracts(self._wanted(), self.changed_since, principal, now)

    def _wanted(self) -> Wanted:
        return Wanted(
            station_id=only(self.station_id),
            states=distinct(self.states),
            settlement=distinct(self.settlement),
            flags=distinct(self.flags),
            customer_id=only(self.customer_id),
            vehicle_id=only(self.vehicle_id),
            start=self.period.start if self.period else None,
            end=self.period.end if self.period else None,
            search=self.search,
        )


@api_enum
class ContractOrder(StrEnum):
    """The order of a list of contracts."""

    START_ASC = "START_ASC"
    """By start, the earliest first."""
    START_DESC = "START_DESC"
    """By start, the latest first."""
    CREATED_DESC = "CREATED_DESC"
    """By when they were made, the newest first."""
    UPDATED_ASC = "UPDATED_ASC"
    """By their last change, the oldest first. One that changes while you page moves to the end and comes again."""

    def of(self, filter: ContractFilter) -> ContractOrder:  # noqa: A002
        """The order in which what a filter asks for is listed; InvalidInput if the two contradict each other."""
        if filter.changed_since is None:
            return self
        if self not in {ContractOrder.UPDATED_ASC, ContractOrder.START_ASC}:
            raise InvalidInput(
                Sentence(
                    "What has changed comes in the order of the changes, the oldest first: leave `orderBy` out.",
                    "Was sich geändert hat, kommt in der Reihenfolge der Änderungen: bitte ohne `orderBy` fragen.",
                ),
                field=["order_by"],
            )
        return ContractOrder.UPDATED_ASC
