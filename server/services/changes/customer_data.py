"""What a customer corrects or adds after booking: at the counter, or by a clerk (domain 4.9).

The contract's own copy takes it over, because its mails and documents go there. What is stored of the person is
completed, and written over only where the birth date proves who it is; else a clerk is asked to look.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from uuid import UUID

from server.database import Session
from server.errors import Path, VersionConflict
from server.models import Contract, Customer, Station, Vehicle
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.customer import CustomerDetails
from server.models.recipient import PostalAddress
from server.services import contact_data, validation
from server.services.acting import Acting
from server.services.billing import invoice
from server.services.contract import contracts, history
from server.services.fleet import stations
from server.services.mail import parts
from server.services.people import customers, drivers, matching

_OPEN = frozenset({ContractState.RESERVED, ContractState.CHECKED_OUT, ContractState.RETURNED})


@dataclass(frozen=True)
class CounterCustomer:
    """What the customer says at the counter. What is None stays as it is."""

    email: str | None = None
    phone: str | None = None
    address: PostalAddress | None = None
    birth_date: date | None = None


def checked(named: CounterCustomer, station: Station, now: datetime, field: Path) -> CounterCustomer:
    """In its stored form; InvalidInput names the field."""
    address = named.address and contact_data.address(named.address, (*field, "address"))
    country = address.country if address else station.country
    return CounterCustomer(
        email=contact_data.email(named.email, (*field, "email")) if named.email else None,
        phone=contact_data.phone(named.phone, (*field, "phone"), country),
        address=address,
        birth_date=validation.birth_date(named.birth_date, (*field, "birth_date"), station.day_of(now)),
    )


async def complete(
    session: Session, contract_id: UUID | None, version: int, named: CounterCustomer, acting: Acting
) -> Contract:
    """A clerk completes what a contract says of its customer, until it is billed; billing that waited for it goes on.

    Raises VersionConflict, InvalidTransition, InvalidInput.
    """
    contract = await contracts.lock(session, contract_id, field=["contract_id"])
    if contract.version != version:
        raise VersionConflict(contract.version)
    if contract.state not in _OPEN:
        raise contracts.not_now(contract)
    station = await stations.get(session, contract.station_id)
    await take_over(session, contract, checked(named, station, acting.now, ("customer",)), acting)
    return contract


async def take_over(session: Session, contract: Contract, named: CounterCustomer, acting: Acting) -> None:
    """Completes a locked contract's copy with what was said, and the stored person as far as that is certain.

    A birth date that is known already is not written over by another one: a clerk is asked to look.
    """
    before = contract.customer
    said = {item.name: value for item in fields(named) if (value := getattr(named, item.name)) is not None}
    doubtful = before.birth_date is not None and said.get("birth_date", before.birth_date) != before.birth_date
    if doubtful:
        del said["birth_date"]
    new = replace(before, **said)
    changed = sorted(name for name in said if getattr(new, name) != getattr(before, name))
    if doubtful or (changed and not await _complete_stored(session, contract, new, acting)):
        contract.customer_review = True
    elif not changed:
        return
    contract.correct_customer(new)
    contract.search_text = parts.search_text(contract, await session.by_id(Vehicle, contract.vehicle_id))
    contract.version += 1
    await session.store(contract)
    await drivers.renter_was_born(session, contract, new)
    await history.record(session, contract, HistoryAction.CUSTOMER_CHANGED, acting, after=", ".join(changed) or None)
    await invoice.go_on_with_address(session, contract, acting)


async def _complete_stored(session: Session, contract: Contract, new: CustomerDetails, acting: Acting) -> bool:
    """Completes the stored person, where the caller may see it and it certainly is that one; False if a clerk should
    look, because something else is stored than what was said.
    """
    stored = await session.by_id(Customer, contract.customer_id, lock=True)
    if stored is None or contract.customer_review or not matching.is_same(stored, new):
        return True
    if await customers.bring_up_to_date(session, stored, new, source="STAFF", now=acting.now):
        return True
    stored.review_needed = True
    await session.store(stored)
    return False
