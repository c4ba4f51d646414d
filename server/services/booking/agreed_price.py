"""The price that is agreed before anything was driven: one way to it for offers, quotes and bookings."""

from __future__ import annotations

from collections.abc import Sequence

from server.errors import InvalidInput
from server.models.contract import ChosenExtra, ContractKind
from server.models.price import PriceBreakdown
from server.models.tariff import TariffTerms
from server.services.booking import bookable
from server.services.booking.slot import Slot
from server.services.pricing.price import Facts, UnknownExtra, breakdown


def agreed_price(
    terms: TariffTerms,
    slot: Slot,
    kind: ContractKind,
    language: str,
    *,
    extras: Sequence[ChosenExtra] = (),
    drivers: int = 1,
    after_hours: bool | None = None,
) -> PriceBreakdown:
    """What a rental in a slot costs as it is planned. InvalidInput for an extra that the tariff does not have.

    `after_hours`: what is known already of `bookable.is_after_hours`, for who asks for many prices of one slot.
    """
    facts = Facts(
        kind,
        slot.start,
        slot.end,
        slot.station.zone,
        extras=tuple(extras),
        drivers=drivers,
        one_way=slot.one_way,
        after_hours=bookable.is_after_hours(slot) if after_hours is None else after_hours,
        language=language,
    )
    try:
        return breakdown(terms, facts)
    except UnknownExtra as error:
        raise InvalidInput(error.message, field=["input", "extras"]) from error
