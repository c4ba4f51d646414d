"""The command line's look at jobs: which were given up or wait, why, and how they are set going again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlmodel import col, select

from server import logs
from server.cli.running import settings_of, with_runtime
from server.database import SYSTEM, Session
from server.jobs import lists as job_lists
from server.jobs.lists import SeenJob
from server.models import Contract
from server.models.job import JobKind, JobState
from server.runtime import NotConfigured, Runtime
from server.services.contract import effects

jobs = typer.Typer(help="Work that waits or was given up, and how it goes on.", no_args_is_help=True)
_DATA_DIR = typer.Option(help="Where everything is kept.")
_KIND = typer.Option(help="Only jobs of this kind.")
_TIME = "%Y-%m-%d %H:%M:%SZ"


@jobs.command("list")
def list_jobs(
    state: Annotated[JobState, typer.Option(help="In which state.")] = JobState.FAILED,
    kind: Annotated[JobKind | None, _KIND] = None,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 100,
    data_dir: Annotated[Path | None, _DATA_DIR] = None,
) -> None:
    """Jobs that were given up, or those that wait, the oldest first: id, kind, tries, since when, why, contract."""
    logs.configure()

    async def look(runtime: Runtime) -> list[str]:
        async with runtime.outside.database.transaction(SYSTEM) as session:
            found = await job_lists.listed(session, state, kind=kind, most=most)
            numbers = await _numbers(session, found)
        return [_line(job, numbers) for job in found]

    lines = with_runtime(settings_of(data_dir=data_dir), look)
    print("\n".join(lines) if lines else f"No job is {state}.")


@jobs.command()
def show(job_id: UUID, data_dir: Annotated[Path | None, _DATA_DIR] = None) -> None:
    """Everything about one job. It names ids only, nobody's data."""
    logs.configure()

    async def look(runtime: Runtime) -> list[tuple[str, object]]:
        async with runtime.outside.database.transaction(SYSTEM) as session:
            job = await job_lists.seen(session, job_id)
            if job is None:
                raise NotConfigured(f"there is no job {job_id}")
            return _facts(job, await _numbers(session, [job]))

    for name, value in with_runtime(settings_of(data_dir=data_dir), look):
        print(f"{name:12}{value}")


@jobs.command()
def retry(
    job_ids: Annotated[list[UUID] | None, typer.Argument(help="Ids of jobs that were given up.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
    kind: Annotated[JobKind | None, _KIND] = None,
    data_dir: Annotated[Path | None, _DATA_DIR] = None,
) -> None:
    """Sets going again what was given up: some jobs, all of a kind, or all. A running worker begins at once."""
    logs.configure()
    ids = job_ids or None
    if (ids is not None) == (every or kind is not None):
        raise NotConfigured("name jobs, or say --all or --kind")

    async def go(runtime: Runtime) -> int:
        return await effects.retry_jobs(runtime.outside, ids=ids, kind=kind)

    going = with_runtime(settings_of(data_dir=data_dir), go)
    print(f"Set going again: {going}")


@jobs.command()
def dismiss(job_id: UUID, data_dir: Annotated[Path | None, _DATA_DIR] = None) -> None:
    """Says that what a job gave up, or never began because its kind is unknown, was seen to in another way: it is not
    tried again, and is shown no longer.
    """
    logs.configure()

    async def rest(runtime: Runtime) -> bool:
        return await effects.dismiss(runtime.outside, job_id)

    if not with_runtime(settings_of(data_dir=data_dir), rest):
        raise NotConfigured(f"there is no job {job_id} that was given up, or that this version does not know")
    print("Dismissed.")


async def _numbers(session: Session, found: list[SeenJob]) -> dict[UUID, str]:
    ids = {job.contract_id for job in found if job.contract_id is not None}
    return {one.id: one.number for one in await session.all(select(Contract).where(col(Contract.id).in_(ids)))}


def _line(job: SeenJob, numbers: dict[UUID, str]) -> str:
    since = job.waits_since or job.due_at
    contract = numbers.get(job.contract_id, "-") if job.contract_id else "-"
    return f"{job.id}  {job.kind:18} {job.tries:4}  {since:{_TIME}}  {job.last_error or '-':24} {contract}"


def _facts(job: SeenJob, numbers: dict[UUID, str]) -> list[tuple[str, object]]:
    about = ", ".join(f"{name} {value}" for name, value in job.payload.items())
    waits = f"{job.waits_since:{_TIME}}" if job.waits_since else "-"
    return [
        ("id", job.id),
        ("kind", job.kind),
        ("state", job.state),
        ("about", about or "-"),
        ("contract", numbers.get(job.contract_id, "-") if job.contract_id else "-"),
        ("tries", job.tries),
        ("faults", job.faults),
        ("due", f"{job.due_at:{_TIME}}"),
        ("since", waits),
        ("last error", job.last_error or "-"),
    ]
