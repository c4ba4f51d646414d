"""Customers: matched by e-mail, never overwritten by a stranger, never shown to a website (domain 4.9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.errors import InvalidInput, ProblemCode, Refused, Sentence
from server.models import Contract, Customer, CustomerVersion
from server.models.customer import CustomerDetails, CustomerKind, CustomerStatus, Language, email_key
from server.services import business_numbers, contact_data, validation
from server.services.people import matching

FIELD = ("input", "customer")
_ADDRESS = ("street", "postcode", "city", "country")
_UPDATED = ("salutation", "vat_id", "buyer_reference", "phone", "birth_date", *_ADDRESS)
NOT_ACCEPTED = Sentence(
    "This booking cannot be made online. Please contact the station.",
    "Diese Buchung ist online nicht möglich. Bitte wenden Sie sich an die Station.",
)


def checked(named: CustomerDetails, *, country: str, today: date) -> CustomerDetails:
    """What was sent, in its stored form; becomes the contract's own copy. InvalidInput names the field.

    `country` is where they come to: a customer without an address gives a phone number as it is dialled there.
    """
    address = named.address and contact_data.address(named.address, (*FIELD, "address"))
    details = CustomerDetails(
        kind=named.kind,
        email=contact_data.email(named.email, (*FIELD, "email")),
        language=named.language,
        salutation=validation.optional_text(named.salutation, (*FIELD, "salutation"), longest=40),
        first_name=validation.optional_text(named.first_name, (*FIELD, "first_name"), longest=100),
        last_name=validation.optional_text(named.last_name, (*FIELD, "last_name"), longest=100),
        company=validation.optional_text(named.company, (*FIELD, "company")),
        vat_id=business_numbers.vat_id(named.vat_id, (*FIELD, "vat_id")),
        buyer_reference=business_numbers.buyer_reference_of(named.kind, named.buyer_reference, FIELD),
        birth_date=validation.birth_date(named.birth_date, (*FIELD, "birth_date"), today),
        address=address,
        phone=contact_data.phone(named.phone, (*FIELD, "phone"), address.country if address else country),
    )
    if details.kind is CustomerKind.PERSON and not details.last_name:
        raise InvalidInput(
            Sentence("A person needs a last name.", "Eine Person braucht einen Nachnamen."), field=[*FIELD, "last_name"]
        )
    if details.kind is CustomerKind.COMPANY and not details.company:
        raise InvalidInput(
            Sentence("A company needs its name.", "Eine Firma braucht ihren Namen."), field=[*FIELD, "company"]
        )
    if details.kind is CustomerKind.COMPANY and details.address is None:
        message = Sentence(
            "The invoice of a company needs its address (§ 14 Abs. 4 Nr. 1 UStG).",
            "Die Rechnung einer Firma braucht deren Anschrift (§ 14 Abs. 4 Nr. 1 UStG).",
        )
        raise InvalidInput(message, field=[*FIELD, "address"])
    return details


async def match(
    session: Session, named: CustomerDetails, *, station_id: UUID, source: str, now: datetime
) -> tuple[Customer, bool]:
    """The customer of an e-mail address, created or brought up to date, and whether a clerk should look at the match.

    What a booking names is the contract's own copy in any case; the stored person is touched only if it is certain that
    it is the same one. A blocked customer is refused with a neutral message. Needs the system's scope: customers belong
    to the company.
    """
    key = email_key(named.email)
    # Two bookings of one new customer at once: the second waits here instead of failing at the unique key.
    await session.rows("select pg_advisory_xact_lock(hashtextextended(:key, 0))", {"key": f"customer:{key}"})
    customer = await _known(session, named, key)
    if customer is None:
        return await create(session, named, station_id=station_id, now=now), False
    if customer.status is CustomerStatus.BLOCKED:
        raise Refused(ProblemCode.CUSTOMER_NOT_ACCEPTED, NOT_ACCEPTED)
    is_same = matching.is_same(customer, named)
    all_written = is_same and await bring_up_to_date(session, customer, named, source=source, now=now)
    if not all_written:
        customer.review_needed = True
        await session.store(customer)
    if is_same and await _has_dealt_with(session, customer.id, station_id):
        await show_to(session, customer.id, station_id)
    return customer, not all_written


async def create(
    session: Session, named: CustomerDetails, *, station_id: UUID, now: datetime, shares_email: bool = False
) -> Customer:
    """A new customer, seen by the station where it came about."""
    key = email_key(named.email)
    customer = Customer(email_key=key, shares_email=shares_email, created_at=now, **named.columns)
    await session.store(customer)
    await show_to(session, customer.id, station_id)
    return customer


async def of_address(session: Session, key: str) -> Sequence[Customer]:
    """Everybody who is known under a mail address, locked: whose it was first, then those who share it."""
    statement = select(Customer).where(col(Customer.email_key) == key, col(Customer.restricted_at).is_(None))
    ordered = statement.order_by(col(Customer.shares_email), col(Customer.created_at), col(Customer.id))
    return await session.all(ordered.with_for_update(key_share=True))


async def _known(session: Session, named: CustomerDetails, key: str) -> Customer | None:
    """Who is meant: the one with these names, else whose address it was first."""
    people = await of_address(session, key)
    return next((one for one in people if matching.is_same(one, named)), people[0] if people else None)


async def _has_dealt_with(session: Session, customer_id: UUID, station_id: UUID) -> bool:
    """Whether a car was handed over to a person there before. A booking proves nothing, paid or not: whoever knows
    names and a mail address can make one, and make up a birth date with it.
    """
    found = await session.value(
        "select 1 from contract where customer_id = :customer and not customer_review and checked_out_at is not null"
        " and (station_id = :station or return_station_id = :station) limit 1",
        {"customer": customer_id, "station": station_id},
    )
    return found is not None


async def show_to(session: Session, customer_id: UUID, station_id: UUID) -> None:
    """Lets a station see what is stored of a customer."""
    await session.write(
        "insert into customer_station (customer_id, station_id) values (:customer, :station) on conflict do nothing",
        {"customer": customer_id, "station": station_id},
    )


async def bring_up_to_date(
    session: Session, customer: Customer, named: CustomerDetails, *, source: str, now: datetime
) -> bool:
    """Fills what is empty; writes over what has changed only if the birth date proves who it is. Whether nothing that
    was sent differs from what is stored now. Names, licence, status and notes are never touched; what was there before
    goes into a version.
    """
    values = named.columns
    sent = {name: values[name] for name in _UPDATED if values[name] is not None}
    changed = {name: value for name, value in sent.items() if getattr(customer, name) != value}
    writable = changed
    if not matching.is_proven(customer, named):
        has_address = customer.street is not None
        kept = {name for name in changed if getattr(customer, name) is not None or (has_address and name in _ADDRESS)}
        writable = {name: value for name, value in changed.items() if name not in kept}
    await write_over(session, customer, writable, source=source, now=now)
    return len(writable) == len(changed)


async def write_over(
    session: Session, customer: Customer, values: Mapping[str, Any], *, source: str, now: datetime
) -> None:
    """Writes what differs from what is stored; what was there before goes into a version."""
    changed = {name: value for name, value in values.items() if getattr(customer, name) != value}
    if not changed:
        return
    before = {name: _plain(getattr(customer, name)) for name in changed}
    version = CustomerVersion(customer_id=customer.id, at=now, source=source, changed=sorted(changed), before=before)
    for name, value in changed.items():
        setattr(customer, name, value)
    customer.version += 1
    await session.store(customer, version)


async def take_over(session: Session, customer: Customer, named: CustomerDetails, *, now: datetime) -> None:
    """A clerk has said that this is the stored person: what was sent is written, but for names and a birth date that
    is known.
    """
    values = {name: value for name, value in named.columns.items() if name in _UPDATED and value is not None}
    if customer.birth_date is not None:
        values.pop("birth_date", None)
    await write_over(session, customer, values, source="STAFF", now=now)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@dataclass(frozen=True)
class BookedCustomer:
    """A customer as one booking named it: all that a website, or a station before a hand-over, sees (domain 4.9)."""

    id: UUID
    kind: CustomerKind
    salutation: str | None
    first_name: str | None
    last_name: str | None
    company: str | None
    vat_id: str | None
    buyer_reference: str | None
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
    restricted_at: datetime | None = None

    @classmethod
    def of(cls, contract: Contract) -> BookedCustomer:
        """From a contract's own copy."""
        return cls(
            id=contract.customer_id,
            review_needed=contract.customer_review,
            restricted_at=contract.person_erased_at,
            **contract.customer.columns,
        )
