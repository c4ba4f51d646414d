"""Changes of a contract: what one would come to before it is done."""

from __future__ import annotations

from functools import partial

import strawberry

from server.database import SYSTEM, Scope
from server.errors import InvalidInput, Sentence
from server.models.price import PriceBreakdown as PriceFound
from server.schema.building import Info, api_input, api_input_one_of, row_type, shown_as
from server.schema.contract_parts import DriverInput
from server.schema.contract_tariff import TariffEditInput
from server.schema.fleet import Occupancy
from server.schema.handover import CheckInInput, CheckOutInput
from server.schema.payer import PayerInput
from server.schema.price import PriceBreakdown
from server.schema.problems import (
    InvalidTransition,
    OutsideOpeningHours,
    PeriodConflict,
    Problem,
    Rejection,
    problem_of,
)
from server.schema.shared import Money, PeriodInput, money, row_of
from server.security import Principal
from server.services.changes import drivers, payer, period, tariff
from server.services.changes.edit import Look
from server.services.changes.edit import Prospect as ProspectFound
from server.services.changes.period import PeriodChange
from server.services.ends import cancellation
from server.services.handover import swap
from server.services.handover.report import HandoverReport
from server.services.handover.swap import part
from server.services.validation import as_uuid

_PROBLEMS = {kind.__name__ for kind in (InvalidTransition, OutsideOpeningHours, PeriodConflict, Rejection)}


@api_input
class MoveInput:
    """Another period on a certain car, as `changePeriod` takes both."""

    period: PeriodInput
    """The whole period as it would be; it may be the agreed one."""
    vehicle_id: strawberry.ID
    """The car that it would have, of the contract's group at its station."""

    def given(self) -> PeriodChange:
        """What the service is told."""
        return PeriodChange(self.period.start, self.period.end, vehicle_id=as_uuid(self.vehicle_id))


@api_input_one_of
class ContractChange:
    """One change to look at. Give exactly one."""

    period: PeriodInput | None = strawberry.UNSET
    """Another agreed period, as `changePeriod` takes it without `force`."""
    move: MoveInput | None = strawberry.UNSET
    """A period on a certain car, as `changePeriod` takes it with `vehicleId`. Not for websites."""
    driver: DriverInput | None = strawberry.UNSET
    """Somebody more who may drive, as `addDriver` takes it."""
    remove_driver_id: strawberry.ID | None = strawberry.UNSET
    """The driver who would be taken off, as `removeDriver` takes it."""
    payer: PayerInput | None = strawberry.UNSET
    """Somebody else who pays, as `changePayer` takes it."""
    vehicle_id: strawberry.ID | None = strawberry.UNSET
    """Another car to go on with, as `swapVehicle` takes it."""
    tariff: TariffEditInput | None = strawberry.UNSET
    """An edit of the contract's copy of its tariff, as `editTariff` takes it."""
    cancel: bool | None = strawberry.UNSET
    """Whether to call the booking off, as `cancelContract` does; only true is a change."""

    def scope(self, principal: Principal) -> Scope:
        """What may be looked at: who names a car by its id learns only of their own."""
        return principal.scope if self.vehicle_id or self.move else SYSTEM

    def look(self) -> Look:
        """What finds out about the change that was given."""
        found: list[Look] = []
        if self.period:
            found.append(partial(period.look, wanted=PeriodChange(self.period.start, self.period.end)))
        if self.move:
            found.append(partial(period.look, wanted=self.move.given()))
        if self.driver:
            found.append(partial(drivers.look_at_adding, entry=self.driver.given()))
        if self.remove_driver_id:
            found.append(partial(drivers.look_at_removing, driver_id=as_uuid(self.remove_driver_id)))
        if self.payer:
            found.append(partial(payer.look, payer=self.payer.given()))
        if self.vehicle_id:
            found.append(partial(swap.look, vehicle_id=as_uuid(self.vehicle_id)))
        if self.tariff:
            found.append(partial(tariff.look_at, asked=self.tariff.given()))
        if self.cancel:
            found.append(cancellation.look)
        if not found:
            message = Sentence("Name one change to look at.", "Bitte genau eine Änderung angeben.")
            raise InvalidInput(message, field=["change"])
        return found[0]


def report_of(given: CheckInInput | CheckOutInput, argument: str) -> HandoverReport:
    """One of the two protocols of a swap; what is wrong with it is named by its argument."""
    with part(argument):
        return given.report()


@row_type(ProspectFound)
class ChangePreview:
    """What a change would come to, and everything that stands against it. Nothing was written."""

    @shown_as(PriceBreakdown)
    def before(self) -> PriceFound:
        """What is agreed now."""
        found: PriceFound = row_of(self).before
        return found

    @shown_as(PriceBreakdown)
    def after(self) -> PriceFound:
        """What would be agreed then."""
        found: PriceFound = row_of(self).after
        return found

    @strawberry.field
    def moved(self) -> Money:
        """What would be charged at once; negative: refunded. The rest follows with the invoice after the return."""
        return money(row_of(self).moved_cents)

    @strawberry.field
    def fee(self) -> Money:
        """The fee for it, for example of a late cancellation; zero if it is free."""
        return money(row_of(self).fee_cents)

    @strawberry.field
    def problems(self, info: Info) -> list[Problem]:
        """Everything that stands against it, by name; empty if it can be done. The change itself names the first."""
        return [problem_of(problem, _PROBLEMS, info.context.language) for problem in row_of(self).problems]

    conflicts: list[Occupancy]
    """Other uses of the car that are in the way, the earliest first; empty if there are none."""
