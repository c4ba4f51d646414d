"""A group's minimum age binds everybody who drives, also who does not say how old he is, and whichever car goes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from server.database import ADMINISTRATION
from server.errors import DomainError
from server.models import Contract, Driver, Protocol, Vehicle, VehicleGroup
from server.models.customer import CustomerKind
from server.models.staff import Role
from server.services.acting import Acting
from server.services.handover import exchange
from server.services.people.drivers import DriverDetails
from tests.builders import rentals
from tests.builders.bench import Bench
from tests.builders.rentals import book, customer
from tests.builders.rows import Shop, group, open_shop, vehicle
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
YOUNG, OLD = date(2006, 1, 1), date(1985, 4, 12)


async def refused(shop: Shop, **more: Any) -> tuple[str, str]:
    with pytest.raises(DomainError) as raised:
        await book(shop, START, START + DAY, **more)
    assert await shop.bench.counts(Contract) == [0]
    return raised.value.code.value, raised.value.message.de


async def test_who_does_not_say_his_age_does_not_get_a_car_of_such_a_group(bench: Bench) -> None:
    shop = await open_shop(bench, group_with={"minimum_age": 25, "name": "Sport"})
    unknown = "Das Geburtsdatum von Anna Beispiel fehlt: Sport verlangt mindestens 25 Jahre."

    assert await refused(shop, customer=customer()) == ("DRIVER_NOT_ELIGIBLE", unknown)
    assert (await refused(shop, customer=customer(birth_date=YOUNG)))[0] == "DRIVER_NOT_ELIGIBLE"
    friend = DriverDetails(first_name="Carl", last_name="Freund")
    assert (await refused(shop, customer=customer(birth_date=OLD), drivers=(friend,)))[0] == "DRIVER_NOT_ELIGIBLE"
    assert (await book(shop, START, START + DAY, customer=customer(birth_date=OLD))).state.value == "RESERVED"


async def test_a_licence_is_enough_where_no_more_is_asked(bench: Bench) -> None:
    shop = await open_shop(bench, group_with={"minimum_age": 18})
    assert (await book(shop, START, START + DAY, customer=customer())).state.value == "RESERVED"


async def sporty(bench: Bench, shop: Shop) -> Vehicle:
    """A car of another group, which asks for 25 years, at the same station."""
    kind: VehicleGroup = group(minimum_age=25, name="Sport")
    car = vehicle(shop.station, kind)
    await bench.put(kind, car)
    return car


async def handed_over(shop: Shop, contract: Contract, car: Vehicle, role: Role, reason: str | None) -> None:
    bench, somebody = shop.bench, shop.somebody(role)
    drivers = tuple(str(driver.id) for driver in await bench.all(Driver, contract_id=contract.id))
    more = {"licence_checked_driver_ids": drivers, "vehicle_id": car.id, "override_reason": reason}
    report = rentals.report(contract, bench.now, 10_000, more)
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        await exchange.check_out(session, report, Acting(bench.now, somebody))


@pytest.mark.parametrize("born", [YOUNG, None])
async def test_another_car_is_judged_by_its_own_group(bench: Bench, born: date | None) -> None:
    # Given: booked in a group for everybody
    shop = await open_shop(bench)
    car = await sporty(bench, shop)
    contract = await book(shop, START, START + DAY, customer=customer(birth_date=born))
    bench.clock.move_to(START)
    # When / Then: neither yard nor a manager without a reason
    for role, reason in ((Role.YARD, "Kunde will ihn"), (Role.MANAGER, None), (Role.MANAGER, "  ")):
        with pytest.raises(DomainError) as raised:
            await handed_over(shop, contract, car, role, reason)
        assert raised.value.code.value == "DRIVER_NOT_ELIGIBLE"
    assert await bench.counts(Protocol) == [0]
    # But a manager with one
    await handed_over(shop, contract, car, Role.MANAGER, "Kulanz des Hauses")
    assert (await bench.contract(contract.id)).state.value == "CHECKED_OUT"


async def test_a_companys_invoice_has_an_address(bench: Bench) -> None:
    shop = await open_shop(bench)
    company = {"kind": CustomerKind.COMPANY, "company": "Großkunde & Söhne GmbH"}
    code, message = await refused(shop, customer=replace(customer(**company), address=None))
    assert (code, message) == (
        "INVALID_INPUT",
        "Die Rechnung einer Firma braucht deren Anschrift (§ 14 Abs. 4 Nr. 1 UStG).",
    )
