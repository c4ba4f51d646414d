"""What the database knows of jobs and of who does them, as figures for whoever watches the system."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from server import metrics
from server.database import Session
from server.jobs import heartbeat
from server.jobs import lists as job_lists
from server.jobs.loops import Lane
from server.models.job import JobKind, JobState

_STATES = (JobState.WAITING, JobState.FAILED)
_UNKNOWN = "unknown"


async def show(session: Session, *, now: datetime, machine_now: datetime, lanes: Mapping[JobKind, Lane]) -> None:
    """Sets the figures: of all processes, whichever is asked. A kind without jobs is 0, so that it can be watched; what
    another version of the program has written is `unknown`.
    """
    found = await job_lists.figures(session, now)
    counts = {(kind.value, state.value): 0 for kind in JobKind for state in _STATES}
    ages, of_lanes = dict.fromkeys(map(str, JobKind), 0.0), dict.fromkeys(map(str, lanes.values()), 0.0)
    for one in found:
        kind = JobKind(one.kind) if one.kind in ages else None
        name = kind.value if kind else _UNKNOWN
        counts[name, one.state.value] = counts.get((name, one.state.value), 0) + one.count
        if one.since is None:
            continue
        age, lane = (now - one.since).total_seconds(), str(lanes.get(kind, _UNKNOWN)) if kind else _UNKNOWN
        ages[name], of_lanes[lane] = max(age, ages.get(name, 0.0)), max(age, of_lanes.get(lane, 0.0))
    metrics.waiting_jobs.set(await job_lists.count_due(session, now))
    for (name, state), count in counts.items():
        metrics.standing_jobs.labels(name, state).set(count)
    metrics.set_all(metrics.oldest_jobs, ages)
    metrics.set_all(metrics.oldest_in_lane, of_lanes)
    await _workers(session, machine_now)


async def _workers(session: Session, machine_now: datetime) -> None:
    beats = await heartbeat.beats(session, machine_now)
    metrics.workers.set(beats.alive)
    silence = float("inf") if beats.last is None else (machine_now - beats.last).total_seconds()
    metrics.worker_silence.set(silence)
