"""The company behind the stations: the legal data that stand on its documents."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlmodel import select

from server.database import Session
from server.errors import InvalidInput, ProblemCode, Refused, Sentence
from server.models import Company
from server.models.recipient import PostalAddress
from server.services import business_numbers, contact_data, validation, web_address

INPUT = ("input",)


@dataclass(frozen=True, kw_only=True)
class CompanyData:
    """The company's legal data, whole."""

    name: str
    address: PostalAddress
    tax_number: str | None = None
    vat_id: str | None = None
    register_entry: str | None = None
    seat: str | None = None
    managing_directors: str | None = None
    bank: str | None = None
    iban: str | None = None
    email: str | None = None
    phone: str | None = None
    website: str | None = None
    terms_url: str | None = None
    privacy_url: str | None = None
    breakdown_phone: str | None = None
    accident_phone: str | None = None


async def found(session: Session) -> Company | None:
    """The company's legal data, if they have been entered."""
    return await session.once(Company, lambda: session.first(select(Company)))


async def require(session: Session) -> Company:
    """The company's legal data. BILLING_BLOCKED if they are missing: no invoice is possible without (§ 14 UStG)."""
    row = await found(session)
    if row is None:
        message = Sentence(
            "The company's legal data are missing; an administrator enters them with updateCompany.",
            "Die Pflichtangaben der Firma für Rechnungen fehlen; ein Administrator trägt sie mit updateCompany ein.",
        )
        raise Refused(ProblemCode.BILLING_BLOCKED, message)
    return row


async def update(session: Session, data: CompanyData) -> Company:
    """Enters or changes the company's legal data; documents that are issued keep the old ones."""
    address = contact_data.address(data.address, (*INPUT, "address"))
    name = validation.text(data.name, (*INPUT, "name"))
    row = await found(session) or Company(name=name, street="", postcode="", city="")
    row.name = name
    for column, value in asdict(address).items():
        setattr(row, column, value)
    row.vat_id = business_numbers.vat_id(data.vat_id, (*INPUT, "vat_id"))
    row.iban = business_numbers.iban(data.iban, (*INPUT, "iban"))
    for column in ("tax_number", "register_entry", "seat", "managing_directors", "bank", "website"):
        setattr(row, column, validation.optional_text(getattr(data, column), (*INPUT, column)))
    if not row.tax_number and not row.vat_id:
        message = Sentence(
            "An invoice needs the tax number or the VAT id (§ 14 Abs. 4 UStG).",
            "Eine Rechnung braucht die Steuernummer oder die USt-IdNr. (§ 14 Abs. 4 UStG).",
        )
        raise InvalidInput(message, field=[*INPUT, "vat_id"])
    row.email = contact_data.email(data.email, (*INPUT, "email")) if data.email else None
    for column in ("phone", "breakdown_phone", "accident_phone"):
        setattr(row, column, contact_data.phone(getattr(data, column), (*INPUT, column), address.country))
    for column in ("terms_url", "privacy_url"):
        setattr(row, column, web_address.page(getattr(data, column), (*INPUT, column)))
    row.version += 1
    await session.store(row)
    return row
