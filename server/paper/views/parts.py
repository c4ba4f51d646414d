"""What invoices, protocols and mails have in common."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from server.models.recipient import PostalAddress

Language = Literal["de", "en"]


class PaymentWay(StrEnum):
    """How a part of the payable amount was or will be moved."""

    CHARGED = "CHARGED"
    TO_BE_CHARGED = "TO_BE_CHARGED"
    REFUNDED = "REFUNDED"
    TO_BE_REFUNDED = "TO_BE_REFUNDED"
    TRANSFER = "TRANSFER"
    FROM_DEPOSIT = "FROM_DEPOSIT"
    TO_BE_TAKEN_FROM_DEPOSIT = "TO_BE_TAKEN_FROM_DEPOSIT"
    PAID_ELSEWHERE = "PAID_ELSEWHERE"
    PAID_BACK = "PAID_BACK"
    TO_BE_PAID_BACK = "TO_BE_PAID_BACK"


_BACK = frozenset({PaymentWay.REFUNDED, PaymentWay.TO_BE_REFUNDED, PaymentWay.PAID_BACK, PaymentWay.TO_BE_PAID_BACK})


class DepositNote(StrEnum):
    """What a document or mail says about the deposit. A hold is blocked money, never a debit."""

    BLOCKED = "BLOCKED"
    WILL_BE_BLOCKED = "WILL_BE_BLOCKED"
    RELEASED = "RELEASED"
    RELEASED_WHEN_PAID = "RELEASED_WHEN_PAID"
    """A card is still to be charged: should it decline, the deposit pays."""
    KEPT = "KEPT"
    REFUSED = "REFUSED"


@dataclass(frozen=True, kw_only=True)
class Supplier:
    """The company that rents out: the sender of every document (§ 14 Abs. 4 Nr. 1 and 2 UStG, § 35a GmbHG)."""

    name: str
    address: PostalAddress
    tax_number: str | None = None
    vat_id: str | None = None
    register: str | None = None
    seat: str | None = None
    directors: str | None = None
    bank: str | None = None
    iban: str | None = None
    bic: str | None = None
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    terms_url: str | None = None
    privacy_url: str | None = None
    breakdown_phone: str | None = None
    accident_phone: str | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """A station as the customer knows it."""

    name: str
    address: PostalAddress
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentPart:
    """How one part of the payable amount moves; `amount_cents` is never negative, `due_on` is for transfers. Whether to
    a card or otherwise, PAID_BACK and TO_BE_PAID_BACK leave open.
    """

    way: PaymentWay
    amount_cents: int
    due_on: date | None = None
    reference: str | None = None

    @property
    def signed_cents(self) -> int:
        """Negative: it goes to the customer."""
        return -self.amount_cents if self.way in _BACK else self.amount_cents
