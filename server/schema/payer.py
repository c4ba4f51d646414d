"""Who pays: whoever a document is made out to."""

from __future__ import annotations

from dataclasses import asdict

from server.models.recipient import Recipient
from server.schema.building import api_input, api_type
from server.schema.station import Address
from server.schema.station_input import AddressInput


@api_type
class Payer:
    """Who a document is made out to."""

    name: str
    """Name of the person or company."""
    address: Address
    """Postal address; its parts are empty if the customer gave none."""
    vat_id: str | None
    """VAT id, for example DE136695976; null if not given."""
    reference: str | None
    """What the invoice shows as reference: the payer's own, else the workshop order; null if there is none."""
    buyer_reference: str | None
    """Leitweg-ID of an authority, whose e-invoices are XRechnung; null if there is none."""
    email: str | None
    """Mail address; null if not given. Another payer gets invoices and reminders there, the customer a copy."""


@api_input
class PayerInput:
    """Somebody else who pays: insurer, maker, employer. Their documents are e-invoices, like those of a company."""

    name: str
    """Name of the person or company, up to 200 characters."""
    address: AddressInput
    """Postal address, to which the invoices are made out."""
    vat_id: str | None = None
    """VAT id for the invoice, in the form of its country, for example DE136695976."""
    reference: str | None = None
    """What the invoice is to show as reference, for example a claim number; up to 100 characters."""
    buyer_reference: str | None = None
    """Leitweg-ID of an authority, with check digits that fit: 04011000-1234512345-06. With one, its invoices are
    XRechnung.
    """
    email: str | None = None
    """Mail address, to which invoices and reminders go; the customer gets a copy that asks for nothing. Without one,
    staff send them by post."""

    def given(self) -> Recipient:
        """As the services take it."""
        return Recipient(
            name=self.name,
            address=self.address.given(),
            vat_id=self.vat_id,
            reference=self.reference,
            buyer_reference=self.buyer_reference,
            email=self.email,
        )


def payer_of(recipient: Recipient) -> Payer:
    """A payer or recipient as the API shows it."""
    address = recipient.address
    shown = Address(**asdict(address)) if address else Address(street="", postcode="", city="", country="")
    return Payer(
        name=recipient.name,
        address=shown,
        vat_id=recipient.vat_id,
        reference=recipient.reference,
        buyer_reference=recipient.buyer_reference,
        email=recipient.email,
    )
