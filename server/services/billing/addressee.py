"""Whether a contract's documents may be made out as they are: above 250 EUR with the recipient's full address."""

from __future__ import annotations

from sqlmodel import col, select

from server.database import Session
from server.errors import Sentence
from server.models import Company, Contract, Document, HistoryEntry, Station
from server.models.contract_parts import HistoryAction
from server.models.customer import CustomerKind
from server.models.recipient import Recipient
from server.paper.views import EInvoice
from server.services.billing import sources
from server.services.mail import parts

SMALL_INVOICE_CENTS = 250_00
"""Gross; up to here an invoice may do without its recipient (§ 33 UStDV)."""
ADDRESS_MISSING = Sentence(
    "Above 250 EUR the invoice needs the customer's postal address (§ 14 Abs. 4 Nr. 1 UStG); it is not known.",
    "Über 250 EUR braucht die Rechnung die Anschrift des Kunden (§ 14 Abs. 4 Nr. 1 UStG); sie fehlt.",
)

SELLER_CONTACT_MISSING = Sentence(
    "An XRechnung needs phone number and e-mail address of company or station (BR-DE-6, BR-DE-7): `updateCompany`.",
    "Eine XRechnung braucht Telefon und E-Mail-Adresse von Firma oder Station (BR-DE-6, BR-DE-7): `updateCompany`.",
)


async def other_payer(session: Session, contract: Contract, document: Document) -> Recipient | None:
    """Who a document is made out to, if that is somebody else who pays or once paid; None for the customer, also where
    the customer's name or address was corrected since. What a damage costs is never a payer's.
    """
    if document.id in await sources.of_damages(session, contract.id):
        return None
    changes = await session.all(
        select(HistoryEntry).where(
            col(HistoryEntry.contract_id) == contract.id, col(HistoryEntry.action) == HistoryAction.PAYER_CHANGED
        )
    )
    names = {name for entry in changes for name in (entry.before, entry.after)} | {parts.payer_name(contract)}
    return document.recipient if document.recipient.name in names else None


def e_invoice_for(recipient: Recipient, company: Company, station: Station) -> EInvoice | None:
    """In which form a recipient gets documents as data: businesses inside the PDF, authorities with a Leitweg-ID as
    XRechnung (domain 3.8); None for consumers, and where no address is known, which the standard needs (BR-10). What
    cannot wait for our own phone and mail address is no XRechnung, which would be invalid without them.
    """
    if not recipient.is_business or recipient.address is None:
        return None
    for_authority = recipient.buyer_reference and not lacks_seller_contact(recipient, company, station)
    return EInvoice.XRECHNUNG if for_authority else EInvoice.ZUGFERD


def lacks_seller_contact(recipient: Recipient, company: Company, station: Station) -> bool:
    """Whether this recipient gets an XRechnung, which names a phone and a mail address of company or station (BR-DE-6,
    BR-DE-7), and nobody has said them.
    """
    phone, email = station.phone or company.phone, station.email or company.email
    return recipient.buyer_reference is not None and not (phone and email)


def is_large(gross_cents: int) -> bool:
    """Whether an invoice over that amount needs its recipient's address, whoever that is."""
    return gross_cents > SMALL_INVOICE_CENTS


def has_address(contract: Contract) -> bool:
    """Whether it is known where the recipient of a contract's documents lives."""
    return parts.recipient_of(contract).address is not None


def lacks_address(contract: Contract, gross_cents: int | None = None) -> bool:
    """Whether a document over that amount, or over what is agreed, could not be issued: nobody has said where its
    recipient lives.
    """
    return lacks_address_of(contract, contract.payer, contract.total_cents if gross_cents is None else gross_cents)


def lacks_address_of(contract: Contract, payer: Recipient | None, gross_cents: int) -> bool:
    """The same if this payer paid, or the customer (None)."""
    if (payer or contract.customer).address is not None:
        return False
    is_company = payer is None and contract.customer.kind is CustomerKind.COMPANY
    return is_large(gross_cents) or (is_company and gross_cents > 0)
