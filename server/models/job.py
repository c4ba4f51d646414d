"""Work to be done after the transaction that asked for it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from server.models.columns import Json, enum_column, json_column, new_id


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "WAITING"
    """Due now or later, or to be tried again."""
    DONE = "DONE"
    """Finished."""
    FAILED = "FAILED"
    """Given up; the log and `last_error` say why."""


class Job(SQLModel, table=True):
    """One piece of work. `key` makes it unique: asking twice is asking once. `leased_until` is the machine's time."""

    __tablename__ = "job"
    id: UUID = new_id()
    kind: str
    key: str = Field(unique=True)
    payload: Json = Field(sa_column=json_column("'{}'"))
    state: JobState = Field(default=JobState.WAITING, sa_column=enum_column(JobState))
    due_at: datetime
    tries: int = 0
    leased_until: datetime | None = None
    lease_id: UUID | None = None
    last_error: str | None = None
    created_at: datetime
    done_at: datetime | None = None
    __table_args__ = (Index("ix_job_waiting", "due_at", "id", postgresql_where=text("state = 'WAITING'")),)
