"""What it costs to call a booking off, or never to come: by the contract's own terms, as pure functions.

A fee is never more than the whole rental would have cost: a lump sum may not exceed the damage that is to be expected
(§ 309 Nr. 5 BGB; domain 3.13).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from server.models.contract import ContractKind
from server.models.tariff import PriceLineKind, TariffTerms
from server.services.pricing.price import FREE_KINDS


def free_until(terms: TariffTerms, starts_at: datetime) -> datetime:
    """The instant from which on a cancellation has its fee: before it, cancelling is free. Hours that pass, not hours
    of the wall clock.
    """
    return starts_at.astimezone(UTC) - timedelta(hours=terms.free_cancellation_hours)


def late_cancellation_fee(terms: TariffTerms, total_cents: int) -> int:
    """Gross cents of a cancellation that is not free any more, at most the total; zero if it is waived."""
    waived = terms.waives(PriceLineKind.CANCELLATION_FEE)
    return 0 if waived else _fee(terms, terms.cancellation_fee_cents, total_cents)


def cancellation_fee(terms: TariffTerms, total_cents: int, starts_at: datetime, now: datetime) -> int:
    """Gross cents that a cancellation costs now: zero before `free_until`, then the terms' fee, at most the total."""
    return 0 if now < free_until(terms, starts_at) else late_cancellation_fee(terms, total_cents)


def no_show_fee(terms: TariffTerms, total_cents: int) -> int:
    """Gross cents that it costs never to come, at most the total; zero if it is waived."""
    waived = terms.waives(PriceLineKind.NO_SHOW_FEE)
    return 0 if waived else _fee(terms, terms.no_show_fee_cents, total_cents)


def basis(kind: ContractKind, total_cents: int) -> int:
    """The total that these fees are taken of: zero for a car that is free, also where its extras are not."""
    return 0 if kind in FREE_KINDS else total_cents


def _fee(terms: TariffTerms, agreed_cents: int | None, total_cents: int) -> int:
    fee = terms.day.price_cents if agreed_cents is None else agreed_cents
    return max(0, min(fee, total_cents))
