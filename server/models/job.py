"""Work to be done after the transaction that asked for it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from server.models.columns import Json, enum_column, json_column, new_id


class JobKind(StrEnum):
    """What is to be done. The table of `server/worker.py` says what each is about and who does it."""

    DRIVE_BOOKING = "DRIVE_BOOKING"
    """Goes on with a booking whose request may have died."""
    EXPIRE_CAR_HOLD = "EXPIRE_CAR_HOLD"
    """Frees the car of an unpaid booking."""
    LATE_PAGE = "LATE_PAGE"
    """Looks once more whether a payment page was paid after all."""
    RESOLVE_PAYMENT = "RESOLVE_PAYMENT"
    """Finds out what became of a payment."""
    PLACE_DEPOSIT = "PLACE_DEPOSIT"
    """Places or renews the hold on the card."""
    RELEASE_DEPOSIT = "RELEASE_DEPOSIT"
    """Lifts the hold."""
    BILL = "BILL"
    """Bills a returned contract."""
    COLLECT = "COLLECT"
    """Moves the money that an invoice asks for."""
    COLLECT_CLAIMS = "COLLECT_CLAIMS"
    """Moves the money that claims for damages ask for, and lifts a hold that no damage needs any more."""
    DAMAGE_REMINDER = "DAMAGE_REMINDER"
    """Reminds a station of a damage that nobody has decided about, before its claim lapses."""
    PRINT_DOCUMENT = "PRINT_DOCUMENT"
    """Makes the PDF of a document if the process that issued it died before it could."""
    PROTOCOL_SHEET = "PROTOCOL_SHEET"
    """Prints a protocol and mails it."""
    OVERDUE = "OVERDUE"
    """Looks whether a car is back when the grace after its planned end is over."""
    MARK_NO_SHOW = "MARK_NO_SHOW"
    """Ends a booking that nobody has picked up."""
    REMIND_OF_START = "REMIND_OF_START"
    """Reminds the customer of tomorrow's pick-up."""
    REMIND_OF_PAYMENT = "REMIND_OF_PAYMENT"
    """Reminds whoever owes an open item that is past its due date."""
    SEND_EMAIL = "SEND_EMAIL"
    """Hands a mail to the mail server."""
    RETENTION = "RETENTION"
    """Looks what of a contract no law keeps any more, and erases it."""
    ERASE_CUSTOMER = "ERASE_CUSTOMER"
    """Erases what is stored of a customer who has asked for it, as far as no law keeps it."""
    ERASE_FILES = "ERASE_FILES"
    """Deletes pictures and PDFs whose rows are erased."""
    CLEAN = "CLEAN"
    """Deletes what nobody needs any more and no contract is made of, every night."""


@dataclass(frozen=True)
class OfContract:
    """Work on a contract."""

    contract: UUID


@dataclass(frozen=True)
class OfPayment:
    """Work on an attempt at the gateway."""

    payment: UUID


@dataclass(frozen=True)
class OfProtocol:
    """Work on a protocol."""

    protocol: UUID


@dataclass(frozen=True)
class OfDocument:
    """Work on an issued document."""

    document: UUID


@dataclass(frozen=True)
class OfOpenItem:
    """Work on what is still owed for a document."""

    open_item: UUID


@dataclass(frozen=True)
class OfEmail:
    """Work on a mail."""

    email: UUID


@dataclass(frozen=True)
class OfDamage:
    """Work on a damage."""

    damage: UUID


@dataclass(frozen=True)
class OfCustomer:
    """Work on a customer."""

    customer: UUID


@dataclass(frozen=True)
class OfErasure:
    """Work on the files that one erasure has left."""

    erasure: UUID


@dataclass(frozen=True)
class OfNothing:
    """Work on nothing in particular: there is one such job at a time."""


About = (
    OfContract
    | OfPayment
    | OfProtocol
    | OfDocument
    | OfOpenItem
    | OfEmail
    | OfDamage
    | OfCustomer
    | OfErasure
    | OfNothing
)
"""What a job is about: ids only, never a customer's data."""


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "WAITING"
    """Due now or later, or to be tried again."""
    DONE = "DONE"
    """Finished."""
    FAILED = "FAILED"
    """Given up: refused for good, or a fault of ours ended all tries. The log and `last_error` say why."""


class Job(SQLModel, table=True):
    """One piece of work. `key` makes it unique: asking twice is asking once. `leased_until` is the machine's time.

    `tries` counts those since it last had nothing to wait for, `faults` those of them that a fault of ours has ended,
    `waits_since` is when it should have been done; `contract_id` is whose work it was that has been given up.
    """

    __tablename__ = "job"
    id: UUID = new_id()
    kind: JobKind = Field(sa_column=enum_column(JobKind))
    key: str = Field(unique=True)
    payload: Json = Field(sa_column=json_column("'{}'"))
    state: JobState = Field(default=JobState.WAITING, sa_column=enum_column(JobState))
    due_at: datetime
    tries: int = 0
    faults: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    waits_since: datetime | None = None
    leased_until: datetime | None = None
    lease_id: UUID | None = None
    last_error: str | None = None
    contract_id: UUID | None = None
    created_at: datetime
    done_at: datetime | None = None
    __table_args__ = (
        Index("ix_job_waiting", "due_at", "id", postgresql_where=text("state = 'WAITING'")),
        Index("ix_job_done", "done_at", postgresql_where=text("state = 'DONE'")),
        Index("ix_job_failed", "contract_id", postgresql_where=text("state = 'FAILED'")),
    )


class WorkerBeat(SQLModel, table=True):
    """A process that does jobs, and when it last said so, by the machine's clock."""

    __tablename__ = "worker_beat"
    worker_id: UUID = Field(primary_key=True)
    beat_at: datetime
