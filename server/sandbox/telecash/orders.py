"""A money request as the simulator understands it, and a transaction as it remembers it."""

from dataclasses import dataclass
from typing import Literal

from server.sandbox.telecash.cards import Card

Operation = Literal["sale", "preAuth", "postAuth", "return", "void", "credit"]
OPERATIONS: tuple[Operation, ...] = ("sale", "preAuth", "postAuth", "return", "void", "credit")


@dataclass(frozen=True, kw_only=True)
class CardEntry:
    """Card data as typed; lives only as long as the request."""

    number: str
    month: int
    year: int
    security_code: str | None


@dataclass(frozen=True, kw_only=True)
class Order:
    """One request to move money. Amounts are cents; None where the operation takes none."""

    operation: Operation
    store_id: str | None = None
    order_id: str | None = None
    attempt: str | None = None
    amount_cents: int | None = None
    currency: str | None = None
    tokens: tuple[str, ...] = ()
    vault_store: str | None = None
    assign_token: bool = False
    entry: CardEntry | None = None
    card: Card | None = None
    """A card that the hosted page has recognised already."""
    initiator: str | None = None
    scheme_reference: str | None = None
    ipg_id: str | None = None
    tdate: str | None = None
    referenced_attempt: str | None = None
    split_count: int | None = None
    final: bool = True
    source: Literal["API", "CONNECT"] = "API"
    three_d_secure: str | None = None
    waiting_seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """A row of the ledger. `at`, `expires_at` and `waiting_until` are Unix seconds."""

    ipg_id: str
    order_id: str
    type: str
    amount_cents: int
    currency: str
    result: str
    state: str
    """AUTHORIZED, CAPTURED, SETTLED, VOIDED, EXPIRED, WAITING, DECLINED, FAILED, or VOID for a void itself."""
    approval: str
    error: str
    attempt: str | None
    tdate: str
    scheme_id: str | None
    masked: str
    brand: str
    month: int
    year: int
    behaviour: str
    fingerprint: str
    at: float
    expires_at: float | None
    waiting_until: float | None
    source: str
    refers_to: str | None
    split_count: int | None
    final: bool
    listed: bool
    token: str | None
    three_d_secure: str | None

    @property
    def moved_money(self) -> bool:
        """Whether money has been taken or paid out and not been undone."""
        return self.state in ("CAPTURED", "SETTLED")

    @property
    def card(self) -> Card:
        """The card used."""
        return Card(self.masked, self.brand, self.month, self.year, self.behaviour, self.fingerprint)
