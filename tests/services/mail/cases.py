"""Every combination of kind, energy, payment and time that mails can be written for, and which mails each has."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import StrEnum

from server.models.contract import ContractKind
from server.models.customer import Language
from server.models.email import EmailTemplate
from server.models.fleet import Energy


class Payment(StrEnum):
    """Who pays, and how."""

    CARD = "card"
    """A stored card pays, and answers for the deposit."""
    PAGE = "page"
    """The same, given on the gateway's own page."""
    DECLINED = "declined"
    """A card that takes the booking and refuses what comes after it. One that refuses the booking leaves no contract."""
    WAIVED = "waived"
    """No card: staff waive it, and the customer transfers."""
    PAYER = "payer"
    """A card for the deposit, and somebody else who pays the rent."""


class Time(StrEnum):
    """When it was booked."""

    FREE = "free"
    """While cancelling is still free."""
    OVER = "over"
    """When it is not any more."""
    WALK_IN = "walk-in"
    """At the counter: it begins now."""


@dataclass(frozen=True)
class Facts:
    """What is so about a contract: what it is for, what drives the car, who pays and how, and when it was booked."""

    kind: ContractKind
    energy: Energy
    payment: Payment
    time: Time
    language: Language

    @property
    def has_card(self) -> bool:
        return self.payment is not Payment.WAIVED

    @property
    def charged(self) -> bool:
        """Whether the customer's card is to pay for what is driven."""
        return self.payment in {Payment.CARD, Payment.PAGE, Payment.DECLINED}

    @property
    def works(self) -> bool:
        """Whether that card does it."""
        return self.payment in {Payment.CARD, Payment.PAGE}

    @property
    def has_payer(self) -> bool:
        return self.payment is Payment.PAYER

    @property
    def is_rental(self) -> bool:
        return self.kind is ContractKind.RENTAL

    @property
    def has_tank(self) -> bool:
        return self.energy is not Energy.ELECTRIC

    @property
    def has_battery(self) -> bool:
        return self.energy is not Energy.COMBUSTION

    @property
    def late(self) -> bool:
        """Booked when cancelling was no longer free."""
        return self.time is not Time.FREE

    @property
    def fee(self) -> bool:
        """Whether it costs something to call it off."""
        return self.is_rental and self.late

    @property
    def prepaid(self) -> bool:
        """Whether the card was debited at booking; nothing is for a free car, or where somebody else pays."""
        return self.is_rental and self.charged

    def __str__(self) -> str:
        return "-".join((self.kind.value, self.energy.value, self.payment, self.time, self.language.value))


def why_not(template: EmailTemplate, of: Facts) -> str | None:
    """Why a contract has no mail of a template, whatever happens to it; None if it has one."""
    T = EmailTemplate  # noqa: N806  # the table below is read by its columns
    reasons = {
        T.REMINDER: ("whoever books that late has just had a mail", of.late),
        T.PAYMENT_FAILED: ("no card is charged that could refuse", of.payment is not Payment.DECLINED),
        T.PAYMENT_REMINDER: ("the card has paid: nothing is open", of.works),
    }
    why, holds = reasons.get(template, ("", False))
    return why if holds else None


def _every() -> list[Facts]:
    """All of them, every other one in English; turned with each round, so that no value has one language only."""
    every = itertools.product(ContractKind, Energy, Payment, Time)
    return [
        Facts(kind, energy, payment, time, list(Language)[(place + place // 15) % 2])
        for place, (kind, energy, payment, time) in enumerate(every)
    ]


EVERY = _every()
