"""On which ways what is payable has moved or will move, as invoice and mail say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from server.paper.views import DepositNote, PaymentPart, PaymentWay
from server.services.billing.settlements import SettlementAction


def payment_parts(payable: int, action: SettlementAction, to_move: int, due_on: date) -> list[PaymentPart]:
    """How what is payable moves; of an invoice that takes the place of another, all that was paid for that one counts,
    also above what is payable now: what is too much goes back the way it came, not always to a card.
    """
    paid, amount = payable - to_move, abs(to_move)
    found = []
    if paid:
        before = PaymentWay.CHARGED if paid > 0 else PaymentWay.PAID_BACK
        found.append(PaymentPart(way=before, amount_cents=abs(paid)))
    if action is SettlementAction.OPEN_ITEM:
        found.append(PaymentPart(way=PaymentWay.TRANSFER, amount_cents=amount, due_on=due_on))
    elif action is SettlementAction.CHARGE:
        found.append(PaymentPart(way=PaymentWay.TO_BE_CHARGED, amount_cents=amount))
    elif action is SettlementAction.REFUND:
        back = PaymentWay.TO_BE_PAID_BACK if paid else PaymentWay.TO_BE_REFUNDED
        found.append(PaymentPart(way=back, amount_cents=amount))
    return found


def deposit_note(action: SettlementAction, *, kept: bool = False) -> DepositNote:
    """What becomes of the deposit: it is `kept` for a damage, or lifted; while a card is still to be charged not before
    that, for if the card declines, the deposit pays.
    """
    if kept:
        return DepositNote.KEPT
    return DepositNote.RELEASED_WHEN_PAID if action is SettlementAction.CHARGE else DepositNote.RELEASED


def said_elsewhere(paid: Sequence[PaymentPart], elsewhere_cents: int) -> list[PaymentPart]:
    """What was paid already, as it was paid: by card as far as it did not come in another way."""
    found = []
    for part in paid:
        elsewhere = min(part.amount_cents, max(0, elsewhere_cents)) if part.way is PaymentWay.CHARGED else 0
        if elsewhere < part.amount_cents:
            found.append(replace(part, amount_cents=part.amount_cents - elsewhere))
        if elsewhere:
            found.append(PaymentPart(way=PaymentWay.PAID_ELSEWHERE, amount_cents=elsewhere))
    return found
