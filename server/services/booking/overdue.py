"""A car that is not back when its grace is over: the customer is reminded, and the station hears who is hit by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.errors import Sentence
from server.jobs import enqueue
from server.models import Contract, Vehicle
from server.models.contract import ContractState
from server.models.email import EmailTemplate
from server.models.job import JobKind, OfContract
from server.paper.views import MailView, NoticedContract
from server.services.contract import contracts
from server.services.fleet import stations
from server.services.lists.attention import AT_RISK, overdue_at
from server.services.mail import emails, letters, notices, parts
from server.services.mail.emails import MailDraft
from server.services.mail.notices import Notice
from server.services.outside import Outside

MOST_NAMED = 20
"""How many contracts a notice names; the list of those at risk has them all."""


async def watch(session: Session, contract: Contract, *, now: datetime) -> None:
    """Has somebody look when the contract's car is overdue: at its hand-over, and whenever its planned end changes."""
    due_at = overdue_at(contract)
    key = f"overdue:{contract.id}:{contract.version}"
    await enqueue(session, JobKind.OVERDUE, OfContract(contract.id), key=key, now=now, due_at=due_at)


async def look(outside: Outside, contract_id: UUID) -> None:
    """Writes the mails if the car is overdue as things stand. Once for each planned end, however often it is asked."""
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        if contract.state is not ContractState.CHECKED_OUT:
            return
        if overdue_at(contract) > now:  # it may keep the car longer by now
            await watch(session, contract, now=now)
            return
        await _remind(session, contract, now)


async def _remind(session: Session, contract: Contract, now: datetime) -> None:
    vehicle = await session.by_id(Vehicle, contract.vehicle_id)
    cause = uuid5(contract.id, f"overdue:{contract.ends_at.isoformat()}")
    view = await _reminder(session, contract, vehicle)
    await emails.queue(session, contract, MailDraft(EmailTemplate.OVERDUE, cause, view), now=now)
    hit = await _hit(session, contract, now)
    if vehicle is None or not hit:
        return
    reason = Sentence(
        f"{vehicle.plate} is overdue, and the next contracts are waiting for it.",
        f"{vehicle.plate} ist überfällig, und auf das Fahrzeug warten Anschlussverträge.",
    )
    named = [NoticedContract(number=one.number, starts_at=one.starts_at, is_fixed=one.vehicle_fixed) for one in hit]
    await notices.tell_station(session, contract, Notice(cause, reason, vehicle, contract.ends_at, named), now=now)


async def _reminder(session: Session, contract: Contract, vehicle: Vehicle | None) -> MailView:
    return replace(
        await letters.frame(session, contract),
        return_station=parts.place_of(await stations.get(session, contract.return_station_id)),
        vehicle=f"{vehicle.make} {vehicle.model}, {vehicle.plate}" if vehicle else None,
        end=contract.ends_at,
    )


async def _hit(session: Session, contract: Contract, now: datetime) -> list[Contract]:
    """The contracts that are at risk because of this one, the earliest first."""
    statement = f"select r.id from ({AT_RISK}) r"  # noqa: S608  # our own text
    ids = [row.id for row in await session.rows(statement, {"now": now})]
    next_ones = select(Contract).where(col(Contract.id).in_(ids), col(Contract.vehicle_id) == contract.vehicle_id)
    return await session.all(next_ones.order_by(col(Contract.starts_at), col(Contract.id)).limit(MOST_NAMED))
