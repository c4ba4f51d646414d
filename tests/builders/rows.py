"""Rows that a test needs, each with everything that the database asks for and nothing that the test does not name."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from server.models import ApiClient, ClientStation, Company, Damage, Station, Tariff, Vehicle, VehicleGroup
from server.models.api_client import ClientPolicy
from server.models.columns import uuid7
from server.models.damage import DamageKind, DamageLiability, VehicleView
from server.models.fleet import Energy
from server.models.opening_times import Weekday
from server.models.staff import Role
from server.models.tariff import TariffTerms, bundle_json, extra_json
from server.security import Principal
from tests.builders.bench import NOW, Bench
from tests.services.samples import KOMPAKT

_numbers = itertools.count(1)
WEEK = [day.value for day in Weekday if day is not Weekday.SUNDAY]


def company() -> Company:
    return Company(
        name="Autohaus Sonnenfeld GmbH",
        street="Heerstr. 12",
        postcode="13595",
        city="Berlin",
        tax_number="27/123/45678",
        vat_id="DE136695976",
        iban="DE02120300000000202051",
        email="rechnung@autohaus-sonnenfeld.example",
    )


def station(**more: Any) -> Station:
    """Open from Monday to Saturday, seven to seven; an hour's turnaround; no holidays."""
    code = f"S{next(_numbers)}"
    hours = [{"weekday": day, "opens": "07:00", "closes": "19:00"} for day in WEEK]
    values: dict[str, Any] = {
        "id": uuid7(),
        "code": code,
        "name": f"Station {code}",
        "street": "Am Markt 1",
        "postcode": "13581",
        "city": "Berlin",
        "opening_hours_json": hours,
        "created_at": NOW,
    }
    return Station(**(values | more))


def group(**more: Any) -> VehicleGroup:
    """300.00 deposit."""
    code = f"G{next(_numbers)}"
    values: dict[str, Any] = {
        "id": uuid7(),
        "code": code,
        "name": "Kompakt",
        "deposit_cents": 30_000,
        "deductible_cents": 100_000,
        "energy": Energy.COMBUSTION,
    }
    return VehicleGroup(**(values | more))


def tariff(of: VehicleGroup, terms: TariffTerms = KOMPAKT, **more: Any) -> Tariff:
    """The reference tariff: 59.00 a day, 319.00 a week, 150 km a day."""
    code = f"T{next(_numbers)}"
    values: dict[str, Any] = {
        "id": uuid7(),
        "code": code,
        "name": code,
        "group_id": of.id,
        "valid_from": date(2026, 1, 1),
        "vat_rate_bp": terms.vat_rate_bp,
        "bundles_json": [bundle_json(bundle) for bundle in terms.bundles],
        "extras_json": [extra_json(extra) for extra in terms.extras],
        "grace_minutes": terms.grace_minutes,
        "extra_km_cents": terms.extra_km_cents,
        "fuel_per_litre_cents": terms.fuel_per_litre_cents,
        "fuel_service_cents": terms.fuel_service_cents,
        "energy_per_kwh_cents": terms.energy_per_kwh_cents,
        "charging_service_cents": terms.charging_service_cents,
        "cleaning_heavy_cents": terms.cleaning_heavy_cents,
        "cleaning_special_cents": terms.cleaning_special_cents,
        "early_return": terms.early_return,
        "free_cancellation_hours": terms.free_cancellation_hours,
        "cancellation_fee_cents": terms.cancellation_fee_cents,
        "no_show_fee_cents": terms.no_show_fee_cents,
    }
    return Tariff(**(values | more))


def vehicle(at: Station, of: VehicleGroup, **more: Any) -> Vehicle:
    """10,000 km, a tank of 50 litres."""
    values: dict[str, Any] = {
        "id": uuid7(),
        "station_id": at.id,
        "home_station_id": at.id,
        "group_id": of.id,
        "plate": f"B-EW {next(_numbers)}",
        "make": "VW",
        "model": "Golf",
        "odometer_km": 10_000,
        "tank_litres": 50,
        "created_at": NOW,
    }
    return Vehicle(**(values | more))


def suspected_damage(of: Vehicle, contract_id: UUID, seen_at: datetime) -> Damage:
    return Damage(
        id=uuid4(),
        vehicle_id=of.id,
        contract_id=contract_id,
        view=VehicleView.LEFT,
        x=0.4,
        y=0.5,
        kind=DamageKind.SCRATCH,
        seen_at=seen_at,
        liability=DamageLiability.SUSPECTED,
        request_hash="0" * 64,
    )


@dataclass
class Shop:
    """A station with one group, its tariff and some cars, and who works there."""

    bench: Bench
    station: Station
    group: VehicleGroup
    tariff: Tariff
    vehicles: list[Vehicle] = field(default_factory=list)

    def somebody(self, role: Role = Role.CLERK) -> Principal:
        """Staff of this station; WEB is a website that needs no row, for nothing points at it but its bookings."""
        return Principal(uuid4(), f"{role.value.title()} of {self.station.code}", role, (self.station.id,))

    async def website(self, **policy: Any) -> Principal:
        """A website of this station that can book, with what its policy has beyond the defaults."""
        number = next(_numbers)
        client = ApiClient(
            id=uuid7(),
            name=f"Website {number}",
            key_prefix="ek_test",
            policy_json=ClientPolicy(**policy).as_json(),
            created_at=NOW,
        )
        await self.bench.put(client)
        await self.bench.put(ClientStation(client_id=client.id, station_id=self.station.id))
        return Principal(client.id, client.name, Role.WEB, (self.station.id,))

    async def add_car(self, **more: Any) -> Vehicle:
        car = vehicle(self.station, self.group, **more)
        await self.bench.put(car)
        self.vehicles.append(car)
        return car


async def open_shop(
    bench: Bench,
    *,
    cars: int = 1,
    terms: TariffTerms = KOMPAKT,
    group_with: dict[str, Any] | None = None,
    tariff_with: dict[str, Any] | None = None,
    **more: Any,
) -> Shop:
    """Rows of a station with everything that a booking needs; `more` are columns of the station."""
    here, kind = station(**more), group(**(group_with or {}))
    shop = Shop(bench, here, kind, tariff(kind, terms, **(tariff_with or {})))
    await bench.put(here, kind, shop.tariff)
    for _ in range(cars):
        await shop.add_car()
    return shop
