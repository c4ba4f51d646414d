"""Whether a booking is by the person that is stored under its mail address: a clerk says so (domain 4.9)."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.database.conflicts import tried_again
from server.errors import InvalidInput, Sentence
from server.models import Contract, Customer
from server.models.contract_parts import HistoryAction
from server.models.customer import email_key
from server.services.acting import Acting
from server.services.changes import edit
from server.services.changes.edit import Done
from server.services.outside import Outside
from server.services.people import customers, matching

_NOTHING = Sentence(
    "There is no doubt about the customer of this contract.", "Am Kunden dieses Vertrags besteht kein Zweifel."
)


@tried_again
async def resolve(
    outside: Outside, acting: Acting, contract_id: UUID | None, version: int, *, same_person: bool
) -> UUID:
    """Takes the doubt from a contract: what it says of the stored person is written there, or it gets a customer of its
    own. NotFound, VersionConflict, InvalidInput where there is no doubt.
    """
    async with edit.editing(outside, acting, contract_id, version) as (session, contract):
        if not contract.customer_review:
            raise InvalidInput(_NOTHING, field=["contract_id"])
        stored = await session.by_id(Customer, contract.customer_id, lock=True)
        if stored is None:
            raise LookupError("a contract without its customer")
        if same_person:
            if stored.restricted_at is None:  # a record that was emptied on request stays empty
                await customers.take_over(session, stored, contract.customer, now=acting.now)
        else:
            contract.customer_id = (await _of_its_own(session, contract, stored, acting)).id
        contract.customer_review = False
        done = Done(action=HistoryAction.CUSTOMER_REVIEWED, before=str(stored.id), after=str(contract.customer_id))
        await edit.finish(session, contract, done, acting)
        await _show(session, contract)
        await _settle(session, stored)
        return contract.id


async def _of_its_own(session: Session, contract: Contract, stored: Customer, acting: Acting) -> Customer:
    """Whoever else shares the address and has these names, else a new customer."""
    named = contract.customer
    others = await customers.of_address(session, email_key(named.email))
    known = next((one for one in others if one.id != stored.id and matching.is_same(one, named)), None)
    return known or await customers.create(
        session, named, station_id=contract.station_id, now=acting.now, shares_email=True
    )


async def _show(session: Session, contract: Contract) -> None:
    """What the check-out would have done without the doubt."""
    if contract.checked_out_at is not None:
        await customers.show_to(session, contract.customer_id, contract.return_station_id)


async def _settle(session: Session, stored: Customer) -> None:
    """The stored person needs no look any more once no contract is in doubt."""
    doubtful = select(Contract.id).where(
        col(Contract.customer_id) == stored.id, col(Contract.customer_review).is_(True)
    )
    if stored.review_needed and await session.first(doubtful.limit(1)) is None:
        stored.review_needed = False
        await session.store(stored)
