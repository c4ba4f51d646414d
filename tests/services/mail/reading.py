"""What a mail may say for its contract, and what it must: sentences by what makes them true."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from server.models import Email
from server.models.contract import ContractKind
from server.models.customer import Language
from server.models.email import EmailTemplate
from server.models.fleet import Energy


@dataclass(frozen=True)
class Facts:
    """What is so about a contract: what it is for, what drives the car, who pays and how, and when it was booked."""

    kind: ContractKind
    energy: Energy
    payment: str
    """`card`, `waived` or `payer`: a card for the deposit, and somebody else who pays the rent."""
    late: bool
    """Booked when cancelling was no longer free."""
    language: Language

    @property
    def has_card(self) -> bool:
        return self.payment != "waived"

    @property
    def is_rental(self) -> bool:
        return self.kind is ContractKind.RENTAL

    @property
    def has_tank(self) -> bool:
        return self.energy is not Energy.ELECTRIC

    @property
    def has_battery(self) -> bool:
        return self.energy is not Energy.COMBUSTION


@dataclass(frozen=True)
class Sentence:
    """A piece of text in both languages, and of which contracts it is true; in `must` mails it stands whenever it is."""

    de: str
    en: str
    holds: Callable[[Facts], bool]
    must: frozenset[EmailTemplate] = frozenset()


_BOOKED, _OUT = EmailTemplate.BOOKING_CONFIRMATION, EmailTemplate.CHECK_OUT_PROTOCOL
_REMINDED, _BILLED = EmailTemplate.REMINDER, EmailTemplate.FINAL_INVOICE
SENTENCES = [
    Sentence("(Ihrer|Ihre) hinterlegten? Karte", "your stored card", lambda of: of.payment == "card"),
    Sentence(
        "die Karte, mit der Sie gebucht haben",
        "the card that you booked with",
        lambda of: of.has_card,
        frozenset({_BOOKED, _REMINDED}),
    ),
    Sentence("blockiert", "blocked", lambda of: of.has_card, frozenset({_BOOKED})),
    Sentence("Tank \\d/8", "Fuel \\d/8", lambda of: of.has_tank, frozenset({_OUT})),
    Sentence("Ladestand \\d+ %", "State of charge \\d+ %", lambda of: of.has_battery, frozenset({_OUT})),
    Sentence("Tank(-|stand)", "(fuel level|level of fuel|much fuel)", lambda of: of.has_tank),
    Sentence("(Ladestand zurück|fehlende Ladung)", "(charge level|missing charge)", lambda of: of.has_battery),
    Sentence("fehlenden Kraftstoff", "missing fuel", lambda of: of.has_tank),
    Sentence(
        "kostenfrei bis \\d",
        "free of charge until \\d",
        lambda of: of.is_rental and not of.late,
        frozenset({_BOOKED}),
    ),
    Sentence("bereits abgelaufen", "is over already", lambda of: of.is_rental and of.late, frozenset({_BOOKED})),
    Sentence(
        "nicht abgeholt, berechnen wir", "not picked up and was not cancelled, we charge", lambda of: of.is_rental
    ),
    Sentence(
        "bis zur Abholung kostenfrei",
        "free of charge until pick-up",
        lambda of: not of.is_rental,
        frozenset({_BOOKED}),
    ),
    Sentence(
        "über Ihre Anzahlung",
        "for your advance payment",
        lambda of: of.payment == "card" and of.is_rental,
        frozenset({_BOOKED}),
    ),
    Sentence("zahlbar von Nordlicht", "payable by Nordlicht", lambda of: of.payment == "payer"),
    Sentence("zahlbar auf Rechnung", "payable on invoice", lambda of: of.payment == "waived"),
    Sentence("(Bitte überweisen|überweisen Sie)", "(please transfer|transfer)", lambda of: of.payment == "waived"),
]
_ATTACHED = {Language.DE: "(anbei|Anbei|liegt bei)", Language.EN: "(attached|Attached|enclosed)"}


def untrue(mail: Email, of: Facts) -> Iterator[str]:
    """Everything in a mail to the customer that is not so, or is missing."""
    said = " ".join(mail.text.replace("\u00a0", " ").split())
    for sentence in SENTENCES:
        pattern = sentence.de if of.language is Language.DE else sentence.en
        found, holds = re.search(pattern, said) is not None, sentence.holds(of)
        if found and not holds:
            yield f"{mail.template}: says {pattern!r}"
        if holds and not found and mail.template in sentence.must:
            yield f"{mail.template}: does not say {pattern!r}"
    if re.search(_ATTACHED[of.language], said) and not any(one.name.endswith(".pdf") for one in mail.attachments):
        yield f"{mail.template}: names a file that is not there"
    for leftover in ("None", "{{", "{%", "00:00 – 00:00", "00:00 Uhr – 00:00 Uhr"):
        if leftover in said:
            yield f"{mail.template}: {leftover}"
