"""When what of a contract is to be erased (domain 3.19): what is known of it goes in, instants come out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from server.models.local_time import day_of, wall_clock
from server.services.claims.deadlines import months_after
from server.services.contract.keeping import UNCONFIRMED

REQUEST = timedelta(days=1)
"""After everything is settled, for who has asked to be erased, if papers or mails are still to be made."""
CARD_MONTHS = LICENCE_MONTHS = 6
"""After everything is settled."""
PHOTO_MONTHS = 6
"""After the return: until then damages can be claimed (§ 548 BGB)."""
CLAIM_YEARS = 3
"""How long photos and estimates of a claim stay after it is closed (§ 195 BGB)."""
LETTER_YEARS = 6
"""Contract, mails and protocols, from the end of the year on (§ 257 HGB)."""
VOUCHER_YEARS = 8
"""Documents, payments and the tariff that they rest on, from the end of the year on (§ 14b UStG)."""


class Part(StrEnum):
    """What is erased together. The history names it."""

    CARD = "CARD"
    """The token of the stored card, here and at the gateway."""
    LICENCES = "LICENCES"
    """Numbers, classes and dates of licences; who has looked at them, and when, stays."""
    PHOTOS = "PHOTOS"
    """Photos of the protocols and, once its claim is closed, of a damage, with estimates."""
    PERSON = "PERSON"
    """The customer's and the drivers' data, the workshop order and notes."""
    LETTERS = "LETTERS"
    """Mails, protocols with their PDFs, drivers, history: what is left of the contract but its sums."""
    VOUCHERS = "VOUCHERS"
    """Content and files of documents, what the gateway calls payments, and what people wrote of them; sums stay."""
    WHOLE = "WHOLE"
    """A booking that never came about, with everything."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the clocks need to know of a contract. `closed_at`: since when nothing is open any more, no money, no claim,
    no car; None while something is. `claim_closed_at` is that of its damages, `has_claim` whether there was one at all.
    `has_work`: jobs have still to print or to mail, and need the name for it.
    """

    zone: ZoneInfo
    created_at: datetime
    came_about: bool
    has_vouchers: bool
    is_restricted: bool
    has_work: bool
    letters_erased_at: datetime | None
    closed_at: datetime | None
    returned_at: datetime | None
    has_claim: bool
    claim_closed_at: datetime | None


def due(standing: Standing) -> dict[Part, datetime]:
    """When each part is to be erased, as far as that is known yet. UTC."""
    closed, zone = standing.closed_at, standing.zone
    if closed is None:
        return _photos(standing)
    if not standing.came_about:
        return _never_came_about(standing, closed)
    letters = _years_later(closed, LETTER_YEARS, zone)
    private = {
        Part.CARD: _months_later(closed, CARD_MONTHS, zone),
        Part.LICENCES: _months_later(closed, LICENCE_MONTHS, zone),
        Part.PERSON: letters,
    }
    if standing.is_restricted:
        private = dict.fromkeys(private, closed + REQUEST if standing.has_work else closed)
    vouchers = _years_later(closed, VOUCHER_YEARS, zone)
    if standing.letters_erased_at is not None:  # with the history went the last day on which something was settled
        longer = VOUCHER_YEARS - LETTER_YEARS
        vouchers = max(vouchers, _months_later(standing.letters_erased_at, 12 * longer, zone))
    return _photos(standing) | private | {Part.LETTERS: letters, Part.VOUCHERS: vouchers}


def _photos(standing: Standing) -> dict[Part, datetime]:
    """Without a claim they go half a year after the return, whatever else is open."""
    if not standing.has_claim:
        since = standing.returned_at or standing.closed_at
        return {} if since is None else {Part.PHOTOS: _months_later(since, PHOTO_MONTHS, standing.zone)}
    closed = standing.claim_closed_at
    return {} if closed is None else {Part.PHOTOS: _months_later(closed, 12 * CLAIM_YEARS, standing.zone)}


def _never_came_about(standing: Standing, closed: datetime) -> dict[Part, datetime]:
    """Money that went to and fro has to be accounted for all the same."""
    over = max(closed, standing.created_at + UNCONFIRMED)
    private = dict.fromkeys((Part.CARD, Part.LICENCES, Part.PERSON), over)
    if standing.is_restricted:
        private = dict.fromkeys(private, min(over, closed + REQUEST))
    if not standing.has_vouchers:
        return private | {Part.WHOLE: over}
    return private | {Part.LETTERS: over, Part.VOUCHERS: _years_later(closed, VOUCHER_YEARS, standing.zone)}


def _months_later(instant: datetime, months: int, zone: ZoneInfo) -> datetime:
    local = instant.astimezone(zone)
    return wall_clock(months_after(local.date(), months), local.time(), zone)


def _years_later(instant: datetime, years: int, zone: ZoneInfo) -> datetime:
    """The end of the calendar year, and so many years more."""
    return wall_clock(date(day_of(instant, zone).year + years + 1, 1, 1), time(), zone)
