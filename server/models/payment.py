"""Money that moves: attempts at the gateway, stored cards and deposits."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from server.models.columns import cents_column, enum_column, new_id
from server.models.keys import of_contract, within_station


class PaymentMethod(StrEnum):
    """How a booking is paid."""

    HOSTED_PAGE = "HOSTED_PAGE"
    """The customer enters the card on the payment page."""
    STORED_CARD = "STORED_CARD"
    """A card that is stored at the gateway already, by its token."""
    WAIVED = "WAIVED"
    """No payment and no deposit at booking; staff only, with a reason."""


class PaymentKind(StrEnum):
    """What a movement of money, or an attempt at it, does."""

    SALE = "SALE"
    """Takes money from the card."""
    REFUND = "REFUND"
    """Gives money of a sale back to its card."""
    HOLD = "HOLD"
    """Blocks the deposit on the card; nothing is debited."""
    CAPTURE = "CAPTURE"
    """Takes money out of a hold. Possible once."""
    RELEASE = "RELEASE"
    """Lifts a hold, or voids a sale of the same day."""
    EXTERNAL = "EXTERNAL"
    """Paid elsewhere, by transfer or at the dealer's till; negative: transferred back to the customer."""


class PaymentState(StrEnum):
    """What is known about a movement of money."""

    PENDING = "PENDING"
    """Prepared or under way; what comes of it is open."""
    SUCCEEDED = "SUCCEEDED"
    """Money moved, or the hold stands."""
    DECLINED = "DECLINED"
    """The card issuer said no; nothing moved."""
    FAILED = "FAILED"
    """The gateway refused; nothing moved."""
    UNKNOWN = "UNKNOWN"
    """The answer was lost; it is being looked up."""


class DepositState(StrEnum):
    """What has become of the deposit."""

    NONE = "NONE"
    """Not placed yet: it is held shortly before the rental starts."""
    ACTIVE = "ACTIVE"
    """Blocked on the card, not debited."""
    EXPIRED = "EXPIRED"
    """The hold has ended by itself."""
    RELEASED = "RELEASED"
    """Lifted; the bank may take some days to show it."""
    PARTLY_USED = "PARTLY_USED"
    """A part was taken, the rest is lifted."""
    USED = "USED"
    """Taken in full; nothing of it is blocked any more."""
    FAILED = "FAILED"
    """Could not be placed on the card."""
    WAIVED = "WAIVED"
    """Not asked for: staff waived the payment with a reason, or the group has no deposit."""


class Purpose(StrEnum):
    """What an attempt is for, inside the system: it decides what follows when the outcome is known."""

    ADVANCE = "ADVANCE"
    """The price of one day, at booking."""
    DEPOSIT = "DEPOSIT"
    """The deposit hold."""
    FINAL = "FINAL"
    """What the final invoice asks for."""
    DAMAGE = "DAMAGE"
    """What the claim for a damage asks for, or its mirror gives back; of the deposit also what is open of the rent."""
    UNDO = "UNDO"
    """Gives back what a booking that did not come about has taken."""
    CARD = "CARD"
    """A hold by which another card is stored: it becomes the deposit, or is lifted at once."""
    OUTSIDE = "OUTSIDE"
    """What people have paid without the gateway."""


_SIGNS = {PaymentKind.SALE: 1, PaymentKind.CAPTURE: 1, PaymentKind.EXTERNAL: 1, PaymentKind.REFUND: -1}


class Payment(SQLModel, table=True):
    """One attempt at the gateway, committed before the call. `order_reference` is the order id there.

    `attempt_reference` is our own id of this very call: it is what an inquiry looks for. `sent_at` not null: the
    request may have reached the gateway, so nothing is repeated before it was looked up.
    """

    __tablename__ = "payment"
    id: UUID = new_id()
    contract_id: UUID = Field(index=True)
    station_id: UUID
    kind: PaymentKind = Field(sa_column=enum_column(PaymentKind))
    purpose: Purpose = Field(sa_column=enum_column(Purpose))
    state: PaymentState = Field(default=PaymentState.PENDING, sa_column=enum_column(PaymentState))
    amount_cents: int = Field(sa_column=cents_column())
    currency: str = "EUR"
    order_reference: str = Field(index=True)
    attempt_reference: str = Field(unique=True, max_length=40)
    refers_to_id: UUID | None = None
    document_id: UUID | None = None
    gateway_reference: str | None = None
    network_reference: str | None = None
    reason: str | None = None
    inquiries: int = 0
    resends: int = 0
    created_at: datetime
    sent_at: datetime | None = None
    resolved_at: datetime | None = None
    __table_args__ = of_contract(
        "payment",
        within_station("payment", "refers_to_id", "payment"),
        within_station("payment", "document_id", "document"),
        UniqueConstraint("station_id", "id", name="uq_payment_station"),
        CheckConstraint("amount_cents >= 0 or kind = 'EXTERNAL'", name="amount"),
        Index(
            "uq_payment_order",
            "order_reference",
            unique=True,
            postgresql_where=text("kind in ('SALE', 'HOLD')"),
        ),
        Index("ix_payment_state", "state", postgresql_where=text("state <> 'SUCCEEDED'")),
        Index("ix_payment_unresolved", "created_at", postgresql_where=text("state in ('PENDING', 'UNKNOWN')")),
    )

    @property
    def moved_cents(self) -> int:
        """What has come in by it; negative: what went back. A hold and its release move nothing."""
        return _SIGNS.get(self.kind, 0) * self.amount_cents if self.state is PaymentState.SUCCEEDED else 0


class PaymentShare(SQLModel, table=True):
    """A document's share of a capture that pays for several: a hold can be captured only once. Together the shares are
    the whole capture.
    """

    __tablename__ = "payment_share"
    payment_id: UUID = Field(primary_key=True)
    document_id: UUID = Field(primary_key=True)
    contract_id: UUID = Field(index=True)
    station_id: UUID
    cents: int = Field(sa_column=cents_column())
    __table_args__ = of_contract(
        "payment_share",
        within_station("payment_share", "payment_id", "payment"),
        within_station("payment_share", "document_id", "document"),
        CheckConstraint("cents > 0", name="cents"),
    )


class StoredCard(SQLModel, table=True):
    """The card of a contract, as its token at the gateway. Never shown by the API, never logged."""

    __tablename__ = "stored_card"
    contract_id: UUID = Field(primary_key=True)
    station_id: UUID
    token: str
    network_reference: str | None = None
    consent_at: datetime
    __table_args__ = of_contract("stored_card")


class HostedPayment(SQLModel, table=True):
    """A payment page that was opened: the yardstick that the browser's answer and the notification are held to."""

    __tablename__ = "hosted_payment"
    payment_id: UUID = Field(primary_key=True)
    contract_id: UUID = Field(index=True)
    station_id: UUID
    token: str = Field(index=True)
    at: datetime
    success_url: str
    failure_url: str
    locale: str
    expires_at: datetime
    __table_args__ = of_contract(
        "hosted_payment",
        within_station("hosted_payment", "payment_id", "payment"),
        UniqueConstraint("at", name="uq_hosted_payment_at"),
    )


class Deposit(SQLModel, table=True):
    """The deposit of a contract. `due_at`: when it is to be placed, if not at booking. Never revenue (domain 3.6)."""

    __tablename__ = "deposit"
    contract_id: UUID = Field(primary_key=True)
    station_id: UUID
    state: DepositState = Field(default=DepositState.NONE, sa_column=enum_column(DepositState))
    amount_cents: int = Field(sa_column=cents_column())
    used_cents: int = Field(default=0, sa_column=cents_column())
    due_at: datetime | None = None
    authorised_at: datetime | None = None
    expires_at: datetime | None = None
    hold_id: UUID | None = None
    __table_args__ = of_contract(
        "deposit",
        within_station("deposit", "hold_id", "payment"),
        CheckConstraint("used_cents between 0 and amount_cents", name="used"),
        Index(
            "ix_deposit_state",
            "state",
            "expires_at",
            postgresql_where=text("state in ('NONE', 'ACTIVE', 'EXPIRED', 'FAILED')"),
        ),
    )
