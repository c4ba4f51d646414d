"""What is gone of a contract when its clocks have run out, and what is still there: in tables, files and at the gateway."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from server.gateways.payment import GatewayUnreachable
from server.gateways.telecash import TelecashGateway, TelecashSettings
from server.jobs import TryLater
from server.models import (
    Contract,
    Customer,
    Damage,
    Document,
    Driver,
    HistoryEntry,
    Occupancy,
    Payment,
    Photo,
    StoredCard,
)
from server.models.damage import DamageLiability
from server.models.staff import Role
from server.services.billing import audit
from server.services.retention import erasing
from tests.builders.bench import Bench
from tests.builders.rentals import book, customer
from tests.builders.rows import Shop, open_shop
from tests.services.claims.damaged import CONFIRMED, collect, decide, scratch
from tests.services.retention.looking import delete_files, look, look_until
from tests.services.retention.rental import (
    CANARY,
    TOKEN,
    files_of,
    has_card,
    keep_card,
    left,
    mentions,
    rows_left,
    taken,
    whole_rental,
)
from tests.services.samples import at

ANNA = {"first_name": "Anna", "last_name": CANARY, "email": f"{CANARY}@example.com"}


async def shop_with_rental(bench: Bench, *scratches: object) -> tuple[Shop, Contract]:
    shop = await open_shop(bench)
    return shop, await whole_rental(shop, *scratches, customer=customer(**ANNA))


async def erased(bench: Bench, contract: Contract) -> list[str | None]:
    entries = await bench.all(HistoryEntry, contract_id=contract.id)
    return [one.after for one in entries if one.action.value == "DATA_ERASED"]


async def audited(shop: Shop) -> tuple[int, tuple[str, ...], str | None]:
    scope = shop.somebody(Role.MANAGER).scope
    found = await audit.of_series(shop.bench.outside, scope, shop.station.id, 2026)
    return found.issued, found.missing, found.broken_at


async def test_in_the_first_half_year_nothing_goes(bench: Bench) -> None:
    _, contract = await shop_with_rental(bench)
    before = await left(bench, await files_of(bench, contract.id))

    assert await look(bench, contract.id) == at("2027-03-09 09:00")

    bench.clock.move_to(at("2027-03-09 08:59"))
    assert await look(bench, contract.id) == at("2027-03-09 09:00")
    assert await left(bench, await files_of(bench, contract.id)) == before
    assert before == {"documents": 2, "protocols": 2, "signatures": 2, "photos": 8}
    assert await erased(bench, contract) == []
    assert has_card(bench)


async def test_after_half_a_year_pictures_licences_and_the_card_go(bench: Bench) -> None:
    # Given
    _, contract = await shop_with_rental(bench)
    files = await files_of(bench, contract.id)
    # When
    await look_until(bench, contract.id, at("2027-03-10 00:00"))
    # Then
    assert await left(bench, files) == {"documents": 2, "protocols": 2, "signatures": 2, "photos": 0}
    (driver,) = await bench.all(Driver, contract_id=contract.id)
    assert (driver.licence_number, driver.licence_class, driver.licence_issued, driver.licence_valid_until) == (
        None,
        None,
        None,
        None,
    )
    assert (driver.first_name, driver.checked_by is not None, driver.checked_at) == ("Anna", True, contract.starts_at)
    assert not has_card(bench)
    assert await erased(bench, contract) == ["CARD, LICENCES, PHOTOS"]
    assert (await bench.contract(contract.id)).person_erased_at is None
    assert "email" in await mentions(bench)


async def test_six_years_after_the_year_the_letters_go_and_two_later_the_vouchers(bench: Bench) -> None:
    # Given
    shop, contract = await shop_with_rental(bench)
    files, paid = await files_of(bench, contract.id), await bench.payments(contract.id)
    said_by = await mentions(bench)
    assert {"contract", "customer", "driver", "email", "note", "protocol", "document"} <= set(said_by)
    # When
    await look_until(bench, contract.id, at("2032-12-31 23:59"))
    assert await rows_left(bench, contract.id) == [1, 4, 2, 2]
    await look_until(bench, contract.id, at("2033-01-01 00:00"))
    # Then: what auditors need is there, and nothing else says who it was
    assert await left(bench, files) == {"documents": 2, "protocols": 0, "signatures": 0, "photos": 0}
    assert await rows_left(bench, contract.id) == [0, 0, 0, 2]
    assert await mentions(bench) == ["document"]
    assert await bench.payments(contract.id) == paid
    assert await audited(shop) == (2, (), None)
    assert await bench.all(Occupancy) == []

    # When
    await look_until(bench, contract.id, at("2034-12-31 23:59"))
    assert await mentions(bench) == ["document"]
    await look_until(bench, contract.id, at("2035-01-01 00:00"))
    # Then: numbers, sums and seals
    assert await mentions(bench) == []
    assert await left(bench, files) == {"documents": 0, "protocols": 0, "signatures": 0, "photos": 0}
    assert await audited(shop) == (2, (), None)
    documents = await bench.all(Document, contract_id=contract.id)
    assert [(one.total_cents, one.lines_json, one.erased_at) for one in documents] == [
        (5_900, [], at("2035-01-01 00:00"))
    ] * 2
    assert {payment.gateway_reference for payment in await bench.all(Payment)} == {None}
    assert await bench.payments(contract.id) == paid
    assert await look(bench, contract.id) is None


async def test_a_document_that_is_changed_after_all_breaks_the_chain_of_what_is_erased(bench: Bench) -> None:
    shop, contract = await shop_with_rental(bench)
    await look_until(bench, contract.id, at("2035-01-01 00:00"))
    async with bench.owned(past_triggers=True) as session:
        await session.write("update document set chain_hash = 'x' where running_number = 1")
    assert (await audited(shop))[2] == f"{shop.station.code}-2026-000002"


async def test_pictures_of_a_claim_stay_until_three_years_after_it(bench: Bench) -> None:
    # Given a damage with a picture of its own that is decided in October
    shop = await open_shop(bench)
    close_up = (await taken(shop, 9))[0].sha256
    contract = await whole_rental(shop, scratch(photos=(close_up,)), customer=customer(**ANNA))
    files = await files_of(bench, contract.id)
    bench.clock.move_to(at("2026-10-05 10:00"))
    await decide(shop, CONFIRMED)
    # When nobody has decided who pays
    await look_until(bench, contract.id, at("2027-03-01 00:00"))
    # Then everything stays: the claim does not lapse before the tenth of March
    assert (await left(bench, files))["photos"] == 10
    await decide(shop, DamageLiability.DECIDED_OWN_COST)
    # Then
    await look_until(bench, contract.id, at("2030-02-28 23:00"))
    assert (await left(bench, files))["photos"] == 10
    await look_until(bench, contract.id, at("2030-03-01 00:00"))
    assert (await left(bench, files))["photos"] == 0
    assert len(await bench.all(Damage)) == 1


async def test_a_damage_that_nobody_is_to_pay_keeps_its_picture_with_the_car(bench: Bench) -> None:
    shop = await open_shop(bench)
    close_up = (await taken(shop, 9))[0].sha256
    contract = await whole_rental(shop, scratch(photos=(close_up,)), customer=customer(**ANNA))
    files = await files_of(bench, contract.id)
    await decide(shop, DamageLiability.REJECTED)
    await collect(bench, contract)
    await look_until(bench, contract.id, at("2035-01-01 00:00"))
    assert (await left(bench, files))["photos"] == 2
    (photo,) = await bench.all(Photo)
    assert photo.sha256 == close_up
    (damage,) = await bench.all(Damage)
    assert (damage.contract_id, damage.protocol_id) == (None, None)


async def test_what_nobody_has_decided_lapses_and_is_closed_then(bench: Bench) -> None:
    # Given: its last day is the ninth of March
    _, contract = await shop_with_rental(bench, scratch())
    async with bench.owned() as session:
        await session.write("update deposit set state = 'RELEASED'")
    # When
    await look_until(bench, contract.id, at("2027-09-09 23:59"))
    # Then half a year after that
    assert has_card(bench)
    await look_until(bench, contract.id, at("2027-10-10 00:00"))
    assert not has_card(bench)


async def test_as_long_as_money_is_open_only_pictures_go(bench: Bench) -> None:
    _, contract = await shop_with_rental(bench)
    async with bench.owned(past_triggers=True) as session:
        await session.write(
            "insert into open_item (id, document_id, contract_id, station_id, due_on, open_cents, reminders,"
            " written_off_cents) select gen_random_uuid(), id, contract_id, station_id, '2026-10-01', 5, 0, 0"
            " from document where running_number = 2"
        )
    files = await files_of(bench, contract.id)
    await look_until(bench, contract.id, at("2036-01-01 00:00"))
    assert await left(bench, files) == {"documents": 2, "protocols": 2, "signatures": 2, "photos": 0}
    assert has_card(bench)
    assert (await bench.contract(contract.id)).letters_erased_at is None


async def test_a_booking_that_never_came_about_goes_with_everything(bench: Bench) -> None:
    # Given: the card is declined, nothing has moved
    shop = await open_shop(bench)
    with pytest.raises(Exception, match="declined"):
        await book(
            shop, at("2026-09-08 09:00"), at("2026-09-09 09:00"), card_token="tok-declined", customer=customer(**ANNA)
        )
    (contract,) = await bench.all(Contract)
    assert contract.state.value == "CANCELLED"
    # When
    await look_until(bench, contract.id, at("2026-10-07 09:59"))
    assert len(await bench.all(Contract)) == 1
    await look_until(bench, contract.id, at("2026-10-07 10:01"))
    # Then
    assert await bench.counts(Contract, Customer, Payment, HistoryEntry, Driver) == [0, 0, 0, 0, 0]
    assert await mentions(bench) == []


async def test_a_card_that_another_contract_uses_is_not_forgotten(bench: Bench) -> None:
    # Given
    shop, contract = await shop_with_rental(bench)
    bench.clock.move_to(at("2027-03-01 10:00"))
    keep_card(bench)
    later = await book(shop, at("2027-03-02 09:00"), at("2027-03-03 09:00"), card_token=TOKEN)
    # When
    await look_until(bench, contract.id, at("2027-06-01 00:00"))
    # Then
    assert has_card(bench)
    assert await bench.all(HistoryEntry, contract_id=later.id)


async def test_a_customer_with_a_later_contract_stays_a_customer(bench: Bench) -> None:
    shop, contract = await shop_with_rental(bench)
    bench.clock.move_to(at("2031-06-01 10:00"))
    again = await book(shop, at("2031-06-03 09:00"), at("2031-06-04 09:00"), customer=customer(**ANNA))
    assert again.customer_id == contract.customer_id
    await look_until(bench, contract.id, at("2035-01-01 00:00"))
    (stored,) = await bench.all(Customer)
    assert (stored.last_name, stored.restricted_at) == (CANARY, None)
    assert (await bench.contract(again.id)).customer.last_name == CANARY


async def test_while_the_gateway_cannot_be_told_the_token_is_kept_and_all_else_goes(bench: Bench) -> None:
    # Given
    _, contract = await shop_with_rental(bench)
    files = await files_of(bench, contract.id)
    bench.clock.move_to(at("2027-04-01 10:00"))
    nowhere = TelecashSettings(
        service_url="http://127.0.0.1:1/ipgapi/services",
        connect_url="http://127.0.0.1:1/connect",
        store_id="1",
        user="u",
        password="p",
        shared_secret="s",
    )
    # When
    async with TelecashGateway(nowhere) as away:
        with pytest.raises(GatewayUnreachable):
            await erasing.look(replace(bench.outside, gateway=away), contract.id)
    await delete_files(bench)
    # Then
    assert has_card(bench)
    assert await left(bench, files) == {"documents": 2, "protocols": 2, "signatures": 2, "photos": 0}
    assert await erased(bench, contract) == ["LICENCES, PHOTOS"]
    assert len(await bench.all(StoredCard)) == 1
    # And as soon as it answers
    await look(bench, contract.id)
    assert not has_card(bench)
    assert await erased(bench, contract) == ["LICENCES, PHOTOS", "CARD"]
    assert await bench.all(StoredCard) == []


async def test_of_two_contracts_with_one_card_the_last_one_tells_the_gateway(bench: Bench) -> None:
    # Given two settled rentals with one card, whose time has come
    shop, first = await shop_with_rental(bench)
    second = await book(shop, at("2026-09-10 09:00"), at("2026-09-11 09:00"), card_token=TOKEN)
    async with bench.owned(past_triggers=True) as session:
        await session.write("update contract set state = 'CANCELLED' where id = :id", {"id": second.id})
        await session.write("update deposit set state = 'RELEASED'")
    bench.clock.move_to(at("2027-06-01 10:00"))
    # When both are looked at at the same time: each sees the other's row before either has deleted its own
    outcomes = await asyncio.gather(
        *(erasing.look(bench.outside, one.id) for one in (first, second)), return_exceptions=True
    )
    assert all(isinstance(one, TryLater) for one in outcomes)
    for one in (first, second):
        await look(bench, one.id)
    # Then
    assert await bench.all(StoredCard) == []
    assert not has_card(bench)
