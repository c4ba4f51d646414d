"""Everything that is stored at one moment, as the laws look at it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import inspect
from sqlmodel import SQLModel, select

from server.database import SYSTEM
from server.models import (
    Contract,
    Damage,
    Deposit,
    Document,
    Driver,
    Email,
    HistoryEntry,
    HostedPayment,
    LastChange,
    Note,
    Occupancy,
    OpenItem,
    Payment,
    PaymentShare,
    Protocol,
    ReadingCorrection,
    Vehicle,
    VehicleLeg,
)
from server.models.contract import ContractState
from server.models.contract_attention import BillingBlock
from server.models.damage import UNDECIDED
from server.models.document import DocumentType
from server.models.payment import PaymentState
from server.models.protocol import ProtocolType
from tests.builders.bench import Bench

Line = tuple[str, str, str]
"""A line of the provider's books: kind, amount, state."""


@dataclass(frozen=True)
class Sight:
    """The rows of one moment, in the order in which they were made, and the provider's books."""

    now: datetime
    contracts: list[Contract]
    vehicles: list[Vehicle]
    occupancies: list[Occupancy]
    payments: list[Payment]
    deposits: list[Deposit]
    documents: list[Document]
    open_items: list[OpenItem]
    emails: list[Email]
    history: list[HistoryEntry]
    protocols: list[Protocol]
    damages: list[Damage]
    pages: list[HostedPayment]
    shares: list[PaymentShare]
    drivers: list[Driver]
    legs: list[VehicleLeg]
    notes: list[Note]
    corrections: list[ReadingCorrection]
    changes: list[LastChange]
    books: dict[UUID, list[Line]]

    def contract(self, contract_id: UUID) -> Contract:
        return next(one for one in self.contracts if one.id == contract_id)

    def vehicle(self, vehicle_id: UUID | None) -> Vehicle:
        return next(one for one in self.vehicles if one.id == vehicle_id)

    def payments_of(self, contract_id: UUID) -> list[Payment]:
        return [one for one in self.payments if one.contract_id == contract_id]

    def documents_of(self, contract_id: UUID) -> list[Document]:
        return [one for one in self.documents if one.contract_id == contract_id]

    def open_cents(self, contract_id: UUID) -> int:
        """What is open, with what was given up; what goes back by hand counts against it."""
        items = [one for one in self.open_items if one.contract_id == contract_id]
        return sum(one.open_cents + one.written_off_cents for one in items)

    def owed_cents(self, contract_id: UUID) -> int:
        """What customers and payers owe, or were let off."""
        items = [one for one in self.open_items if one.contract_id == contract_id]
        return sum(max(0, one.open_cents) + one.written_off_cents for one in items)

    def payable_cents(self, contract_id: UUID) -> int:
        return sum(one.payable_cents for one in self.documents_of(contract_id))

    def deposit(self, contract_id: UUID) -> Deposit:
        return next(one for one in self.deposits if one.contract_id == contract_id)

    def went_on_meanwhile(self, car_id: UUID, contract_id: UUID) -> bool:
        """Whether the car went out for somebody else, late and doubted: it is there now, or back from there."""
        others = {one.contract_id for one in self.protocols if one.vehicle_id == car_id} - {contract_id}
        return any(self.was_doubted(other) for other in others)

    def was_doubted(self, contract_id: UUID | None) -> bool:
        """Whether a contract's hand-over arrived late, and would have been refused on time."""
        late = BillingBlock.LATE_HANDOVER.value
        return any(one.after == late for one in self.history if one.contract_id == contract_id)

    def went_out_all_the_same(self, contract_id: UUID, car_id: UUID) -> bool:
        """Whether a hand-over of the car arrived when its contract had ended."""
        handed_over = [one for one in self.protocols if one.contract_id == contract_id and one.vehicle_id == car_id]
        return any(one.type is ProtocolType.CHECK_OUT and one.conflict is not None for one in handed_over)

    def with_their_cars(self) -> list[Contract]:
        """Contracts that have ended, and whose cars are out all the same."""
        gone = {car.out_contract_id for car in self.vehicles}
        return [one for one in self.contracts if one.id in gone and one.state is not ContractState.CHECKED_OUT]

    def damaged(self, contract_id: UUID) -> bool:
        """Whether a damage keeps the deposit."""
        return any(one.contract_id == contract_id and one.liability in UNDECIDED for one in self.damages)

    def for_document(self, payment: Payment, document_id: UUID) -> int:
        """Cents that have moved for a document by a payment."""
        parts = {one.document_id: one.cents for one in self.shares if one.payment_id == payment.id}
        if parts:
            return parts.get(document_id, 0) if payment.moved_cents else 0
        return payment.moved_cents if payment.document_id == document_id else 0

    @cached_property
    def of_damages(self) -> list[Document]:
        """The documents whose money is no rent: claims, and what takes them back."""
        claims = {one.id for one in self.documents if one.type is DocumentType.DAMAGE_CLAIM}
        return [one for one in self.documents if one.id in claims or one.refers_to_id in claims]

    def for_claims(self, payment: Payment) -> int:
        """Cents that have moved for damages by a payment."""
        return sum(self.for_document(payment, one.id) for one in self.of_damages)

    def for_rent(self, payment: Payment) -> int:
        """Cents that have moved for the rent by a payment."""
        return payment.moved_cents - self.for_claims(payment)

    def paid_for(self, document: Document) -> int:
        """Cents that have moved for a document."""
        return sum(self.for_document(one, document.id) for one in self.payments_of(document.contract_id))

    def on_the_way_cents(self, contract_id: UUID) -> int:
        """What documents that stand have still to move by card: nobody has said yet that it is open."""
        gone = {one.refers_to_id for one in self.documents} | {one.document_id for one in self.open_items}
        own = [one for one in self.documents_of(contract_id) if one.id not in gone]
        return sum(one.moves_cents - self.paid_for(one) for one in own if one.moves_cents)

    def claimed_cents(self, contract_id: UUID) -> int:
        """What was paid for claims and did not go back: beside what was paid for the rent."""
        return sum(self.for_claims(one) for one in self.payments_of(contract_id))

    def unresolved_pages(self, contract_id: UUID) -> bool:
        """Whether a customer may have paid on a page that was given up: a job looks once more."""
        mine = {one.payment_id for one in self.pages if one.contract_id == contract_id}
        return any(one.id in mine and one.state is PaymentState.FAILED for one in self.payments)

    @cached_property
    def unresolved(self) -> list[Payment]:
        return [one for one in self.payments if one.state in {PaymentState.PENDING, PaymentState.UNKNOWN}]

    @cached_property
    def entries(self) -> dict[UUID, list[HistoryEntry]]:
        return _by_contract(self.history)

    @cached_property
    def everything(self) -> dict[UUID, list[dict[str, Any]]]:
        """Of each contract whatever a reader of it could see."""
        parts: tuple[list[Any], ...] = (
            self.payments, self.deposits, self.documents, self.open_items, self.emails, self.history, self.protocols,
            self.damages, self.shares, self.drivers, self.legs, self.notes, self.corrections,
        )  # fmt: skip
        found = {one.id: [one.model_dump()] for one in self.contracts}
        for rows in parts:
            for row in rows:
                if row.contract_id is not None:
                    found[row.contract_id].append(row.model_dump())
        return found

    @cached_property
    def mails(self) -> dict[UUID, list[Email]]:
        return _by_contract(self.emails)

    @property
    def written(self) -> list[Any]:
        """What a refusal leaves as it is."""
        counts = [len(rows) for rows in (self.payments, self.documents, self.emails, self.history, self.protocols)]
        versions = [(one.id, one.version, one.state, one.vehicle_id, one.paid_cents) for one in self.contracts]
        uses = [(one.id, one.during, one.kind) for one in self.occupancies if one.active]
        hurt = [(one.id, one.version, one.liability, one.repair) for one in self.damages]
        owed = [(one.id, one.open_cents) for one in self.open_items]
        cars = [(one.id, one.out_contract_id, one.odometer_km, one.leaves_at) for one in self.vehicles]
        return [counts, versions, uses, cars, hurt, owed]


def _by_contract(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.contract_id].append(row)
    return found


_MODELS: dict[str, type[SQLModel]] = {
    "contracts": Contract,
    "vehicles": Vehicle,
    "occupancies": Occupancy,
    "payments": Payment,
    "deposits": Deposit,
    "documents": Document,
    "open_items": OpenItem,
    "emails": Email,
    "history": HistoryEntry,
    "protocols": Protocol,
    "damages": Damage,
    "pages": HostedPayment,
    "shares": PaymentShare,
    "drivers": Driver,
    "legs": VehicleLeg,
    "notes": Note,
    "corrections": ReadingCorrection,
    "changes": LastChange,
}


async def look(bench: Bench) -> Sight:
    """What is there now."""
    async with bench.outside.database.transaction(SYSTEM) as session:
        rows: dict[str, Any] = {
            name: await session.all(select(model).order_by(*inspect(model).primary_key))
            for name, model in _MODELS.items()
        }
    books = {one.id: bench.books.ledger(one) for one in rows["contracts"]}
    return Sight(now=bench.now, books=books, **rows)
