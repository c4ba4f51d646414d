"""What a mail about a change names: each fact with its value before and after, in the contract's language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from server.errors import Sentence
from server.models import Contract, Driver, Protocol
from server.models.price import PriceBreakdown
from server.paper import notation
from server.paper.views import Changed, Language
from server.services.mail import parts
from server.services.people.drivers import DriverDetails

_START = Sentence("Pick-up", "Abholung")
_END = Sentence("Return", "Rückgabe")
_PRICE = Sentence("Total price", "Gesamtpreis")
_DRIVER = Sentence("Driver", "Fahrer")
_PAYER = Sentence("Who pays", "Rechnung an")
_BOOKING = Sentence("Booking", "Buchung")
_NOT_PICKED_UP = Sentence("not picked up", "nicht abgeholt")
_VALID_AGAIN = Sentence("valid again", "gilt wieder")
_READINGS = {
    "odometer_km": Sentence("Odometer", "Kilometerstand"),
    "fuel_eighths": Sentence("Fuel", "Tank"),
    "state_of_charge_percent": Sentence("Charge", "Ladestand"),
}
_CUSTOMER_PAYS = Sentence("you", "Sie")


def moment(label: Sentence, contract: Contract, zone: ZoneInfo, before: datetime, after: datetime) -> list[Changed]:
    """An instant that has moved; nothing if it has not."""
    if before == after:
        return []
    language = parts.wording(contract.language)
    old, new = (notation.weekday_moment(at, zone.key, language) for at in (before, after))
    return [Changed(label=label.within(language), before=old, after=new)]


def period(contract: Contract, zone: ZoneInfo, before: tuple[datetime, datetime]) -> list[Changed]:
    """What has changed of the agreed period."""
    start, end = before
    return [
        *moment(_START, contract, zone, start, contract.starts_at),
        *moment(_END, contract, zone, end, contract.ends_at),
    ]


def price(contract: Contract, before: PriceBreakdown) -> list[Changed]:
    """The total, if it has changed."""
    if before.total_cents == contract.total_cents:
        return []
    language = parts.wording(contract.language)
    old, new = (notation.money(cents, language) for cents in (before.total_cents, contract.total_cents))
    return [Changed(label=_PRICE.within(language), before=old, after=new)]


def driver(contract: Contract, *, added: Driver | None = None, removed: Driver | None = None) -> list[Changed]:
    """Somebody who may drive from now on, or no longer."""
    label = _DRIVER.within(parts.wording(contract.language))
    return [Changed(label=label, before=_name(removed), after=_name(added))]


def _name(person: Driver | None) -> str | None:
    return name_of(person) if person else None


def payer(contract: Contract, before: str | None) -> list[Changed]:
    """Who pays now, and who was to pay before; None stands for the customer."""
    language = parts.wording(contract.language)
    customer = _CUSTOMER_PAYS.within(language)
    after = parts.payer_name(contract)
    return [Changed(label=_PAYER.within(language), before=before or customer, after=after or customer)]


def resumed(contract: Contract) -> list[Changed]:
    """A booking that had ended is valid again."""
    language = parts.wording(contract.language)
    was, now = _NOT_PICKED_UP.within(language), _VALID_AGAIN.within(language)
    return [Changed(label=_BOOKING.within(language), before=was, after=now)]


def reading(contract: Contract, before: Protocol, after: Protocol) -> tuple[Changed, ...]:
    """The readings of a protocol that were put right."""
    language = parts.wording(contract.language)
    named = zip(_READINGS.values(), _readings(before, language), _readings(after, language), strict=True)
    return tuple(
        Changed(label=label.within(language), before=old, after=new) for label, old, new in named if old != new
    )


def read_as(contract: Contract, protocol: Protocol) -> str:
    """The readings of a protocol in a line, for the history."""
    read = ", ".join(one for one in _readings(protocol, parts.wording(contract.language)) if one)
    return read.replace("\u00a0", " ")


def _readings(protocol: Protocol, language: Language) -> list[str | None]:
    fuel, charge = protocol.fuel_eighths, protocol.state_of_charge_percent
    return [
        notation.kilometres(protocol.odometer_km, language),
        None if fuel is None else f"{fuel}/8",
        None if charge is None else f"{charge} %",
    ]


def name_of(person: Driver | DriverDetails) -> str:
    """How people call a driver."""
    return f"{person.first_name} {person.last_name}".strip()


def joined(lines: Iterable[list[Changed]]) -> tuple[Changed, ...]:
    """Several of the above as one."""
    return tuple(line for group in lines for line in group)
