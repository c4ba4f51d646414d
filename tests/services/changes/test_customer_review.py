"""A clerk says whether a booking is by the stored person: written there, or a customer of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest

from server.errors import InvalidInput, NotFound, VersionConflict
from server.models import Contract, Customer, CustomerStation, CustomerVersion, Email, HistoryEntry
from server.models.contract_parts import HistoryAction
from server.models.customer import CustomerDetails
from server.models.recipient import PostalAddress
from server.services.acting import Acting
from server.services.changes import customer_review
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_out, customer
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
BORN = date(1980, 5, 1)
ALLEE = PostalAddress(street="Allee 1", postcode="50667", city="Köln")
EVA = customer(first_name="Eva", last_name="Müller", email="eva@example.com", phone="+49 30 1234567", birth_date=BORN)
MAX = replace(EVA, first_name="Max", birth_date=date(1990, 1, 1))


async def booked(shop: Shop, who: CustomerDetails, day: int = 0) -> Contract:
    return await book(shop, START + day * DAY, START + (day + 1) * DAY, customer=who)


async def resolved(shop: Shop, contract: Contract, *, same: bool, version: int | None = None) -> Contract:
    bench = shop.bench
    acting, now = Acting(bench.now, shop.somebody()), version or (await bench.contract(contract.id)).version
    await customer_review.resolve(bench.outside, acting, contract.id, now, same_person=same)
    return await bench.contract(contract.id)


async def person(bench: Bench, contract: Contract) -> Customer:
    (found,) = await bench.all(Customer, id=contract.customer_id)
    row: Customer = found
    return row


async def test_somebody_else_gets_a_customer_of_its_own(bench: Bench) -> None:
    # Given: Max books with Eva's address
    shop = await open_shop(bench, cars=3)
    first, doubtful = await booked(shop, EVA), await booked(shop, MAX)
    assert (doubtful.customer_id, doubtful.customer_review) == (first.customer_id, True)
    mails = len(await bench.all(Email, contract_id=doubtful.id))

    # When
    now = await resolved(shop, doubtful, same=False)

    # Then
    own, eva = await person(bench, now), await person(bench, first)
    assert (own.id != eva.id, own.first_name, own.email, own.birth_date) == (
        True,
        "Max",
        "eva@example.com",
        MAX.birth_date,
    )
    assert (now.customer_review, own.review_needed, eva.review_needed) == (False, False, False)
    assert (eva.first_name, eva.birth_date, now.version) == ("Eva", BORN, doubtful.version + 1)
    assert len(await bench.all(CustomerStation, customer_id=own.id, station_id=shop.station.id)) == 1
    entry = (await bench.all(HistoryEntry, contract_id=now.id))[-1]
    assert (entry.action, entry.before, entry.after) == (HistoryAction.CUSTOMER_REVIEWED, str(eva.id), str(own.id))
    assert len(await bench.all(Email, contract_id=doubtful.id)) == mails

    # And from then on each of both is known
    again, eva_again = await booked(shop, MAX, 2), await booked(shop, EVA, 3)
    assert (again.customer_id, again.customer_review) == (own.id, False)
    assert (eva_again.customer_id, eva_again.customer_review) == (eva.id, False)


async def test_a_second_booking_in_doubt_joins_the_first_ones_customer(bench: Bench) -> None:
    shop = await open_shop(bench, cars=3)
    await booked(shop, EVA)
    one, two = await booked(shop, MAX), await booked(shop, MAX)
    first = await resolved(shop, one, same=False)
    assert (await person(bench, two)).review_needed, "the second is still in doubt"
    second = await resolved(shop, two, same=False)
    assert first.customer_id == second.customer_id
    assert await bench.counts(Customer) == [2]


async def test_the_same_person_is_brought_up_to_date(bench: Bench) -> None:
    # Given: another name and address, and a birth date that was mistyped
    shop = await open_shop(bench, cars=2)
    first = await booked(shop, EVA)
    named = replace(EVA, last_name="Müller-Lang", address=ALLEE, birth_date=date(1980, 5, 2))
    doubtful = await booked(shop, named)

    # When
    now = await resolved(shop, doubtful, same=True)

    # Then: names and the known birth date stay, what was there before is kept
    eva = await person(bench, now)
    assert (now.customer_id, now.customer_review, now.customer) == (first.customer_id, False, named)
    assert (eva.street, eva.city, eva.last_name, eva.birth_date) == ("Allee 1", "Köln", "Müller", BORN)
    assert not eva.review_needed
    (version,) = await bench.all(CustomerVersion, customer_id=eva.id)
    assert (version.changed, version.before["street"]) == (["city", "postcode", "street"], "Hauptstr. 1")


async def test_after_a_check_out_the_station_sees_who_it_was(bench: Bench) -> None:
    # Given: known elsewhere, doubtful here, and the car is out
    home, shop = await open_shop(bench), await open_shop(bench)
    await booked(home, EVA)
    doubtful = await booked(shop, replace(EVA, last_name="Mueller-Lang"))
    bench.clock.move_to(START)
    await check_out(shop, doubtful)
    assert await bench.all(CustomerStation, station_id=shop.station.id) == []
    # When
    now = await resolved(shop, doubtful, same=True)
    # Then
    (seen,) = await bench.all(CustomerStation, station_id=shop.station.id)
    assert seen.customer_id == now.customer_id


async def test_before_a_check_out_what_is_stored_elsewhere_stays_unseen(bench: Bench) -> None:
    home, shop = await open_shop(bench), await open_shop(bench)
    await booked(home, EVA)
    doubtful = await booked(shop, replace(EVA, last_name="Lang"))
    await resolved(shop, doubtful, same=True)
    assert await bench.all(CustomerStation, station_id=shop.station.id) == []


async def test_without_a_doubt_an_old_version_or_a_foreign_contract_nothing_changes(bench: Bench) -> None:
    # Given
    shop, elsewhere = await open_shop(bench, cars=2), await open_shop(bench)
    certain, doubtful = await booked(shop, EVA), await booked(shop, MAX)
    # When
    with pytest.raises(InvalidInput) as said:
        await resolved(shop, certain, same=False)
    assert said.value.field == ["contract_id"]
    with pytest.raises(VersionConflict):
        await resolved(shop, doubtful, same=False, version=doubtful.version + 1)
    for contract_id in (doubtful.id, uuid4()):
        stranger = Acting(bench.now, elsewhere.somebody())
        with pytest.raises(NotFound):
            await customer_review.resolve(bench.outside, stranger, contract_id, 1, same_person=True)
    # Then
    assert (await bench.contract(doubtful.id)).customer_review
    assert await bench.counts(Customer) == [1]
