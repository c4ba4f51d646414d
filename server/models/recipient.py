"""Addresses, and whoever a document is made out to."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from server.models.columns import Json


@dataclass(frozen=True, kw_only=True)
class PostalAddress:
    """An address; `country` is an ISO 3166 code and is printed only outside Germany."""

    street: str
    postcode: str
    city: str
    country: str = "DE"


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Who a document is made out to: a payer, the renter. `extra` is a second name line, `buyer_reference` a
    Leitweg-ID. `is_business`: it gets e-invoices; documents that were issued before there were any do not say so.
    """

    name: str
    address: PostalAddress | None = None
    extra: str | None = None
    vat_id: str | None = None
    reference: str | None = None
    email: str | None = None
    phone: str | None = None
    buyer_reference: str | None = None
    is_business: bool = False

    def as_json(self) -> Json:
        """As it is stored."""
        return asdict(self)

    @classmethod
    def of_json(cls, stored: Json) -> Recipient:
        """Reads a stored recipient back."""
        address = stored.get("address")
        return cls(**{**stored, "address": PostalAddress(**address) if address else None})
