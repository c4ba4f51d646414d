"""A station with everything that a planning board can show, and what both engines make of a document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from graphql import ExecutionResult

from server.config import Settings
from server.context import Context
from server.database import ADMINISTRATION
from server.edge.documents import Documents
from server.edge.guard import Limits
from server.models import Contract, Vehicle, VehicleGroup
from server.models.fleet import BlockReason, VehicleStatus
from server.resolvers.schema import create_schema
from server.security import Principal
from server.services.fleet import vehicles
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_out, customer
from tests.builders.rows import Shop, group, open_shop, tariff, vehicle
from tests.services.booking.lateness import DAY, END, FREE, HOUR, START

NO_LIMITS = Limits(aliases=1000, fields=10_000, cost=10**9, same_leaves=1000, directives=1000, depth=20)
ODD = 'Zoë "Z" \\ O\'Neill /</script> 😀 %s :now'
UNPRINTABLE = "".join(map(chr, range(1, 32))) + "\x7f\x9f\u2028\ufeff"


@dataclass(frozen=True)
class Furnished:
    """A shop and what was put there."""

    shop: Shop
    other_group: VehicleGroup
    late: Contract
    waiting: Contract

    @property
    def end(self) -> datetime:
        return END


def both_engines() -> tuple[Documents, Documents]:
    """Ours, then graphql-core. For each module anew: a schema that another test has made sets how fields are read."""
    schema = create_schema()
    ours, core = (Documents(schema, NO_LIMITS, level_by_level=one) for one in (True, False))
    return ours, core


async def answer(
    bench: Bench, who: Principal, documents: Documents, text: str, *, language: str = "en", **variables: Any
) -> bytes:
    """The answer as it is sent; errors by message and path."""
    context = Context(bench.outside, Settings(), who, "127.0.0.1", language, bench.now)
    try:
        prepared = documents.prepare(text)
        result = documents.execute(prepared, prepared.choose(None), variables, context)
        found = result if isinstance(result, ExecutionResult) else await result
    finally:
        await context.close()
    return orjson.dumps({"data": found.data, "errors": [(error.message, error.path) for error in found.errors or ()]})


async def furnished(bench: Bench, **more: Any) -> Furnished:
    """Two groups; a car that is late, one on hold, booked, blocked, out of service; odd names; who has no car."""
    shop = await open_shop(bench, cars=4, opening_hours_json=[], **more)
    other = group(code=f"{shop.group.code}Z", acriss="CWMR", energy="ELECTRIC")
    await bench.put(other, tariff(other))
    first, second, third, fourth = shop.vehicles
    electric = vehicle(
        shop.station, other, colour=UNPRINTABLE, model=ODD, vin="WVWZZZ1KZAW104711", state_of_charge_percent=80
    )
    retired = vehicle(shop.station, other, status=VehicleStatus.RETIRED, inspection_due=END.date())
    await bench.put(electric, retired)
    late = await book(shop, START, END, vehicle_id=first.id, customer=customer(last_name=ODD), **FREE)
    await book(shop, (END + 3 * DAY).astimezone(UTC), END + 80 * DAY, vehicle_id=first.id, **FREE)
    reviewed = await book(shop, START + HOUR, END + HOUR, vehicle_id=second.id, **FREE)
    gone = await book(shop, START + HOUR, END + HOUR, vehicle_id=third.id, **FREE)
    await book(shop, END + DAY, END + 2 * DAY, vehicle_id=third.id, **FREE)
    waiting = await book(shop, END + DAY, END + 2 * DAY, vehicle_id=fourth.id, **FREE)
    await block(bench, electric, START + timedelta(microseconds=123_456), END, ODD)
    await block(bench, electric, END, END + DAY, None)
    bench.clock.move_to(START)
    await check_out(shop, late)
    await _odd_rows(bench, reviewed, gone, waiting)
    bench.clock.move_to(END + 2 * HOUR + timedelta(microseconds=50_007))
    return Furnished(shop, other, late, waiting)


async def block(bench: Bench, car: Vehicle, start: datetime, end: datetime, note: str | None) -> None:
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        await vehicles.block(session, car.id, start, end, BlockReason.WORKSHOP, note, now=bench.now)


async def _odd_rows(bench: Bench, reviewed: Contract, gone: Contract, waiting: Contract) -> None:
    async with bench.owned(past_triggers=True) as session:

        async def write(statement: str, of: UUID) -> None:
            await session.write(statement, {"id": of})

        await write("update contract set customer_review = true where id = :id", reviewed.id)
        await write(
            "update customer set last_name = 'Another', company = E'a\\nb\\u0001' where id = :id", reviewed.customer_id
        )
        await write("update customer set restricted_at = now(), last_name = null where id = :id", gone.customer_id)
        await write("update contract set vehicle_id = null where id = :id", waiting.id)
        await write("update occupancy set active = false where contract_id = :id", waiting.id)
        await write(
            "update occupancy set kind = 'HELD', held_until = '2027-01-01 10:00:00.5+00' where contract_id = :id",
            gone.id,
        )
