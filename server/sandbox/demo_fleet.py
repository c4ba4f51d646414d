"""The sandbox's dealer group: an invented company with stations, cars, prices, people and a few weeks of contracts.

Only data. Names, numbers and addresses are made up: phone numbers lie in ranges that the Bundesnetzagentur keeps free
for films, mail addresses in `.example`, the bank does not exist (check digits of IBAN and VAT id are right all the
same). Every function returns fresh values with the keys of the API's inputs, which the services may change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from server.models.contract import ContractKind
from server.models.customer import CustomerKind, Language
from server.models.fleet import Cleanliness, Energy
from server.models.staff import Role
from server.models.station import Weekday
from server.models.tariff import BundleUnit, EarlyReturnPolicy
from server.services.opening import OpeningRules
from server.services.rental_days import wall_clock

Values = dict[str, Any]
MAIL_DOMAIN = "autohaus-sonnenfeld.example"
TIME_ZONE = "Europe/Berlin"
BER, POT, HVL = "BER", "POT", "HVL"
KLEIN, KOMPAKT, KOMBI, ELEKTRO = "KLEIN", "KOMPAKT", "KOMBI", "ELEKTRO"


def company() -> Values:
    """The legal data that stand on every invoice."""
    return {
        "name": "Autohaus Sonnenfeld GmbH",
        "address": _address("Am Juliusturm 112", "13599", "Berlin"),
        "tax_number": "29/999/12345",
        "vat_id": "DE999123455",
        "register_entry": "Amtsgericht Charlottenburg, HRB 999123 B",
        "bank": "Musterbank Havelland",
        "iban": "DE37999999990123456789",
        "email": f"rechnung@{MAIL_DOMAIN}",
        "phone": "030 23125 100",
        "website": f"https://{MAIL_DOMAIN}",
    }


def stations() -> list[Values]:
    """Three stations; Falkensee closes for lunch, Potsdam has a key drop."""
    return [
        _station(
            BER,
            "Autohaus Sonnenfeld Berlin-Spandau",
            _address("Am Juliusturm 112", "13599", "Berlin"),
            "030 23125 110",
            holiday_region="DE-BE",
            turnaround_minutes=60,
            hours=_week([(time(7), time(18, 30))], [(time(8), time(14))]),
        ),
        _station(
            POT,
            "Autohaus Sonnenfeld Potsdam",
            _address("Großbeerenstraße 240", "14480", "Potsdam"),
            "030 23125 220",
            holiday_region="DE-BB",
            turnaround_minutes=60,
            after_hours_return=True,
            hours=_week([(time(7), time(18, 30))], [(time(8), time(14))]),
        ),
        _station(
            HVL,
            "Autohaus Sonnenfeld Falkensee",
            _address("Spandauer Straße 91", "14612", "Falkensee"),
            "030 23125 330",
            holiday_region="DE-BB",
            turnaround_minutes=90,
            hours=_week([(time(7, 30), time(12, 30)), (time(13, 30), time(18))], [(time(9), time(13))]),
        ),
    ]


def groups() -> list[Values]:
    """Four classes of cars."""
    return [
        _group(KLEIN, "Kleinwagen", "EDMR", deposit="200.00", deductible="750.00"),
        _group(KOMPAKT, "Kompaktklasse", "CDMR", deposit="300.00", deductible="1000.00", licence_months=12),
        _group(KOMBI, "Kombi", "IWMR", deposit="400.00", deductible="1000.00", age=21, licence_months=12),
        _group(
            ELEKTRO,
            "Elektroauto",
            "CDAE",
            deposit="500.00",
            deductible="1000.00",
            age=21,
            licence_months=24,
            energy=Energy.ELECTRIC,
        ),
    ]


def tariffs() -> list[Values]:
    """The price list. KOMPAKT-2026 is the reference tariff that the documentation calculates with."""
    more_extras = [
        _per_rental("AFTER_HOURS", "Rückgabe außerhalb der Öffnungszeiten", "19.00"),
        _per_day("CHILD_SEAT", "Kindersitz", "4.00", "28.00"),
        _per_day("BOOSTER", "Sitzerhöhung", "2.00", "14.00"),
        _per_rental("SNOW_CHAINS", "Schneeketten", "25.00"),
    ]
    return [
        _tariff(
            KLEIN,
            "Kleinwagen 2026",
            [
                _bundle(BundleUnit.DAY, 1, "45.00", 150),
                _bundle(BundleUnit.WEEK, 7, "239.00", 1050),
                _bundle(BundleUnit.MONTH, 30, "749.00", 3000),
                _weekend("99.00", 450),
            ],
            extra_km="0.22",
            extras=[*_usual_extras(), *more_extras],
        ),
        _tariff(
            KOMPAKT,
            "Kompaktklasse 2026",
            [
                _bundle(BundleUnit.DAY, 1, "59.00", 150),
                _bundle(BundleUnit.WEEK, 7, "319.00", 1050),
                _bundle(BundleUnit.MONTH, 30, "999.00", 3000),
                _weekend("129.00", 450),
            ],
            extra_km="0.25",
            extras=_usual_extras(),
        ),
        _tariff(
            KOMBI,
            "Kombi 2026",
            [
                _bundle(BundleUnit.DAY, 1, "75.00", 200),
                _bundle(BundleUnit.WEEK, 7, "399.00", 1400),
                _bundle(BundleUnit.MONTH, 30, "1249.00", 4000),
                _weekend("159.00", 600),
            ],
            extra_km="0.29",
            extras=[*_usual_extras(), *more_extras, _per_day("ROOF_BOX", "Dachbox", "7.00", "49.00")],
        ),
        _tariff(
            ELEKTRO,
            "Elektroauto 2026",
            [
                _bundle(BundleUnit.DAY, 1, "69.00", 200),
                _bundle(BundleUnit.WEEK, 7, "369.00", 1400),
                _bundle(BundleUnit.MONTH, 30, "1099.00", None),
                _weekend("149.00", 600),
            ],
            extra_km="0.25",
            energy=("0.69", "10.00"),
            extras=[*_usual_extras(), *more_extras],
        ),
    ]


def _usual_extras() -> list[Values]:
    return [
        _per_day("ADDITIONAL_DRIVER", "Zusatzfahrer", "5.00", "35.00"),
        _per_rental("ONE_WAY", "Einwegmiete", "49.00"),
    ]


# --- cars ---


@dataclass(frozen=True)
class DemoModel:
    """A model of the fleet; the first eleven characters of its VINs."""

    group: str
    make: str
    model: str
    vin_start: str
    tank_litres: int | None = None
    battery_wh: int | None = None


@dataclass(frozen=True)
class DemoVehicle:
    """A car. Dates are days from today: inspections ahead, first registrations back."""

    station: str
    model: DemoModel
    plate: str
    vin_end: str
    colour: str
    odometer_km: int
    inspection_in_days: int
    registered_days_ago: int

    @property
    def group(self) -> str:
        """The code of its group."""
        return self.model.group

    def values(self, *, station_id: str, group_id: str, today: date) -> Values:
        """As `VehicleInput`."""
        electric = self.model.battery_wh is not None
        return {
            "plate": self.plate,
            "vin": self.model.vin_start + self.vin_end,
            "make": self.model.make,
            "model": self.model.model,
            "colour": self.colour,
            "group_id": group_id,
            "station_id": station_id,
            "odometer_km": self.odometer_km,
            "fuel_eighths": None if electric else 8,
            "state_of_charge_percent": 100 if electric else None,
            "tank_litres": self.model.tank_litres,
            "battery_wh": self.model.battery_wh,
            "first_registration": today - timedelta(days=self.registered_days_ago),
            "inspection_due": today + timedelta(days=self.inspection_in_days),
            "registered_as_rental": True,
        }


_POLO = DemoModel(KLEIN, "Volkswagen", "Polo 1.0 TSI", "WVWZZZAWZSU", tank_litres=40)
_FABIA = DemoModel(KLEIN, "Škoda", "Fabia 1.0 TSI", "TMBEP6PJ0S4", tank_litres=40)
_CORSA = DemoModel(KLEIN, "Opel", "Corsa 1.2", "VXKUPHNEKS4", tank_litres=44)
_GOLF = DemoModel(KOMPAKT, "Volkswagen", "Golf 1.5 TSI", "WVWZZZCDZSW", tank_litres=50)
_GOLF_TDI = DemoModel(KOMPAKT, "Volkswagen", "Golf 2.0 TDI", "WVWZZZCDZTW", tank_litres=50)
_ASTRA = DemoModel(KOMPAKT, "Opel", "Astra 1.5 Diesel", "W0VBE6EC0S3", tank_litres=52)
_SCALA = DemoModel(KOMPAKT, "Škoda", "Scala 1.5 TSI", "TMBER6NW0T4", tank_litres=50)
_OCTAVIA = DemoModel(KOMBI, "Škoda", "Octavia Combi 2.0 TDI", "TMBJJ7NX0S0", tank_litres=45)
_PASSAT = DemoModel(KOMBI, "Volkswagen", "Passat Variant 2.0 TDI", "WVWZZZCJZSE", tank_litres=66)
_ID3 = DemoModel(ELEKTRO, "Volkswagen", "ID.3 Pro", "WVWZZZE1ZSP", battery_wh=58_000)
_ID4 = DemoModel(ELEKTRO, "Volkswagen", "ID.4 Pro", "WVGZZZE2ZTE", battery_wh=77_000)
_CORSA_E = DemoModel(ELEKTRO, "Opel", "Corsa Electric", "VXKUHZKXZS4", battery_wh=51_000)

VEHICLES: tuple[DemoVehicle, ...] = (
    DemoVehicle(BER, _POLO, "B-AS 1001", "104711", "Reinweiß", 14_210, 212, 518),
    DemoVehicle(BER, _POLO, "B-AS 1002", "104732", "Smoky Grey", 11_874, 231, 499),
    DemoVehicle(BER, _FABIA, "B-AS 1003", "038215", "Moon-Weiß", 19_655, 148, 582),
    DemoVehicle(BER, _CORSA, "B-AS 1004", "217766", "Kardio-Rot", 8_432, 301, 64),
    DemoVehicle(BER, _CORSA, "B-AS 1005", "217801", "Arktis-Weiß", 6_120, 318, 47),
    DemoVehicle(BER, _GOLF, "B-AS 1101", "311094", "Delfingrau", 22_318, 96, 634),
    DemoVehicle(BER, _GOLF, "B-AS 1102", "311127", "Reinweiß", 17_903, 187, 543),
    DemoVehicle(BER, _GOLF_TDI, "B-AS 1103", "402256", "Anemonenblau", 9_764, 275, 90),
    DemoVehicle(BER, _ASTRA, "B-AS 1104", "078813", "Kosmos-Grau", 26_481, 41, 689),
    DemoVehicle(BER, _SCALA, "B-AS 1105", "550142", "Energy-Blau", 12_057, 259, 106),
    DemoVehicle(BER, _OCTAVIA, "B-AS 1201", "118204", "Graphit-Grau", 31_920, 122, 608),
    DemoVehicle(BER, _OCTAVIA, "B-AS 1202", "118255", "Moon-Weiß", 28_344, 140, 590),
    DemoVehicle(BER, _PASSAT, "B-AS 1203", "087361", "Deep Black", 15_688, 243, 487),
    DemoVehicle(BER, _ID3, "B-AS 1301E", "009518", "Gletscherweiß", 13_401, 198, 532),
    DemoVehicle(BER, _ID3, "B-AS 1302E", "009544", "Costa-Azul", 10_276, 224, 506),
    DemoVehicle(BER, _ID4, "B-AS 1303E", "021870", "Mondsteingrau", 7_915, 330, 35),
    DemoVehicle(POT, _POLO, "P-AS 2001", "104809", "Reinweiß", 16_733, 176, 554),
    DemoVehicle(POT, _FABIA, "P-AS 2002", "038377", "Velvet-Rot", 12_489, 207, 523),
    DemoVehicle(POT, _CORSA, "P-AS 2003", "217955", "Voltaik-Blau", 5_208, 309, 56),
    DemoVehicle(POT, _POLO, "P-AS 2004", "104866", "Ascotgrau", 18_120, 5, 725),
    DemoVehicle(POT, _GOLF, "P-AS 2101", "311389", "Mondsteingrau", 20_547, 113, 617),
    DemoVehicle(POT, _GOLF_TDI, "P-AS 2102", "402318", "Reinweiß", 8_096, 288, 77),
    DemoVehicle(POT, _ASTRA, "P-AS 2103", "078940", "Arktis-Weiß", 24_215, 68, 662),
    DemoVehicle(POT, _SCALA, "P-AS 2104", "550271", "Graphit-Grau", 11_390, 266, 99),
    DemoVehicle(POT, _OCTAVIA, "P-AS 2201", "118412", "Energy-Blau", 29_077, 131, 599),
    DemoVehicle(POT, _PASSAT, "P-AS 2202", "087450", "Oryxweiß", 13_832, 250, 480),
    DemoVehicle(POT, _PASSAT, "P-AS 2203", "087498", "Delfingrau", 12_665, 262, 468),
    DemoVehicle(POT, _ID3, "P-AS 2301E", "009733", "Scale-Silber", 9_342, 219, 511),
    DemoVehicle(POT, _CORSA_E, "P-AS 2302E", "301458", "Kardio-Rot", 6_588, 296, 69),
    DemoVehicle(HVL, _FABIA, "HVL-AS 301", "038590", "Moon-Weiß", 15_921, 163, 567),
    DemoVehicle(HVL, _POLO, "HVL-AS 302", "104977", "Reefblau", 13_048, 202, 528),
    DemoVehicle(HVL, _CORSA, "HVL-AS 303", "218034", "Arktis-Weiß", 4_877, 323, 42),
    DemoVehicle(HVL, _GOLF, "HVL-AS 311", "311560", "Reinweiß", 19_266, 154, 576),
    DemoVehicle(HVL, _SCALA, "HVL-AS 312", "550388", "Velvet-Rot", 10_714, 271, 94),
    DemoVehicle(HVL, _ASTRA, "HVL-AS 313", "079021", "Kosmos-Grau", 23_559, -3, 733),
    DemoVehicle(HVL, _OCTAVIA, "HVL-AS 321", "118603", "Quarz-Grau", 27_410, 145, 585),
    DemoVehicle(HVL, _PASSAT, "HVL-AS 322", "087577", "Deep Black", 11_203, 256, 474),
    DemoVehicle(HVL, _ID3, "HVL-AS 31E", "009861", "Gletscherweiß", 8_730, 236, 494),
    DemoVehicle(HVL, _ID4, "HVL-AS 32E", "022014", "Costa-Azul", 5_341, 341, 24),
    DemoVehicle(HVL, _CORSA_E, "HVL-AS 33E", "301602", "Voltaik-Blau", 3_986, 352, 13),
)


# --- people ---


@dataclass(frozen=True)
class DemoUser:
    """A member of staff, who signs in with `email`. Administrators need no stations."""

    name: str
    local_part: str
    role: Role
    stations: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        """The address to sign in with."""
        return f"{self.local_part}@{MAIL_DOMAIN}"

    def values(self, *, password: str, station_ids: dict[str, str]) -> Values:
        """As `UserInput`; `station_ids` by code."""
        return {
            "email": self.email,
            "name": self.name,
            "role": self.role,
            "station_ids": [station_ids[code] for code in self.stations],
            "password": password,
        }


USERS: tuple[DemoUser, ...] = (
    DemoUser("Mehmet Aydın", "yard", Role.YARD, (BER,)),
    DemoUser("Paula Wendt", "yard.potsdam", Role.YARD, (POT, HVL)),
    DemoUser("Sabine Krüger", "clerk", Role.CLERK, (BER,)),
    DemoUser("Jonas Reimann", "clerk.potsdam", Role.CLERK, (POT, HVL)),
    DemoUser("Dr. Helga Sonnenfeld", "manager", Role.MANAGER, (BER, POT, HVL)),
    DemoUser("Tobias Ferch", "admin", Role.ADMIN),
)


@dataclass(frozen=True)
class DemoCustomer:
    """A customer who also drives. `age` in years and `licence_years` are counted back from today."""

    salutation: str
    first_name: str
    last_name: str
    email: str
    phone: str
    address: tuple[str, str, str, str]
    age: int
    licence_years: int
    licence_number: str
    company: str | None = None
    vat_id: str | None = None
    language: Language = Language.DE

    def values(self, today: date) -> Values:
        """As `CustomerInput`."""
        street, postcode, city, country = self.address
        return {
            "kind": CustomerKind.COMPANY if self.company else CustomerKind.PERSON,
            "salutation": self.salutation,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "company": self.company,
            "vat_id": self.vat_id,
            "email": self.email,
            "phone": self.phone,
            "address": _address(street, postcode, city, country),
            "birth_date": self._birth_date(today),
            "language": self.language,
        }

    def driver_values(self, today: date, **more: Any) -> Values:
        """As `DriverInput`."""
        return {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "birth_date": self._birth_date(today),
            "licence_number": self.licence_number,
            "licence_class": "B",
            "licence_issued": date(today.year - self.licence_years, 6, 14),
            "licence_valid_until": date(today.year + 9, 6, 13),
            **more,
        }

    def _birth_date(self, today: date) -> date:
        return date(today.year - self.age, 1 + self.age % 12, 1 + self.age % 28)


CUSTOMERS: tuple[DemoCustomer, ...] = (
    DemoCustomer(
        "Frau",
        "Anna",
        "Schreiber",
        "anna.schreiber@kunde.example",
        "0171 3920011",
        ("Carl-Schurz-Straße 14", "13597", "Berlin", "DE"),
        34,
        15,
        "B0314ZK7A51",
    ),
    DemoCustomer(
        "Herr",
        "Murat",
        "Yıldız",
        "murat.yildiz@kunde.example",
        "0171 3920012",
        ("Pichelsdorfer Straße 88", "13595", "Berlin", "DE"),
        45,
        24,
        "B0722RR2E52",
    ),
    DemoCustomer(
        "Frau",
        "Friederike",
        "von der Heyden",
        "f.vonderheyden@kunde.example",
        "0171 3920013",
        ("Hegelallee 31", "14467", "Potsdam", "DE"),
        61,
        40,
        "P01A9LX4C83",
    ),
    DemoCustomer(
        "Herr",
        "Jürgen",
        "Groß",
        "juergen.gross@kunde.example",
        "0171 3920014",
        ("Bahnhofstraße 52", "14612", "Falkensee", "DE"),
        57,
        38,
        "H22C1VN8D14",
    ),
    DemoCustomer(
        "Frau",
        "Thi Mai",
        "Nguyen",
        "mai.nguyen@kunde.example",
        "0171 3920015",
        ("Neuendorfer Straße 60", "13585", "Berlin", "DE"),
        29,
        9,
        "B0981TM3F26",
    ),
    DemoCustomer(
        "Herr",
        "Lukas",
        "Ebert",
        "lukas.ebert@kunde.example",
        "0171 3920016",
        ("Zeppelinstraße 147", "14471", "Potsdam", "DE"),
        26,
        7,
        "P05E7HD9G39",
    ),
    DemoCustomer(
        "Frau",
        "Katharina",
        "Zöllner",
        "k.zoellner@kunde.example",
        "0171 3920017",
        ("Finkenkruger Straße 9", "14612", "Falkensee", "DE"),
        41,
        22,
        "H17B5WQ2K47",
    ),
    DemoCustomer(
        "Herr",
        "Peter",
        "Lindqvist",
        "peter.lindqvist@kunde.example",
        "0171 3920018",
        ("Kladower Damm 221", "14089", "Berlin", "DE"),
        52,
        33,
        "B0455NA6L58",
    ),
    DemoCustomer(
        "Frau",
        "Ines",
        "Haberland",
        "buero@malerei-haberland.example",
        "030 23125 440",
        ("Brunsbütteler Damm 132", "13581", "Berlin", "DE"),
        48,
        29,
        "B0660CG1M69",
        company="Malerei Haberland GmbH",
        vat_id="DE999888776",
    ),
    DemoCustomer(
        "Herr",
        "Olaf",
        "Petersen",
        "disposition@petersen-pflege.example",
        "030 23125 450",
        ("Am Kanal 7", "14467", "Potsdam", "DE"),
        39,
        20,
        "P11F3YB5N70",
        company="Petersen Ambulante Pflege e. K.",
    ),
    DemoCustomer(
        "Herr",
        "Stefan",
        "Moser",
        "stefan.moser@kunde.example",
        "0171 3920019",
        ("Mariahilfer Straße 200", "1150", "Wien", "AT"),
        36,
        17,
        "16284915",
    ),
    DemoCustomer(
        "Ms",
        "Emily",
        "Carter",
        "emily.carter@customer.example",
        "+44 20 7946 0123",
        ("14 Example Road", "SW1A 1AA", "London", "GB"),
        31,
        12,
        "CARTE961104EM9AB",
        language=Language.EN,
    ),
)


# --- contracts ---


class Stage(StrEnum):
    """How far a contract has come when the sandbox opens."""

    RESERVED = "RESERVED"
    OUT = "OUT"
    OVERDUE = "OVERDUE"
    """Out, and due back before now."""
    BILLED = "BILLED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Use:
    """What a returned car shows. Levels and states that are not given are as they were handed out."""

    driven_km: int
    missing_eighths: int = 0
    missing_percent: int = 0
    inside: Cleanliness = Cleanliness.NORMAL
    outside: Cleanliness = Cleanliness.NORMAL
    scratch: bool = False
    """A new scratch was found: the damage is suspected, the deposit stays."""


@dataclass(frozen=True)
class DemoContract:
    """A contract relative to today: `start_day` 0 is today; the times move to the station's opening hours."""

    customer: int
    station: str
    group: str
    stage: Stage
    start_day: int
    start_time: time
    days: int
    kind: ContractKind = ContractKind.RENTAL
    return_station: str | None = None
    extras: tuple[tuple[str, int], ...] = ()
    co_driver: int | None = None
    workshop_order: str | None = None
    use: Use | None = None
    note: str | None = None


_MORNING, _NOON, _EVENING = time(8), time(12), time(16, 30)
_COURTESY = ContractKind.COURTESY

PLAN: tuple[DemoContract, ...] = (
    # back and billed
    DemoContract(0, BER, KOMPAKT, Stage.BILLED, -30, _MORNING, 1, use=Use(120)),
    DemoContract(1, BER, KOMBI, Stage.BILLED, -28, _MORNING, 7, use=Use(1622), co_driver=4),
    DemoContract(2, POT, ELEKTRO, Stage.BILLED, -27, _NOON, 3, use=Use(402, missing_percent=25)),
    DemoContract(3, HVL, KLEIN, Stage.BILLED, -25, _MORNING, 2, use=Use(188, missing_eighths=1)),
    DemoContract(4, BER, KLEIN, Stage.BILLED, -24, _EVENING, 3, use=Use(377)),
    DemoContract(5, POT, KOMPAKT, Stage.BILLED, -22, _MORNING, 6, use=Use(911)),
    DemoContract(8, BER, KOMBI, Stage.BILLED, -21, _MORNING, 10, use=Use(1204, inside=Cleanliness.HEAVY)),
    DemoContract(
        6, HVL, KOMPAKT, Stage.BILLED, -20, _MORNING, 1, kind=_COURTESY, workshop_order="W-26-4471", use=Use(64)
    ),
    DemoContract(9, POT, KLEIN, Stage.BILLED, -18, _MORNING, 5, use=Use(512)),
    DemoContract(11, BER, ELEKTRO, Stage.BILLED, -17, _NOON, 4, use=Use(688, missing_percent=12)),
    DemoContract(
        7, BER, KLEIN, Stage.BILLED, -14, _MORNING, 2, kind=_COURTESY, workshop_order="W-26-4498", use=Use(341)
    ),
    DemoContract(10, BER, KOMPAKT, Stage.BILLED, -12, _NOON, 3, use=Use(612), return_station=POT),
    DemoContract(0, BER, KOMPAKT, Stage.BILLED, -10, _EVENING, 4, use=Use(430, missing_eighths=2)),
    DemoContract(3, HVL, KOMBI, Stage.BILLED, -9, _MORNING, 3, use=Use(540, scratch=True), extras=(("CHILD_SEAT", 2),)),
    DemoContract(
        2, POT, KOMPAKT, Stage.BILLED, -7, _MORNING, 1, kind=_COURTESY, workshop_order="W-26-4533", use=Use(88)
    ),
    DemoContract(5, POT, KLEIN, Stage.BILLED, -5, _MORNING, 3, use=Use(250)),
    # with the customer
    DemoContract(1, BER, KLEIN, Stage.OUT, -5, _MORNING, 7),
    DemoContract(4, BER, KOMPAKT, Stage.OUT, -3, _MORNING, 4, co_driver=0),
    DemoContract(8, BER, KOMBI, Stage.OUT, -12, _MORNING, 30, note="Langzeitmiete für die Baustelle in Nauen"),
    DemoContract(
        7, BER, KOMPAKT, Stage.OUT, -1, _MORNING, 2, kind=_COURTESY, workshop_order="W-26-4560", note="Getriebeschaden"
    ),
    DemoContract(11, BER, ELEKTRO, Stage.OUT, -2, _NOON, 6),
    DemoContract(2, POT, ELEKTRO, Stage.OUT, -1, _MORNING, 3),
    DemoContract(9, POT, KLEIN, Stage.OUT, -8, _MORNING, 14),
    DemoContract(5, POT, KOMBI, Stage.OUT, -2, _EVENING, 5, return_station=BER),
    DemoContract(6, HVL, KLEIN, Stage.OUT, -1, _MORNING, 1, kind=_COURTESY, workshop_order="W-26-4562"),
    DemoContract(3, HVL, KOMPAKT, Stage.OUT, -3, _MORNING, 5),
    DemoContract(10, BER, KLEIN, Stage.OVERDUE, -6, _NOON, 4, note="Kunde meldet sich nicht, Mailbox"),
    # booked
    DemoContract(0, BER, KOMPAKT, Stage.RESERVED, 0, _NOON, 2),
    DemoContract(
        6, BER, KLEIN, Stage.RESERVED, 0, _EVENING, 1, kind=_COURTESY, workshop_order="W-26-4571", note="Inspektion"
    ),
    DemoContract(2, POT, KOMPAKT, Stage.RESERVED, 0, _EVENING, 3),
    DemoContract(3, HVL, ELEKTRO, Stage.RESERVED, 0, _NOON, 1, kind=ContractKind.TEST_DRIVE),
    DemoContract(1, BER, KOMBI, Stage.RESERVED, 1, _MORNING, 5, extras=(("ROOF_BOX", 1), ("CHILD_SEAT", 1))),
    DemoContract(4, BER, ELEKTRO, Stage.RESERVED, 1, _MORNING, 3),
    DemoContract(7, BER, KOMPAKT, Stage.RESERVED, 2, _MORNING, 7, co_driver=1),
    DemoContract(9, POT, KLEIN, Stage.RESERVED, 2, _MORNING, 2, kind=_COURTESY, workshop_order="W-26-4580"),
    DemoContract(5, POT, KOMBI, Stage.RESERVED, 3, _MORNING, 10, extras=(("SNOW_CHAINS", 1),)),
    DemoContract(6, HVL, KLEIN, Stage.RESERVED, 3, _MORNING, 4),
    DemoContract(11, BER, KOMPAKT, Stage.RESERVED, 5, _NOON, 8, return_station=POT),
    DemoContract(8, BER, KLEIN, Stage.RESERVED, 6, _MORNING, 12),
    DemoContract(10, POT, ELEKTRO, Stage.RESERVED, 9, _NOON, 4),
    DemoContract(3, HVL, KOMBI, Stage.RESERVED, 12, _MORNING, 14, extras=(("ROOF_BOX", 1),)),
    DemoContract(0, BER, KLEIN, Stage.RESERVED, 20, _MORNING, 3),
    # cancelled
    DemoContract(4, BER, KOMPAKT, Stage.CANCELLED, 4, _MORNING, 3, note="Urlaub verschoben"),
    DemoContract(9, POT, KOMPAKT, Stage.CANCELLED, 8, _MORNING, 7, note="Doppelt gebucht"),
    DemoContract(6, HVL, KOMPAKT, Stage.CANCELLED, 2, _NOON, 1, note="Werkstatttermin abgesagt"),
)


def period(
    contract: DemoContract, now: datetime, pick_up: OpeningRules, drop_off: OpeningRules
) -> tuple[datetime, datetime]:
    """When a contract starts and ends: planned times, moved to where the stations are open and to its stage.

    What has happened moves back, what is to come moves on; so it fits on any day and at any hour.
    """
    today = now.astimezone(pick_up.zone).date()
    first = today + timedelta(days=contract.start_day)
    start = wall_clock(first, contract.start_time, pick_up.zone)
    end = wall_clock(first + timedelta(days=contract.days), contract.start_time, drop_off.zone)
    if contract.stage in (Stage.RESERVED, Stage.CANCELLED):
        start = _open_from(pick_up, max(start, now + timedelta(hours=1)))
        return start, _open_from(drop_off, max(end, start + timedelta(hours=4)))
    if contract.stage is Stage.OUT:
        start = _open_until(pick_up, min(start, now - timedelta(hours=2)))
        return start, _open_from(drop_off, max(end, now + timedelta(hours=2)))
    end = _open_until(drop_off, min(end, now - timedelta(hours=2)))
    return _open_until(pick_up, min(start, end - timedelta(hours=4))), end


def _open_from(rules: OpeningRules, instant: datetime) -> datetime:
    return rules.next_open(instant) or instant


def _open_until(rules: OpeningRules, instant: datetime) -> datetime:
    """The last instant up to this one at which the station is open."""
    if rules.is_open(instant):
        return instant
    last = instant.astimezone(rules.zone).date()
    closings = (
        closes
        for back in range(31)
        for _opens, closes in reversed(rules.windows_on(last - timedelta(days=back)))
        if closes <= instant
    )
    return next(closings, instant)


# --- shapes ---


def _address(street: str, postcode: str, city: str, country: str = "DE") -> Values:
    return {"street": street, "postcode": postcode, "city": city, "country": country}


def _station(
    code: str,
    name: str,
    address: Values,
    phone: str,
    *,
    holiday_region: str,
    turnaround_minutes: int,
    hours: list[Values],
    after_hours_return: bool = False,
) -> Values:
    return {
        "code": code,
        "name": name,
        "address": address,
        "phone": phone,
        "email": f"{address['city'].lower()}@{MAIL_DOMAIN}",
        "time_zone": ZoneInfo(TIME_ZONE).key,
        "turnaround_minutes": turnaround_minutes,
        "after_hours_return": after_hours_return,
        "holiday_region": holiday_region,
        "opening_hours": hours,
        "opening_exceptions": [],
    }


def _week(workdays: list[tuple[time, time]], saturday: list[tuple[time, time]]) -> list[Values]:
    days = [(day, workdays) for day in list(Weekday)[:5]] + [(Weekday.SATURDAY, saturday)]
    return [{"weekday": day, "opens": opens, "closes": closes} for day, windows in days for opens, closes in windows]


def _group(
    code: str,
    name: str,
    acriss: str,
    *,
    deposit: str,
    deductible: str,
    age: int = 18,
    licence_months: int = 0,
    energy: Energy = Energy.COMBUSTION,
) -> Values:
    return {
        "code": code,
        "name": name,
        "acriss": acriss,
        "minimum_age": age,
        "minimum_licence_months": licence_months,
        "deposit": Decimal(deposit),
        "deductible": Decimal(deductible),
        "energy": energy,
    }


def _tariff(
    group: str,
    name: str,
    bundles: list[Values],
    *,
    extra_km: str,
    extras: list[Values],
    energy: tuple[str, str] = ("0.00", "0.00"),
) -> Values:
    """As `TariffInput`, with the code of the group as `group_code`: whoever creates it puts `group_id` in its place."""
    return {
        "code": f"{group}-2026",
        "name": name,
        "group_code": group,
        "valid_from": date(2026, 1, 1),
        "valid_until": None,
        "vat_rate": Decimal("0.19"),
        "bundles": bundles,
        "grace_minutes": 60,
        "extra_km": Decimal(extra_km),
        "fuel_per_litre": Decimal("2.10"),
        "fuel_service": Decimal("15.00"),
        "energy_per_kwh": Decimal(energy[0]),
        "charging_service": Decimal(energy[1]),
        "cleaning_heavy": Decimal("49.00"),
        "cleaning_special": Decimal("149.00"),
        "extras": extras,
        "early_return": EarlyReturnPolicy.RECALCULATE,
    }


def _bundle(unit: BundleUnit, days: int, price: str, included_km: int | None) -> Values:
    return {"unit": unit, "days": days, "price": Decimal(price), "included_km": included_km}


def _weekend(price: str, included_km: int) -> Values:
    return {
        **_bundle(BundleUnit.WEEKEND, 3, price, included_km),
        "window_start": {"weekday": Weekday.FRIDAY, "time": time(16)},
        "window_end": {"weekday": Weekday.MONDAY, "time": time(9)},
    }


def _per_day(code: str, name: str, price: str, maximum: str | None = None) -> Values:
    most = None if maximum is None else Decimal(maximum)
    return {"code": code, "name": name, "per_day": Decimal(price), "maximum": most, "per_rental": None}


def _per_rental(code: str, name: str, price: str) -> Values:
    return {"code": code, "name": name, "per_day": None, "maximum": None, "per_rental": Decimal(price)}
