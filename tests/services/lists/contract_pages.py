"""Contracts of all kinds at two stations, and what both engines say of pages of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson

from server.edge.documents import Documents
from server.models import Contract
from server.models.customer import CustomerKind, Language
from server.models.staff import Role
from server.security import Principal
from server.services.billing import invoice
from server.services.booking import saga
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_out, customer, rented, request
from tests.builders.rows import Shop, open_shop
from tests.services.booking.lateness import DAY, END, FREE, HOUR, START
from tests.services.fleet.boards import ODD, UNPRINTABLE, answer
from tests.traffic import watched

Engines = tuple[Documents, Documents]
PAGE = """query($first:Int!=50,$after:String,$filter:ContractFilter,$order:ContractOrder!=START_DESC%s){
  contracts(first:$first,after:$after,filter:$filter,orderBy:$order){%s}}"""
STANDS = "pageInfo{hasNextPage hasPreviousPage startCursor endCursor} totalCount"


@dataclass(frozen=True)
class Stock:
    """Two shops in different zones, and the website of the first."""

    here: Shop
    there: Shop
    website: Principal

    @property
    def admin(self) -> Principal:
        return Principal(uuid4(), "Admin", Role.ADMIN, ())

    @property
    def everybody(self) -> list[Principal]:
        """One of each kind who may ask for contracts."""
        staff = [self.here.somebody(role) for role in (Role.YARD, Role.CLERK, Role.MANAGER)]
        return [*staff, self.there.somebody(), self.admin, self.website]


@dataclass(frozen=True)
class Said:
    """An answer, and whether PostgreSQL has written what is in it."""

    text: bytes
    written: bool

    @property
    def page(self) -> Any:
        """The page."""
        return orjson.loads(self.text)["data"]["contracts"]


async def stocked(bench: Bench, zone: str = "Europe/Berlin") -> Stock:
    """Booked by staff and by a website, paid and free, out, back and billed, one-way, erased, without a car, doubtful."""
    here = await open_shop(bench, cars=9, time_zone=zone, opening_hours_json=[])
    there = await open_shop(bench, time_zone="America/St_Johns", opening_hours_json=[])
    cars, stock = here.vehicles, Stock(here, there, await here.website())
    firm = customer(kind=CustomerKind.COMPANY, company="Ödland & Söhne", language=Language.EN, first_name=None)
    for place, more in enumerate(({"customer": firm}, {}, FREE, FREE, FREE)):
        start = START + 3 * DAY + place * HOUR
        await book(here, start, start + (place + 1) * DAY, vehicle_id=cars[place].id, **more)
    one_way = {"role": Role.ADMIN, "return_station_id": there.station.id, **FREE}
    away = await book(here, START, END, vehicle_id=cars[5].id, **one_way)
    await book(here, START + DAY, END + DAY, vehicle_id=cars[6].id, **one_way)
    await saga.book(bench.outside, stock.website, request(here, START + 5 * DAY, END + 5 * DAY))
    over = await rented(here, START, END, vehicle_id=cars[7].id)
    await invoice.bill(bench.outside, over.id)
    await _odd_rows(bench, [one for one in await bench.all(Contract) if one.id not in (away.id, over.id)])
    await check_out(here, await bench.contract(away.id))
    return stock


async def _odd_rows(bench: Bench, booked: list[Contract]) -> None:
    doubtful, gone, erased, without = booked[:4]
    async with bench.owned(past_triggers=True) as session:
        for statement, of, more in (
            ("update contract set customer_review = true where id = :id", doubtful.id, {}),
            ("update customer set last_name = :odd, review_needed = true, status = 'VIP' where id = :id",
             doubtful.customer_id, {"odd": "Another"}),
            ("update customer set restricted_at = now(), last_name = null where id = :id", gone.customer_id, {}),
            ("update contract set person_erased_at = '2026-09-07 08:00:00.25+00', state = 'CANCELLED', customer_copy ="
             " '{\"kind\": \"PERSON\", \"email\": \"\", \"language\": \"DE\"}' where id = :id", erased.id, {}),
            ("update contract set vehicle_id = null, starts_at = starts_at + interval '1 second 123456 microseconds',"
             " billing_block = 'ODOMETER' where id = :id", without.id, {}),
            ("update customer set last_name = :odd, birth_date = '1980-02-29', status = 'CAUTION' where id = :id",
             without.customer_id, {"odd": ODD}),
            ("update vehicle set colour = :odd where id = :id", booked[4].vehicle_id, {"odd": UNPRINTABLE}),
        ):  # fmt: skip
            await session.write(statement, {"id": of, **more})


async def same(
    bench: Bench, engines: Engines, who: Principal, selected: str, *, language: str = "en", **asked: Any
) -> Said:
    """What our engine and graphql-core say alike."""
    text = PAGE % (",$yes:Boolean!=true" if "$yes" in selected else "", selected)
    with watched() as traffic:
        ours = await answer(bench, who, engines[0], text, language=language, **asked)
    core = await answer(bench, who, engines[1], text, language=language, **asked)
    if ours != core:
        at = next(place for place, (one, two) in enumerate(zip(ours + b"<", core + b">", strict=False)) if one != two)
        raise AssertionError(
            f"{who.role} {asked}: {ours[max(0, at - 60) : at + 60]!r} is not {core[max(0, at - 60) : at + 60]!r}: {text}"
        )
    return Said(ours, any("string_agg" in one for one in traffic.statements))
