"""Every combination of kind, energy, payment and time is booked, changed, driven and billed; all its mails are read."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from server.models import Email, Protocol
from server.models.contract import ContractKind
from server.models.customer import Language
from server.models.email import EmailTemplate
from server.models.fleet import Energy
from server.models.payment import PaymentMethod
from server.models.recipient import PostalAddress, Recipient
from server.services.acting import Acting
from server.services.booking import reminder
from server.services.changes import drivers
from server.services.handover import paper
from server.services.payments import deposits
from server.services.people.drivers import DriverDetails
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out, customer
from tests.builders.rows import Shop, open_shop
from tests.services.mail.reading import Facts, untrue
from tests.services.receivables.billed import work
from tests.services.samples import at

START, DAY = at("2026-09-10 12:00"), timedelta(days=1)
PAYER = Recipient(
    name="Nordlicht Versicherung AG",
    address=PostalAddress(street="Deichstr. 3", postcode="20459", city="Hamburg"),
    email="rechnung@nordlicht.example",
)
PAYMENTS: dict[str, dict[str, Any]] = {
    "card": {},
    "waived": {"method": PaymentMethod.WAIVED, "waiver_reason": "Kulanz", "card_token": None},
    "payer": {"payer": PAYER},
}
LEVELS: dict[Energy, dict[str, Any]] = {
    Energy.COMBUSTION: {"fuel": 8},
    Energy.ELECTRIC: {"fuel": None, "charge": 90},
    Energy.PLUGIN_HYBRID: {"fuel": 8, "charge": 60},
}
LATE = (False, True)
EVERY = list(itertools.product(ContractKind, Energy, PAYMENTS, LATE))


def _facts() -> list[Facts]:
    """All of them, every other one in English."""
    return [
        Facts(kind, energy, payment, late, list(Language)[place % len(Language)])
        for place, (kind, energy, payment, late) in enumerate(EVERY)
    ]


async def _all_mails(shop: Shop, of: Facts) -> Sequence[Email]:
    """One rental from its booking to its end, and what was written to the customer."""
    bench = shop.bench
    bench.clock.move_to(START - (timedelta(hours=2) if of.late else 3 * DAY))
    wanted = PAYMENTS[of.payment] | {"customer": customer(language=of.language)}
    contract = await book(shop, START, START + DAY, kind=of.kind, **wanted)
    if not of.late:
        bench.clock.move_to(at("2026-09-09 09:30"))
        await deposits.place(bench.outside, contract.id)
        await reminder.remind(bench.outside, contract.id)
    acting = Acting(bench.now, shop.somebody())
    second = DriverDetails(first_name="Eva", last_name="Beispiel")
    await drivers.add(bench.outside, acting, contract.id, (await bench.contract(contract.id)).version, second)
    bench.clock.move_to(START)
    await check_out(shop, contract, **LEVELS[of.energy])
    bench.clock.move_to(START + DAY)
    await check_in(shop, contract, km=10_600, **LEVELS[of.energy])
    for protocol in await bench.all(Protocol, contract_id=contract.id):
        await paper.make(bench.outside, protocol.id)
    await work(bench, contract)
    found: list[Email] = await bench.all(Email, contract_id=contract.id)
    return [mail for mail in found if mail.to == contract.customer.email]


@pytest.mark.parametrize("of", _facts(), ids=str)
async def test_no_mail_says_what_is_not_so(bench: Bench, of: Facts) -> None:
    # Given
    shop = await open_shop(bench, group_with={"energy": of.energy})
    # When
    mails = await _all_mails(shop, of)
    # Then
    written = {mail.template for mail in mails}
    assert written >= {
        EmailTemplate.BOOKING_CONFIRMATION,
        EmailTemplate.CHANGE,
        EmailTemplate.CHECK_OUT_PROTOCOL,
        EmailTemplate.CHECK_IN_PROTOCOL,
        EmailTemplate.FINAL_INVOICE,
    }
    assert (EmailTemplate.REMINDER in written) is not of.late
    assert [fault for mail in mails for fault in untrue(mail, of)] == []


async def test_the_reader_notices_what_is_not_so(bench: Bench) -> None:
    """Whoever reads must find it: the mails of one contract are not true for another."""
    of = Facts(ContractKind.RENTAL, Energy.COMBUSTION, "card", late=False, language=Language.DE)
    shop = await open_shop(bench, group_with={"energy": of.energy})
    mails = await _all_mails(shop, of)
    for other in (
        replace(of, kind=ContractKind.COURTESY),
        replace(of, energy=Energy.ELECTRIC),
        replace(of, payment="waived"),
        replace(of, payment="payer"),
        replace(of, late=True),
    ):
        assert [fault for mail in mails for fault in untrue(mail, other)] != [], other
