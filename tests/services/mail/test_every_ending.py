"""What no contract wants: a booking that is called off or never picked up, a late return with a damage, a reading put
right, a card that declines. Of every kind, payment and time all mails are read; what drives the car goes round.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from server.models import Contract, Email, OpenItem, Protocol
from server.models.contract import ContractKind
from server.models.customer import Language
from server.models.email import EmailTemplate
from server.models.fleet import Energy
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.services.acting import Acting
from server.services.booking import overdue
from server.services.changes import readings
from server.services.changes.readings import Reading
from server.services.ends import no_show
from server.services.handover import paper
from server.services.receivables import reminders
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out, customer
from tests.builders.rows import Shop, open_shop
from tests.services.changes.test_readings import protocol_of
from tests.services.claims import damaged
from tests.services.ends.called_off import cancel
from tests.services.mail.test_every_combination import LEVELS, PAYER, PAYMENTS
from tests.services.receivables.billed import work
from tests.services.samples import at

START, DAY, HOUR = at("2026-09-10 12:00"), timedelta(days=1), timedelta(hours=1)
WAYS: dict[str, dict[str, Any]] = PAYMENTS | {"declined": {"card_token": "tok-declined-later"}}


@dataclass(frozen=True)
class Case:
    """What is so; `late`: it was called off when that was no longer free."""

    kind: ContractKind
    payment: str
    late: bool
    energy: Energy
    language: Language

    @property
    def is_rental(self) -> bool:
        return self.kind is ContractKind.RENTAL

    @property
    def has_card(self) -> bool:
        return self.payment != "waived"

    @property
    def charged(self) -> bool:
        """Whether the customer's card is to pay for what is driven."""
        return self.payment in {"card", "declined"}

    @property
    def fee(self) -> bool:
        return self.is_rental and self.late


@dataclass(frozen=True)
class Says:
    """Mails of a kind to the customer say a sentence if it is so, and only then."""

    template: EmailTemplate
    de: str
    en: str
    holds: Callable[[Case], bool]


_OFF, _OVERDUE, _BACK = EmailTemplate.CANCELLATION, EmailTemplate.OVERDUE, EmailTemplate.CHECK_IN_PROTOCOL
_NOTICE, _CLAIM, _CORRECTED = EmailTemplate.DAMAGE_NOTICE, EmailTemplate.DAMAGE_CLAIM, EmailTemplate.CORRECTION
_FAILED, _REMINDED = EmailTemplate.PAYMENT_FAILED, EmailTemplate.PAYMENT_REMINDER
SAYS = [
    Says(_OFF, "Stornogebühr: 59,00 €", "Cancellation fee: 59.00 EUR", lambda of: of.fee),
    Says(
        _OFF, "Erstattung: 59,00 € auf Ihre Karte", "Refund: 59.00 EUR to your card",
        lambda of: of.charged and of.is_rental and not of.late,
    ),
    Says(
        _OFF, "Bitte überweisen Sie den offenen Betrag bis zum", "Please transfer what is open by",
        lambda of: of.fee and of.payment == "waived",
    ),
    Says(
        _OFF, "Den offenen Betrag zahlt Nordlicht", "What is open is paid by Nordlicht",
        lambda of: of.fee and of.payment == "payer",
    ),
    Says(_OFF, "Die blockierten 300,00 €", "The blocked 300.00 EUR", lambda of: of.has_card),
    Says(_OVERDUE, "Zeit wird nach dem vereinbarten Tarif", "time is charged at the agreed", lambda of: of.is_rental),
    Says(_BACK, "blockiert, nicht abgebucht", "on your card, not debited", lambda of: of.has_card),
    Says(_BACK, "einen neuen Schaden", "one new damage", lambda of: True),
    Says(_BACK, "Ladestand [69]0", "State of charge [69]0", lambda of: of.energy is not Energy.COMBUSTION),
    Says(_NOTICE, "blockiert, nicht abgebucht", "on your card, not debited", lambda of: of.has_card),
    Says(_CLAIM, "300,00 € werden der Kaution entnommen", "300.00 EUR will be taken from", lambda of: of.has_card),
    Says(_CLAIM, "100,00 € werden Ihrer hinterlegten Karte", "100.00 EUR will be charged", lambda of: of.has_card),
    Says(_CLAIM, "Bitte überweisen Sie 400,00 €", "Please transfer 400.00 EUR", lambda of: not of.has_card),
    Says(_CORRECTED, "Betrag buchen wir von Ihrer", "open to your stored card", lambda of: of.charged),
    Says(_CORRECTED, "zahlt Nordlicht", "paid by Nordlicht", lambda of: of.payment == "payer"),
    Says(_CORRECTED, "steht auf der Rechnung", "is on the invoice", lambda of: of.payment == "waived"),
    Says(_FAILED, "IBAN: DE02 1203", "IBAN: DE02 1203", lambda of: True),
    # A reading that is put right has the card tried again: with a mail of its own.
    Says(_FAILED, "nicht noch einmal, die Karte zu", "will not try to charge", lambda of: False),
    Says(_REMINDED, "IBAN: DE02 1203", "IBAN: DE02 1203", lambda of: True),
]  # fmt: skip


def _cases() -> list[Case]:
    """A card that declines later pays the deposit of a free car first: rentals show what it does."""
    every = [
        (kind, payment, late)
        for kind, payment, late in itertools.product(ContractKind, WAYS, (False, True))
        if payment != "declined" or kind is ContractKind.RENTAL
    ]
    energies, languages = list(Energy), list(Language)
    return [
        Case(kind, payment, late, energies[place % 3], languages[place // 2 % 2])
        for place, (kind, payment, late) in enumerate(every)
    ]


async def _called_off(shop: Shop, of: Case) -> Contract:
    shop.bench.clock.move_to(START - 3 * DAY)
    contract = await book(shop, START, START + DAY, kind=of.kind, **_wanted(of))
    shop.bench.clock.move_to(START - (3 * HOUR if of.late else 2 * DAY))
    return await cancel(shop, contract)


async def _never_picked_up(shop: Shop, of: Case) -> Contract:
    contract = await book(shop, START, START + DAY, kind=of.kind, **_wanted(of))
    shop.bench.clock.move_to(START + 3 * HOUR)
    now = await shop.bench.contract(contract.id)
    await no_show.mark(shop.bench.outside, Acting(shop.bench.now, shop.somebody()), contract.id, now.version)
    return await work(shop.bench, contract)


async def _late_and_damaged(shop: Shop, of: Case) -> Contract:
    """Back two hours late with a scratch of 400.00, which is claimed; then the kilometres are put right."""
    bench = shop.bench
    contract = await book(shop, bench.now + HOUR, bench.now + HOUR + DAY, kind=of.kind, **_wanted(of))
    bench.clock.move_to(contract.starts_at)
    await check_out(shop, contract, **LEVELS[of.energy])
    bench.clock.move_to(contract.ends_at + 2 * HOUR)
    await overdue.look(bench.outside, contract.id)
    await check_in(shop, contract, km=10_600, damages=(damaged.scratch(),), **LEVELS[of.energy])
    for protocol in await bench.all(Protocol, contract_id=contract.id):
        await paper.make(bench.outside, protocol.id)
    await work(bench, contract)
    await damaged.decided_for_customer(shop, "400.00")
    await damaged.claim_it(shop)
    await damaged.collect(bench, contract)
    back = await protocol_of(bench, contract, ProtocolType.CHECK_IN)
    right = Reading(odometer_km=10_900)
    await readings.correct(bench.outside, Acting(bench.now, shop.somebody(Role.MANAGER)), back.id, right, "vertippt")
    await work(bench, contract)
    bench.clock.move_to(bench.now + 20 * DAY)
    for item in await bench.all(OpenItem, contract_id=contract.id):
        await reminders.remind(bench.outside, item.id)
    return contract


def _wanted(of: Case) -> dict[str, Any]:
    return WAYS[of.payment] | {"customer": customer(language=of.language)}


async def _mails(bench: Bench, *contracts: Contract) -> list[Email]:
    return [mail for one in contracts for mail in await bench.all(Email, contract_id=one.id)]


def _untrue(mails: Sequence[Email], of: Case) -> list[str]:
    faults = []
    for mail, says in itertools.product(mails, SAYS):
        if mail.template is not says.template:
            continue
        text = " ".join(mail.text.replace("\u00a0", " ").split())
        pattern = says.de if of.language is Language.DE else says.en
        if (re.search(pattern, text) is not None) is not says.holds(of):
            faults.append(f"{mail.template}: {pattern!r} in {text!r}")
    return faults


@pytest.mark.parametrize("of", _cases(), ids=str)
async def test_no_mail_of_an_ending_says_what_is_not_so(bench: Bench, of: Case) -> None:
    # Given
    shop = await open_shop(bench, cars=3, group_with={"energy": of.energy})
    # When
    off, missed = await _called_off(shop, of), await _never_picked_up(shop, of)
    back = await _late_and_damaged(shop, of)
    # Then all of these are written, and say what is so
    mails = [mail for mail in await _mails(bench, off, back) if mail.to != PAYER.email]
    written = {mail.template for mail in mails}
    assert written >= {_OFF, _OVERDUE, _BACK, _NOTICE, _CLAIM, _CORRECTED}
    assert (_FAILED in written) is (of.payment == "declined")
    assert _untrue(mails, of) == []
    # And whoever pays has every paper in their name, and is not asked for the customer's damage
    asked = [mail for mail in await _mails(bench, off, missed, back) if mail.to == PAYER.email]
    assert bool(asked) is (of.payment == "payer")
    assert not any("Schadenersatz" in mail.text or "Claim" in mail.subject for mail in asked)
