"""Whatever a reader of a contract could see moves the time of its last change, and of no other contract's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from server.database import SYSTEM
from server.gateways.mailer import MailUnavailable
from server.models import Contract, DamagePhoto, Driver, Email, Photo, Protocol
from server.models.damage import DamageLiability, RepairState
from server.models.email import EmailState
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.services.acting import Acting
from server.services.billing import collection as rent
from server.services.billing import invoice
from server.services.changes import customer_data, drivers, notes, payer, period, readings, tariff
from server.services.changes.customer_data import CounterCustomer
from server.services.changes.period import PeriodChange
from server.services.changes.readings import Reading
from server.services.changes.tariff import EditRequest
from server.services.claims import decisions
from server.services.handover import paper
from server.services.mail import emails, resending
from server.services.payments import deposits
from server.services.people.drivers import DriverDetails
from server.services.receivables import cancelling, external
from server.services.receivables.external import ExternalPayment
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out
from tests.builders.rows import Shop, open_shop
from tests.services.claims.damaged import claim_it, collect, damage_of, decide, scratch
from tests.services.life.world import Postbox
from tests.services.lists.following import Follower
from tests.services.receivables.billed import INSURER, final_of
from tests.services.samples import at

START = at("2026-09-08 09:00")
END = START + timedelta(days=2)


class Rental:
    """A contract, and another one that nobody touches; each step is read by somebody who follows."""

    def __init__(self, shop: Shop, contract: Contract, follower: Follower) -> None:
        self.shop, self.bench, self.id, self.follower = shop, shop.bench, contract.id, follower

    def acting(self, role: Role = Role.CLERK) -> Acting:
        return Acting(self.bench.now, self.shop.somebody(role))

    async def now(self) -> Contract:
        return await self.bench.contract(self.id)

    async def version(self) -> int:
        return (await self.now()).version

    async def does(self, *steps: Awaitable[Any]) -> None:
        """Each of these steps changes this contract and no other."""
        for step in steps:
            await step
            assert set(await self.follower.poll()) == {self.id}, step

    async def within(self, work: Callable[[Any], Awaitable[Any]]) -> None:
        """One transaction of ours."""
        async with self.bench.outside.database.transaction(SYSTEM) as session:
            await work(session)


async def begin(bench: Bench) -> Rental:
    shop = await open_shop(bench, cars=2)
    await book(shop, START, END)
    contract = await book(shop, START, END)
    follower = Follower(bench, shop.somebody(), first=5)
    await follower.poll()
    return Rental(shop, contract, follower)


async def test_everything_before_the_hand_over(bench: Bench) -> None:
    rental = await begin(bench)
    outside, acting, contract = bench.outside, rental.acting(), await rental.now()
    eva = DriverDetails(first_name="Eva", last_name="Beispiel")

    await rental.does(notes.add(outside, acting, contract.id, "Ruft noch einmal an"))
    await rental.does(drivers.add(outside, acting, contract.id, await rental.version(), eva))
    added = next(one for one in await bench.all(Driver, contract_id=contract.id) if one.first_name == "Eva")
    await rental.does(drivers.remove(outside, acting, contract.id, await rental.version(), added.id))
    await rental.does(
        tariff.change(
            outside,
            acting,
            contract.id,
            await rental.version(),
            EditRequest(reason="Kulanz", discount_percent=Decimal(5)),
        )
    )
    wanted = PeriodChange(START, END + timedelta(days=1))
    await rental.does(period.change(outside, acting, contract.id, await rental.version(), wanted))
    await rental.does(payer.change(outside, acting, contract.id, await rental.version(), INSURER))
    await rental.does(rent.collect(outside, contract.id))  # the advance goes back
    await rental.does(payer.change(outside, acting, contract.id, await rental.version(), None))

    async def complete(session: Any) -> None:
        named = CounterCustomer(phone="+49 30 901820")
        await customer_data.complete(session, contract.id, await rental.version(), named, acting)

    await rental.does(rental.within(complete))


async def test_mails_that_wait_go_out_or_go_out_once_more(bench: Bench) -> None:
    # Given
    rental = await begin(bench)
    (mail,) = await bench.all(Email, contract_id=rental.id)
    # When: no mail server, then one that takes it, and once more by hand
    with pytest.raises(MailUnavailable):
        await emails.send(bench.outside, mail.id, is_last_try=True)
    assert await rental.follower.poll() == [rental.id]
    (waiting,) = await bench.all(Email, id=mail.id)
    assert (waiting.state, waiting.tries) == (EmailState.QUEUED, 1)
    again: list[Any] = []

    async def resend() -> None:
        again.append(await resending.resend(bench.outside, rental.acting(), mail.id, "neu@example.com"))

    await rental.does(resend())
    await rental.does(emails.send(replace(bench.outside, mailer=Postbox()), again[0], is_last_try=False))
    # Then
    (sent,) = await bench.all(Email, id=again[0])
    assert sent.state is EmailState.SENT


async def test_everything_from_the_hand_over_to_the_money(bench: Bench) -> None:
    rental = await begin(bench)
    outside, contract = bench.outside, await rental.now()
    bench.clock.move_to(START)
    await rental.does(check_out(rental.shop, contract))
    bench.clock.move_to(END)
    await rental.does(check_in(rental.shop, contract, km=10_400))
    back, out = [
        (await bench.all(Protocol, contract_id=contract.id, type=kind))[0]
        for kind in (ProtocolType.CHECK_IN, ProtocolType.CHECK_OUT)
    ]
    await rental.does(paper.make(outside, out.id))
    right = Reading(odometer_km=10_300)
    await rental.does(readings.correct(outside, rental.acting(), back.id, right, "Zahlendreher"))
    await rental.does(invoice.bill(outside, contract.id))
    await rental.does(rent.collect(outside, contract.id))
    await rental.does(deposits.release(outside, contract.id))
    final = await final_of(bench, contract)
    manager = rental.acting(Role.MANAGER)
    await rental.does(cancelling.cancel(outside, manager, final.id, "Falscher Empfänger"))


async def test_what_is_paid_elsewhere(bench: Bench) -> None:
    rental = await begin(bench)
    outside, contract = bench.outside, await rental.now()
    await payer.change(outside, rental.acting(), contract.id, contract.version, INSURER)
    await rent.collect(outside, contract.id)
    bench.clock.move_to(START)
    await check_out(rental.shop, contract)
    bench.clock.move_to(END)
    await check_in(rental.shop, contract)
    await invoice.bill(outside, contract.id)
    await rent.collect(outside, contract.id)
    await rental.follower.poll()

    paid = ExternalPayment(1_000, "Auszug 9")
    final = await final_of(bench, contract)

    await rental.does(external.record(outside, rental.acting(), final.id, paid))


async def test_damages_and_their_pictures_and_claims(bench: Bench) -> None:
    rental = await begin(bench)
    outside, contract, shop = bench.outside, await rental.now(), rental.shop
    bench.clock.move_to(START)
    await check_out(shop, contract)
    bench.clock.move_to(END)
    await check_in(shop, contract, damages=(scratch(),))
    for protocol in await bench.all(Protocol, contract_id=contract.id):
        await paper.make(outside, protocol.id)
    await invoice.bill(outside, contract.id)
    await rent.collect(outside, contract.id)
    await rental.follower.poll()
    photo = Photo(
        sha256="0" * 64,
        uploaded_by=shop.somebody().id,
        stations=[shop.station.id],
        width=1,
        height=1,
        object_key="a",
        thumbnail_key="b",
        created_at=bench.now,
    )
    await bench.put(photo)

    await rental.does(decide(shop, DamageLiability.CONFIRMED))
    await rental.does(decide(shop, DamageLiability.DECIDED_CUSTOMER, estimate_net="100"))
    await rental.does(claim_it(shop))
    await rental.does(collect(bench, contract))
    damage = await damage_of(bench)
    repairing = decisions.repair(outside, rental.acting(), damage.id, damage.version, RepairState.REPAIRED)
    await rental.does(repairing)
    await rental.does(bench.put(DamagePhoto(damage_id=damage.id, photo_id=photo.id, position=1)))


async def test_what_is_deleted_is_a_change_too(bench: Bench) -> None:
    # Given
    rental = await begin(bench)
    (driver,) = await bench.all(Driver, contract_id=rental.id)
    # When
    async with bench.owned() as session:
        await session.remove(await session.by_id(Driver, driver.id))
    # Then
    assert await rental.follower.poll() == [rental.id]
