"""All parts of the office's look on one page: for who writes a page, and to look at when the style sheet is changed."""

from __future__ import annotations

from starlette.responses import Response

from server.errors import Sentence
from server.office import charts
from server.office.desk import Desk
from server.office.timeline import Event, Mend
from server.office.words.catalogue import value_words

ENUMS = ("ContractState", "ContractFlag", "DamageLiability", "EmailState", "PaymentState", "VehicleStatus")
"""Whose values are shown as badges."""


async def show(desk: Desk) -> Response:
    """Tables, forms, badges, notes, the timeline and charts, with made-up content."""
    form = desk.form("AddDriver", "Europe/Berlin", fixed={"contractId": "", "version": 0})
    form.fields()[1].error = desk.say_in("What a refusal looks like.", "So sieht eine Ablehnung aus.")
    at = desk.now.isoformat()
    mend = Mend("#", Sentence("Send again", "Erneut senden"), "resendEmail")
    happened = [
        Event(at, "mail", "Mail", ("anna@example.com",), failed=True, mend=mend),
        Event(at, "money", desk.say_in("debit · succeeded", "Abbuchung · erfolgt"), ("59,00 EUR",)),
        Event(at, "note", desk.say_in("A note.", "Eine Notiz."), by="Sabine Krüger"),
        Event(at, "change", desk.say_in("booked", "gebucht"), by="System"),
    ]
    bars = charts.bars(desk.say_in("Bars", "Balken"), [("A", 3, "3"), ("B", 1.5, "1,5"), ("C", -1, "−1")])
    enums = [(name, list(value_words(name))) for name in ENUMS]
    return desk.show("parts.html", enums=enums, form=form, events=happened, chart_of=bars)
