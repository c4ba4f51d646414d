"""Above 250 EUR nobody gets an invoice without an address on it: asked for at the counter, and billing waits for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from server.errors import DomainError, InvalidInput, InvalidTransition, Refused, VersionConflict
from server.models import Contract, Customer, CustomerVersion, Document, Driver, HistoryEntry, Job, Protocol
from server.models.contract import ContractKind, ContractState
from server.models.contract_attention import BillingBlock
from server.models.contract_parts import HistoryAction
from server.models.customer import CustomerKind
from server.models.payment import PaymentMethod
from server.models.recipient import PostalAddress, Recipient
from server.models.staff import Role
from server.services.acting import Acting
from server.services.billing import invoice
from server.services.booking.plan import WorkshopReference
from server.services.changes import customer_data
from server.services.changes.customer_data import CounterCustomer
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out, customer, rented
from tests.builders.rows import Shop, open_shop
from tests.services.samples import KOMPAKT, at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
LONG, SHORT = START + 8 * DAY, START + 4 * DAY  # 378.00 and 236.00
HOME = PostalAddress(street="Seestr. 5", postcode="13353", city="Berlin")
GIVEN = CounterCustomer(address=HOME)


async def booked(shop: Shop, end: datetime = LONG, **more: Any) -> Contract:
    """A person who has not said where he lives; the car is due now."""
    contract = await book(shop, START, end, customer=customer(address=None, **more))
    shop.bench.clock.move_to(START)
    return contract


async def documents(bench: Bench) -> list[tuple[str, int, str | None]]:
    found = await bench.all(Document)
    return [(d.type.value, d.total_cents, d.recipient.address and d.recipient.address.street) for d in found]


async def bill(shop: Shop) -> None:
    for job in await shop.bench.all(Job, kind="BILL"):
        await invoice.bill(shop.bench.outside, UUID(job.payload["contract"]))


async def complete(shop: Shop, contract: Contract, named: CounterCustomer, **more: Any) -> Contract:
    clerk = shop.somebody(Role.CLERK)
    async with shop.bench.outside.database.transaction(clerk.scope) as session:
        version = more.get("version", contract.version)
        return await customer_data.complete(session, contract.id, version, named, Acting(shop.bench.now, clerk))


class TestAtTheCounter:
    async def test_the_car_does_not_go_out_without_it(self, bench: Bench) -> None:
        # Given
        shop = await open_shop(bench)
        contract = await booked(shop)
        # When / Then
        with pytest.raises(Refused) as raised:
            await check_out(shop, contract)
        assert (raised.value.code.value, raised.value.field) == (
            "CUSTOMER_INCOMPLETE",
            ["input", "customer", "address"],
        )
        assert await bench.counts(Protocol) == [0]
        assert (await bench.contract(contract.id)).state is ContractState.RESERVED

    async def test_with_it_the_invoice_goes_there(self, bench: Bench) -> None:
        shop = await open_shop(bench)
        contract = await booked(shop)
        await check_out(shop, contract, customer=replace(GIVEN, phone="030 1234567"))
        bench.clock.move_to(LONG)
        await check_in(shop, contract)
        await invoice.bill(bench.outside, contract.id)
        assert await documents(bench) == [("ADVANCE_INVOICE", 5_900, None), ("FINAL_INVOICE", 37_800, "Seestr. 5")]
        contract = await bench.contract(contract.id)
        assert contract.customer.phone == "+49 30 1234567"
        entries = [(e.action, e.actor, e.after) for e in await bench.all(HistoryEntry, contract_id=contract.id)]
        assert (HistoryAction.CUSTOMER_CHANGED, shop.somebody(Role.YARD).name, "address, phone") in entries

    @pytest.mark.parametrize("minutes", [0, 15])
    @pytest.mark.parametrize("total", ["250.00", "250.01"])
    async def test_from_the_first_cent_above(self, bench: Bench, total: str, minutes: int) -> None:
        """§ 33 UStDV: up to 250 EUR an invoice may do without its recipient."""
        day = replace(KOMPAKT.bundles[0], price_cents=int(total.replace(".", "")))
        shop = await open_shop(bench, terms=replace(KOMPAKT, bundles=(day,)))
        waived: dict[str, Any] = {"method": PaymentMethod.WAIVED, "waiver_reason": "test"}
        contract = await book(shop, START, START + DAY, customer=customer(address=None), **waived)
        bench.clock.move_to(START + timedelta(minutes=minutes))
        if total == "250.00":
            await check_out(shop, contract, occurred_at=START)
        else:
            with pytest.raises(Refused, match=r"§ 14 Abs[.] 4 Nr[.] 1 UStG"):
                await check_out(shop, contract, occurred_at=START)

    async def test_what_happened_a_while_ago_is_kept_and_billing_waits(self, bench: Bench) -> None:
        # Given: handed over without a network, sixteen minutes ago
        shop = await open_shop(bench)
        contract = await booked(shop)
        bench.clock.move_to(START + timedelta(minutes=16))
        wrong = CounterCustomer(address=PostalAddress(street="Seestr. 5", postcode="1", city="Berlin"))
        # When
        await check_out(shop, contract, occurred_at=START, customer=wrong)
        # Then
        contract = await bench.contract(contract.id)
        assert (contract.state, contract.billing_block) == (ContractState.CHECKED_OUT, BillingBlock.ADDRESS_MISSING)
        assert (contract.customer.address, contract.customer_review) == (None, True)
        # And: the return brings it, and billing goes on
        bench.clock.move_to(LONG)
        await check_in(shop, contract, customer=GIVEN)
        assert (await bench.contract(contract.id)).billing_block is None
        await bill(shop)
        assert (await documents(bench))[-1] == ("FINAL_INVOICE", 37_800, "Seestr. 5")

    async def test_a_wrong_entry_is_refused_while_the_customer_is_there(self, bench: Bench) -> None:
        shop = await open_shop(bench)
        contract = await booked(shop)
        wrong = CounterCustomer(address=PostalAddress(street="Seestr. 5", postcode="1", city="Berlin"))
        with pytest.raises(InvalidInput) as raised:
            await check_out(shop, contract, customer=wrong)
        assert raised.value.field == ["input", "customer", "address", "postcode"]
        assert await bench.counts(Protocol) == [0]

    async def test_a_payer_with_an_address_is_enough(self, bench: Bench) -> None:
        shop = await open_shop(bench)
        insurer = Recipient(name="Allsicher AG", address=HOME, email="schaden@allsicher.example")
        contract = await book(shop, START, LONG, customer=customer(address=None), payer=insurer)
        bench.clock.move_to(START)
        await check_out(shop, contract)
        assert (await bench.contract(contract.id)).state is ContractState.CHECKED_OUT

    async def test_a_courtesy_car_asks_for_nothing(self, bench: Bench) -> None:
        shop = await open_shop(bench)
        more: dict[str, Any] = {"kind": ContractKind.COURTESY, "workshop": WorkshopReference("W-1")}
        contract = await book(shop, START, LONG, customer=customer(address=None), **more)
        bench.clock.move_to(START)
        await check_out(shop, contract)
        assert (await bench.contract(contract.id)).billing_block is None

    async def test_a_birth_date_counts_for_the_age(self, bench: Bench) -> None:
        # Given: booked when the group had no minimum age
        shop = await open_shop(bench)
        contract = await booked(shop, SHORT)
        async with bench.owned() as session:
            await session.write("update vehicle_group set minimum_age = 25", {})
        with pytest.raises(Refused, match="date of birth"):
            await check_out(shop, contract)
        # When
        await check_out(shop, contract, customer=CounterCustomer(birth_date=date(1985, 4, 12)))
        # Then
        assert [d.birth_date for d in await bench.all(Driver, contract_id=contract.id)] == [date(1985, 4, 12)]

    async def test_a_known_birth_date_stays(self, bench: Bench) -> None:
        """Nobody becomes old enough at the counter."""
        shop = await open_shop(bench)
        contract = await booked(shop, SHORT, birth_date=date(2006, 1, 1))
        async with bench.owned() as session:
            await session.write("update vehicle_group set minimum_age = 25", {})
        with pytest.raises(Refused, match="younger than 25"):
            await check_out(shop, contract, customer=CounterCustomer(birth_date=date(1985, 4, 12)))
        contract = await bench.contract(contract.id)
        assert (contract.customer.birth_date, contract.customer_review) == (date(2006, 1, 1), False)


class TestBilling:
    @pytest.mark.parametrize("kind", list(CustomerKind))
    async def test_a_rental_that_grew_above_waits_for_it(self, bench: Bench, kind: CustomerKind) -> None:
        # Given: 236.00 agreed, 800 km too many
        shop = await open_shop(bench)
        contract = await rented(shop, START, SHORT, km=1_400, customer=customer(address=None))
        if kind is CustomerKind.COMPANY:  # as version 0.1 took them
            stored = replace(contract.customer, kind=kind, company="Großkunde GmbH")
            contract.correct_customer(stored)
            await bench.put(contract)
        # When
        await bill(shop)
        # Then
        contract = await bench.contract(contract.id)
        assert (contract.state, contract.billing_block) == (ContractState.RETURNED, BillingBlock.ADDRESS_MISSING)
        assert [kind for kind, *_ in await documents(bench)] == ["ADVANCE_INVOICE"]
        assert [line[0] for line in bench.books.ledger(contract)] == ["sale", "hold"]
        # And: to settle is refused as long as it is missing
        clerk = shop.somebody(Role.CLERK)
        with pytest.raises(Refused) as raised:
            await invoice.settle_by_hand(bench.outside, clerk, contract.id, contract.version)
        assert raised.value.code.value == "BILLING_BLOCKED"
        # And: with it billing goes on by itself
        await complete(shop, contract, GIVEN)
        await bill(shop)
        assert (await documents(bench))[-1][0::2] == ("FINAL_INVOICE", "Seestr. 5")

    async def test_a_rental_that_has_become_small_enough_needs_none(self, bench: Bench) -> None:
        # Given: 378.00 agreed, handed over without a network and without an address, back after four days for 236.00
        shop = await open_shop(bench)
        contract = await booked(shop)
        bench.clock.move_to(START + timedelta(minutes=16))
        await check_out(shop, contract, occurred_at=START)
        bench.clock.move_to(SHORT)
        await check_in(shop, contract)
        contract = await bench.contract(contract.id)
        assert contract.billing_block is BillingBlock.ADDRESS_MISSING
        # When
        await invoice.settle_by_hand(bench.outside, shop.somebody(Role.CLERK), contract.id, contract.version)
        # Then
        assert (await documents(bench))[-1] == ("FINAL_INVOICE", 23_600, None)

    async def test_behind_another_reason_it_is_not_asked_for_once_more(self, bench: Bench) -> None:
        # Given: two reasons, and the address is given while the other one is shown
        shop = await open_shop(bench)
        contract = await booked(shop)
        bench.clock.move_to(START + timedelta(minutes=16))
        await check_out(shop, contract, occurred_at=START, km=9_000, override_reason="Tacho getauscht")
        bench.clock.move_to(LONG)
        await check_in(shop, contract, km=9_100, customer=GIVEN)
        contract = await bench.contract(contract.id)
        assert contract.billing_block is BillingBlock.ODOMETER
        # When: somebody has looked at that one
        await invoice.settle_by_hand(bench.outside, shop.somebody(Role.CLERK), contract.id, contract.version)
        # Then
        assert (await bench.contract(contract.id)).state is ContractState.BILLED
        assert (await documents(bench))[-1] == ("FINAL_INVOICE", 37_800, "Seestr. 5")

    async def test_a_small_one_is_issued_without(self, bench: Bench) -> None:
        shop = await open_shop(bench)
        await rented(shop, START, SHORT, customer=customer(address=None))
        await bill(shop)
        assert (await documents(bench))[-1] == ("FINAL_INVOICE", 23_600, None)

    async def test_an_advance_above_asks_for_it_when_booked(self, bench: Bench) -> None:
        """Its invoice is issued at once."""
        day = replace(KOMPAKT.bundles[0], price_cents=25_001)
        shop = await open_shop(bench, terms=replace(KOMPAKT, bundles=(day,)))
        with pytest.raises(InvalidInput) as raised:
            await booked(shop)
        assert raised.value.field == ["input", "customer", "address"]
        assert (await bench.counts(Contract), bench.books.lines()) == ([0], [])


class TestCompleting:
    async def test_only_with_the_version_that_was_seen(self, bench: Bench) -> None:
        shop = await open_shop(bench)
        contract = await booked(shop)
        with pytest.raises(VersionConflict):
            await complete(shop, contract, GIVEN, version=contract.version - 1)
        assert (await bench.contract(contract.id)).customer.address is None

    async def test_not_after_the_invoice(self, bench: Bench) -> None:
        shop = await open_shop(bench)
        contract = await rented(shop, START, SHORT)
        await bill(shop)
        contract = await bench.contract(contract.id)
        with pytest.raises(InvalidTransition):
            await complete(shop, contract, GIVEN)

    async def test_who_is_stored_is_completed_by_who_may_see_him(self, bench: Bench) -> None:
        # Given: the station's second contract with the person, who never gave an address
        shop = await open_shop(bench, cars=2)
        anna = customer(address=None, birth_date=date(1985, 4, 12))
        await book(shop, START, SHORT, customer=anna)
        contract = await book(shop, START, SHORT, customer=anna)
        # When
        await complete(shop, contract, GIVEN)
        # Then
        (stored,) = await bench.all(Customer)
        assert (stored.street, stored.review_needed) == ("Seestr. 5", False)
        (version,) = await bench.all(CustomerVersion)
        assert (version.changed, version.source) == (["city", "country", "postcode", "street"], "STAFF")

    async def test_what_differs_without_a_birth_date_is_left_to_a_clerk(self, bench: Bench) -> None:
        shop = await open_shop(bench, cars=2)
        anna = customer()
        await book(shop, START, SHORT, customer=anna)
        contract = await book(shop, START, SHORT, customer=anna)
        await complete(shop, contract, GIVEN)
        (stored,) = await bench.all(Customer)
        assert (stored.street, stored.review_needed) == ("Hauptstr. 1", True)
        contract = await bench.contract(contract.id)
        assert (contract.customer.address, contract.customer_review) == (HOME, True)

    async def test_the_same_again_changes_nothing(self, bench: Bench) -> None:
        shop = await open_shop(bench)
        contract = await booked(shop)
        contract = await complete(shop, contract, GIVEN)
        again = await complete(shop, contract, GIVEN)
        assert again.version == contract.version

    async def test_another_stations_clerk_does_not_find_it(self, bench: Bench) -> None:
        shop, other = await open_shop(bench), await open_shop(bench)
        contract = await booked(shop)
        with pytest.raises(DomainError) as raised:
            await complete(other, contract, GIVEN)
        assert raised.value.code.value == "NOT_FOUND"
