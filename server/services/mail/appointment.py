"""The calendar file that goes with a confirmation, with changes before the return, and with the end of a booking."""

from __future__ import annotations

from datetime import datetime

from server.models import Contract
from server.models.contract import ContractState
from server.models.email import StoredFile
from server.paper import calendar_file
from server.paper.calendar_file import Appointment
from server.paper.views import MailView
from server.services.mail import parts


def attached(contract: Contract, view: MailView, *, now: datetime) -> StoredFile:
    """What a contract looks like in a calendar as it stands, at the places of its mail; one that has ended unused is
    taken out of it.
    """
    language = parts.wording(contract.language)
    appointment = Appointment(
        uid=f"{contract.id}@ersatzwagen",
        sequence=contract.version,
        number=contract.number,
        made_at=now,
        starts_at=contract.starts_at,
        ends_at=contract.ends_at,
        station=view.station,
        return_station=view.return_station,
        is_free=view.is_free,
        is_off=contract.state in {ContractState.CANCELLED, ContractState.NO_SHOW},
    )
    text = calendar_file.render(appointment, language)
    return StoredFile(calendar_file.name(language), calendar_file.MEDIA_TYPE, text=text)
