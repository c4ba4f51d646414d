"""What is offered can be booked: whatever availability, quote, alternatives or the next free time say is held to it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.database import SYSTEM
from server.errors import DomainError, NoVehicleAvailable, OutsideOpeningHours
from server.models import Station
from server.models.contract import ContractKind
from server.models.opening_times import ExceptionalDay, OpeningWindow, Weekday
from server.models.payment import PaymentMethod
from server.security import Principal
from server.services.booking import availability, expiry, quotes, saga
from server.services.booking.availability import GroupAvailability
from server.services.booking.quotes import Quote, QuoteRequest
from server.services.booking.slot import Slot
from tests.builders.bench import Bench
from tests.builders.rentals import customer, request
from tests.builders.rows import group, open_shop, tariff, vehicle
from tests.services.samples import at
from tests.thoroughness import tried

# A quiet week, Christmas, the nights of both clock changes, the end of a leap year's February.
MORNINGS = [
    at(f"{day} 10:00").astimezone(UTC) for day in ("2026-09-07", "2026-12-23", "2026-10-23", "2027-03-26", "2028-02-27")
]
HOUR = timedelta(hours=1)


def hours(dice: random.Random) -> list[OpeningWindow]:
    """Some weekdays, in one window or with a break; sometimes no hours at all."""
    if dice.random() < 0.1:
        return []
    windows = []
    for weekday in dice.sample(list(Weekday), dice.randint(3, 7)):
        opens, closes = dice.choice(
            [(time(7), time(19)), (time(8), time(12)), (time(10), time(0)), (time(20), time(5))]
        )
        windows.append(OpeningWindow(weekday, opens, closes))
        if closes == time(12):
            windows.append(OpeningWindow(weekday, time(13), time(18)))
    return windows


def furnish(dice: random.Random, station: Station, morning: datetime) -> None:
    """Hours, exceptions, holidays, turnaround, key drop: whatever may keep a period from being booked."""
    station.open_during(hours(dice))
    odd_days = {morning.date() + timedelta(days=dice.randint(0, 20)) for _ in range(3)}
    station.except_on(ExceptionalDay(day, dice.choice([(), ((time(9), time(11)),)])) for day in odd_days)
    station.holiday_region = dice.choice([None, "DE-BE", "DE-BY"])
    station.turnaround_minutes = dice.choice([0, 60, 600])
    station.after_hours_return = dice.random() < 0.3


class Town:
    """Two stations and two groups that the dice have furnished, some of the cars booked already."""

    def __init__(self, bench: Bench, dice: random.Random) -> None:
        self.bench, self.dice = bench, dice
        self.now = bench.clock.instant = dice.choice(MORNINGS)

    async def settle(self) -> None:
        dice, bench = self.dice, self.bench
        self.here, self.there = await open_shop(bench, cars=0), await open_shop(bench, cars=0)
        self.older = group(minimum_age=dice.choice([18, 25]), deposit_cents=40_000)
        await bench.put(self.older, *([tariff(self.older, valid_from=date(2026, 1, 1))] if dice.random() < 0.8 else []))
        for shop in (self.here, self.there):
            furnish(dice, shop.station, self.now)
            await bench.put(shop.station)
            for kind in (self.here.group, self.older):
                due = dice.choice([None, self.now.date() + timedelta(days=dice.randint(1, 15))])
                cars = [vehicle(shop.station, kind, inspection_due=due) for _ in range(dice.randint(0, 2))]
                await bench.put(*cars)
        for _ in range(dice.randint(0, 6)):
            await self.booked(self.slot(), group_id=dice.choice([self.here.group.id, self.older.id]))

    def slot(self) -> Slot:
        start = self.now + HOUR * self.dice.randint(0, 24 * 12)
        back = self.there.station if self.dice.random() < 0.3 else None
        return Slot(self.here.station, start, start + HOUR * self.dice.randint(1, 24 * 5), back)

    @property
    def clerk(self) -> Principal:
        both = (self.here.station.id, self.there.station.id)
        return replace(self.here.somebody(), stations=both)

    async def booked(self, slot: Slot, **more: Any) -> DomainError | None:
        """Books a slot as asked; returns why it was refused, or None."""
        values = {
            "station_id": slot.station.id,
            "return_station_id": slot.return_station.id if slot.return_station else None,
            "customer": customer(birth_date=date(2004, 1, 1)),
            "method": PaymentMethod.WAIVED,
            "waiver_reason": "test",
            **more,
        }
        wanted = request(self.here, slot.start, slot.end, **values)
        try:
            self.last = await saga.book(self.bench.outside, self.clerk, wanted)
        except DomainError as refusal:
            return refusal
        return None

    async def accepts(self, slot: Slot, **more: Any) -> DomainError | None:
        """Whether a booking is accepted; it is cancelled again at once."""
        refusal = await self.booked(slot, **more)
        if refusal is None:
            contract = await self.bench.contract(self.last)
            async with self.bench.outside.database.transaction(SYSTEM) as session:
                await expiry.cancel(session, contract, now=self.now, reason="test")
        return refusal


async def offered(town: Town, slot: Slot) -> list[GroupAvailability]:
    async with town.bench.outside.database.transaction(SYSTEM) as session:
        there_and_back = Slot(slot.station, slot.start, slot.end)
        return (await availability.availability(session, there_and_back, now=town.now)).groups


async def quoted(town: Town, slot: Slot) -> Quote:
    wanted = QuoteRequest(
        station_id=slot.station.id,
        return_station_id=slot.return_station.id if slot.return_station else None,
        group_id=town.here.group.id,
        start=slot.start,
        end=slot.end,
        kind=ContractKind.RENTAL,
        tariff_code=None,
        extras=(),
    )
    async with town.bench.outside.database.transaction(SYSTEM) as session:
        caller, seal = town.here.somebody(), town.bench.outside.sealer
        return await quotes.quote(session, caller, wanted, seal, language="de", now=town.now)


@given(seed=st.integers(0, 2**32))
@settings(tried(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_offered_is_accepted_in_the_same_second(bench: Bench, seed: int) -> None:
    # Given
    town = Town(bench, random.Random(seed))
    await town.settle()
    slot = town.slot()
    plain = Slot(slot.station, slot.start, slot.end)
    # Then: availability, group by group, and the next free time
    for offer in await offered(town, slot):
        if offer.group.id not in (town.here.group.id, town.older.id):
            continue
        too_young = offer.group.minimum_age > 22
        refusal = await town.accepts(plain, group_id=offer.group.id)
        assert (refusal is None) == (offer.problem is None and not too_young), (offer, refusal)
        assert (offer.free_count > 0) == (offer.problem is None)
        if offer.next_free is not None and not too_young:
            later = plain.beginning(offer.next_free)
            assert await town.accepts(later, group_id=offer.group.id) is None, (offer, later)
    # And: the quote, one-way as well, says yes or why not
    quote = await quoted(town, slot)
    refusal = await town.accepts(slot)
    assert (refusal is None) == (quote.problem is None), (quote.problem, refusal)
    if refusal is not None and quote.problem is not None:
        assert (refusal.code, isinstance(refusal, OutsideOpeningHours)) == (
            quote.problem.code,
            isinstance(quote.problem, OutsideOpeningHours),
        )
    # And: every alternative, with nothing changed but what it names
    if isinstance(refusal, NoVehicleAvailable):
        for other in refusal.alternatives:
            instead = replace(slot, station=other.station, start=other.start, end=other.end)
            assert await town.accepts(instead, group_id=other.group.id) is None, other
