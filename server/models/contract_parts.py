"""What belongs to a contract: drivers, cars, notes, history, and the keys that made it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field, SQLModel

from server.models.columns import Json, enum_column, json_column, new_id
from server.models.contract import DriverRole
from server.models.keys import of_contract


class Driver(SQLModel, table=True):
    """Somebody who may drive. The licence is looked at, never copied (domain 3.14)."""

    __tablename__ = "driver"
    id: UUID = new_id()
    contract_id: UUID = Field(index=True)
    station_id: UUID
    role: DriverRole = Field(sa_column=enum_column(DriverRole))
    first_name: str
    last_name: str
    birth_date: date | None = None
    licence_number: str | None = None
    licence_class: str | None = None
    licence_issued: date | None = None
    licence_valid_until: date | None = None
    checked_at: datetime | None = None
    checked_by: str | None = None
    __table_args__ = of_contract("driver")


class VehicleLeg(SQLModel, table=True):
    """One vehicle's part of a contract, from its hand-over to its return."""

    __tablename__ = "vehicle_leg"
    id: UUID = new_id()
    contract_id: UUID = Field(index=True)
    station_id: UUID
    vehicle_id: UUID = Field(foreign_key="vehicle.id", index=True)
    from_at: datetime
    to_at: datetime | None = None
    check_out_id: UUID
    check_in_id: UUID | None = None
    fuel_waived: bool = False
    __table_args__ = of_contract("vehicle_leg")


class Note(SQLModel, table=True):
    """A remark of staff. Only ever added."""

    __tablename__ = "note"
    id: UUID = new_id()
    contract_id: UUID = Field(index=True)
    station_id: UUID
    text: str
    author: str
    created_at: datetime
    __table_args__ = of_contract("note")


class HistoryAction(StrEnum):
    """What was done to a contract. The API shows the value."""

    BOOKED = "BOOKED"
    """It was made."""
    STATE_RESERVED = "STATE_RESERVED"
    """The booking came about."""
    STATE_CHECKED_OUT = "STATE_CHECKED_OUT"
    """The car was handed over."""
    STATE_RETURNED = "STATE_RETURNED"
    """The car came back."""
    STATE_BILLED = "STATE_BILLED"
    """The final invoice was issued."""
    STATE_CANCELLED = "STATE_CANCELLED"
    """It did not come about, or was called off."""
    STATE_NO_SHOW = "STATE_NO_SHOW"
    """Nobody picked the car up."""
    VEHICLE_REASSIGNED = "VEHICLE_REASSIGNED"
    """Another car of the group is planned for it; before and after are plates."""
    TARIFF_EDITED = "TARIFF_EDITED"
    """The contract's own copy of its tariff was changed; `before` and `after` name the terms."""
    CUSTOMER_REVIEWED = "CUSTOMER_REVIEWED"
    """A clerk has said whether the booking is by the stored person; `before` and `after` are the customers' ids."""
    DRIVER_ADDED = "DRIVER_ADDED"
    """Somebody more may drive; `after` names who."""
    DRIVER_REMOVED = "DRIVER_REMOVED"
    """Somebody may no longer drive; `before` names who."""
    LICENCE_SEEN = "LICENCE_SEEN"
    """Somebody has looked at a driver's original licence before the check-out; `after` names the driver."""
    PERIOD_CHANGED = "PERIOD_CHANGED"
    """The agreed period was changed, or the car for it."""
    VEHICLE_TAKEN = "VEHICLE_TAKEN"
    """A manager gave the planned car to another contract; `after` is the car that took its place, if there was one."""
    PAYER_CHANGED = "PAYER_CHANGED"
    """Somebody else pays from now on; empty stands for the customer."""
    VEHICLE_SWAPPED = "VEHICLE_SWAPPED"
    """The rental went on with another car."""
    PROTOCOL_VOIDED = "PROTOCOL_VOIDED"
    """A manager has undone a check-out or check-in."""
    READING_CORRECTED = "READING_CORRECTED"
    """What a protocol had recorded of odometer, fuel or charge was corrected."""
    DOCUMENT_CANCELLED = "DOCUMENT_CANCELLED"
    """A document was taken back by a cancellation invoice; `before` is its number."""
    PAYMENT_RECORDED = "PAYMENT_RECORDED"
    """What was paid elsewhere was entered for a document; `before` and `after` are the cents that were and are open."""
    OPEN_ITEM_WRITTEN_OFF = "OPEN_ITEM_WRITTEN_OFF"
    """The company has given up what was open of a document; `before` is how much, in cents."""
    CUSTOMER_CHANGED = "CUSTOMER_CHANGED"
    """The customer's data were corrected or completed; `after` names which."""
    EFFECT_FAILED = "EFFECT_FAILED"
    """Something that follows by itself (paper, mail, money) was given up; `after` is the kind of its job."""
    EFFECTS_RETRIED = "EFFECTS_RETRIED"
    """What had been given up was set going again; `after` names the kinds of jobs."""
    EFFECT_DISMISSED = "EFFECT_DISMISSED"
    """What had been given up was seen to in another way, an administrator said; `after` is the kind of its job."""
    EMAIL_RESENT = "EMAIL_RESENT"
    """A mail was sent once more; `before` is the address that it first went to, `after` the one that it goes to now."""
    PROTOCOL_CONFLICT = "PROTOCOL_CONFLICT"
    """A protocol does not fit the contract."""
    DAMAGE_DECIDED = "DAMAGE_DECIDED"
    """Somebody has decided about a damage, or has taken its claim back; `before` and `after` are its liability."""
    DAMAGE_CLAIMED = "DAMAGE_CLAIMED"
    """A damage was claimed; `after` is the number of the document. With a reason a manager has lifted a limit."""
    DAMAGE_PAID = "DAMAGE_PAID"
    """The claim for a damage is paid; `before` is the number of its document."""
    DAMAGE_DISPUTED = "DAMAGE_DISPUTED"
    """The customer disputes the claim for a damage; `before` is the number of its document."""
    DAMAGE_WRITTEN_OFF = "DAMAGE_WRITTEN_OFF"
    """What was open of the claim for a damage was given up; `before` is the number of its document."""
    DAMAGE_REPAIR = "DAMAGE_REPAIR"
    """The repair of a damage has gone on; `before` and `after` are its state."""
    BILLING_BLOCKED = "BILLING_BLOCKED"
    """Billing waits for a person."""
    BILLING_RELEASED = "BILLING_RELEASED"
    """A clerk let billing go on."""
    BILLING_WITHDRAWN = "BILLING_WITHDRAWN"
    """What a person was to look at has gone by itself: its document was taken back."""
    SETTLED = "SETTLED"
    """Everything is paid."""
    PAYMENT_FAILED = "PAYMENT_FAILED"
    """The card was declined."""
    DEPOSIT_HELD = "DEPOSIT_HELD"
    """The deposit was placed on the card."""
    DEPOSIT_ASKED = "DEPOSIT_ASKED"
    """Somebody had a deposit that had failed or ended placed once more."""
    CARD_ASKED = "CARD_ASKED"
    """A payment page for another card was opened."""
    CARD_REPLACED = "CARD_REPLACED"
    """Another card is stored from now on."""
    DEPOSIT_FAILED = "DEPOSIT_FAILED"
    """The deposit could not be placed."""
    DEPOSIT_ENDED = "DEPOSIT_ENDED"
    """The hold ran out."""
    DEPOSIT_RELEASED = "DEPOSIT_RELEASED"
    """The hold was lifted."""
    CUSTOMER_ERASED = "CUSTOMER_ERASED"
    """The customer has asked to be erased: hidden since then, and erased as far as no law keeps anything."""
    DATA_ERASED = "DATA_ERASED"
    """Data were erased that no law keeps any more; `after` names which."""


class HistoryEntry(SQLModel, table=True):
    """The audit trail: who did what to a contract, when and why. Rows are never changed or deleted."""

    __tablename__ = "history_entry"
    id: UUID = new_id()
    contract_id: UUID = Field(index=True)
    station_id: UUID
    at: datetime
    actor: str
    approved_by: str | None = None
    action: HistoryAction = Field(sa_column=enum_column(HistoryAction))
    reason: str | None = None
    before: str | None = None
    after: str | None = None
    __table_args__ = of_contract("history_entry")


class IdempotencyRecord(SQLModel, table=True):
    """A key that a caller used, what it asked for (as a hash) and what it got."""

    __tablename__ = "idempotency_record"
    principal: str = Field(primary_key=True)
    key: UUID = Field(primary_key=True)
    request_hash: str
    contract_id: UUID | None = None
    refusal: Json | None = Field(default=None, sa_column=json_column(nullable=True))
    finished: bool = False
    unresolved: bool = False
    created_at: datetime = Field(index=True)
