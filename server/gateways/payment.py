"""The port to whoever moves the money: provider-neutral, so that business code knows no gateway by name.

Rules for callers:
1. Write the attempt's row and commit it, then call, then record the answer.
2. An `UNKNOWN` attempt blocks every further money operation on the same booking until a lookup has resolved it.
3. Our own ledger enforces captured <= held and refunded <= charged before calling.
4. A new order reference only after the old attempt is final.
5. Nothing below this port ever retries by itself.

Amounts are whole cents; `currency` is the ISO 4217 letter code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Literal, Protocol

Initiator = Literal["FIRST", "MERCHANT_INITIATED", "CARDHOLDER_INITIATED"]
"""Who set off a use of the stored card: its first use, we on our own, or the customer choosing the stored card."""

LineKind = Literal["sale", "hold", "capture", "refund", "void", "credit"]
"""What a line of the gateway's ledger did."""


class Outcome(Enum):
    """How a call to the gateway ended, as far as we can know."""

    APPROVED = "approved"
    """Final: money moved, or the hold is placed."""
    DECLINED = "declined"
    """Final: the issuer or a fraud rule said no."""
    REJECTED = "rejected"
    """Final: a gateway rule or a bad request; nothing moved, `code` says why."""
    PENDING = "pending"
    """The gateway itself is waiting: ask again."""
    UNKNOWN = "unknown"
    """We do not know: must be looked up before anything else happens."""


class GatewayError(Exception):
    """Something other than an answer about money; never raised for a decline."""


class GatewayMisconfigured(GatewayError):
    """The gateway refused our credentials, certificate, message or contract: nothing moved, people must repair it."""


class GatewayUnreachable(GatewayError):
    """The request was certainly not processed (or, for a lookup, no readable answer came): may be tried again."""


class NoticeRejected(GatewayError):
    """A hosted-page answer is not authentic or does not belong to the checkout it claims."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Names one call; its row is committed before the call is made."""

    order_ref: str
    """The order at the gateway; unique for a sale or hold, the old one for everything that follows."""
    attempt_ref: str
    """Our own name of this call, unique for every call, at most 40 characters."""


@dataclass(frozen=True, kw_only=True)
class StoredCard:
    """A card in the gateway's vault."""

    token: str = field(repr=False)
    """What the gateway knows the card by; lets anyone with our credentials charge it."""
    network_ref: str | None = None
    """The card network's name of the first, authenticated use; later charges refer to it."""


@dataclass(frozen=True, kw_only=True)
class PaymentResult:
    """The gateway's answer to one call."""

    outcome: Outcome
    gateway_ref: str | None = None
    """The gateway's name of this transaction; `cancel` needs it."""
    gateway_time: str | None = None
    """The gateway's time stamp of the transaction, Unix seconds as text."""
    network_ref: str | None = None
    auth_code: str | None = None
    code: str | None = None
    """Reason of a refusal: an issuer's code ("51") or a gateway's ("-5003")."""
    message: str | None = None
    """For staff and logs, never to be parsed."""
    retry_advice: str | None = None
    """The issuer's advice whether to try again, for staff."""
    card_unknown: bool = False
    """Whether it was rejected because the gateway has no card under this token."""


@dataclass(frozen=True, kw_only=True)
class LedgerLine:
    """One transaction as the gateway has it on record."""

    kind: LineKind
    outcome: Outcome
    state: str
    """The gateway's own word, for example AUTHORIZED, CAPTURED, SETTLED, VOIDED (then `outcome` stays approved)."""
    amount_cents: int
    gateway_ref: str
    attempt_ref: str | None
    currency: str = "EUR"
    network_ref: str | None = None
    code: str | None = None


@dataclass(frozen=True, kw_only=True)
class HostedForm:
    """A form that the customer's browser posts to open the gateway's payment page."""

    url: str
    fields: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A payment on the hosted page; stored, because it is also the yardstick for judging the answers."""

    attempt: Attempt
    kind: Literal["sale", "hold"]
    amount_cents: int
    token: str = field(repr=False)
    """Our own random name under which the card is stored when the payment succeeds."""
    at: datetime
    """When the checkout was made; unique per attempt to the second, because the answers' seals cover it."""
    success_url: str
    fail_url: str
    notify_url: str
    locale: str = "de"
    currency: str = "EUR"


@dataclass(frozen=True, kw_only=True)
class ReturnNotice:
    """An authentic answer of the hosted page; still only a hint: confirm it with `lookup_order`."""

    order_ref: str
    outcome: Outcome
    gateway_ref: str | None
    network_ref: str | None
    code: str | None


class PaymentGateway(Protocol):
    """What the rental needs of a payment provider."""

    def checkout_form(self, checkout: Checkout) -> HostedForm:
        """The sealed form that opens the hosted payment page. No network."""
        ...

    def order_of(self, form: Mapping[str, str]) -> str:
        """The order that an answer of the hosted page says it is of; empty if it names none. Not judged yet."""
        ...

    def read_return(self, form: Mapping[str, str], checkout: Checkout) -> ReturnNotice:
        """Judges what the customer's browser brought back; raises `NoticeRejected`. No network."""
        ...

    def read_notification(self, form: Mapping[str, str], checkout: Checkout) -> ReturnNotice:
        """Judges what the gateway itself posted; raises `NoticeRejected`. No network."""
        ...

    async def charge(
        self,
        attempt: Attempt,
        card: StoredCard,
        amount_cents: int,
        currency: str = "EUR",
        *,
        initiator: Initiator = "MERCHANT_INITIATED",
    ) -> PaymentResult:
        """Takes money from a stored card."""
        ...

    async def hold(
        self,
        attempt: Attempt,
        card: StoredCard,
        amount_cents: int,
        currency: str = "EUR",
        *,
        initiator: Initiator = "MERCHANT_INITIATED",
    ) -> PaymentResult:
        """Reserves money on a stored card; lapses by itself after some days."""
        ...

    async def capture(self, attempt: Attempt, amount_cents: int, currency: str = "EUR") -> PaymentResult:
        """Takes all or part of the hold of the same order; once only."""
        ...

    async def refund(self, attempt: Attempt, amount_cents: int, currency: str = "EUR") -> PaymentResult:
        """Pays back all or part of what the same order took."""
        ...

    async def cancel(self, attempt: Attempt, gateway_ref: str) -> PaymentResult:
        """Undoes a charge or capture that is not cleared yet, or releases a hold."""
        ...

    async def forget_card(self, token: str) -> None:
        """Deletes a card from the gateway's vault; one that is not there is no fault. Raises `GatewayError`, and may be
        tried again.
        """
        ...

    async def lookup_order(self, order_ref: str) -> Sequence[LedgerLine]:
        """All transactions of an order; empty if the gateway knows none (yet)."""
        ...

    async def lookup_attempt(self, attempt_ref: str) -> LedgerLine | None:
        """The transaction made by one call; None if the gateway knows none (yet)."""
        ...
