"""The demo data are complete, pass the checks that the services make, and fit on any day of the year."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from server.models.contract import ContractKind, DriverRole
from server.models.customer import Language
from server.models.fleet import Energy
from server.models.money import cents_of
from server.models.opening_times import Weekday
from server.models.staff import Role
from server.models.tariff import Bundle, BundleUnit, Extra, TariffTerms
from server.models.vehicle_body import body_of
from server.sandbox import demo_company, demo_plan, demo_prices
from server.sandbox.demo_company import BER, ELEKTRO, KOMPAKT
from server.sandbox.demo_fleet import VEHICLES
from server.sandbox.demo_people import CUSTOMERS, USERS
from server.sandbox.demo_plan import PLAN, DemoContract, Stage, Use
from server.services import contact_data, validation
from server.services.fleet import holiday_regions
from server.services.fleet.opening import OpeningRules
from server.services.people import customers
from server.services.pricing.price import Facts, LegUse, breakdown
from server.services.pricing.tariff_entry import NewTariff

TODAY = date(2026, 11, 23)
BERLIN = ZoneInfo("Europe/Berlin")
FIELD = ("input",)
GROUPS = {group.code: group for group in demo_prices.groups()}
STATIONS = {station.code: station for station in demo_company.stations()}


def terms(new: NewTariff) -> TariffTerms:
    """A tariff as it is entered, as the terms that it becomes."""

    def cents(value: Decimal | None) -> int | None:
        return None if value is None else cents_of(value)

    return TariffTerms(
        code=new.code,
        vat_rate_bp=int(new.vat_rate * 10_000),
        grace_minutes=new.grace_minutes,
        extra_km_cents=cents_of(new.extra_km),
        fuel_per_litre_cents=cents_of(new.fuel_per_litre),
        fuel_service_cents=cents_of(new.fuel_service),
        energy_per_kwh_cents=cents_of(new.energy_per_kwh),
        charging_service_cents=cents_of(new.charging_service),
        cleaning_heavy_cents=cents_of(new.cleaning_heavy),
        cleaning_special_cents=cents_of(new.cleaning_special),
        early_return=new.early_return,
        bundles=tuple(
            Bundle(one.unit, one.days, cents_of(one.price), one.included_km, one.window_start, one.window_end)
            for one in new.bundles
        ),
        extras=tuple(
            Extra(one.code, one.name, cents(one.per_day), cents(one.maximum), cents(one.per_rental))
            for one in new.extras
        ),
    )


TERMS = {code: terms(new) for code, new in demo_prices.tariffs().items()}


def rules(code: str) -> OpeningRules:
    weekly: dict[Weekday, tuple[tuple[time, time], ...]] = {}
    for entry in STATIONS[code].opening_hours:
        weekly[entry.weekday] = (*weekly.get(entry.weekday, ()), (entry.opens, entry.closes))
    return OpeningRules(ZoneInfo(STATIONS[code].time_zone), weekly, {}, STATIONS[code].holiday_region)


RULES = {code: rules(code) for code in STATIONS}


def period(contract: DemoContract, now: datetime) -> tuple[datetime, datetime]:
    return demo_plan.period(contract, now, RULES[contract.station], RULES[contract.return_station or contract.station])


class TestCompany:
    def test_passes_the_checks(self) -> None:
        company = demo_company.company()
        contact_data.address(company.address, FIELD)
        contact_data.email(company.email or "", FIELD)
        contact_data.phone(company.phone, FIELD, "DE")
        for name in ("name", "tax_number", "vat_id", "register_entry", "bank", "iban", "website"):
            assert validation.text(getattr(company, name), FIELD) == getattr(company, name)

    def test_check_digits(self) -> None:
        iban = demo_company.company().iban or ""
        assert len(iban) == 22
        assert int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1
        vat_ids = [demo_company.company().vat_id or "", *(c.vat_id for c in CUSTOMERS if c.vat_id)]
        assert len(vat_ids) == 2
        for vat_id in vat_ids:
            product = 10  # ISO 7064, MOD 11,10
            for digit in vat_id[2:10]:
                total = (int(digit) + product) % 10 or 10
                product = 2 * total % 11
            assert (11 - product) % 10 == int(vat_id[10])


class TestStations:
    def test_three_that_pass_the_checks(self) -> None:
        assert list(STATIONS) == ["BER", "POT", "HVL"]
        for station in STATIONS.values():
            validation.code(station.code, FIELD, longest=12)
            contact_data.address(station.address, FIELD)
            assert contact_data.phone(station.phone, FIELD, "DE")
            assert contact_data.email(station.email or "", FIELD) == station.email
            validation.time_zone(station.time_zone, FIELD)
            assert holiday_regions.checked(station.holiday_region, "DE", FIELD) == station.holiday_region
            assert 0 <= station.turnaround_minutes <= 1440
            assert all(entry.opens < entry.closes for entry in station.opening_hours)
        assert [station.after_hours_return for station in STATIONS.values()].count(True) == 1


class TestPrices:
    def test_four_groups(self) -> None:
        assert list(GROUPS) == ["KLEIN", "KOMPAKT", "KOMBI", "ELEKTRO"]
        for group in GROUPS.values():
            assert 20000 <= validation.cents(group.deposit, FIELD) <= 50000
            validation.cents(group.deductible, FIELD)
            assert len(group.acriss or "") == 4
        shapes = [body_of(group.acriss) for group in GROUPS.values()]
        assert shapes == ["HATCHBACK", "HATCHBACK", "ESTATE", "HATCHBACK"]
        assert (GROUPS[KOMPAKT].deposit, GROUPS[KOMPAKT].deductible) == (Decimal("300.00"), Decimal("1000.00"))

    def test_every_group_has_its_tariff(self) -> None:
        tariffs = demo_prices.tariffs()
        assert {code: new.code for code, new in tariffs.items()} == {code: f"{code}-2026" for code in GROUPS}
        for new in tariffs.values():
            validation.code(new.code, FIELD)
            assert [one.unit for one in new.bundles].count(BundleUnit.DAY) == 1
            amounts = [one.price for one in new.bundles]
            amounts += [a for one in new.extras for a in (one.per_day, one.maximum, one.per_rental) if a is not None]
            assert all(validation.cents(amount, FIELD, lowest=1) for amount in amounts)
            assert all(one.per_day or one.per_rental for one in new.extras)
        assert TERMS[ELEKTRO].energy_per_kwh_cents == 69

    def test_kompakt_is_the_reference_tariff(self) -> None:
        kompakt = TERMS[KOMPAKT]
        assert [(b.unit.value, b.days, b.price_cents, b.included_km) for b in kompakt.bundles] == [
            ("DAY", 1, 5900, 150),
            ("WEEK", 7, 31900, 1050),
            ("MONTH", 30, 99900, 3000),
            ("WEEKEND", 3, 12900, 450),
        ]
        assert [(e.code, e.per_day_cents, e.maximum_cents, e.per_rental_cents) for e in kompakt.extras] == [
            ("ADDITIONAL_DRIVER", 500, 3500, None),
            ("ONE_WAY", None, None, 4900),
        ]
        assert (kompakt.vat_rate_bp, kompakt.grace_minutes, kompakt.extra_km_cents) == (1900, 60, 25)
        assert (kompakt.fuel_per_litre_cents, kompakt.fuel_service_cents) == (210, 1500)
        assert (kompakt.cleaning_heavy_cents, kompakt.cleaning_special_cents) == (4900, 14900)

    @pytest.mark.parametrize("code", list(GROUPS))
    def test_longer_is_never_cheaper(self, code: str) -> None:
        start = datetime(2026, 11, 24, 7, tzinfo=UTC)
        totals = [
            breakdown(TERMS[code], Facts(ContractKind.RENTAL, start, start + timedelta(days=n), BERLIN)).total_cents
            for n in range(1, 70)
        ]
        assert totals == sorted(totals)


class TestVehicles:
    def test_forty_with_plates_and_vins_of_their_own(self) -> None:
        values = [one.entered(uuid4(), uuid4(), TODAY) for one in VEHICLES]
        assert len(values) == len({one.plate for one in values}) == len({one.vin for one in values}) == 40
        for one in values:
            assert validation.plate(one.plate, FIELD) == one.plate
            assert len(one.plate.replace("-", "").replace(" ", "")) <= 8
            assert validation.vin(one.vin, FIELD) == one.vin
            for name in ("make", "model", "colour"):
                assert validation.text(getattr(one, name), FIELD, longest=60) == getattr(one, name)
            assert one.first_registration is not None
            assert one.first_registration < TODAY

    def test_every_station_has_every_group(self) -> None:
        counts = Counter((one.station, one.group) for one in VEHICLES)
        assert set(counts) == {(station, group) for station in STATIONS for group in GROUPS}
        assert min(counts.values()) == 2
        assert Counter(one.station for one in VEHICLES) == {"BER": 16, "POT": 13, "HVL": 11}

    def test_energy_fits_the_group(self) -> None:
        for one in VEHICLES:
            electric = GROUPS[one.group].energy is Energy.ELECTRIC
            assert (one.model.battery_wh is not None) is electric
            assert (one.model.tank_litres is None) is electric
            assert one.plate.endswith("E") is electric

    def test_one_inspection_is_due_and_one_is_overdue(self) -> None:
        assert [one.plate for one in VEHICLES if one.inspection_in_days < 0] == ["HVL-AS 313"]
        assert [one.plate for one in VEHICLES if 0 <= one.inspection_in_days < 30] == ["P-AS 2004"]


class TestPeople:
    def test_six_users_of_every_role(self) -> None:
        assert len(USERS) == len({user.email for user in USERS}) == 6
        assert {user.role for user in USERS} == set(Role) - {Role.WEB}
        ids = {code: uuid4() for code in STATIONS}
        for user in USERS:
            new = user.entered("a long password", ids)
            assert contact_data.email(new.email, FIELD) == user.email
            assert validation.text(new.name, FIELD) == user.name
            assert bool(new.station_ids) is (user.role is not Role.ADMIN)

    @pytest.mark.parametrize("today", [TODAY, date(2028, 2, 29), date(2027, 1, 1), date(2026, 12, 31)])
    def test_twelve_customers(self, today: date) -> None:
        assert len(CUSTOMERS) == len({one.email for one in CUSTOMERS}) == 12
        assert [one.language for one in CUSTOMERS].count(Language.EN) == 1
        for one in CUSTOMERS:
            checked = customers.checked(one.details(today), country="DE", today=today)
            assert checked.email == one.email
            assert (checked.phone or "").startswith("+")
            driver = one.driver(today, DriverRole.RENTER)
            assert driver.birth_date
            assert driver.licence_issued
            assert driver.licence_valid_until
            # Old enough for every group, and with the licence for long enough
            assert (today - driver.birth_date).days > 22 * 366
            assert (today - driver.licence_issued).days > 3 * 366
            assert driver.licence_issued > driver.birth_date + timedelta(days=17 * 365)
            assert driver.licence_valid_until > today


NOWS = [
    datetime(2026, 11, 21, 19, 0, tzinfo=UTC) + timedelta(days=3 * step, hours=5 * step % 24) for step in range(135)
]


class TestPlan:
    def test_forty_five_in_every_stage(self) -> None:
        counts = Counter(contract.stage for contract in PLAN)
        assert counts == {
            Stage.BILLED: 16,
            Stage.OUT: 10,
            Stage.OVERDUE: 1,
            Stage.RESERVED: 15,
            Stage.CANCELLED: 3,
        }
        assert {contract.customer for contract in PLAN} == set(range(len(CUSTOMERS)))

    def test_names_what_exists(self) -> None:
        for contract in PLAN:
            assert {contract.station, contract.return_station or BER} <= set(STATIONS)
            assert contract.group in GROUPS
            assert contract.customer in range(len(CUSTOMERS))
            assert contract.co_driver != contract.customer
            assert all(TERMS[contract.group].extra(code) for code, _ in contract.extras)
            assert (contract.use is not None) is (contract.stage is Stage.BILLED)
            assert (contract.workshop_order is not None) is (contract.kind is ContractKind.COURTESY)

    @pytest.mark.parametrize("now", NOWS, ids=str)
    def test_fits_on_any_day(self, now: datetime) -> None:
        for contract in PLAN:
            start, end = period(contract, now)
            assert start < end
            assert RULES[contract.station].is_open(start)
            assert RULES[contract.return_station or contract.station].is_open(end)
            if contract.stage in (Stage.RESERVED, Stage.CANCELLED):
                assert now < start
            elif contract.stage is Stage.OUT:
                assert start < now < end
            else:
                assert end < now

    @pytest.mark.parametrize("now", NOWS, ids=str)
    def test_the_cars_suffice(self, now: datetime) -> None:
        """At no time are all cars of a group taken at a station, even if the one without inspection is left out."""
        cars = Counter(
            (one.station, one.group) for one in VEHICLES if one.inspection_in_days > 40 or one.station == "BER"
        )
        busy: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
        for contract in PLAN:
            if contract.stage is Stage.CANCELLED:
                continue
            start, end = period(contract, now)
            gone = contract.stage is Stage.OVERDUE or contract.return_station not in (None, contract.station)
            until = now + timedelta(days=365) if gone else end + timedelta(minutes=90)
            busy.setdefault((contract.station, contract.group), []).append((start, until))
        for place, periods in busy.items():
            for start, _ in periods:
                at_once = sum(1 for other, until in periods if other <= start < until)
                assert at_once <= cars[place], (place, start)

    def test_what_was_used_can_be_billed(self) -> None:
        billed = [contract for contract in PLAN if contract.use is not None]
        for contract in billed:
            start, end = period(contract, datetime(2026, 11, 23, 9, tzinfo=UTC))
            use = contract.use or Use(0)
            battery = 58_000 if contract.group == ELEKTRO else None
            leg = LegUse(
                fuel_out=None if battery else 8,
                fuel_in=None if battery else 8 - use.missing_eighths,
                tank_litres=None if battery else 50,
                charge_out=100 if battery else None,
                charge_in=100 - use.missing_percent if battery else None,
                battery_wh=battery,
                inside_in=use.inside,
                outside_in=use.outside,
            )
            result = breakdown(
                TERMS[contract.group],
                Facts(
                    contract.kind,
                    start,
                    end,
                    BERLIN,
                    extras=contract.extras,
                    driven_km=use.driven_km,
                    legs=(leg,),
                    language="de",
                ),
            )
            assert result.total_cents > 0 or contract.kind is ContractKind.COURTESY
            assert use.missing_percent == 0 or battery
            assert use.missing_eighths == 0 or not battery
            assert use.driven_km < 2000 * result.days
