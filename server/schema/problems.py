"""Why a mutation was refused, as types. Every refusal implements `Problem`; anything else is a fault and is masked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from server import errors
from server.edge.paths import wire_path
from server.errors import ProblemCode
from server.models import payment_reasons
from server.models.contract import ContractState
from server.schema.building import api_enum, api_interface, api_type
from server.schema.fleet import Occupancy, VehicleGroup
from server.schema.shared import Money, Period, money
from server.schema.station import Station

api_enum(ProblemCode)


@api_interface
class Problem:
    """Why a mutation was refused. Nothing is charged and nothing is changed.

    Two codes say less: after PAYMENT_DECLINED a booking stays as a CANCELLED contract (after INVALID_INPUT only if the
    gateway does not know the `cardToken`), and with PAYMENT_UNRESOLVED the outcome is still open.
    """

    problem_code: ProblemCode
    """The kind of refusal: branch on this, never on the message."""
    message: str
    """What is wrong and what would be right, for people: German or English, whichever `Accept-Language` asks for."""
    field: list[str] | None
    """Path of the wrong input, for example ["input", "customer", "email"]; null if it is none in particular."""


@api_type
class Rejection(Problem):
    """A refusal that has nothing more to say than its code, message and field."""


@api_type
class Alternative:
    """Something that could be booked instead."""

    group: VehicleGroup
    """The vehicle group that is free."""
    period: Period
    """The period in which it is free."""
    station: Station
    """The station where it is free."""
    total: Money
    """What it would cost as a RENTAL without extras, gross."""


@api_type
class NoVehicleAvailable(Problem):
    """Nothing of the group is free; what could be booked instead, nearest first. Nothing was charged."""

    alternatives: list[Alternative]
    """What could be booked instead, nearest first."""


@api_type
class OutsideOpeningHours(Problem):
    """The station is closed at the start or the end of the period."""

    next_possible: datetime | None
    """The next instant at which the station is open; null if that is not within a year."""
    holiday: str | None
    """The public holiday, or what staff wrote about an exceptional day, if that is why; null otherwise."""


@api_type
class PeriodConflict(Problem):
    """The period collides with other uses of the vehicle, each named."""

    conflicts: list[Occupancy]
    """The uses that are in the way."""


@api_type
class PaymentDeclined(Problem):
    """The card was refused. Nothing is charged."""

    reason: str | None
    """What the card issuer or the gateway said, for people; null if nothing, as when the time ran out."""


@api_type
class InvalidTransition(Problem):
    """The contract's state does not allow this step."""

    state: ContractState
    """The state that the contract is in."""
    allowed: list[ContractState]
    """The states that could follow it; empty if none can."""


@api_type
class VersionConflict(Problem):
    """Somebody else saved in between: read again, then repeat with the current version."""

    current_version: int
    """The version that is stored now."""


def problem_of(error: errors.DomainError, possible: set[str], language: str) -> Problem:
    """The type for a refusal, said in "de" or "en": the special one if the result can be it, else `Rejection`."""
    message, field = error.message.within(language), wire_path(error.field)
    common: dict[str, Any] = {"problem_code": error.code, "message": message, "field": field}
    special: dict[str, Any] | None = None
    if isinstance(error, errors.NoVehicleAvailable):
        special = {"alternatives": [_alternative(found) for found in error.alternatives]}
    elif isinstance(error, errors.OutsideOpeningHours):
        special = {
            "next_possible": error.next_possible,
            "holiday": error.holiday and error.holiday.within(language),
        }
    elif isinstance(error, errors.PeriodConflict):
        special = {"conflicts": error.conflicts}
    elif isinstance(error, errors.PaymentDeclined):
        words = payment_reasons.said(error.reason)
        special = {"reason": words and words.within(language)}
    elif isinstance(error, errors.InvalidTransition):
        special = {"state": error.state, "allowed": error.allowed}
    elif isinstance(error, errors.VersionConflict):
        special = {"current_version": error.current_version}
    kind = _KINDS.get(type(error).__name__)
    if special is None or kind is None or kind.__name__ not in possible:
        return Rejection(**common)
    problem: Problem = kind(**common, **special)
    return problem


def _alternative(found: Any) -> Alternative:
    return Alternative(
        group=found.group,
        period=Period(start=found.start.astimezone(found.station.zone), end=found.end.astimezone(found.station.zone)),
        station=found.station,
        total=money(found.total_cents),
    )


_KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        NoVehicleAvailable,
        OutsideOpeningHours,
        PeriodConflict,
        PaymentDeclined,
        InvalidTransition,
        VersionConflict,
    )
}
