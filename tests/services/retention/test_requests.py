"""A customer asks to be erased: what goes at once, what the law keeps, and what stands against it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server.errors import DomainError, InvalidInput, NotFound, Refused, VersionConflict
from server.models import Contract, Customer, CustomerVersion, Document, Driver, Email, HistoryEntry, Job
from server.models.staff import Role
from server.services.acting import Acting
from server.services.changes import customer_record, notes, payer
from server.services.changes.customer_record import CustomerChange
from server.services.lists import hits, search
from server.services.lists.search import ContractFilter
from server.services.mail import emails, resending
from server.services.retention import export, requests
from tests.builders.bench import Bench
from tests.builders.rentals import book, customer
from tests.builders.rows import Shop, open_shop
from tests.services.claims.damaged import scratch
from tests.services.retention.looking import look, look_until
from tests.services.retention.rental import CANARY, files_of, has_card, left, mentions, rows_left, whole_rental
from tests.services.samples import at

ANNA: dict[str, Any] = {"first_name": "Anna", "last_name": CANARY, "email": f"{CANARY}@example.com"}
WHY = "Schreiben vom 1. Oktober"


async def only_customer(bench: Bench) -> Customer:
    (found,) = await bench.all(Customer)
    stored: Customer = found
    return stored


async def erase(shop: Shop, *, role: Role = Role.MANAGER, version: int | None = None, why: str = WHY) -> None:
    stored = await only_customer(shop.bench)
    acting = Acting(shop.bench.now, shop.somebody(role))
    await requests.erase(shop.bench.outside, acting, stored.id, stored.version if version is None else version, why)


async def done(shop: Shop, contract: Contract) -> None:
    """What the jobs do at once."""
    await requests.carry_out(shop.bench.outside, contract.customer_id)
    (job,) = await shop.bench.all(Job, key=f"retention:{contract.id}")
    assert job.due_at == shop.bench.now
    await look(shop.bench, contract.id)


async def asked(bench: Bench) -> tuple[Shop, Contract]:
    """A settled rental, a month later."""
    shop = await open_shop(bench)
    contract = await whole_rental(shop, customer=customer(**ANNA))
    bench.clock.move_to(at("2026-10-01 10:00"))
    return shop, contract


async def test_the_record_is_empty_and_hidden_at_once(bench: Bench) -> None:
    # Given
    shop, contract = await asked(bench)
    # When
    await erase(shop)
    # Then
    stored = await only_customer(bench)
    assert (stored.last_name, stored.first_name, stored.email, stored.email_key, stored.street, stored.birth_date) == (
        None,
        None,
        "",
        "",
        None,
        None,
    )
    assert (stored.restricted_at, stored.restricted_reason, stored.version) == (bench.now, WHY, 2)
    assert stored.restricted_by == f"Manager of {shop.station.code}"
    clerk = shop.somebody()
    async with bench.outside.database.snapshot(clerk.scope) as session:
        assert await search.customers(None).rows(session, 10, None) == []
        assert await search.customers(CANARY).rows(session, 10, None) == []
    (entry,) = [one for one in await bench.all(HistoryEntry) if one.action.value == "CUSTOMER_ERASED"]
    assert (entry.contract_id, entry.reason, entry.actor) == (contract.id, WHY, stored.restricted_by)


async def test_what_no_law_keeps_is_gone_with_the_next_look(bench: Bench) -> None:
    # Given
    shop, contract = await asked(bench)
    files = await files_of(bench, contract.id)
    # When
    await erase(shop)
    await done(shop, contract)
    # Then: mails, protocols and documents are letters and vouchers; nothing else knows the name
    assert await mentions(bench) == ["document", "email", "protocol"]
    assert await left(bench, files) == {"documents": 2, "protocols": 2, "signatures": 2, "photos": 8}
    assert not has_card(bench)
    (driver,) = await bench.all(Driver, contract_id=contract.id)
    assert (driver.first_name, driver.last_name, driver.birth_date, driver.licence_number) == ("", "", None, None)
    assert driver.checked_by is not None
    now = await bench.contract(contract.id)
    assert (now.customer.email, now.customer.display_name, now.person_erased_at) == ("", "", bench.now)
    assert (now.workshop_plate, now.workshop_order_number) == (None, None)
    async with bench.outside.database.snapshot(shop.somebody().scope) as session:
        found = search.contracts(ContractFilter(search=CANARY), "CREATED_DESC", shop.somebody(), bench.now)
        assert await found.rows(session, 10, None) == []
        found = search.contracts(ContractFilter(search=contract.number), "CREATED_DESC", shop.somebody(), bench.now)
        assert [one.id for one in await found.rows(session, 10, None)] == [contract.id]
        # The documents, which are kept, are found by their number only
        kept = await bench.all(Document)
        for text in (CANARY, f"{CANARY}x", ANNA["email"]):
            assert await hits.of_everything(session, text, None, 20) == []
            assert await search.documents(search=text).rows(session, 10, None) == []
        for document in kept:
            assert [hit.row.id for hit in await hits.of_everything(session, document.number, None, 20)] == [document.id]


async def test_the_clocks_take_the_rest(bench: Bench) -> None:
    shop, contract = await asked(bench)
    files = await files_of(bench, contract.id)
    await erase(shop)
    await done(shop, contract)

    await look_until(bench, contract.id, at("2027-04-01 00:00"))
    assert await left(bench, files) == {"documents": 2, "protocols": 2, "signatures": 2, "photos": 0}

    await look_until(bench, contract.id, at("2033-01-01 00:00"))
    assert await rows_left(bench, contract.id) == [0, 0, 0, 2]
    assert await mentions(bench) == ["document"]

    await look_until(bench, contract.id, at("2035-01-01 00:00"))
    assert await mentions(bench) == []
    assert await look(bench, contract.id) is None


async def test_the_same_address_is_somebody_new(bench: Bench) -> None:
    shop, contract = await asked(bench)
    await erase(shop)
    again = await book(shop, at("2026-10-05 09:00"), at("2026-10-06 09:00"), customer=customer(**ANNA))
    assert again.customer_id != contract.customer_id
    assert not again.customer_review
    await done(shop, contract)
    assert (await bench.contract(again.id)).customer.last_name == CANARY


async def test_changes_of_the_record_go_with_it(bench: Bench) -> None:
    shop, contract = await asked(bench)
    stored = await only_customer(bench)
    async with bench.outside.database.transaction(shop.somebody().scope) as session:
        change = CustomerChange(last_name=f"{CANARY}-Neu")
        await customer_record.update(session, stored.id, stored.version, change, now=bench.now)
    assert len(await bench.all(CustomerVersion)) == 1
    await erase(shop)
    await done(shop, contract)
    assert await bench.all(CustomerVersion) == []


async def test_nothing_can_be_changed_or_sent_any_more(bench: Bench) -> None:
    # Given
    shop, contract = await asked(bench)
    await erase(shop)
    await done(shop, contract)
    manager = Acting(bench.now, shop.somebody(Role.MANAGER))
    now, mails = await bench.contract(contract.id), await bench.all(Email)
    stored = await only_customer(bench)
    # When, Then
    with pytest.raises(Refused, match="erased") as refusal:
        await payer.change(bench.outside, manager, contract.id, now.version, None)
    assert (refusal.value.code.value, list(refusal.value.field or ())) == ("NOT_ALLOWED", ["contract_id"])
    with pytest.raises(Refused, match="erased"):
        await notes.add(bench.outside, manager, contract.id, "Doch noch etwas")
    with pytest.raises(Refused, match="erased"):
        await resending.resend(bench.outside, manager, mails[0].id, "neu@example.com")
    with pytest.raises(NotFound):
        await requests.erase(bench.outside, manager, stored.id, stored.version, WHY)
    with pytest.raises(NotFound):
        async with bench.outside.database.transaction(manager.person.scope) as session:
            await customer_record.update(session, stored.id, stored.version, CustomerChange(), now=bench.now)
    assert [one.id for one in await bench.all(Email)] == [one.id for one in mails]
    assert (await bench.contract(contract.id)).version == now.version


async def refused(shop: Shop, expected: type[DomainError], **more: Any) -> DomainError:
    """The refusal, after which everything is as it was."""
    bench = shop.bench
    before = await only_customer(bench)
    with pytest.raises(expected) as refusal:
        await erase(shop, **more)
    after = await only_customer(bench)
    assert (after.model_dump(), await bench.all(Job, kind="ERASE_CUSTOMER")) == (before.model_dump(), [])
    return refusal.value


async def test_what_is_open_stands_against_it_and_is_named(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, at("2026-09-08 09:00"), at("2026-09-09 09:00"), customer=customer(**ANNA))
    refusal = await refused(shop, Refused)
    assert isinstance(refusal, Refused)
    assert (refusal.code.value, list(refusal.field or ())) == ("NOT_ALLOWED", ["id"])
    assert refusal.message.de.endswith(f"Bringen Sie erst diese Verträge zu Ende: {contract.number}.")


async def test_a_damage_that_nobody_has_decided_about_is_open(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await whole_rental(shop, scratch(), customer=customer(**ANNA))
    assert contract.number in str((await refused(shop, Refused)).message)


async def test_a_booking_that_may_be_somebody_elses_is_not_erased_with_the_customer(bench: Bench) -> None:
    # Given another name under the same address
    shop, contract = await asked(bench)
    other = customer(**ANNA | {"first_name": "Otto", "last_name": f"{CANARY}-Meier"})
    doubtful = await book(shop, at("2026-10-02 09:00"), at("2026-10-03 09:00"), customer=other)
    assert (doubtful.customer_id, doubtful.customer_review) == (contract.customer_id, True)
    async with bench.owned(past_triggers=True) as session:
        await session.write("update contract set state = 'CANCELLED' where id = :id", {"id": doubtful.id})
        await session.write("update deposit set state = 'RELEASED'")
    # When, Then
    assert doubtful.number in str((await refused(shop, Refused)).message)
    scope = shop.somebody(Role.MANAGER).scope
    copy = json.loads((await export.of_customer(bench.outside, scope, contract.customer_id)).json)
    assert [one["number"] for one in copy["contracts"]] == [contract.number]


async def test_a_version_that_is_not_the_last_and_a_reason_that_is_none(bench: Bench) -> None:
    shop, _ = await asked(bench)
    await refused(shop, VersionConflict, version=7)
    assert list((await refused(shop, InvalidInput, why="  \u2028 ")).field or ()) == ["reason"]


async def test_a_customer_whom_the_caller_does_not_see_is_unknown(bench: Bench) -> None:
    await asked(bench)
    elsewhere = await open_shop(bench)
    stored = await only_customer(bench)
    acting = Acting(bench.now, elsewhere.somebody(Role.MANAGER))
    with pytest.raises(NotFound):
        await requests.erase(bench.outside, acting, stored.id, stored.version, WHY)
    assert (await only_customer(bench)).restricted_at is None


async def test_a_contract_that_the_caller_does_not_see_is_served_to_its_end(bench: Bench) -> None:
    # Given the same person with a booking at a station that the manager does not see
    shop, contract = await asked(bench)
    elsewhere = await open_shop(bench)
    open_one = await book(elsewhere, at("2026-10-02 09:00"), at("2026-10-03 09:00"), customer=customer(**ANNA))
    assert open_one.customer_id == contract.customer_id
    # When: no refusal tells of it
    await erase(shop)
    await done(shop, contract)
    again = await look(bench, open_one.id)
    # Then its own copy still says who is coming; it is looked at again tomorrow
    assert again == at("2026-10-02 10:00")
    kept = await bench.contract(open_one.id)
    assert (kept.customer.last_name, kept.person_erased_at) == (CANARY, None)
    assert (await bench.contract(contract.id)).person_erased_at == bench.now


async def test_a_customer_without_any_rental_goes_altogether(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    start, end = at("2026-09-08 09:00"), at("2026-09-09 09:00")
    with pytest.raises(DomainError):
        await book(shop, start, end, card_token="tok-declined", customer=customer(**ANNA))
    (contract,) = await bench.all(Contract)
    await erase(shop)
    # When
    await done(shop, contract)
    assert await mentions(bench) == ["contract", "driver"]
    await look_until(bench, contract.id, at("2026-09-08 10:01"))
    # Then
    assert await mentions(bench) == []
    await look_until(bench, contract.id, at("2026-10-08 10:00"))
    assert await bench.counts(Customer, Contract) == [0, 0]


async def test_as_long_as_a_mail_waits_it_needs_the_name_for_a_day(bench: Bench) -> None:
    # Given: nobody has sent the mails yet
    shop = await open_shop(bench)
    contract = await whole_rental(shop, customer=customer(**ANNA))
    assert {one.state.value for one in await bench.all(Email)} == {"QUEUED"}
    await erase(shop)
    await done(shop, contract)
    assert (await bench.contract(contract.id)).person_erased_at is None
    # When
    async with bench.owned() as session:
        await session.write("update email set state = 'SENT'")
    await look(bench, contract.id)
    # Then
    assert (await bench.contract(contract.id)).person_erased_at == bench.now
    assert not has_card(bench)


async def test_a_mail_that_never_goes_out_keeps_nobody_from_being_erased(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await whole_rental(shop, customer=customer(**ANNA))
    await erase(shop)
    await done(shop, contract)
    await look_until(bench, contract.id, at("2026-09-10 09:00"))
    assert (await bench.contract(contract.id)).person_erased_at == at("2026-09-10 09:00")


async def test_a_look_that_was_given_up_is_taken_all_the_same(bench: Bench) -> None:
    shop, contract = await asked(bench)
    async with bench.owned() as session:
        await session.write("update job set state = 'FAILED', faults = 6 where kind = 'RETENTION'")
    await erase(shop)
    await done(shop, contract)
    (job,) = await bench.all(Job, key=f"retention:{contract.id}")
    assert (job.state.value, job.faults) == ("WAITING", 0)


async def test_a_mail_that_was_given_up_goes_to_nobody_who_is_erased(bench: Bench) -> None:
    # Given
    shop, contract = await asked(bench)
    mail = (await bench.all(Email, contract_id=contract.id))[0]
    async with bench.owned() as session:
        await session.write("update email set state = 'FAILED'")
    await erase(shop)
    await done(shop, contract)
    async with bench.owned() as session:
        await session.write("update email set state = 'QUEUED' where id = :id", {"id": mail.id})
    # When: the mail server is not even asked, for there is none
    await emails.send(bench.outside, mail.id, is_last_try=False)
    # Then
    (now,) = await bench.all(Email, id=mail.id)
    assert (now.state.value, now.last_error) == ("FAILED", "the customer is erased")


async def test_nothing_of_who_asked_is_left_when_the_letters_are_gone(bench: Bench) -> None:
    shop, contract = await asked(bench)
    await erase(shop, why=f"Anruf von Frau {CANARY}")
    await done(shop, contract)
    await look_until(bench, contract.id, at("2033-01-01 00:00"))
    assert await mentions(bench) == ["document"]
    stored = await only_customer(bench)
    assert (stored.restricted_by, stored.restricted_reason) == (None, None)
