"""Staff and customers of the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from server.models.contract import DriverRole
from server.models.customer import CustomerDetails, CustomerKind, Language
from server.models.staff import Role
from server.sandbox.demo_company import BER, HVL, MAIL_DOMAIN, POT, address
from server.services.people.drivers import DriverDetails
from server.services.people.staff import NewUser


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

    def entered(self, password: str, station_ids: dict[str, UUID]) -> NewUser:
        """As an administrator enters the user; `station_ids` by code."""
        ids = tuple(station_ids[code] for code in self.stations)
        return NewUser(email=self.email, name=self.name, role=self.role, station_ids=ids, password=password)


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

    def details(self, today: date) -> CustomerDetails:
        """As a booking names the customer."""
        return CustomerDetails(
            kind=CustomerKind.COMPANY if self.company else CustomerKind.PERSON,
            salutation=self.salutation,
            first_name=self.first_name,
            last_name=self.last_name,
            company=self.company,
            vat_id=self.vat_id,
            email=self.email,
            phone=self.phone,
            address=address(*self.address),
            birth_date=self._birth_date(today),
            language=self.language,
        )

    def driver(self, today: date, role: DriverRole) -> DriverDetails:
        """As a booking names the driver."""
        return DriverDetails(
            role=role,
            first_name=self.first_name,
            last_name=self.last_name,
            birth_date=self._birth_date(today),
            licence_number=self.licence_number,
            licence_class="B",
            licence_issued=date(today.year - self.licence_years, 6, 14),
            licence_valid_until=date(today.year + 9, 6, 13),
        )

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
