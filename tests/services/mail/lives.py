"""What happens to the contracts of a combination, so that all its mails are written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from server.models import Contract, Document, Email, HostedPayment, OpenItem, Payment, Protocol
from server.models.customer import Language
from server.models.damage import DamageLiability
from server.models.fleet import Energy
from server.models.payment import PaymentMethod
from server.models.protocol import ProtocolType
from server.models.recipient import PostalAddress, Recipient
from server.models.staff import Role
from server.services.acting import Acting
from server.services.billing import invoice
from server.services.booking import overdue, reminder, saga
from server.services.changes import drivers, readings
from server.services.changes.readings import Reading
from server.services.claims import collection
from server.services.ends import no_show
from server.services.handover import paper
from server.services.payments import deposits, hosted_page
from server.services.people.drivers import DriverDetails
from server.services.receivables import external, reminders
from server.services.receivables.external import ExternalPayment
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out, customer
from tests.builders.rows import Shop, open_shop
from tests.builders.till import Till
from tests.services.changes.test_readings import protocol_of
from tests.services.claims import damaged
from tests.services.ends.called_off import cancel
from tests.services.mail import cases
from tests.services.mail.cases import Facts, Time
from tests.services.samples import at

OFF, START = at("2026-09-10 12:00"), at("2026-09-15 12:00")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
STATION = "station@example.com"
PAYER = Recipient(
    name="Nordlicht Versicherung AG",
    address=PostalAddress(street="Deichstr. 3", postcode="20459", city="Hamburg"),
    email="rechnung@nordlicht.example",
)
WAIVED: dict[str, Any] = {"method": PaymentMethod.WAIVED, "waiver_reason": "Kulanz", "card_token": None}
PAYMENTS: dict[cases.Payment, dict[str, Any]] = {
    cases.Payment.CARD: {},
    cases.Payment.PAGE: {
        "method": PaymentMethod.HOSTED_PAGE,
        "card_token": None,
        "success_url": "https://shop.example/ok",
        "failure_url": "https://shop.example/no",
    },
    cases.Payment.DECLINED: {},
    cases.Payment.WAIVED: WAIVED,
    cases.Payment.PAYER: {"payer": PAYER},
}
LEVELS: dict[Energy, dict[str, Any]] = {
    Energy.COMBUSTION: {"fuel": 8},
    Energy.ELECTRIC: {"fuel": None, "charge": 90},
    Energy.PLUGIN_HYBRID: {"fuel": 8, "charge": 60},
}
_BOOKED = {Time.FREE: 3 * DAY, Time.OVER: 2 * HOUR, Time.WALK_IN: timedelta()}
"""How long before its start."""


async def all_mails(bench: Bench, of: Facts) -> list[Email]:
    """Everything that was written because of a booking that was called off, one that was never picked up, and one with
    a change, a late return, a damage, a reading put right twice, and money that is asked for and goes back.
    """
    country = "PL" if of.language is Language.EN else "DE"
    shop = await open_shop(bench, group_with={"energy": of.energy}, email=STATION, country=country)
    off, missed = await _called_off(shop, of), await _never_picked_up(shop, of)
    back = await _driven(shop, of)
    return [mail for one in (off, missed, back) for mail in await bench.all(Email, contract_id=one.id)]


async def _booked(shop: Shop, of: Facts, start: datetime) -> Contract:
    bench = shop.bench
    bench.clock.move_to(start - _BOOKED[of.time])
    later = {"card_token": "tok-declined-later"} if of.payment is cases.Payment.DECLINED and of.is_rental else {}
    wanted = PAYMENTS[of.payment] | later | {"customer": customer(language=of.language), "kind": of.kind}
    contract = await book(shop, start, start + DAY, **wanted)
    if isinstance(bench.books, Till):
        await _pay_on_page(bench, bench.books, contract)
    elif of.payment is cases.Payment.DECLINED and not of.is_rental:  # nothing is debited when it is booked
        for _ in range(9):
            bench.books.script("sale", "decline:51")
    return await bench.contract(contract.id)


async def _pay_on_page(bench: Bench, till: Till, contract: Contract) -> None:
    (hosted,) = await bench.all(HostedPayment, contract_id=contract.id)
    (payment,) = await bench.all(Payment, contract_id=contract.id)
    form = till.pay_on_page(hosted_page._checkout(bench.outside, hosted, payment))
    await hosted_page.accept(bench.outside, form, "browser")
    await saga.drive(bench.outside, contract.id)


async def _called_off(shop: Shop, of: Facts) -> Contract:
    contract = await _booked(shop, of, OFF)
    return await cancel(shop, contract)


async def _never_picked_up(shop: Shop, of: Facts) -> Contract:
    start = max(OFF, shop.bench.now + _BOOKED[of.time])
    contract = await _booked(shop, of, start)
    shop.bench.clock.move_to(start + 3 * HOUR)
    now = await shop.bench.contract(contract.id)
    await no_show.mark(shop.bench.outside, Acting(shop.bench.now, shop.somebody()), contract.id, now.version)
    await _jobs(shop.bench, contract)
    return contract


async def _driven(shop: Shop, of: Facts) -> Contract:
    bench = shop.bench
    contract = await _booked(shop, of, START)
    if of.time is Time.FREE:
        bench.clock.move_to(at("2026-09-14 09:30"))
        await deposits.place(bench.outside, contract.id)
        await reminder.remind(bench.outside, contract.id)
    acting, second = Acting(bench.now, shop.somebody()), DriverDetails(first_name="Eva", last_name="Beispiel")
    await drivers.add(bench.outside, acting, contract.id, (await bench.contract(contract.id)).version, second)
    await book(shop, START + DAY + 3 * HOUR, START + 2 * DAY, **WAIVED)  # whoever waits for the car
    bench.clock.move_to(START)
    await check_out(shop, contract, **LEVELS[of.energy])
    bench.clock.move_to(START + DAY + 2 * HOUR)
    await overdue.look(bench.outside, contract.id)
    found = (damaged.scratch(), damaged.scratch(2))
    await check_in(shop, contract, km=10_900, damages=found, **LEVELS[of.energy])
    for protocol in await bench.all(Protocol, contract_id=contract.id):
        await paper.make(bench.outside, protocol.id)
    await _jobs(bench, contract)
    await _damages(shop, contract)
    await _put_right(shop, contract, 11_200)
    await _paid_in_the_end(shop, contract)
    await _put_right(shop, contract, 10_600)
    await _transferred_back(shop, contract)
    return await bench.contract(contract.id)


async def _damages(shop: Shop, contract: Contract) -> None:
    """One of 400.00 is claimed, another costs nothing."""
    await damaged.decided_for_customer(shop, "400.00")
    for decision in (damaged.CONFIRMED, DamageLiability.DECIDED_OWN_COST):
        await damaged.decide(shop, decision, number=2)
    await damaged.claim_it(shop)
    await collection.collect(shop.bench.outside, contract.id)


async def _put_right(shop: Shop, contract: Contract, km: int) -> None:
    bench, manager = shop.bench, shop.somebody(Role.MANAGER)
    back = await protocol_of(bench, contract, ProtocolType.CHECK_IN)
    await readings.correct(bench.outside, Acting(bench.now, manager), back.id, Reading(odometer_km=km), "vertippt")
    await _jobs(bench, contract)


async def _jobs(bench: Bench, contract: Contract) -> None:
    """What follows of a contract that is over."""
    await invoice.settle(bench.outside, contract.id)
    await deposits.release(bench.outside, contract.id)


async def _items(bench: Bench, contract: Contract) -> Sequence[OpenItem]:
    return await bench.all(OpenItem, contract_id=contract.id)


async def _paid_in_the_end(shop: Shop, contract: Contract) -> None:
    """Whoever owes is reminded, and transfers."""
    bench = shop.bench
    bench.clock.move_to(bench.now + 20 * DAY)
    for item in await _items(bench, contract):
        await reminders.remind(bench.outside, item.id)
    for item in await _items(bench, contract):
        if item.open_cents > 0:
            await _record(shop, item)
    await collection.collect(bench.outside, contract.id)


async def _transferred_back(shop: Shop, contract: Contract) -> None:
    for item in await _items(shop.bench, contract):
        if item.open_cents < 0:
            await _record(shop, item)


async def _record(shop: Shop, item: OpenItem) -> None:
    (document,) = await shop.bench.all(Document, id=item.document_id)
    acting = Acting(shop.bench.now, shop.somebody())
    paid = ExternalPayment(item.open_cents, f"KA-{document.number}")
    await external.record(shop.bench.outside, acting, document.id, paid)
    await _jobs(shop.bench, await shop.bench.contract(item.contract_id))
