"""Notices to a station: mails to its own address about something that its staff should look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.database import Session
from server.errors import Sentence
from server.models import Contract, Station, Vehicle
from server.models.customer import Language
from server.models.email import EmailTemplate
from server.paper.views import MailView, NoticedContract
from server.services.fleet import company_data, stations
from server.services.mail import emails, parts
from server.services.mail.emails import MailDraft

_GERMAN = frozenset({"DE", "AT", "CH", "LI", "LU"})


@dataclass(frozen=True)
class Notice:
    """What a station is told: because of what, in a sentence; the car and until when it was planned, if one is meant;
    and which contracts are hit.
    """

    cause_id: UUID
    reason: Sentence
    vehicle: Vehicle | None = None
    planned_end: datetime | None = None
    hit: Sequence[NoticedContract] = ()


async def tell_station(session: Session, contract: Contract, notice: Notice, *, now: datetime) -> None:
    """Writes the notice to the station of a contract, once for each cause. Without a mail address nobody is told: the
    lists show it all the same.
    """
    station = await stations.get(session, contract.station_id)
    if station.email is None:
        return
    language, vehicle = language_of(station), notice.vehicle
    view = MailView(
        time_zone=station.time_zone,
        supplier=parts.supplier_of(await company_data.require(session)),
        station=parts.place_of(station),
        greeting_name=station.name,
        contract_number=contract.number,
        vehicle=f"{vehicle.make} {vehicle.model}, {vehicle.plate}" if vehicle else None,
        end=notice.planned_end,
        reason=notice.reason.within(parts.wording(language)),
        noticed=notice.hit,
    )
    draft = MailDraft(EmailTemplate.STATION_NOTICE, notice.cause_id, view, to=station.email, language=language)
    await emails.queue(session, contract, draft, now=now)


def language_of(station: Station) -> Language:
    """The language of a station's staff, by its country."""
    return Language.DE if station.country in _GERMAN else Language.EN
