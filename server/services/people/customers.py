"""Customers: matched by e-mail, never overwritten by a stranger, never shown to a website (domain 4.9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.errors import InvalidInput, ProblemCode, Refused, Sentence
from server.models import Contract, Customer, CustomerVersion
from server.models.customer import CustomerDetails, CustomerKind, CustomerStatus, Language, email_key
from server.services import contact_data, validation

FIELD = ("input", "customer")
_PLAIN = ["salutation", "first_name", "last_name", "company", "vat_id", "phone", "birth_date"]
_UPDATED = [*_PLAIN, "street", "postcode", "city", "country"]
NOT_ACCEPTED = Sentence(
    "This booking cannot be made online. Please contact the station.",
    "Diese Buchung ist online nicht möglich. Bitte wenden Sie sich an die Station.",
)


def checked(named: CustomerDetails, *, today: date) -> CustomerDetails:
    """What was sent, in its stored form; becomes the contract's own copy. InvalidInput names the field."""
    address = named.address and contact_data.address(named.address, (*FIELD, "address"))
    details = CustomerDetails(
        kind=named.kind,
        email=contact_data.email(named.email, (*FIELD, "email")),
        language=named.language,
        salutation=validation.optional_text(named.salutation, (*FIELD, "salutation"), longest=40),
        first_name=validation.optional_text(named.first_name, (*FIELD, "first_name"), longest=100),
        last_name=validation.optional_text(named.last_name, (*FIELD, "last_name"), longest=100),
        company=validation.optional_text(named.company, (*FIELD, "company")),
        vat_id=validation.optional_text(named.vat_id, (*FIELD, "vat_id"), longest=20),
        birth_date=validation.birth_date(named.birth_date, (*FIELD, "birth_date"), today),
        address=address,
        phone=contact_data.phone(named.phone, (*FIELD, "phone"), address.country if address else "DE"),
    )
    if details.kind is CustomerKind.PERSON and not details.last_name:
        raise InvalidInput(
            Sentence("A person needs a last name.", "Eine Person braucht einen Nachnamen."), field=[*FIELD, "last_name"]
        )
    if details.kind is CustomerKind.COMPANY and not details.company:
        raise InvalidInput(
            Sentence("A company needs its name.", "Eine Firma braucht ihren Namen."), field=[*FIELD, "company"]
        )
    return details


async def match(
    session: Session, named: CustomerDetails, *, station_id: UUID, source: str, now: datetime
) -> tuple[Customer, bool]:
    """The customer of an e-mail address, created or brought up to date, and whether a clerk should look at the match.

    A blocked customer is refused with a neutral message. Needs the system's scope: customers belong to the company.
    """
    key = email_key(named.email)
    # Two bookings of one new customer at once: the second waits here instead of failing at the unique key.
    await session.rows("select pg_advisory_xact_lock(hashtextextended(:key, 0))", {"key": f"customer:{key}"})
    statement = select(Customer).where(col(Customer.email_key) == key, col(Customer.restricted_at).is_(None))
    customer = await session.first(statement.with_for_update(key_share=True))
    review = False
    if customer is None:
        customer = Customer(email_key=key, created_at=now, **named.columns)
        await session.store(customer)
    elif customer.status is CustomerStatus.BLOCKED:
        raise Refused(ProblemCode.CUSTOMER_NOT_ACCEPTED, NOT_ACCEPTED)
    elif is_somebody_else(customer, named):
        review = customer.review_needed = True
        await session.store(customer)
    else:
        await _update(session, customer, named, source=source, now=now)
    await show_to(session, customer.id, station_id)
    return customer, review


def is_somebody_else(customer: Customer, named: CustomerDetails) -> bool:
    """Whether birth date, or first and last name both, differ from what is stored: a shared or re-issued mailbox."""

    def differs(name: str) -> bool:
        stored, sent = getattr(customer, name), getattr(named, name)
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


async def _update(session: Session, customer: Customer, named: CustomerDetails, *, source: str, now: datetime) -> None:
    """Fills and updates; licence, status and notes are never touched. What was there goes into a version."""
    values = named.columns
    sent = {name: values[name] for name in _UPDATED if values[name] is not None}
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
        return cls(id=contract.customer_id, **contract.customer.columns)
