"""Retention where another station, a doubt, or a job that comes late has a part in it."""

from __future__ import annotations

import json
from datetime import datetime

from server.models import Customer, Email, EvidenceFile, Protocol, StoredCard
from server.models.columns import uuid7
from server.models.staff import Role
from server.services.acting import Acting
from server.services.changes import customer_review
from server.services.handover import paper
from server.services.retention import export, requests
from tests.builders.bench import Bench
from tests.builders.rentals import book, customer
from tests.builders.rows import open_shop
from tests.services.claims.damaged import scratch
from tests.services.retention.looking import look, look_until
from tests.services.retention.rental import CANARY, mentions, whole_rental
from tests.services.samples import at

ANNA = {"first_name": "Anna", "last_name": CANARY, "email": f"{CANARY}@example.com"}


async def test_a_copy_for_the_return_station_leaves_out_what_another_has_uploaded(bench: Bench) -> None:
    # Given a one-way rental whose damage is claimed with a PDF of the first station
    here, there = await open_shop(bench), await open_shop(bench)
    contract = await whole_rental(here, scratch(), customer=customer(**ANNA))
    file = EvidenceFile(
        id=uuid7(), sha256="e" * 64, uploaded_by=uuid7(), stations=[here.station.id], pages=1, size=9,
        object_key="evidence/e.pdf", created_at=bench.now,
    )  # fmt: skip
    await bench.put(file)
    async with bench.owned(past_triggers=True) as session:
        await session.write(
            "insert into damage_evidence (damage_id, evidence_file_id, position) select id, :file, 0 from damage",
            {"file": file.id},
        )
        await session.write("update contract set return_station_id = :there", {"there": there.station.id})
        await session.write(
            "insert into customer_station (customer_id, station_id) values (:customer, :there)",
            {"customer": contract.customer_id, "there": there.station.id},
        )
    # When
    seen = await export.of_customer(bench.outside, there.somebody(Role.MANAGER).scope, contract.customer_id)
    own = await export.of_customer(bench.outside, here.somebody(Role.MANAGER).scope, contract.customer_id)
    # Then
    (told,), (ours,) = (json.loads(one.json)["contracts"] for one in (seen, own))
    assert (told["number"], told["card_stored_since"]) == (contract.number, ours["card_stored_since"])
    (card,) = await bench.all(StoredCard, contract_id=contract.id)
    assert datetime.fromisoformat(ours["card_stored_since"]) == card.consent_at
    assert card.token not in own.json.decode()
    assert json.loads(own.json)["seen_by_stations"] == [here.station.code]
    assert [name.key for name in own.files if name.key == file.object_key] == [file.object_key]
    assert [name.key for name in seen.files if name.key == file.object_key] == []


async def test_a_record_that_was_emptied_stays_empty_whoever_is_found_to_be_the_same(bench: Bench) -> None:
    # Given a doubtful booking elsewhere on the record of somebody who is erased
    here, there = await open_shop(bench), await open_shop(bench)
    contract = await whole_rental(here, customer=customer(**ANNA))
    bench.clock.move_to(at("2026-10-01 10:00"))
    other = customer(**ANNA | {"first_name": "Otto", "phone": "+49 30 555"})
    doubtful = await book(there, at("2026-10-05 09:00"), at("2026-10-06 09:00"), customer=other)
    assert (doubtful.customer_id, doubtful.customer_review) == (contract.customer_id, True)
    (stored,) = await bench.all(Customer)
    manager = Acting(bench.now, here.somebody(Role.MANAGER))
    await requests.erase(bench.outside, manager, stored.id, stored.version, "Brief")
    # When
    clerk = Acting(bench.now, there.somebody())
    await customer_review.resolve(bench.outside, clerk, doubtful.id, doubtful.version, same_person=True)
    # Then
    (emptied,) = await bench.all(Customer)
    assert (emptied.id, emptied.phone, emptied.last_name, emptied.email) == (stored.id, None, None, "")
    kept = await bench.contract(doubtful.id)
    assert (kept.customer_id, kept.customer_review, kept.customer.first_name) == (stored.id, False, "Otto")


async def test_a_sheet_that_is_printed_after_the_name_is_gone_is_kept_and_sent_to_nobody(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await whole_rental(shop, customer=customer(**ANNA))
    last = (await bench.all(Protocol, contract_id=contract.id))[-1]
    async with bench.owned(past_triggers=True) as session:
        await session.write("delete from email where protocol_id = :id", {"id": last.id})
        await session.write("update protocol set pdf_key = null, sha256 = null where id = :id", {"id": last.id})
        await session.write("update contract set person_erased_at = now()")
    mails = len(await bench.all(Email))
    # When, and again because a job may be run again
    for _ in range(2):
        await paper.make(bench.outside, last.id)
    # Then
    (printed,) = await bench.all(Protocol, id=last.id)
    assert printed.pdf_key is not None
    assert printed.pdf_key in await bench.outside.objects.keys()
    assert len(await bench.all(Email)) == mails


async def test_what_was_settled_a_year_later_keeps_its_vouchers_a_year_longer(bench: Bench) -> None:
    # Given an item that is written off in the year after: only the history tells of that
    shop = await open_shop(bench)
    contract = await whole_rental(shop, customer=customer(**ANNA))
    async with bench.owned() as session:
        await session.write(
            "insert into history_entry (id, contract_id, station_id, at, actor, action)"
            " values (:id, :contract, :station, '2027-02-01', 'Clerk', 'OPEN_ITEM_WRITTEN_OFF')",
            {"id": uuid7(), "contract": contract.id, "station": contract.station_id},
        )
    # When, Then
    await look_until(bench, contract.id, at("2034-01-01 00:00"))
    assert (await bench.contract(contract.id)).letters_erased_at == at("2034-01-01 00:00")
    await look_until(bench, contract.id, at("2035-12-31 23:59"))
    assert await mentions(bench) == ["document"]
    await look_until(bench, contract.id, at("2036-01-01 00:00"))
    assert await mentions(bench) == []
    assert await look(bench, contract.id) is None
