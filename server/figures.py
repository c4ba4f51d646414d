"""Figures that are read from the database for whoever watches: rarely, cheaply, and never waited for.

However often it is asked, the database is asked once in some seconds, with a deadline. Mails, payments and deposits are
found by an index; of jobs all that wait are counted, one for each contract that is kept. Mails that are sent and
payments that succeeded are not counted: they are nearly all there are, and only ever grow.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from server import metrics
from server.clock import SystemClock
from server.database import SYSTEM, Database, Session
from server.database.outage import OUTAGE, is_away
from server.jobs import figures as job_figures
from server.jobs.loops import Lane
from server.models.email import EmailState
from server.models.job import JobKind
from server.models.payment import DepositState, PaymentState

KEPT_SECONDS = 10.0
"""How old figures may be: whoever asks again before is told the same."""
WITHIN_SECONDS = 5.0
"""After which a database that has not answered counts as away."""
ENDING_WITHIN = timedelta(hours=12)
"""A hold is renewed a day before its end: one that ends so soon was not."""
# The conditions are those of the indexes (server/models).
_MAILS = (
    "select state, count(*) as number, min(queued_at) as since from email"
    " where state in ('QUEUED', 'FAILED') group by state"
)
_PAYMENTS = "select state, count(*) as number from payment where state <> 'SUCCEEDED' group by state"
_UNRESOLVED = "select count(*) as number, min(sent_at) as since from payment where state in ('PENDING', 'UNKNOWN')"
_DEPOSITS = (
    "select state, count(*) as number, count(*) filter (where expires_at < :soon) as ending from deposit"
    " where state in ('NONE', 'ACTIVE', 'EXPIRED', 'FAILED') group by state"
)
_log = structlog.get_logger("figures")


@dataclass
class Figures:
    """The figures of one database. `now` is the clock's, the machine's is its own; `certificate_ends_at` is when the
    gateway's client certificate ends that this process has loaded, None if it has none.
    """

    database: Database
    lanes: Mapping[JobKind, Lane]
    certificate_ends_at: datetime | None = None
    _read_at: float | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def refresh(self) -> None:
        """Reads them anew unless they are young enough. `ersatzwagen_database_up` tells whether that went well; if not,
        what was read last stays.
        """
        self._show_certificate()
        async with self._one_at_a_time:
            if self._read_at is not None and time.monotonic() - self._read_at < KEPT_SECONDS:
                return
            metrics.database_up.set(await self._is_read())
            self._read_at = time.monotonic()

    async def _is_read(self) -> bool:
        # A task of its own: a connection that hangs takes its time to be given back.
        reading = asyncio.create_task(self._read())
        done, _ = await asyncio.wait({reading}, timeout=WITHIN_SECONDS)
        reading.add_done_callback(_heard)
        if not done:
            reading.cancel()
            return False
        error = reading.exception()
        if error is None:
            return True
        if is_away(error):
            OUTAGE.began(error)
        else:
            _log.error("figures.not_read", error=type(error).__name__)
        return False

    async def _read(self) -> None:
        now, machine_now = self.database.clock.now(), SystemClock().now()
        async with self.database.transaction(SYSTEM) as session:
            most = {"most": f"{WITHIN_SECONDS * 1000:.0f}ms"}
            await session.rows("select set_config('statement_timeout', :most, true)", most)
            await job_figures.show(session, now=now, machine_now=machine_now, lanes=self.lanes)
            await _mails(session, now)
            await _money(session, now)
            metrics.database_bytes.set(await session.value("select pg_database_size(current_database())"))

    def _show_certificate(self) -> None:
        if self.certificate_ends_at is not None:
            left = self.certificate_ends_at - SystemClock().now()
            metrics.certificate_days.labels("telecash").set(left / timedelta(days=1))


async def _mails(session: Session, now: datetime) -> None:
    found = {row.state: row for row in await session.rows(_MAILS)}
    for state in (EmailState.QUEUED, EmailState.FAILED):
        metrics.mails.labels(state.value).set(found[state].number if state in found else 0)
    waiting = found.get(EmailState.QUEUED)
    metrics.oldest_mail.set((now - waiting.since).total_seconds() if waiting else 0)


async def _money(session: Session, now: datetime) -> None:
    payments = {row.state: row.number for row in await session.rows(_PAYMENTS)}
    for state in PaymentState:
        if state is not PaymentState.SUCCEEDED:
            metrics.payments.labels(state.value).set(payments.get(state, 0))
    (unresolved,) = await session.rows(_UNRESOLVED)
    metrics.unresolved_payments.set(unresolved.number)
    since: datetime = unresolved.since or now
    metrics.oldest_unresolved_payment.set((now - since).total_seconds())
    deposits = {row.state: row for row in await session.rows(_DEPOSITS, {"soon": now + ENDING_WITHIN})}
    for kept in (DepositState.NONE, DepositState.ACTIVE, DepositState.EXPIRED, DepositState.FAILED):
        metrics.deposits.labels(kept.value).set(deposits[kept].number if kept in deposits else 0)
    active = deposits.get(DepositState.ACTIVE)
    metrics.ending_deposits.set(active.ending if active else 0)


def _heard(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()
