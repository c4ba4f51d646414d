"""Movements of money, the deposit, and what billing would do."""

from __future__ import annotations

from datetime import datetime

import strawberry

from server.models import Deposit as DepositRow
from server.models import Payment as PaymentRow
from server.models import payment_reasons
from server.models.payment import DepositState, PaymentKind, PaymentState
from server.schema.building import Info, api_enum, row_type
from server.schema.price import PriceBreakdown
from server.schema.shared import Money, money, row_of
from server.services.billing.settlements import Settlement as SettlementFound
from server.services.billing.settlements import SettlementAction

for _kind in (DepositState, PaymentKind, PaymentState, SettlementAction):
    api_enum(_kind)


@row_type(PaymentRow)
class Payment:
    """One movement of money, or an attempt at it."""

    id: strawberry.ID
    """Id of the movement or attempt."""
    kind: PaymentKind
    """What it does with the money, for example SALE or REFUND."""
    state: PaymentState
    """What is known about it; money has moved, or is blocked, only if it is SUCCEEDED."""
    order_reference: str
    """The order id at the gateway; a refund or capture carries that of the payment it refers to. Of an EXTERNAL payment
    the bank's or the till's reference."""
    gateway_reference: str | None
    """The gateway's own id for it; null until the gateway has given one."""
    created_at: datetime
    """When it was written down, before the gateway was called."""

    @strawberry.field
    def amount(self) -> Money:
        """How much; `kind` says in which direction. Negative only for EXTERNAL: transferred back to the customer."""
        return money(row_of(self).amount_cents, row_of(self).currency)

    @strawberry.field
    def reason(self, info: Info) -> str | None:
        """Why it did not succeed, in your language (`Accept-Language`), with the bank's or the gateway's code behind
        it; null if it did, or if nothing is known.
        """
        words = payment_reasons.said(row_of(self).reason)
        return words and words.within(info.context.language)


@row_type(DepositRow)
class Deposit:
    """The deposit: an amount that is blocked on the card, not debited."""

    state: DepositState
    """What has become of it."""
    authorised_at: datetime | None
    """Since when the present hold stands; null before the first one."""
    expires_at: datetime | None
    """When the present hold ends; while it is needed, a new one is placed before. Null before the first one."""

    @strawberry.field
    def amount(self) -> Money:
        """How much the deposit is, also before it is held and where it is waived."""
        return money(row_of(self).amount_cents)

    @strawberry.field
    def used(self) -> Money:
        """How much of it was taken; zero if nothing was."""
        return money(row_of(self).used_cents)


@row_type(SettlementFound)
class Settlement:
    """What billing would do now: final price, what was already invoiced, what remains (net and VAT by subtraction)."""

    price: PriceBreakdown
    """The final price, line by line."""
    action: SettlementAction
    """How what remains will be moved."""

    @strawberry.field
    def advances(self) -> Money:
        """What the advance invoices have asked for, gross."""
        return money(row_of(self).advances.gross)

    @strawberry.field
    def due(self) -> Money:
        """What remains of the price after the advances, gross; negative if money goes back."""
        return money(row_of(self).due.gross)

    @strawberry.field
    def due_net(self) -> Money:
        """Net part of `due`: net price minus net advances."""
        return money(row_of(self).due.net)

    @strawberry.field
    def due_vat(self) -> Money:
        """VAT in `due`: VAT of the price minus VAT of the advances."""
        return money(row_of(self).due.vat)
