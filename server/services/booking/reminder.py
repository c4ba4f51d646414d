"""The mail on the day before pick-up: where, when, and what to bring."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID, uuid5

from server.database import SYSTEM, Session
from server.jobs import enqueue
from server.models import Contract, Station
from server.models.contract import ContractState
from server.models.email import EmailTemplate
from server.models.job import JobKind, OfContract
from server.models.local_time import wall_clock
from server.services.booking import before_check_out
from server.services.contract import contracts
from server.services.fleet import stations
from server.services.mail import emails
from server.services.mail.emails import MailDraft
from server.services.outside import Outside

_FROM, _UNTIL = time(9), time(18)
"""The hours of the day before, by the station's clock, in which it is sent: nobody is woken by it."""


async def schedule(session: Session, contract: Contract, *, now: datetime) -> None:
    """Writes the job that reminds of a pick-up. Who books or changes it later than that has just had a mail."""
    due_at = _day_before(contract, await stations.get(session, contract.station_id), _FROM)
    if due_at > now:
        key = f"remind-of-start:{contract.id}:{contract.starts_at.isoformat()}"
        await enqueue(session, JobKind.REMIND_OF_START, OfContract(contract.id), key=key, now=now, due_at=due_at)


async def remind(outside: Outside, contract_id: UUID) -> None:
    """Writes the mail, if the pick-up is tomorrow and still to come; not at night, however late the job is. Safe to
    repeat: there is one for each time of pick-up.
    """
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        station = await stations.get(session, contract.station_id)
        in_time = _day_before(contract, station, _FROM) <= now < _day_before(contract, station, _UNTIL)
        if contract.state is not ContractState.RESERVED or not in_time:
            return
        view = await before_check_out.facts(session, contract, now)
        cause = uuid5(contract.id, contract.starts_at.isoformat())
        until = _day_before(contract, station, time.max)
        draft = MailDraft(EmailTemplate.REMINDER, cause, view, not_after=until)
        await emails.queue(session, contract, draft, now=now)


def _day_before(contract: Contract, station: Station, at: time) -> datetime:
    return wall_clock(station.day_of(contract.starts_at) - timedelta(days=1), at, station.zone)
