"""What is stored of a customer, changed by the office; what was there before is kept. Contracts keep their copies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from server.database import Session
from server.errors import InvalidInput, NotFound, Path, Sentence, VersionConflict
from server.models import Customer
from server.models.customer import CustomerKind, CustomerStatus, Language, email_key
from server.models.recipient import PostalAddress
from server.models.unset import UNSET, Maybe
from server.services import business_numbers, contact_data, validation
from server.services.fleet import stations
from server.services.people import customers

FIELD = ("input",)
_NO_ADDRESS: dict[str, str | None] = dict.fromkeys(("street", "postcode", "city", "country"))


@dataclass(frozen=True, kw_only=True)
class CustomerChange:
    """What changes of a customer; what is `UNSET` stays."""

    salutation: Maybe[str | None] = UNSET
    first_name: Maybe[str | None] = UNSET
    last_name: Maybe[str | None] = UNSET
    company: Maybe[str | None] = UNSET
    vat_id: Maybe[str | None] = UNSET
    buyer_reference: Maybe[str | None] = UNSET
    email: Maybe[str | None] = UNSET
    phone: Maybe[str | None] = UNSET
    address: Maybe[PostalAddress | None] = UNSET
    birth_date: Maybe[date | None] = UNSET
    language: Maybe[Language | None] = UNSET
    status: Maybe[CustomerStatus | None] = UNSET
    review_needed: Maybe[bool | None] = UNSET


async def update(
    session: Session, customer_id: UUID | None, version: int, change: CustomerChange, *, now: datetime
) -> Customer:
    """Changes what is given of a customer that the caller may see. NotFound, VersionConflict, InvalidInput."""
    customer = await session.by_id(Customer, customer_id, lock=True)
    if customer is None or customer.restricted_at is not None:
        raise NotFound(Sentence("There is no such customer.", "Diesen Kunden gibt es nicht."), field=["id"])
    if customer.version != version:
        raise VersionConflict(customer.version)
    here = (await stations.visible_stations(session))[0]
    values = _checked(change, customer, here.country, here.day_of(now))
    await customers.write_over(session, customer, values, source="STAFF", now=now)
    if "email" in values and email_key(customer.email) != customer.email_key:
        # Somebody else may have it, at a station that the caller does not see: no refusal may tell.
        customer.email_key, customer.shares_email = email_key(customer.email), True
        await session.store(customer)
    return customer


def _checked(change: CustomerChange, stored: Customer, country: str, today: date) -> dict[str, Any]:
    """The columns that change, in their stored form."""
    given = {item.name: value for item in fields(change) if (value := getattr(change, item.name)) is not UNSET}
    for name in ("email", "language", "status", "review_needed", *_needed(stored)):
        if name in given and given[name] is None:
            raise validation.cannot_be_emptied((*FIELD, name))
    columns: dict[str, Any] = {}
    if "address" in given:
        address = given.pop("address")
        columns = asdict(contact_data.address(address, (*FIELD, "address"))) if address else dict(_NO_ADDRESS)
    dialled = columns.get("country") or stored.country or country
    checks: dict[str, Callable[[Any, Path], Any]] = {
        "salutation": lambda value, field: validation.optional_text(value, field, longest=40),
        "first_name": lambda value, field: validation.optional_text(value, field, longest=100),
        "last_name": lambda value, field: validation.optional_text(value, field, longest=100),
        "company": validation.optional_text,
        "vat_id": business_numbers.vat_id,
        "buyer_reference": lambda value, _: business_numbers.buyer_reference_of(stored.kind, value, FIELD),
        "email": contact_data.email,
        "phone": lambda value, field: contact_data.phone(value, field, dialled),
        "birth_date": lambda value, field: validation.birth_date(value, field, today),
    }
    columns |= {name: checks[name](value, (*FIELD, name)) if name in checks else value for name, value in given.items()}
    for name in _needed(stored):
        if name in columns and not columns[name]:
            message = Sentence("This must not be empty.", "Das darf nicht leer sein.")
            raise InvalidInput(message, field=[*FIELD, name])
    return columns


def _needed(stored: Customer) -> tuple[str, ...]:
    """What a person, or a company, cannot be without."""
    return ("company", "address") if stored.kind is CustomerKind.COMPANY else ("last_name",)
