"""The table of jobs is whole, and whoever writes a job says what its kind is about."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from server.gateways import object_store
from server.gateways.mailer import SmtpMailer
from server.gateways.telecash import TelecashSettings
from server.jobs import LEASE
from server.jobs.loops import LOOPS, TRY_SECONDS, Lane
from server.models.job import JobKind
from server.services.contract.effects import OF_CONTRACTS
from server.worker import WORK

ROOT = Path(__file__).resolve().parent.parent.parent
# Passes on the kind that its callers give: both are about a contract.
PASSED_ON = {"server/services/billing/collection.py": (JobKind.COLLECT, JobKind.RELEASE_DEPOSIT)}


def enqueued() -> Iterator[tuple[str, ast.expr, str]]:
    """File, kind and payload of every job that the server writes."""
    for file in sorted((ROOT / "server").rglob("*.py")):
        if file == ROOT / "server" / "jobs" / "__init__.py":  # passes on what it is given
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _writes(node.func):
                yield file.relative_to(ROOT).as_posix(), node.args[1], ast.unparse(node.args[2]).partition("(")[0]


def _writes(called: ast.expr) -> bool:
    name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
    return name in {"enqueue", "keep_going"}


def test_every_kind_has_its_work() -> None:
    assert set(WORK) == set(JobKind)


def test_every_kind_has_its_lane_and_every_lane_its_loops() -> None:
    assert {kind: work.lane for kind, work in WORK.items() if work.lane not in Lane} == {}
    assert set(LOOPS) == {work.lane for work in WORK.values()} == set(Lane)
    assert min(LOOPS.values()) > 0


def test_no_try_outlives_its_lease() -> None:
    settings = TelecashSettings(service_url="", connect_url="", store_id="", user="", password="", shared_secret="")
    of_gateway = settings.connect_timeout + settings.read_timeout
    assert SmtpMailer("smtp://127.0.0.1", "a@example.com")._timeout == 10.0
    assert object_store.DEADLINE_SECONDS + 10.0 < TRY_SECONDS
    assert of_gateway < TRY_SECONDS < LEASE.total_seconds()


def test_a_job_that_was_given_up_is_shown_on_its_contract() -> None:
    """Whatever a job is about whose row names a contract: the flag of that contract tells of it."""
    names = {field.name for work in WORK.values() for field in fields(work.about)}
    of_contracts = {name for name in names if "contract_id" in getattr(SQLModel.metadata.tables.get(name), "c", ())}
    assert of_contracts == set(OF_CONTRACTS)


def test_every_job_is_about_what_its_kind_says() -> None:
    # Given
    calls = list(enqueued())
    names = {work.about.__name__: work.about for work in WORK.values()} | {"about": WORK[JobKind.EXPIRE_CAR_HOLD].about}
    # Then
    assert len(calls) >= 12
    for file, kind, payload in calls:
        kinds = [JobKind[kind.attr]] if isinstance(kind, ast.Attribute) else PASSED_ON[file]
        assert all(WORK[one].about is names[payload] for one in kinds), (file, ast.unparse(kind), payload)


@pytest.mark.parametrize("word", ["update job", "insert into job", "delete from job"])
def test_jobs_are_written_in_one_place(word: str) -> None:
    writers = [file for file in (ROOT / "server").rglob("*.py") if word in file.read_text(encoding="utf-8").lower()]
    assert {file.relative_to(ROOT / "server").parts[0] for file in writers} <= {"jobs"}
