"""Customers: matched by e-mail, never overwritten by a stranger, never shown to a website (domain 4.9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.errors import InvalidInput, ProblemCode, Refused
from server.models import Contract, Customer, CustomerVersion
from server.models.columns import Json
from server.models.customer import CustomerKind, CustomerStatus, Language, email_key
from server.services import validation

Values = dict[str, Any]
FIELD = ("input", "customer")
_PLAIN = ["salutation", "first_name", "last_name", "company", "vat_id", "phone", "birth_date"]
_ADDRESS = ["street", "postcode", "city", "country"]
NOT_ACCEPTED = "This booking cannot be made online. Please contact the station."


def checked(values: Values, *, today: date) -> Values:
    """What was sent, in its stored form; becomes the contract's own copy. InvalidInput names the field."""
    result: Values = {
        "kind": values["kind"],
        "email": validation.email(values["email"], (*FIELD, "email")),
        "language": values["language"],
        "salutation": validation.optional_text(values.get("salutation"), (*FIELD, "salutation"), longest=40),
        "first_name": validation.optional_text(values.get("first_name"), (*FIELD, "firstName"), longest=100),
        "last_name": validation.optional_text(values.get("last_name"), (*FIELD, "lastName"), longest=100),
        "company": validation.optional_text(values.get("company"), (*FIELD, "company")),
        "vat_id": validation.optional_text(values.get("vat_id"), (*FIELD, "vatId"), longest=20),
        "birth_date": validation.birth_date(values.get("birth_date"), (*FIELD, "birthDate"), today),
        **dict.fromkeys(_ADDRESS),
    }
    if values.get("address") is not None:
        result |= validation.address(values["address"], (*FIELD, "address"))
    result["phone"] = validation.phone(values.get("phone"), (*FIELD, "phone"), result["country"] or "DE")
    if result["kind"] is CustomerKind.PERSON and not result["last_name"]:
        raise InvalidInput("A person needs a last name.", field=[*FIELD, "lastName"])
    if result["kind"] is CustomerKind.COMPANY and not result["company"]:
        raise InvalidInput("A company needs its name.", field=[*FIELD, "company"])
    return result


def copy_json(values: Values) -> Json:
    """Checked values as the contract keeps them."""
    return {
        **values,
        "kind": values["kind"].value,
        "language": values["language"].value,
        "birth_date": values["birth_date"] and values["birth_date"].isoformat(),
    }


async def match(
    session: Session, values: Values, *, station_id: UUID, source: str, now: datetime
) -> tuple[Customer, bool]:
    """The customer of an e-mail address, created or brought up to date, and whether a clerk should look at the match.

    A blocked customer is refused with a neutral message. Needs the system's scope: customers belong to the company.
    """
    key = email_key(values["email"])
    # Two bookings of one new customer at once: the second waits here instead of failing at the unique key.
    await session.rows("select pg_advisory_xact_lock(hashtextextended(:key, 0))", {"key": f"customer:{key}"})
    statement = select(Customer).where(col(Customer.email_key) == key, col(Customer.restricted_at).is_(None))
    customer = await session.first(statement.with_for_update(key_share=True))
    review = False
    if customer is None:
        customer = Customer(email_key=key, created_at=now, **values)
        await session.store(customer)
    elif customer.status is CustomerStatus.BLOCKED:
        raise Refused(ProblemCode.CUSTOMER_NOT_ACCEPTED, NOT_ACCEPTED)
    elif is_somebody_else(customer, values):
        review = customer.review_needed = True
        await session.store(customer)
    else:
        await _update(session, customer, values, source=source, now=now)
    await show_to(session, customer.id, station_id)
    return customer, review


def is_somebody_else(customer: Customer, values: Values) -> bool:
    """Whether birth date, or first and last name both, differ from what is stored: a shared or re-issued mailbox."""

    def differs(name: str) -> bool:
        stored, sent = getattr(customer, name), values.get(name)
        if stored is None or sent is None:
            return False
        return stored.casefold() != sent.casefold() if isinstance(stored, str) else bool(stored != sent)

    return differs("birth_date") or (differs("first_name") and differs("last_name"))


async def show_to(session: Session, customer_id: UUID, station_id: UUID) -> None:
    """Lets a station see a customer that it deals with."""
    await session.write(
        "insert into customer_station (customer_id, station_id) values (:customer, :station) on conflict do nothing",
        {"customer": customer_id, "station": station_id},
    )


async def _update(session: Session, customer: Customer, values: Values, *, source: str, now: datetime) -> None:
    """Fills and updates; licence, status and notes are never touched. What was there goes into a version."""
    sent = {name: values[name] for name in [*_PLAIN, *_ADDRESS] if values.get(name) is not None}
    changed = {name: value for name, value in sent.items() if getattr(customer, name) != value}
    if not changed:
        return
    before = {name: _plain(getattr(customer, name)) for name in changed}
    await session.store(
        CustomerVersion(customer_id=customer.id, at=now, source=source, changed=sorted(changed), before=before)
    )
    for name, value in changed.items():
        setattr(customer, name, value)
    customer.version += 1
    await session.store(customer)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def display_name(copy: Json) -> str:
    """How a customer is addressed on paper: the company, or first and last name."""
    person = " ".join(part for part in (copy.get("first_name"), copy.get("last_name")) if part)
    return (
        copy.get("company") or person
        if copy.get("kind") == CustomerKind.COMPANY
        else person or copy.get("company") or ""
    )


@dataclass(frozen=True)
class BookedCustomer:
    """A customer as one booking named it: all that a website may see (domain 4.9)."""

    id: UUID
    kind: CustomerKind
    salutation: str | None
    first_name: str | None
    last_name: str | None
    company: str | None
    vat_id: str | None
    email: str
    phone: str | None
    street: str | None
    postcode: str | None
    city: str | None
    country: str | None
    birth_date: date | None
    language: Language
    status: CustomerStatus = CustomerStatus.NORMAL
    review_needed: bool = False
    version: int = 1

    @classmethod
    def of(cls, contract: Contract) -> BookedCustomer:
        """From a contract's own copy."""
        copy = dict(contract.customer_copy)
        copy["kind"], copy["language"] = CustomerKind(copy["kind"]), Language(copy["language"])
        copy["birth_date"] = date.fromisoformat(copy["birth_date"]) if copy.get("birth_date") else None
        return cls(id=contract.customer_id, **copy)
