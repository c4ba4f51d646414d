"""What the database knows of jobs and of who does them, as figures for whoever watches the system."""

from __future__ import annotations

from datetime import datetime

from server import heartbeat, job_lists, metrics
from server.database import Session
from server.models.job import JobKind, JobState

_STATES = (JobState.WAITING, JobState.FAILED)


async def show(session: Session, *, now: datetime, machine_now: datetime) -> None:
    """Sets the figures: of all processes, whichever is asked. A kind without jobs is 0, so that it can be watched."""
    metrics.standing_jobs.clear()
    metrics.oldest_jobs.clear()
    for kind in JobKind:
        metrics.oldest_jobs.labels(kind.value).set(0)
        for state in _STATES:
            metrics.standing_jobs.labels(kind.value, state.value).set(0)
    for one in await job_lists.figures(session, now):
        metrics.standing_jobs.labels(one.kind, one.state.value).set(one.count)
        if one.since is not None:
            metrics.oldest_jobs.labels(one.kind).set((now - one.since).total_seconds())
    beats = await heartbeat.beats(session, machine_now)
    metrics.workers.set(beats.alive)
    silence = float("inf") if beats.last is None else (machine_now - beats.last).total_seconds()
    metrics.worker_silence.set(silence)
