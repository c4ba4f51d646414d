"""What one capture of a hold pays: wishes in their order, as far as the hold reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.models import Document, Payment
from server.models.document import DocumentType


@dataclass(frozen=True)
class Wish:
    """What a document still asks for, in cents. None: a claim that is just being written."""

    document: Document | None
    cents: int


@dataclass(frozen=True)
class Plan:
    """What a hold pays, in the order in which it pays; without a hold it pays nothing."""

    hold: Payment | None
    parts: Sequence[Wish]

    @classmethod
    def of(cls, hold: Payment, wishes: Sequence[Wish]) -> Plan:
        """The hold serves one wish after the other, until nothing is left of it."""
        left, parts = hold.amount_cents, list[Wish]()
        for wish in wishes:
            if cents := min(left, wish.cents):
                parts.append(Wish(wish.document, cents))
                left -= cents
        return cls(hold, parts)

    @property
    def total_cents(self) -> int:
        """What is captured."""
        return sum(part.cents for part in self.parts)

    @property
    def documents(self) -> list[tuple[Document, int]]:
        """The documents that are paid, with their cents."""
        return [(part.document, part.cents) for part in self.parts if part.document is not None]

    @property
    def new_claim_cents(self) -> int:
        """What it pays of the claim that is just being written."""
        return sum(part.cents for part in self.parts if part.document is None)

    @property
    def rent_share(self) -> tuple[Document, int] | None:
        """What it pays of the rent: its invoice, of which there is one, with the cents."""
        return next((part for part in self.documents if part[0].type is DocumentType.FINAL_INVOICE), None)
