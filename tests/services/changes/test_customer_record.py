"""What is stored of a customer, changed by the office: versions, refusals by field, nobody else's to see or to change."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from server.errors import InvalidInput, NotFound, VersionConflict
from server.models import Contract, Customer, CustomerVersion
from server.models.customer import CustomerKind, CustomerStatus
from server.models.recipient import PostalAddress
from server.models.staff import Role
from server.services.changes import customer_record
from server.services.changes.customer_record import CustomerChange
from tests.builders.bench import Bench
from tests.builders.rentals import book, customer
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
COLOGNE = PostalAddress(street="Allee 1", postcode="50667", city="Köln")


async def known(shop: Shop, **more: Any) -> Customer:
    contract = await book(shop, START, START + DAY, customer=customer(**more))
    return await stored(shop.bench, contract)


async def stored(bench: Bench, contract: Contract) -> Customer:
    (found,) = await bench.all(Customer, id=contract.customer_id)
    row: Customer = found
    return row


async def changed(shop: Shop, who: Customer, *, version: int | None = None, **what: Any) -> Customer:
    bench = shop.bench
    async with bench.outside.database.transaction(shop.somebody(Role.CLERK).scope) as session:
        change = CustomerChange(**what)
        return await customer_record.update(session, who.id, version or who.version, change, now=bench.now)


async def versions(bench: Bench, who: Customer) -> list[tuple[list[str], dict[str, Any]]]:
    return [(one.changed, one.before) for one in await bench.all(CustomerVersion, customer_id=who.id)]


async def test_what_is_given_is_written_and_what_was_there_is_kept(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    who = await known(shop, phone="+49 30 1234567", birth_date=date(1980, 5, 1))
    # When
    after = await changed(
        shop, who, last_name="Neu", phone=None, address=COLOGNE, status=CustomerStatus.VIP, birth_date=date(1981, 5, 1)
    )
    # Then
    assert (after.last_name, after.phone, after.street, after.city, after.version) == (
        "Neu",
        None,
        "Allee 1",
        "Köln",
        2,
    )
    assert (after.status, after.first_name, after.email) == (CustomerStatus.VIP, who.first_name, who.email)
    ((names, before),) = await versions(bench, who)
    assert names == ["birth_date", "city", "last_name", "phone", "postcode", "status", "street"]
    assert (before["last_name"], before["phone"], before["status"]) == ("Beispiel", "+49 30 1234567", "NORMAL")
    assert before["birth_date"] == "1980-05-01"


async def test_the_contracts_copy_stays(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)
    await changed(shop, await stored(bench, contract), last_name="Neu")
    assert (await bench.contract(contract.id)).customer == contract.customer


async def test_the_review_flag_is_taken_away(bench: Bench) -> None:
    # Given: somebody else has booked under the address
    shop = await open_shop(bench, cars=2)
    who = await known(shop, email="eva@example.com")
    await known(shop, email="eva@example.com", first_name="Max")
    (flagged,) = await bench.all(Customer, id=who.id)
    assert flagged.review_needed
    # When
    after = await changed(shop, flagged, review_needed=False)
    # Then
    assert not after.review_needed
    assert (await versions(bench, who))[-1] == (["review_needed"], {"review_needed": True})


async def test_nothing_changed_is_no_version(bench: Bench) -> None:
    shop = await open_shop(bench)
    who = await known(shop)
    after = await changed(shop, who, last_name=who.last_name)
    assert (after.version, await versions(bench, who)) == (1, [])


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"last_name": None}, "last_name"),
    ({"last_name": "  "}, "last_name"),
    ({"email": None}, "email"),
    ({"email": "no address"}, "email"),
    ({"language": None}, "language"),
    ({"status": None}, "status"),
    ({"review_needed": None}, "review_needed"),
    ({"birth_date": date(2026, 9, 8)}, "birth_date"),
    ({"phone": "1"}, "phone"),
    ({"vat_id": "DE1"}, "vat_id"),
    ({"buyer_reference": "991-03730-19"}, "buyer_reference"),  # a person has none
]


@pytest.mark.parametrize(("what", "field"), REFUSED)
async def test_what_is_refused_by_its_field_changes_nothing(bench: Bench, what: dict[str, Any], field: str) -> None:
    shop = await open_shop(bench)
    who = await known(shop)
    with pytest.raises(InvalidInput) as said:
        await changed(shop, who, salutation="Frau", **what)
    assert list(said.value.field or []) == ["input", field]
    assert (await bench.all(Customer, id=who.id))[0].version == 1
    assert await versions(bench, who) == []


@pytest.mark.parametrize("name", ["company", "address"])
async def test_a_company_keeps_its_name_and_its_address(bench: Bench, name: str) -> None:
    shop = await open_shop(bench)
    who = await known(shop, kind=CustomerKind.COMPANY, company="Müller GmbH")
    with pytest.raises(InvalidInput) as said:
        await changed(shop, who, **{name: None})
    assert list(said.value.field or []) == ["input", name]


async def test_an_authority_gets_its_leitweg_id_and_loses_it(bench: Bench) -> None:
    shop = await open_shop(bench)
    who = await known(shop, kind=CustomerKind.COMPANY, company="Stadt Musterhausen")
    after = await changed(shop, who, buyer_reference="991–03730–19")
    assert after.buyer_reference == "991-03730-19"
    assert (await changed(shop, after, buyer_reference=None)).buyer_reference is None


async def test_who_reads_too_early_a_version_is_told(bench: Bench) -> None:
    shop = await open_shop(bench)
    who = await known(shop)
    await changed(shop, who, last_name="Erst")
    with pytest.raises(VersionConflict) as said:
        await changed(shop, who, last_name="Dann")
    assert said.value.current_version == 2
    assert (await bench.all(Customer, id=who.id))[0].last_name == "Erst"


async def test_a_customer_of_another_station_is_not_found(bench: Bench) -> None:
    shop, elsewhere = await open_shop(bench), await open_shop(bench)
    who = await known(shop)
    with pytest.raises(NotFound) as said:
        await changed(elsewhere, who, last_name="Fremd")
    assert said.value.field == ["id"]
    assert (await bench.all(Customer, id=who.id))[0].last_name == "Beispiel"


async def test_another_address_is_matched_and_one_that_is_taken_tells_nothing(bench: Bench) -> None:
    # Given two customers, one of a station that is not seen here
    shop, elsewhere = await open_shop(bench, cars=2), await open_shop(bench, cars=2)
    who, other = await known(shop, first_name="Eva"), await known(elsewhere, email="shared@example.com")
    # When
    after = await changed(shop, who, email="Shared@Example.com")
    # Then each is found by name under the address
    assert (after.email, after.email_key) == ("Shared@example.com", "shared@example.com")
    again = await known(shop, email="shared@example.com", first_name="Eva")
    assert again.id == who.id
    assert (await known(elsewhere, email="shared@example.com", address=None)).id == other.id
