"""The price list changed: who may, what stays as it was promised, what is kept of it; nothing after a refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.database import SYSTEM
from server.errors import DomainError, InvalidInput, NotFound, ProblemCode, VersionConflict
from server.models import Tariff, TariffChange
from server.models.contract import ContractKind
from server.models.fleet import VehicleStatus
from server.models.staff import Role
from server.models.tariff import BundleUnit
from server.security import Principal
from server.services.acting import Acting
from server.services.booking import quotes, tariff_preview
from server.services.booking.quotes import Quote, QuoteRequest
from server.services.pricing import tariff_changes, tariffs
from server.services.pricing.tariff_entry import NewBundle, NewTariff
from server.services.pricing.tariff_history import differences
from tests.builders.bench import Bench
from tests.builders.rentals import book
from tests.builders.rows import Shop, open_shop, tariff, vehicle
from tests.services.samples import at

DAY = timedelta(days=1)
START = at("2026-09-10 09:00").astimezone(UTC)
TODAY, YESTERDAY = date(2026, 9, 7), date(2026, 9, 6)


def entered(shop: Shop, day_price: str = "89.00", **more: Any) -> NewTariff:
    values: dict[str, Any] = {
        "code": shop.tariff.code,
        "name": "Kompakt neu",
        "valid_from": date(2026, 1, 1),
        "bundles": (NewBundle(unit=BundleUnit.DAY, days=1, price=Decimal(day_price), included_km=200),),
        "extra_km": Decimal("0.30"),
        "fuel_per_litre": Decimal("2.10"),
        "fuel_service": Decimal("15.00"),
        "cleaning_heavy": Decimal("49.00"),
        "cleaning_special": Decimal("149.00"),
    }
    return NewTariff(**(values | more))


def manager(shop: Shop, *more: Shop) -> Principal:
    return Principal(uuid4(), "Frau Leitung", Role.MANAGER, tuple(one.station.id for one in (shop, *more)))


async def replaced(
    shop: Shop, new: NewTariff, *, version: int = 1, by: Principal | None = None, group: UUID | None = None
) -> Tariff:
    bench, acting = shop.bench, Acting(shop.bench.now, by or manager(shop))
    async with bench.outside.database.transaction(SYSTEM) as session:
        return await tariff_changes.replace(session, shop.tariff.id, version, group or shop.group.id, new, acting)


async def ended(shop: Shop, until: date, *, version: int = 1, by: Principal | None = None) -> Tariff:
    bench, acting = shop.bench, Acting(shop.bench.now, by or manager(shop))
    async with bench.outside.database.transaction(SYSTEM) as session:
        return await tariff_changes.end(session, shop.tariff.id, version, until, acting)


async def quoted(shop: Shop) -> Quote:
    asked = QuoteRequest(
        station_id=shop.station.id,
        group_id=shop.group.id,
        start=START,
        end=START + DAY,
        kind=ContractKind.RENTAL,
        tariff_code=None,
        extras=(),
    )
    bench = shop.bench
    async with bench.outside.database.transaction(SYSTEM) as session:
        return await quotes.quote(session, shop.somebody(), asked, bench.outside.sealer, language="de", now=bench.now)


async def stored(shop: Shop) -> tuple[Tariff, list[TariffChange]]:
    (row,) = await shop.bench.all(Tariff, id=shop.tariff.id)
    return row, await shop.bench.all(TariffChange, tariff_id=shop.tariff.id)


async def test_bookings_from_now_on_have_the_new_terms_and_nothing_else_changes(bench: Bench) -> None:
    # Given a contract and a quote for 59.00
    shop = await open_shop(bench, cars=3)
    contract, quote = await book(shop, START, START + DAY), await quoted(shop)

    # When
    row = await replaced(shop, entered(shop, no_show_fee=Decimal("20.00"), free_cancellation_hours=48))

    # Then
    assert (row.version, row.terms.day.price_cents, row.terms.free_cancellation_hours) == (2, 8_900, 48)
    assert row.terms.no_show_fee_cents == 2_000
    kept, anew = await book(shop, START, START + DAY, quote_id=quote.id), await book(shop, START, START + DAY)
    assert (kept.total_cents, anew.total_cents) == (5_900, 8_900)
    assert kept.terms == contract.terms == (await bench.contract(contract.id)).terms


async def test_a_quote_is_kept_through_several_changes_and_no_longer_than_a_day(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench, cars=2)
    quote = await quoted(shop)
    await replaced(shop, entered(shop))
    await replaced(shop, entered(shop, "99.00"), version=2)
    # When
    await ended(shop, TODAY, version=3)
    # Then
    assert (await book(shop, START, START + DAY, quote_id=quote.id)).total_cents == 5_900
    bench.clock.move_to(quote.valid_until + timedelta(seconds=1))
    with pytest.raises(InvalidInput, match="no longer valid"):
        await book(shop, START, START + DAY, quote_id=quote.id)


async def test_every_change_is_kept_with_who_when_before_and_after(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    # When
    await replaced(shop, entered(shop))
    bench.later(minutes=1)
    await ended(shop, date(2026, 12, 31), version=2)
    # Then
    _row, (first, second) = await stored(shop)
    assert [(change.version, change.actor, change.at) for change in (first, second)] == [
        (2, "Frau Leitung", bench.now - timedelta(minutes=1)),
        (3, "Frau Leitung", bench.now),
    ]
    terms = {change.term: (change.before, change.after) for change in differences(first.before, first.after)}
    assert terms["extra_km"] == ("0.25", "0.30")
    assert terms["bundles"][1] == "DAY (1) 89.00, 200 km"
    assert terms["bundles"][0].startswith("DAY (1) 59.00, 150 km; WEEK (7) 319.00, 1050 km")
    assert "grace_minutes" not in terms
    (last,) = differences(second.before, second.after)
    assert (last.term, last.before, last.after) == ("valid_until", "–", "2026-12-31")


async def test_the_same_again_leaves_no_trace(bench: Bench) -> None:
    shop = await open_shop(bench)
    await replaced(shop, entered(shop))
    row = await replaced(shop, entered(shop), version=2)
    assert row.version == 2
    assert len((await stored(shop))[1]) == 1


async def test_a_tariff_with_a_typo_is_ended_the_minute_it_is_seen(bench: Bench) -> None:
    # Given the usual tariff, and a newer one with a typo
    shop = await open_shop(bench, cars=2)
    usual = tariff(shop.group, valid_from=date(2025, 1, 1))
    await bench.put(usual)
    # When
    row = await ended(shop, TODAY)
    # Then
    assert (row.valid_until, row.ended_at) == (TODAY, bench.now)
    async with bench.outside.database.transaction(SYSTEM) as session:
        found = await tariffs.applicable(session, shop.group.id, None, TODAY, field=("input",))
        assert found.code == usual.code
        assert [one.code for one in await tariffs.listed(session, shop.group.id, TODAY)] == [usual.code]
    assert (await book(shop, START, START + DAY)).tariff_id == usual.id


async def test_a_later_last_day_counts_to_its_end(bench: Bench) -> None:
    shop = await open_shop(bench)
    row = await ended(shop, TODAY + DAY)
    assert (row.valid_until, row.ended_at) == (TODAY + DAY, None)
    async with bench.outside.database.transaction(SYSTEM) as session:
        last = await tariffs.applicable(session, shop.group.id, None, TODAY + DAY, field=("input",))
        assert last.id == shop.tariff.id
        with pytest.raises(InvalidInput):
            await tariffs.applicable(session, shop.group.id, None, TODAY + 2 * DAY, field=("input",))


async def test_what_was_ended_by_mistake_is_opened_again(bench: Bench) -> None:
    shop = await open_shop(bench)
    await ended(shop, TODAY)
    row = await replaced(shop, entered(shop), version=2)
    assert (row.valid_until, row.ended_at, row.version) == (None, None, 3)
    assert (await book(shop, START, START + DAY)).total_cents == 8_900


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "ANOTHER"}, ["input", "code"]),
        ({"bundles": ()}, ["input", "bundles"]),
        ({"free_cancellation_hours": -1}, ["input", "free_cancellation_hours"]),
        ({"free_cancellation_hours": 8761}, ["input", "free_cancellation_hours"]),
        ({"cancellation_fee": Decimal("-0.01")}, ["input", "cancellation_fee"]),
        ({"no_show_fee": Decimal("0.001")}, ["input", "no_show_fee"]),
        ({"valid_until": YESTERDAY}, ["input", "valid_until"]),
    ],
)
async def test_what_is_refused_by_its_field_changes_nothing(
    bench: Bench, changes: dict[str, Any], field: list[str]
) -> None:
    shop = await open_shop(bench)
    before = await stored(shop)
    with pytest.raises(InvalidInput) as said:
        await replaced(shop, entered(shop, **changes))
    assert list(said.value.field or []) == field
    assert await stored(shop) == before


async def test_another_group_a_past_end_and_an_old_version_are_refused(bench: Bench) -> None:
    # Given
    shop, elsewhere = await open_shop(bench), await open_shop(bench)
    before = await stored(shop)
    # Then
    with pytest.raises(InvalidInput) as group:
        await replaced(shop, entered(shop), group=elsewhere.group.id)
    with pytest.raises(InvalidInput) as past:
        await ended(shop, YESTERDAY)
    with pytest.raises(VersionConflict) as old:
        await replaced(shop, entered(shop), version=2)
    assert [list(error.value.field or []) for error in (group, past)] == [["input", "group_id"], ["valid_until"]]
    assert old.value.current_version == 1
    assert await stored(shop) == before


async def test_only_who_has_all_stations_of_the_group_changes_its_price(bench: Bench) -> None:
    # Given a car of the group at another station
    shop, other = await open_shop(bench), await open_shop(bench)
    away = vehicle(other.station, shop.group)
    await bench.put(away)
    before = await stored(shop)

    # When a manager of one of them tries
    for attempt in (replaced(shop, entered(shop)), ended(shop, TODAY)):
        with pytest.raises(DomainError) as said:
            await attempt
        assert said.value.code is ProblemCode.NOT_ALLOWED
    assert await stored(shop) == before

    # Then a manager of both can, an administrator can, and once the car is retired the first can, too
    assert (await replaced(shop, entered(shop), by=manager(shop, other))).version == 2
    admin = Principal(uuid4(), "Admin", Role.ADMIN, ())
    assert (await replaced(shop, entered(shop, "90.00"), version=2, by=admin)).version == 3
    away.status = VehicleStatus.RETIRED
    await bench.put(away)
    assert (await replaced(shop, entered(shop, "91.00"), version=3)).version == 4


async def test_a_group_without_cars_is_nobodys_but_the_administrations(bench: Bench) -> None:
    shop = await open_shop(bench, cars=0)
    with pytest.raises(DomainError) as said:
        await ended(shop, TODAY)
    assert said.value.code is ProblemCode.NOT_ALLOWED


async def test_the_preview_shows_usual_rentals_and_how_long_quotes_stand(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    before = await stored(shop)
    # When
    async with bench.outside.database.snapshot(shop.somebody(Role.MANAGER).scope) as session:
        found = await tariff_preview.preview(
            session, shop.tariff.id, shop.group.id, entered(shop), language="de", now=bench.now
        )
        same = await tariff_preview.preview(
            session, shop.tariff.id, shop.group.id, replace(entered(shop), name="x"), language="de", now=bench.now
        )
    # Then: a day, the weekend, three days, a week, a month
    prices = [(one.before.days, one.before.total_cents, one.after.total_cents) for one in found.rentals]
    assert prices == [
        (1, 5_900, 8_900),
        (3, 12_900, 26_700),
        (3, 17_700, 26_700),
        (7, 31_900, 62_300),
        (30, 99_900, 267_000),
    ]
    assert all(one.starts_at > bench.now for one in found.rentals)
    assert found.quotes_until == bench.now + DAY
    assert same.quotes_until is not None
    assert await stored(shop) == before


async def test_a_preview_of_nothing_is_nothing_and_of_no_tariff_is_not_found(bench: Bench) -> None:
    shop = await open_shop(bench)
    await replaced(shop, entered(shop))
    async with bench.outside.database.transaction(SYSTEM) as session:
        asked: dict[str, Any] = {"language": "en", "now": bench.now}
        found = await tariff_preview.preview(session, shop.tariff.id, shop.group.id, entered(shop), **asked)
        with pytest.raises(NotFound):
            await tariff_preview.preview(session, uuid4(), shop.group.id, entered(shop), **asked)
    assert (found.terms, found.quotes_until) == ((), None)


async def test_terms_of_before_the_fees_keep_their_hash(bench: Bench) -> None:
    # What a quote of before the update promised is found by it.
    shop = await open_shop(bench)
    frozen = tariffs.freeze(shop.tariff)
    assert "free_cancellation_hours" not in frozen.snapshot
    assert len(frozen.snapshot) == 13
