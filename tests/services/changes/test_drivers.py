"""Drivers after booking: added and taken off, priced anew, told to the customer; the preview says the same before."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from server.errors import DomainError, InvalidInput, InvalidTransition, NotFound, VersionConflict
from server.models import Contract, Driver, Email, HistoryEntry, Job
from server.models.contract_parts import HistoryAction
from server.models.email import EmailTemplate
from server.models.job import JobKind
from server.services.acting import Acting
from server.services.changes import drivers, edit
from server.services.people.drivers import DriverDetails
from tests.builders.bench import Bench
from tests.builders.rentals import book, rented
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
END = START + timedelta(days=3)
EVA = DriverDetails(first_name="Eva", last_name="Beispiel")


def clerk(shop: Shop) -> Acting:
    return Acting(shop.bench.now, shop.somebody())


async def written(bench: Bench, contract: Contract) -> tuple[int, int, int, int]:
    """How much there is of what an edit writes."""
    mails = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CHANGE)
    entries = await bench.all(HistoryEntry, contract_id=contract.id)
    return (
        (await bench.contract(contract.id)).version,
        len(await bench.all(Driver, contract_id=contract.id)),
        len(mails),
        len(entries),
    )


async def test_one_more_and_off_again_is_the_price_of_before_and_two_mails(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, END)

    # When Eva is added, and taken off again
    await drivers.add(bench.outside, clerk(shop), contract.id, contract.version, EVA)
    with_eva = await bench.contract(contract.id)
    (eva,) = await bench.all(Driver, contract_id=contract.id, first_name="Eva")
    await drivers.remove(bench.outside, clerk(shop), contract.id, with_eva.version, eva.id)

    # Then
    now = await bench.contract(contract.id)
    assert (contract.total_cents, with_eva.total_cents, now.total_cents) == (17_700, 19_200, 17_700)
    assert (with_eva.version, now.version) == (contract.version + 1, contract.version + 2)
    assert [one.first_name for one in await bench.all(Driver, contract_id=contract.id)] == ["Anna"]
    entries = await bench.all(HistoryEntry, contract_id=contract.id)
    assert [(one.action, one.before, one.after) for one in entries[-2:]] == [
        (HistoryAction.DRIVER_ADDED, None, "Eva Beispiel"),
        (HistoryAction.DRIVER_REMOVED, "Eva Beispiel", None),
    ]
    first, second = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CHANGE)
    assert "Fahrer: neu: Eva Beispiel" in first.text
    assert "bisher 177,00 €" in first.text.replace("\u00a0", " ")
    assert "neu 192,00 €" in first.text.replace("\u00a0", " ")
    assert "Fahrer: entfällt: Eva Beispiel" in second.text
    waiting = [job.key for job in await bench.all(Job, kind=JobKind.SEND_EMAIL)]
    assert {f"email:{first.id}", f"email:{second.id}"} <= set(waiting)


async def test_the_preview_says_what_the_change_does_and_writes_nothing(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    before = await written(bench, contract)

    # When
    look = partial(drivers.look_at_adding, entry=EVA)
    prospect = await edit.preview(bench.outside, clerk(shop), contract.id, look)

    # Then
    assert await written(bench, contract) == before
    assert (prospect.before.total_cents, prospect.after.total_cents) == (17_700, 19_200)
    assert (prospect.moved_cents, list(prospect.problems), list(prospect.conflicts)) == (0, [], [])
    await drivers.add(bench.outside, clerk(shop), contract.id, contract.version, EVA)
    assert (await bench.contract(contract.id)).price == prospect.after


async def test_who_reads_too_early_a_version_is_told_and_nothing_is_lost(bench: Bench) -> None:
    # Given two clerks who have read the same version
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    await drivers.add(bench.outside, clerk(shop), contract.id, contract.version, EVA)
    before = await written(bench, contract)

    # When the second saves
    paul = DriverDetails(first_name="Paul", last_name="Beispiel")
    with pytest.raises(VersionConflict) as said:
        await drivers.add(bench.outside, clerk(shop), contract.id, contract.version, paul)

    # Then
    assert said.value.current_version == contract.version + 1
    assert await written(bench, contract) == before


async def test_the_renter_stays_and_a_stranger_is_not_found(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    other = await book(await open_shop(bench), START, END)
    (renter,) = await bench.all(Driver, contract_id=contract.id)
    (stranger,) = await bench.all(Driver, contract_id=other.id)
    before = await written(bench, contract)

    for driver_id, expected in ((renter.id, InvalidInput), (stranger.id, NotFound)):
        with pytest.raises(expected) as said:
            await drivers.remove(bench.outside, clerk(shop), contract.id, contract.version, driver_id)
        assert said.value.field == ["driver_id"]

    assert await written(bench, contract) == before


async def test_a_contract_of_another_station_is_not_found(bench: Bench) -> None:
    shop, elsewhere = await open_shop(bench), await open_shop(bench)
    contract = await book(shop, START, END)
    before = await written(bench, contract)

    with pytest.raises(NotFound):
        await drivers.add(bench.outside, clerk(elsewhere), contract.id, contract.version, EVA)
    with pytest.raises(NotFound):
        await edit.preview(bench.outside, clerk(elsewhere), contract.id, partial(drivers.look_at_adding, entry=EVA))

    assert await written(bench, contract) == before


async def test_nobody_is_added_once_the_car_is_back(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, END)
    before = await written(bench, contract)

    prospect = await edit.preview(bench.outside, clerk(shop), contract.id, partial(drivers.look_at_adding, entry=EVA))
    with pytest.raises(DomainError) as said:
        await drivers.add(bench.outside, clerk(shop), contract.id, contract.version, EVA)

    assert [type(problem) for problem in prospect.problems] == [InvalidTransition] == [type(said.value)]
    assert await written(bench, contract) == before
