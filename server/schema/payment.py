"""Movements of money, the deposit, and what billing would do."""

from __future__ import annotations

from datetime import datetime

import strawberry

from server.models import Deposit as DepositRow
from server.models import Payment as PaymentRow
from server.models.payment import DepositState, PaymentKind, PaymentState
from server.schema.building import api_enum, row_type
from server.schema.price import PriceBreakdown
from server.schema.shared import Money, money, row_of
from server.services.billing.settlements import Settlement as SettlementFound
from server.services.billing.settlements import SettlementAction

for _kind in (DepositState, PaymentKind, PaymentState, SettlementAction):
    api_enum(_kind)


@row_type(PaymentRow)
class Payment:
    """One movement of money, or the attempt at it."""

    id: strawberry.ID
    """The payment's id."""
    kind: PaymentKind
    """What it does."""
    state: PaymentState
    """What is known about it."""
    order_reference: str
    """The order id at the gateway; a refund or capture carries that of the payment it refers to."""
    gateway_reference: str | None
    """The gateway's own id."""
    reason: str | None
    """Why it was refused, for people."""
    created_at: datetime
    """When it was made."""

    @strawberry.field
    def amount(self) -> Money:
        """How much; never negative."""
        return money(row_of(self).amount_cents, row_of(self).currency)


@row_type(DepositRow)
class Deposit:
    """The deposit: blocked on the card, not debited."""

    state: DepositState
    """What has become of it."""
    authorised_at: datetime | None
    """Since when it is held."""
    expires_at: datetime | None
    """When the hold ends by itself."""

    @strawberry.field
    def amount(self) -> Money:
        """How much is held."""
        return money(row_of(self).amount_cents)

    @strawberry.field
    def used(self) -> Money:
        """How much of it was taken."""
        return money(row_of(self).used_cents)


@row_type(SettlementFound)
class Settlement:
    """What billing would do now: final price, what was already invoiced, what remains (net and VAT by subtraction)."""

    price: PriceBreakdown
    """The final price."""
    action: SettlementAction
    """How what remains will be moved."""

    @strawberry.field
    def advances(self) -> Money:
        """What was already invoiced."""
        return money(row_of(self).advances.gross)

    @strawberry.field
    def due(self) -> Money:
        """What remains; negative if money goes back."""
        return money(row_of(self).due.gross)

    @strawberry.field
    def due_net(self) -> Money:
        """Its net part, by subtraction."""
        return money(row_of(self).due.net)

    @strawberry.field
    def due_vat(self) -> Money:
        """Its VAT, by subtraction."""
        return money(row_of(self).due.vat)
