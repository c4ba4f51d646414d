"""What every mail to a customer begins with: from which company and station, to whom, about which contract."""

from __future__ import annotations

from server.database import Session
from server.models import Contract
from server.paper.views import MailView
from server.services.fleet import company_data, stations
from server.services.mail import parts
from server.services.pricing.price import FREE_KINDS


async def frame(session: Session, contract: Contract) -> MailView:
    """A mail's view with nothing but that; whoever writes the mail puts in what it says (`dataclasses.replace`)."""
    station = await stations.get(session, contract.station_id)
    return MailView(
        time_zone=station.time_zone,
        supplier=parts.supplier_of(await company_data.require(session)),
        station=parts.place_of(station),
        greeting_name=contract.customer.greeting_name,
        contract_number=contract.number,
        is_free=contract.kind in FREE_KINDS,
    )
