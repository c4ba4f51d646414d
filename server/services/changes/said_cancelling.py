"""What a mail about a change names of calling off: until when it is free, what it costs then, and what not to come.

They follow from the start and the price, so an edit of those changes them, too.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from server.errors import Sentence
from server.models import Contract
from server.models.contract import ContractState
from server.paper import notation
from server.paper.views import Changed, Language
from server.services.booking import before_check_out
from server.services.booking.before_check_out import CallingOff
from server.services.mail import parts

_FREE = Sentence("Cancelling free of charge", "Kostenfrei stornieren")
_UNTIL = Sentence("until {at}", "bis {at}")
_ALWAYS = Sentence("until pick-up", "bis zur Abholung")
_OVER = Sentence("no longer possible; a cancellation costs {fee}", "nicht mehr möglich; eine Stornierung kostet {fee}")
_FEE = Sentence("Cancellation fee", "Stornogebühr")
_NO_SHOW = Sentence("Fee for not picking up", "Gebühr bei Nichtabholung")


def agreed(contract: Contract) -> CallingOff:
    """What holds now; an edit looks before it changes anything."""
    return before_check_out.calling_off(contract)


def changes(contract: Contract, before: CallingOff, zone: ZoneInfo, now: datetime) -> list[Changed]:
    """What an edit has changed of it. Nothing once the car is out: there is nothing to call off any more."""
    if contract.state is not ContractState.RESERVED:
        return []
    after, language = agreed(contract), parts.wording(contract.language)
    over = after.is_over(now)  # then the fee stands in the first line
    lines = [
        (_FREE, _free(before, zone, language, now), _free(after, zone, language, now)),
        *([] if over else [(_FEE, _money(before.fee_cents, language), _money(after.fee_cents, language))]),
        (_NO_SHOW, _money(before.no_show_fee_cents, language), _money(after.no_show_fee_cents, language)),
    ]
    return [Changed(label=label.within(language), before=old, after=new) for label, old, new in lines if old != new]


def _free(said: CallingOff, zone: ZoneInfo, language: Language, now: datetime) -> str:
    if said.free_until is None:
        return _ALWAYS.within(language)
    if said.is_over(now):
        return _OVER.within(language).format(fee=notation.money(said.fee_cents, language))
    return _UNTIL.within(language).format(at=notation.moment(said.free_until, zone.key, language))


def _money(cents: int, language: Language) -> str | None:
    return notation.money(cents, language) if cents else None
