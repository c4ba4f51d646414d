"""The agreed period: extended, shortened, moved, from the booking until the car is back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.database import Session
from server.database.conflicts import tried_again
from server.errors import DomainError, InvalidInput, NotFound, PeriodConflict, ProblemCode, Refused, Sentence
from server.models import Contract, Driver, Station, Vehicle, VehicleGroup
from server.models.blank import is_blank
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.staff import Role
from server.services.acting import OVERRIDERS, Acting
from server.services.booking import bookable, overdue, reminder, website
from server.services.booking.slot import Slot
from server.services.changes import cars, edit, said, said_cancelling
from server.services.changes.cars import Found
from server.services.changes.drivers import of_contract
from server.services.changes.edit import Done, Prospect
from server.services.contract import contracts, no_shows
from server.services.fleet import occupancies
from server.services.outside import Outside
from server.services.payments import deposits
from server.services.people import drivers
from server.services.people.drivers import LocalDays

FIELD = ("period",)
_POSSIBLE = frozenset({ContractState.RESERVED, ContractState.CHECKED_OUT})
_OUT_ALREADY = Sentence(
    "The car is with the customer: only the end can be changed.",
    "Das Fahrzeug ist schon beim Kunden: ändern lässt sich nur noch das Ende.",
)
_IN_THE_PAST = Sentence("The end lies in the past.", "Das Ende liegt in der Vergangenheit.")
_TAKEN = Sentence(
    "The car is taken in this period, and no other one of the group is free.",
    "Das Fahrzeug ist in diesem Zeitraum belegt, und kein anderes der Gruppe ist frei.",
)
_NOT_ONLINE = Sentence(
    "This booking cannot be changed online. Please contact the station.",
    "Diese Buchung lässt sich online nicht ändern. Bitte wenden Sie sich an die Station.",
)
_NAMED_IS_TAKEN = Sentence("This car is not free in this period.", "Dieses Fahrzeug ist in diesem Zeitraum nicht frei.")
_NO_SUCH_CAR = Sentence(
    "There is no such car in the contract's group at its station.",
    "Dieses Fahrzeug gibt es in der Gruppe des Vertrags an seiner Station nicht.",
)
_CAR_IS_OUT = Sentence(
    "The car is with the customer: another one takes its place by a swap.",
    "Das Fahrzeug ist schon beim Kunden: ein anderes bekommt er durch einen Tausch.",
)
_NAMED_OR_FORCED = Sentence(
    "Either name a car or take the planned one from others, not both.",
    "Entweder ein Fahrzeug nennen oder anderen das geplante nehmen, nicht beides.",
)
_FOR_MANAGERS = Sentence(
    "Only a manager can take the car from another contract.",
    "Nur die Leitung kann einem anderen Vertrag das Fahrzeug nehmen.",
)
_SAY_WHY = Sentence(
    "Say why the other contract loses its car.", "Bitte angeben, warum der andere Vertrag sein Fahrzeug verliert."
)


@dataclass(frozen=True)
class PeriodChange:
    """The period that is wanted (UTC). `force`: even if another contract loses its car, for a `reason`. `vehicle_id`:
    the one car that will do, which then stays with the contract; None if the system may choose.
    """

    start: datetime
    end: datetime
    force: bool = False
    reason: str | None = None
    vehicle_id: UUID | None = None

    @property
    def period(self) -> tuple[datetime, datetime]:
        """From when to when."""
        return self.start, self.end


@dataclass(frozen=True)
class _Plan:
    """What was found out about a change: what it comes to, its slot and the cars for it."""

    prospect: Prospect
    slot: Slot
    found: Found


async def look(session: Session, contract: Contract, acting: Acting, *, wanted: PeriodChange) -> Prospect:
    """What another period would cost by the contract's own tariff, and everything that stands against it."""
    return (await _plan(session, contract, acting, wanted)).prospect


async def _plan(session: Session, contract: Contract, acting: Acting, wanted: PeriodChange) -> _Plan:
    slot = await cars.slot_of(session, contract, wanted.period)
    found = await _cars(session, contract, slot, wanted, acting.now)
    people = await of_contract(session, contract)
    shown = found.without_names() if acting.person.role is Role.WEB else found
    problems = [
        *edit.against_state(contract, _POSSIBLE),
        *await _against_website(session, contract, acting),
        *_against_period(contract, wanted, acting.now),
        *_against_hours(contract, slot),
        *await _against_drivers(session, contract, people, slot),
        *_against_force(acting, wanted),
        *_against_naming(contract, wanted, acting),
        *_against_cars(shown, wanted),
    ]
    after = contracts.price_of(
        contract,
        drivers=max(1, len(people)),
        zone=slot.station.zone,
        period=wanted.period,
        after_hours=bookable.is_after_hours(slot),
    )
    conflicts = [] if found.vehicle_ids else shown.conflicts
    return _Plan(Prospect(before=contract.price, after=after, problems=problems, conflicts=conflicts), slot, found)


async def _cars(session: Session, contract: Contract, slot: Slot, wanted: PeriodChange, now: datetime) -> Found:
    if wanted.vehicle_id is None:
        return await cars.find(session, contract, slot, now)
    found = await cars.find_named(session, contract, slot, wanted.vehicle_id, now)
    if found is None:
        raise NotFound(_NO_SUCH_CAR, field=["vehicle_id"])
    return found


@tried_again
async def change(
    outside: Outside, acting: Acting, contract_id: UUID | None, version: int, wanted: PeriodChange
) -> UUID:
    """Changes the agreed period: on the same car, else on another one of the group if none is out. The new total is
    rated on the frozen tariff.

    Raises VersionConflict, InvalidTransition, PeriodConflict, OutsideOpeningHours, InvalidInput, NOT_ALLOWED.
    """
    acting = acting.because(wanted.reason)
    async with edit.editing(outside, acting, contract_id, version) as (session, contract):
        plan = await _plan(session, contract, acting, wanted)
        plan.prospect.refuse()
        before, station = (contract.starts_at, contract.ends_at), plan.slot.station
        off = said_cancelling.agreed(contract)
        was = await _named(session, station, before, contract.vehicle_id)
        contract.vehicle_fixed = contract.vehicle_fixed or wanted.vehicle_id is not None
        await _move(session, contract, plan, acting)
        contract.starts_at, contract.ends_at = wanted.period
        contract.agreed_after_hours = bookable.is_after_hours(plan.slot)
        contract.agree_on(plan.prospect.after)
        done = Done(
            action=HistoryAction.PERIOD_CHANGED,
            before=was,
            after=await _named(session, station, wanted.period, contract.vehicle_id),
            told=said.joined(
                [
                    said.period(contract, station.zone, before),
                    said.price(contract, plan.prospect.before),
                    said_cancelling.changes(contract, off, station.zone, acting.now),
                ]
            ),
        )
        await edit.finish(session, contract, done, acting)
        await _watch_anew(session, contract, acting.now)
        return contract.id


async def _watch_anew(session: Session, contract: Contract, now: datetime) -> None:
    """What has its time by the period: the deposit, and whoever does not come, or does not bring the car back."""
    if contract.state is ContractState.RESERVED:
        await deposits.plan_anew(session, contract, now=now)
        await no_shows.plan(session, contract, now=now)
        await reminder.schedule(session, contract, now=now)
    else:
        await deposits.begin_anew(session, contract, now=now)
        await overdue.watch(session, contract, now=now)


async def _move(session: Session, contract: Contract, plan: _Plan, acting: Acting) -> None:
    """Takes the car for the new period, from others if nothing else will do; PeriodConflict if somebody was faster."""
    found = plan.found
    forced = [] if found.vehicle_ids else found.contract_ids
    for other in forced:
        await contracts.lock(session, other)
        await occupancies.free_contract(session, other)
    own = [contract.vehicle_id] if contract.vehicle_id is not None else []
    if not await cars.take_first(session, contract, plan.slot, found.vehicle_ids or own, acting.now):
        raise PeriodConflict(_TAKEN, conflicts=plan.prospect.conflicts, field=FIELD)
    for other in forced:
        await cars.give_another(session, other, acting)


async def _named(session: Session, station: Station, period: tuple[datetime, datetime], vehicle_id: UUID | None) -> str:
    vehicle = await session.by_id(Vehicle, vehicle_id)
    start, end = (f"{at.astimezone(station.zone):%Y-%m-%d %H:%M}" for at in period)
    return f"{start} – {end}" + (f", {vehicle.plate}" if vehicle else "")


async def _against_website(session: Session, contract: Contract, acting: Acting) -> list[DomainError]:
    policy = await website.policy_of(session, acting.person)
    before = contract.state is ContractState.RESERVED and acting.now < contract.starts_at
    if policy is None or (policy.may_change_period and before):
        return []
    return [Refused(ProblemCode.NOT_ALLOWED, _NOT_ONLINE)]


def _against_period(contract: Contract, wanted: PeriodChange, now: datetime) -> list[DomainError]:
    """What stays may lie in the past: a customer who is late still picks up."""
    stays = wanted.start == contract.starts_at
    if contract.state is ContractState.CHECKED_OUT and not stays:
        return [InvalidInput(_OUT_ALREADY, field=[*FIELD, "start"])]
    if wanted.start < wanted.end <= now:
        return [InvalidInput(_IN_THE_PAST, field=[*FIELD, "end"])]
    try:
        bookable.check_period(wanted.start, wanted.end, min(now, wanted.start) if stays else now, FIELD)
    except InvalidInput as problem:
        return [problem]
    return []


def _against_hours(contract: Contract, slot: Slot) -> list[DomainError]:
    """Only what changes has to lie within opening hours: the rest was agreed."""
    starts, ends = slot.start != contract.starts_at, slot.end != contract.ends_at
    closed = [
        bookable.closed_at_start(slot, FIELD) if starts else None,
        bookable.closed_at_end(slot, FIELD) if ends else None,
    ]
    return [problem for problem in closed if problem is not None]


async def _against_drivers(session: Session, contract: Contract, people: list[Driver], slot: Slot) -> list[DomainError]:
    group = await session.by_id(VehicleGroup, contract.group_id)
    days = LocalDays.of(slot.start, slot.end, slot.station.zone)
    reason = drivers.reason_against(group, people, days) if group else None
    return [Refused(ProblemCode.DRIVER_NOT_ELIGIBLE, reason, field=FIELD)] if reason else []


def _against_force(acting: Acting, wanted: PeriodChange) -> list[DomainError]:
    if not wanted.force:
        return []
    if acting.person.role not in OVERRIDERS:
        return [Refused(ProblemCode.NOT_ALLOWED, _FOR_MANAGERS, field=["force"])]
    return [InvalidInput(_SAY_WHY, field=["reason"])] if is_blank(wanted.reason) else []


def _against_naming(contract: Contract, wanted: PeriodChange, acting: Acting) -> list[DomainError]:
    """A website names no cars: it would learn which there are."""
    if wanted.vehicle_id is None:
        return []
    if acting.person.role is Role.WEB:
        return [Refused(ProblemCode.NOT_ALLOWED, _NOT_ONLINE, field=["vehicle_id"])]
    if wanted.force:
        return [InvalidInput(_NAMED_OR_FORCED, field=["vehicle_id"])]
    if contract.state is ContractState.CHECKED_OUT and wanted.vehicle_id != contract.vehicle_id:
        return [InvalidInput(_CAR_IS_OUT, field=["vehicle_id"])]
    return []


def _against_cars(found: Found, wanted: PeriodChange) -> list[DomainError]:
    if found.vehicle_ids or (wanted.force and found.can_be_forced):
        return []
    if wanted.vehicle_id is not None:
        return [PeriodConflict(_NAMED_IS_TAKEN, conflicts=found.conflicts, field=["vehicle_id"])]
    return [PeriodConflict(_TAKEN, conflicts=found.conflicts, field=FIELD)]
