"""Rows as documents and mails show them: the parts that invoices, protocols and mails have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from server.errors import InvalidInput, Path, Sentence
from server.models import Company, Contract, Station, Vehicle, VehicleGroup
from server.models.customer import CustomerKind, Language
from server.models.fleet import Energy
from server.models.price import PriceLine
from server.models.recipient import PostalAddress, Recipient
from server.paper import notation
from server.paper.views import FuelRule, OpeningWindow, Place, PricedLine, Supplier
from server.paper.views import Language as Wording
from server.services import business_numbers, contact_data, validation
from server.services.fleet.opening import opening_rules

_FUEL_RULES = {
    Energy.COMBUSTION: FuelRule.SAME_LEVEL,
    Energy.ELECTRIC: FuelRule.SAME_CHARGE,
    Energy.PLUGIN_HYBRID: FuelRule.SAME_LEVEL_AND_CHARGE,
}


def wording(language: Language) -> Wording:
    """The language as views name it."""
    return "de" if language is Language.DE else "en"


def supplier_of(company: Company) -> Supplier:
    """The company as the sender of documents."""
    return Supplier(
        name=company.name,
        address=PostalAddress(
            street=company.street, postcode=company.postcode, city=company.city, country=company.country
        ),
        tax_number=company.tax_number,
        vat_id=company.vat_id,
        register=company.register_entry,
        seat=company.seat,
        directors=company.managing_directors,
        bank=company.bank,
        iban=company.iban and notation.in_fours(company.iban),
        phone=company.phone,
        email=company.email,
        website=company.website,
        terms_url=company.terms_url,
        privacy_url=company.privacy_url,
        breakdown_phone=company.breakdown_phone,
        accident_phone=company.accident_phone,
    )


def place_of(station: Station) -> Place:
    """A station as the customer knows it."""
    address = PostalAddress(
        street=station.street, postcode=station.postcode, city=station.city, country=station.country
    )
    return Place(name=station.name, address=address, phone=station.phone, email=station.email)


def recipient_of(contract: Contract) -> Recipient:
    """Who a document is made out to: the payer if there is one, else the customer as the booking named it. Whoever pays
    for somebody else's car does it as a business: an insurer, a maker, an employer.
    """
    return replace(contract.payer, is_business=True) if contract.payer else customer_of(contract)


def customer_of(contract: Contract) -> Recipient:
    """The customer as the booking named it: what a damage costs is never a payer's."""
    customer = contract.customer
    return Recipient(
        name=customer.display_name,
        extra=customer.person if customer.company and customer.person != customer.display_name else None,
        address=customer.address,
        vat_id=customer.vat_id,
        reference=contract.workshop_order_number,
        email=customer.email,
        buyer_reference=customer.buyer_reference,
        is_business=customer.kind is CustomerKind.COMPANY,
    )


def checked_payer(payer: Recipient, field: Path) -> Recipient:
    """Another payer (insurer, maker, employer) in its stored form; InvalidInput names the field."""
    if payer.address is None:
        raise InvalidInput(
            Sentence("A payer needs an address.", "Ein Rechnungsempfänger braucht eine Anschrift."),
            field=[*field, "address"],
        )
    return Recipient(
        name=validation.text(payer.name, (*field, "name")),
        address=contact_data.address(payer.address, (*field, "address")),
        vat_id=business_numbers.vat_id(payer.vat_id, (*field, "vat_id")),
        reference=validation.optional_text(payer.reference, (*field, "reference"), longest=100),
        email=contact_data.email(payer.email, (*field, "email")) if payer.email else None,
        buyer_reference=business_numbers.buyer_reference(payer.buyer_reference, (*field, "buyer_reference")),
    )


def lines_of(lines: Sequence[PriceLine]) -> tuple[PricedLine, ...]:
    """The lines of a price or an invoice as mails show them."""
    return tuple(
        PricedLine(text=line.text, total_cents=line.total_cents, explanation=line.explanation) for line in lines
    )


def search_text(contract: Contract, vehicle: Vehicle | None) -> str:
    """What the search of contracts looks through, in lower case."""
    customer = contract.customer
    plate = vehicle.plate if vehicle else ""
    parts = [
        contract.number,
        plate,
        plate.replace(" ", "").replace("-", ""),
        customer.first_name,
        customer.last_name,
        customer.company,
        customer.email,
        contract.workshop_order_number,
        contract.workshop_plate,
    ]
    return " ".join(part for part in parts if part).casefold()


def fuel_rule(group: VehicleGroup | None) -> FuelRule:
    """In which state a car of a group has to come back."""
    return _FUEL_RULES[group.energy if group else Energy.COMBUSTION]


def payer_name(contract: Contract) -> str | None:
    """Who pays, if that is somebody else: a mail to the customer does not ask for that money."""
    return contract.payer.name if contract.payer else None


def opening_windows(station: Station, instant: datetime) -> tuple[OpeningWindow, ...]:
    """When the station is open on the day of an instant."""
    day = station.day_of(instant)
    return tuple(OpeningWindow(opens=opens, closes=closes) for opens, closes in opening_rules(station).windows_on(day))
