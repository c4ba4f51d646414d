"""Mails: written with what caused them, sent by a job, never twice for one cause."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from server.models.columns import Json, enum_column, json_column, new_id
from server.models.customer import Language
from server.models.keys import of_contract, within_station


class EmailTemplate(StrEnum):
    """What a mail is about."""

    BOOKING_CONFIRMATION = "BOOKING_CONFIRMATION"
    """The booking is confirmed; the advance invoice is attached."""
    CHANGE = "CHANGE"
    """The booking was changed: what is agreed now."""
    REMINDER = "REMINDER"
    """The rental starts tomorrow: where, when, and what to bring."""
    CHECK_OUT_PROTOCOL = "CHECK_OUT_PROTOCOL"
    """The car was handed over; the check-out protocol is attached."""
    CHECK_IN_PROTOCOL = "CHECK_IN_PROTOCOL"
    """The car came back; the check-in protocol is attached."""
    OVERDUE = "OVERDUE"
    """The car should be back by now."""
    FINAL_INVOICE = "FINAL_INVOICE"
    """The final invoice is attached, and how the rest of it is paid."""
    REFUND = "REFUND"
    """Money is on its way back: to the customer's card, or by transfer."""
    CANCELLATION = "CANCELLATION"
    """The booking is cancelled, and what becomes of the money."""
    PAYMENT_FAILED = "PAYMENT_FAILED"
    """The card was declined; how to pay instead."""
    PAYMENT_REMINDER = "PAYMENT_REMINDER"
    """An invoice is past its due date and not paid: what is open, and how to pay it."""
    DAMAGE_NOTICE = "DAMAGE_NOTICE"
    """A damage is being looked into."""
    DAMAGE_CLAIM = "DAMAGE_CLAIM"
    """What the customer has to pay for a damage."""
    CORRECTION = "CORRECTION"
    """A protocol or document was corrected."""
    STATION_NOTICE = "STATION_NOTICE"
    """To the station, not the customer: something that its staff should look at, such as a car that is overdue."""


class EmailState(StrEnum):
    """Whether a mail waits, is sent, or was given up."""

    QUEUED = "QUEUED"
    """Waiting to be sent, or to be tried again for as long as the mail server is away: `lastError` says why."""
    SENT = "SENT"
    """The mail server has accepted it."""
    FAILED = "FAILED"
    """Refused for good or ended by a fault of ours, which somebody has to look at (EFFECTS_FAILED); or too late to be
    true any more.
    """
    REPLACED = "REPLACED"
    """Not sent: before that, staff had it sent to a corrected address, as another mail."""


XML = "application/xml"
"""The type of an e-invoice that is a file of its own."""


@dataclass(frozen=True)
class StoredFile:
    """A file that goes with a mail: its name there, its media type, and its key in the object store; or its `text`,
    where it is short and nobody else needs it.
    """

    name: str
    type: str
    key: str = ""
    text: str | None = None


class Email(SQLModel, table=True):
    """One mail. `cause_id` is what made it (contract, protocol, document); attachments name stored objects.

    `sender_name` is shown as who writes, `reply_to` is where answers go; null: as the settings have it.
    `resend_of_id` is the mail that it says once more. After `not_after` it would not be true any more.
    """

    __tablename__ = "email"
    id: UUID = new_id()
    contract_id: UUID = Field(index=True)
    station_id: UUID
    template: EmailTemplate = Field(sa_column=enum_column(EmailTemplate))
    cause_id: UUID
    state: EmailState = Field(default=EmailState.QUEUED, sa_column=enum_column(EmailState))
    to: str
    sender_name: str | None = None
    reply_to: str | None = None
    resend_of_id: UUID | None = None
    subject: str
    html: str
    text: str
    language: Language = Field(sa_column=enum_column(Language))
    attachments_json: list[Json] = Field(default_factory=list, sa_column=json_column("'[]'", name="attachments"))
    protocol_id: UUID | None = Field(default=None, index=True)
    queued_at: datetime
    not_after: datetime | None = None
    sent_at: datetime | None = None
    tries: int = 0
    last_error: str | None = None
    __table_args__ = of_contract(
        "email",
        within_station("email", "protocol_id", "protocol"),
        UniqueConstraint("contract_id", "template", "cause_id", name="uq_email_cause"),
        Index("ix_email_station_queued", "station_id", "queued_at", "id"),
        Index("ix_email_unsent", "state", "queued_at", postgresql_where=sql("state in ('QUEUED', 'FAILED')")),
    )

    @property
    def attachments(self) -> tuple[StoredFile, ...]:
        """The files that go with it."""
        return tuple(StoredFile(**stored) for stored in self.attachments_json)
