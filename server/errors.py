"""What the business refuses, as a tree of exceptions.

DomainError
├── NotFound                 unknown, or not the caller's to see
├── InvalidInput             a value that cannot be accepted, with the path of the field
├── NoVehicleAvailable       nothing free; carries alternatives
├── OutsideOpeningHours      closed then; carries the next possible instant
├── PeriodConflict           collides with other uses; carries them
├── PaymentDeclined          the card was refused; carries the reason
├── InvalidTransition        the contract's state does not allow it
├── VersionConflict          somebody else saved in between
└── Refused                  everything else that has a code of its own

CallerError: outside the data: who is asking may not, or asked in a malformed way.
└── DeviceRevoked            the device that asks was shut out
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class Sentence(NamedTuple):
    """What is said to people, in both languages that the system speaks."""

    en: str
    de: str

    def within(self, language: str) -> str:
        """The sentence in a language: "de", or English."""
        return self.de if language == "de" else self.en

    def __str__(self) -> str:
        return self.en


class ProblemCode(StrEnum):
    """Why a mutation was refused."""

    NOT_FOUND = "NOT_FOUND"
    """There is no such thing, or it is not yours to see: both answer alike."""
    INVALID_INPUT = "INVALID_INPUT"
    """A value cannot be accepted; `field` says which, the message says what would be right."""
    NO_VEHICLE_AVAILABLE = "NO_VEHICLE_AVAILABLE"
    """No vehicle of the group is free in the period."""
    OUTSIDE_OPENING_HOURS = "OUTSIDE_OPENING_HOURS"
    """The station is closed at the start or the end of the period."""
    PERIOD_CONFLICT = "PERIOD_CONFLICT"
    """The period collides with other uses of the vehicle."""
    INVALID_TRANSITION = "INVALID_TRANSITION"
    """The contract's state does not allow this step."""
    VERSION_CONFLICT = "VERSION_CONFLICT"
    """Somebody else saved in between: read again, then repeat with the current version."""
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    """The same id or key was already used with other content."""
    PAYMENT_DECLINED = "PAYMENT_DECLINED"
    """The card was refused. Nothing is charged."""
    PAYMENT_UNRESOLVED = "PAYMENT_UNRESOLVED"
    """The outcome of a payment is not known yet. It is being looked up: ask again with the same key."""
    CUSTOMER_INCOMPLETE = "CUSTOMER_INCOMPLETE"
    """Something about the customer is missing that the invoice needs: ask for it and send it as `customer`."""
    CUSTOMER_NOT_ACCEPTED = "CUSTOMER_NOT_ACCEPTED"
    """This booking cannot be made online; the station can help."""
    DRIVER_NOT_ELIGIBLE = "DRIVER_NOT_ELIGIBLE"
    """A driver is too young, or has held the licence for too short a time, for this group."""
    LICENCE_NOT_CHECKED = "LICENCE_NOT_CHECKED"
    """The original licence of every driver has to be seen before the car is handed over."""
    DEPOSIT_MISSING = "DEPOSIT_MISSING"
    """The deposit is neither held nor waived."""
    VEHICLE_NOT_READY = "VEHICLE_NOT_READY"
    """The vehicle is blocked, retired, still out, or its inspection is due."""
    ODOMETER_IMPLAUSIBLE = "ODOMETER_IMPLAUSIBLE"
    """The odometer is below the last reading, or too far above it for the time: correct it, or give a reason."""
    PHOTO_REFUSED = "PHOTO_REFUSED"
    """The file is not a photo that can be accepted."""
    PHOTO_MISSING = "PHOTO_MISSING"
    """A protocol or a damage names a photo that has not been uploaded."""
    BILLING_BLOCKED = "BILLING_BLOCKED"
    """Billing is waiting for a person or for data that is missing."""
    NOT_ALLOWED = "NOT_ALLOWED"
    """The caller's role or the rules of the contract do not allow it."""
    TOO_MANY_ATTEMPTS = "TOO_MANY_ATTEMPTS"
    """Too many failed sign-ins: wait, then try again."""


Path = Sequence[str]


class DomainError(Exception):
    """A refusal that the caller gets as a typed answer. Nothing was written."""

    code = ProblemCode.INVALID_INPUT

    def __init__(self, message: Sentence, *, field: Path | None = None) -> None:
        super().__init__(str(message))
        self.message = message
        self.field = list(field) if field else None


class Refused(DomainError):
    """A refusal with a code and nothing more to say."""

    def __init__(self, code: ProblemCode, message: Sentence, *, field: Path | None = None) -> None:
        super().__init__(message, field=field)
        self.code = code


class NotFound(DomainError):
    """Unknown, or not the caller's: both look the same from outside."""

    code = ProblemCode.NOT_FOUND


class InvalidInput(DomainError):
    """A value that cannot be accepted. `field` is the path inside the arguments."""

    code = ProblemCode.INVALID_INPUT

    def __init__(self, message: Sentence, *, field: Path) -> None:
        super().__init__(message, field=field)


class NoVehicleAvailable(DomainError):
    """Nothing of the group is free; `alternatives` are rows of `availability.Alternative`."""

    code = ProblemCode.NO_VEHICLE_AVAILABLE

    def __init__(self, message: Sentence, *, alternatives: Sequence[Any], field: Path | None = None) -> None:
        super().__init__(message, field=field)
        self.alternatives = list(alternatives)


class OutsideOpeningHours(DomainError):
    """The station is closed at an end of the period, because of a `holiday` if there is one. `next_possible` is UTC, or
    nothing within a year.
    """

    code = ProblemCode.OUTSIDE_OPENING_HOURS

    def __init__(
        self, message: Sentence, *, next_possible: datetime | None, holiday: Sentence | None, field: Path
    ) -> None:
        super().__init__(message, field=field)
        self.next_possible = next_possible
        self.holiday = holiday


class PeriodConflict(DomainError):
    """The period collides with `conflicts`, rows of `models.Occupancy`."""

    code = ProblemCode.PERIOD_CONFLICT

    def __init__(self, message: Sentence, *, conflicts: Sequence[Any], field: Path | None = None) -> None:
        super().__init__(message, field=field)
        self.conflicts = list(conflicts)


class PaymentDeclined(DomainError):
    """The card was refused and nothing was charged. `reason` is the gateway's own text, for people."""

    code = ProblemCode.PAYMENT_DECLINED

    def __init__(self, message: Sentence, *, reason: str | None, field: Path | None = None) -> None:
        super().__init__(message, field=field)
        self.reason = reason


class InvalidTransition(DomainError):
    """The step is not possible in `state`; `allowed` are the states that can follow it."""

    code = ProblemCode.INVALID_TRANSITION

    def __init__(self, message: Sentence, *, state: Any, allowed: Sequence[Any]) -> None:
        super().__init__(message)
        self.state = state
        self.allowed = list(allowed)


_CHANGED_MEANWHILE = Sentence(
    "Somebody else changed this in the meantime: read it again, then repeat.",
    "Jemand anderes hat das inzwischen geändert: bitte neu laden, dann noch einmal versuchen.",
)


class VersionConflict(DomainError):
    """Somebody else saved in between. `current_version` is what is stored now."""

    code = ProblemCode.VERSION_CONFLICT

    def __init__(self, current_version: int) -> None:
        super().__init__(_CHANGED_MEANWHILE, field=["version"])
        self.current_version = current_version


class CallerErrorCode(StrEnum):
    """`extensions.code` of an error outside the data."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    TOO_EXPENSIVE = "TOO_EXPENSIVE"
    RATE_LIMITED = "RATE_LIMITED"
    INTERNAL = "INTERNAL"


class CallerError(Exception):
    """An error outside the data: the caller may not ask this, or asked it in a malformed way.

    A plain text is meant for who writes the program that asks, and is English.
    """

    reason: str | None = None
    """`extensions.reason`: what a program has to do differently than after other errors of the same code."""

    def __init__(self, code: CallerErrorCode, message: Sentence | str) -> None:
        super().__init__(str(message))
        self.code = code
        self.message = message

    def said_in(self, language: str) -> str:
        """The message in a language ("de" or "en"), as far as it is meant for people."""
        return self.message.within(language) if isinstance(self.message, Sentence) else self.message


class DeviceRevoked(CallerError):
    """The device was shut out (`revokeDevice`): it has to delete what it holds, which no ended session asks of it."""

    reason = "DEVICE_REVOKED"

    def __init__(self) -> None:
        super().__init__(
            CallerErrorCode.UNAUTHENTICATED,
            Sentence(
                "This device was shut out. Please sign in again.", "Dieses Gerät wurde gesperrt. Bitte neu anmelden."
            ),
        )
