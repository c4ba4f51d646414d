"""A second payment provider, wholly in memory: what a booking and its billing need of the port, and no more.

It speaks none of Telecash's words; whoever adds a provider for real writes a client that behaves like this one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.gateways.payment import (
    Attempt,
    Checkout,
    HostedForm,
    Initiator,
    LedgerLine,
    LineKind,
    NoticeRejected,
    Outcome,
    PaymentResult,
    ReturnNotice,
    StoredCard,
)
from server.models import Contract
from tests.builders.bench import NOW, StandingClock, Wish

HOLD_LASTS = timedelta(days=5)
REFUSED = {"tok-declined": ("sale", "hold"), "tok-hold-declined": ("hold",)}
REFUSED_AFTER_THE_FIRST = "tok-declined-later"


@dataclass
class Entry:
    """A line of the till's book."""

    attempt: Attempt
    kind: LineKind
    cents: int
    outcome: Outcome
    state: str
    at: datetime
    ref: str

    def shown(self, now: datetime) -> str:
        lapsed = self.kind == "hold" and self.state == "approved" and now >= self.at + HOLD_LASTS
        return "expired" if lapsed else self.state


@dataclass
class Till:
    """`PaymentGateway` and its books in one; the tests order its moods by `script`."""

    clock: StandingClock = field(default_factory=StandingClock)
    book: list[Entry] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    cards: set[str] = field(default_factory=set)

    @property
    def gateway(self) -> Till:
        return self

    def begin(self) -> None:
        self.clock.instant = NOW
        self.book.clear()
        self.wishes.clear()
        self.cards.clear()

    def script(self, kind: LineKind, outcome: str, order: str | None = None) -> None:
        self.wishes.append(Wish(kind, outcome, order))

    def lines(self) -> list[tuple[str, str, str]]:
        return [self._line(entry) for entry in self.book]

    def ledger(self, contract: Contract) -> list[tuple[str, str, str]]:
        return [self._line(entry) for entry in self.book if entry.attempt.order_ref.startswith(contract.number)]

    def _line(self, entry: Entry) -> tuple[str, str, str]:
        return entry.kind, f"{entry.cents // 100}.{entry.cents % 100:02d}", entry.shown(self.clock.now())

    def checkout_form(self, checkout: Checkout) -> HostedForm:
        return HostedForm(url="https://till.invalid/pay", fields={"basket": checkout.attempt.order_ref})

    def pay_on_page(self, checkout: Checkout) -> dict[str, str]:
        """A customer pays; what the page sends back."""
        self.cards.add(checkout.token)
        entry = self._write(checkout.attempt, checkout.kind, checkout.amount_cents, Outcome.APPROVED)
        return {"basket": checkout.attempt.order_ref, "verdict": "paid", "receipt": entry.ref, "mark": checkout.token}

    def order_of(self, form: Mapping[str, str]) -> str:
        return form.get("basket", "")

    def read_return(self, form: Mapping[str, str], checkout: Checkout) -> ReturnNotice:
        if form.get("mark") != checkout.token:
            raise NoticeRejected("the mark is not ours")
        outcome = Outcome.APPROVED if form.get("verdict") == "paid" else Outcome.DECLINED
        order = checkout.attempt.order_ref
        return ReturnNotice(
            order_ref=order, outcome=outcome, gateway_ref=form.get("receipt"), network_ref=None, code=None
        )

    read_notification = read_return

    async def charge(
        self,
        attempt: Attempt,
        card: StoredCard,
        amount_cents: int,
        currency: str = "EUR",
        *,
        initiator: Initiator = "MERCHANT_INITIATED",
    ) -> PaymentResult:
        return self._use(card, attempt, "sale", amount_cents)

    async def hold(
        self,
        attempt: Attempt,
        card: StoredCard,
        amount_cents: int,
        currency: str = "EUR",
        *,
        initiator: Initiator = "MERCHANT_INITIATED",
    ) -> PaymentResult:
        return self._use(card, attempt, "hold", amount_cents)

    async def capture(self, attempt: Attempt, amount_cents: int, currency: str = "EUR") -> PaymentResult:
        return self._answer(attempt, "capture", amount_cents)

    async def refund(self, attempt: Attempt, amount_cents: int, currency: str = "EUR") -> PaymentResult:
        return self._answer(attempt, "refund", amount_cents)

    async def cancel(self, attempt: Attempt, gateway_ref: str) -> PaymentResult:
        (undone,) = [entry for entry in self.book if entry.ref == gateway_ref]
        result = self._answer(attempt, "void", undone.cents)
        undone.state = "voided"
        return result

    async def lookup_order(self, order_ref: str) -> Sequence[LedgerLine]:
        return [self._on_record(entry) for entry in self.book if entry.attempt.order_ref == order_ref]

    async def lookup_attempt(self, attempt_ref: str) -> LedgerLine | None:
        found = [self._on_record(entry) for entry in self.book if entry.attempt.attempt_ref == attempt_ref]
        return next(iter(found), None)

    async def forget_card(self, token: str) -> None:
        self.cards.discard(token)

    def _use(self, card: StoredCard, attempt: Attempt, kind: LineKind, cents: int) -> PaymentResult:
        if not card.token.startswith("tok-") and card.token not in self.cards:
            return PaymentResult(outcome=Outcome.REJECTED, code="who?", card_unknown=True)
        booking = attempt.order_ref.rpartition("-")[0]
        paid = any(one.kind == "sale" and one.attempt.order_ref.startswith(booking) for one in self.book)
        later = card.token == REFUSED_AFTER_THE_FIRST and kind == "sale" and paid
        return self._answer(attempt, kind, cents, refused=later or kind in REFUSED.get(card.token, ()))

    def _answer(self, attempt: Attempt, kind: LineKind, cents: int, *, refused: bool = False) -> PaymentResult:
        wish = next((one for one in self.wishes if one.meets(kind, attempt.order_ref)), None)
        if wish:
            self.wishes.remove(wish)
        refused = refused or (wish is not None and wish.outcome.startswith("decline"))
        entry = self._write(attempt, kind, cents, Outcome.DECLINED if refused else Outcome.APPROVED)
        if wish is not None and wish.outcome == "lost":
            return PaymentResult(outcome=Outcome.UNKNOWN, message="the answer was lost")
        return PaymentResult(outcome=entry.outcome, gateway_ref=entry.ref, code="no" if refused else None)

    def _write(self, attempt: Attempt, kind: LineKind, cents: int, outcome: Outcome) -> Entry:
        state, ref = outcome.value, f"receipt-{len(self.book) + 1}"
        self.book.append(Entry(attempt, kind, cents, outcome, state, self.clock.now(), ref))
        return self.book[-1]

    def _on_record(self, entry: Entry) -> LedgerLine:
        return LedgerLine(
            kind=entry.kind,
            outcome=entry.outcome,
            state=entry.shown(self.clock.now()),
            amount_cents=entry.cents,
            gateway_ref=entry.ref,
            attempt_ref=entry.attempt.attempt_ref,
        )
