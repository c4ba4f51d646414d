"""Customers of whom no contract says anything any more: their records are emptied, or go with their last contract."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.models import Contract, Customer

_EMPTY = (
    "salutation", "first_name", "last_name", "company", "vat_id", "buyer_reference", "phone", "street", "postcode",
    "city", "country", "birth_date",
)  # fmt: skip


def empty(customer: Customer, *, now: datetime) -> None:
    """Takes everything personal out of a customer's record, which is hidden and matched with nobody from then on."""
    for name in _EMPTY:
        setattr(customer, name, None)
    customer.email = customer.email_key = ""
    customer.review_needed = False
    customer.restricted_at = customer.restricted_at or now
    customer.version += 1


async def erase_if_nobody_needs_them(session: Session, customer_id: UUID, *, now: datetime) -> None:
    """Erases the record of a customer if no contract's letters have to be kept any more; with the last contract the row
    goes, too.
    """
    # Locked first: of two looks at the last two contracts of a customer one sees what the other has done, and a booking
    # under the same address is waited for.
    customer = await session.by_id(Customer, customer_id, lock=True)
    kept = select(Contract.id).where(
        col(Contract.customer_id) == customer_id, col(Contract.letters_erased_at).is_(None)
    )
    if customer is None or await session.first(kept.limit(1)) is not None:
        return
    await erase_versions(session, customer_id)
    if await session.first(select(Contract.id).where(col(Contract.customer_id) == customer_id).limit(1)) is None:
        await session.remove(customer)
    elif customer.email or customer.restricted_reason or any(getattr(customer, name) is not None for name in _EMPTY):
        empty(customer, now=now)
        customer.restricted_by = customer.restricted_reason = None
        await session.store(customer)


async def erase_versions(session: Session, customer_id: UUID) -> None:
    """Erases what changes of a record have replaced, and which stations saw it."""
    for table in ("customer_version", "customer_station"):
        await session.write(f"delete from {table} where customer_id = :customer", {"customer": customer_id})  # noqa: S608
