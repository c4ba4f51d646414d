"""Rows as documents and mails show them: the parts that invoices, protocols and mails have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from server.models import Company, Contract, Station, Vehicle
from server.models.columns import Json
from server.models.customer import Language
from server.paper.views import Language as Wording
from server.paper.views import OpeningWindow, Place, PostalAddress, Recipient, Supplier
from server.services import validation
from server.services.fleet.opening import opening_rules
from server.services.people.customers import display_name


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
        bank=company.bank,
        iban=company.iban,
        phone=company.phone,
        email=company.email,
        website=company.website,
    )


def place_of(station: Station) -> Place:
    """A station as the customer knows it."""
    address = PostalAddress(
        street=station.street, postcode=station.postcode, city=station.city, country=station.country
    )
    return Place(name=station.name, address=address, phone=station.phone, email=station.email)


def recipient_of(contract: Contract) -> Json:
    """Who a document is made out to: the payer if there is one, else the customer as the booking named it."""
    if contract.payer is not None:
        return contract.payer
    copy = contract.customer_copy
    address = (
        {name: copy.get(name) for name in ("street", "postcode", "city", "country")} if copy.get("street") else None
    )
    person = " ".join(part for part in (copy.get("first_name"), copy.get("last_name")) if part)
    return {
        "name": display_name(copy),
        "extra": person if copy.get("company") and person != display_name(copy) else None,
        "address": address,
        "vat_id": copy.get("vat_id"),
        "reference": contract.workshop_order_number,
        "email": copy["email"],
    }


def recipient_view(recipient: Json) -> Recipient:
    """A stored recipient as it is printed."""
    address = recipient.get("address")
    return Recipient(
        name=recipient["name"],
        extra=recipient.get("extra"),
        address=PostalAddress(**address) if address else None,
        vat_id=recipient.get("vat_id"),
        reference=recipient.get("reference"),
        email=recipient.get("email"),
    )


def checked_payer(values: dict[str, Any]) -> Json:
    """Another payer (insurer, maker, employer) in its stored form; InvalidInput names the field."""
    field = ("input", "payer")
    email = values.get("email")
    return {
        "name": validation.text(values["name"], (*field, "name")),
        "address": validation.address(values["address"], (*field, "address")),
        "vat_id": validation.optional_text(values.get("vat_id"), (*field, "vatId"), longest=20),
        "reference": validation.optional_text(values.get("reference"), (*field, "reference"), longest=100),
        "email": validation.email(email, (*field, "email")) if email else None,
    }


def search_text(contract: Contract, vehicle: Vehicle | None) -> str:
    """What the search of contracts looks through, in lower case."""
    copy = contract.customer_copy
    plate = vehicle.plate if vehicle else ""
    parts = [
        contract.number,
        plate,
        plate.replace(" ", "").replace("-", ""),
        copy.get("first_name"),
        copy.get("last_name"),
        copy.get("company"),
        copy.get("email"),
        contract.workshop_order_number,
        contract.workshop_plate,
    ]
    return " ".join(part for part in parts if part).casefold()


def opening_windows(station: Station, instant: datetime) -> tuple[OpeningWindow, ...]:
    """When the station is open on the day of an instant."""
    day = instant.astimezone(ZoneInfo(station.time_zone)).date()
    return tuple(OpeningWindow(opens=opens, closes=closes) for opens, closes in opening_rules(station).windows_on(day))
