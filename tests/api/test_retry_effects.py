"""What was given up is shown to staff, and a manager sets it going again, by the API and by the command line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.calendar import soon
from tests.dealership import Dealership, add_user
from tests.driving import ROOT, Api

RETRY = """mutation($c:ID!){retryEffects(contractId:$c){__typename ...on Contract{id flags version}
  ...on Problem{problemCode field}}}"""
FLAGGED = """query($s:ID!){contracts(filter:{stationId:$s, flags:[EFFECTS_FAILED]}){nodes{id flags
  history{action after actor} emails{template state lastError}}}}"""


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


@pytest.fixture
def refusing(dealership: Dealership, start: datetime) -> Iterator[Dealership]:
    """The mail server has no mailbox for anybody, at `start`; what others on this server wait for is done before."""
    assert dealership.server.now() < start
    command(dealership, "retry", "--all")
    dealership.server.settle()
    dealership.server.smtp("550")
    yield dealership
    dealership.server.smtp("ok")
    dealership.server.settle()


def flagged(dealership: Dealership) -> list[dict[str, Any]]:
    found: dict[str, Any] = dealership.clerk(FLAGGED, s=dealership.station["id"])
    nodes: list[dict[str, Any]] = found["nodes"]
    return nodes


def manager(dealership: Dealership) -> Api:
    email = f"m-{dealership.station['code'].lower()}@example.com"
    add_user(dealership.admin, email, "MANAGER", [dealership.station["id"]])
    return dealership.server.sign_in(email)


def command(dealership: Dealership, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server", "jobs", *arguments, "--data-dir", str(dealership.server.data_dir)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("ERSATZWAGEN_")},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_a_refused_mail_is_shown_and_a_manager_has_it_tried_again(refusing: Dealership, start: datetime) -> None:
    # Given
    contract = refusing.booked(start, start.replace(hour=15))
    refusing.server.settle()
    # Then
    (shown,) = flagged(refusing)
    assert (shown["id"], shown["flags"]) == (contract["id"], ["EFFECTS_FAILED"])
    assert shown["emails"] == [
        {"template": "BOOKING_CONFIRMATION", "state": "FAILED", "lastError": "550 no such mailbox"}
    ]
    assert shown["history"][-1] == {"action": "EFFECT_FAILED", "after": "SEND_EMAIL", "actor": "System"}
    figures = refusing.server.figures(r'ersatzwagen_jobs_standing\{kind="SEND_EMAIL",state="FAILED"\} [1-9]')
    assert re.search(r'ersatzwagen_jobs_total\{kind="SEND_EMAIL",outcome="refused"\} [1-9]', figures)
    assert "ersatzwagen_workers 1.0" in figures
    # When a clerk asks, Then nothing happens
    assert refusing.clerk.error_code(RETRY, c=contract["id"]) == "FORBIDDEN"
    assert len(flagged(refusing)) == 1
    # When a manager asks
    refusing.server.smtp("ok")
    boss = manager(refusing)
    done = boss(RETRY, c=contract["id"])
    # Then
    assert (done["id"], done["flags"]) == (contract["id"], [])
    refusing.server.settle()
    (mail,) = refusing.server.mails(contract["customer"]["email"])
    assert (mail["template"], flagged(refusing)) == ("BOOKING_CONFIRMATION", [])
    # And for what is not there
    unknown = boss(RETRY, c=str(uuid4()))
    assert (unknown["problemCode"], unknown["field"]) == ("NOT_FOUND", ["contractId"])


def test_an_administrator_lists_looks_and_sets_going(refusing: Dealership, start: datetime) -> None:
    # Given
    contract = refusing.booked(start, start.replace(hour=15))
    refusing.server.settle()
    # When
    listed = command(refusing, "list")
    # Then
    assert listed.returncode == 0, listed.stderr
    (line,) = [line for line in listed.stdout.splitlines() if line.endswith(contract["number"])]
    job_id, kind, tries, _day, _time, why, _number = line.split()
    assert (kind, tries, why) == ("SEND_EMAIL", "1", "MailRefused")
    # When
    shown = command(refusing, "show", job_id).stdout
    # Then: ids only, nobody's data
    facts = dict(line.split(maxsplit=1) for line in shown.replace("last error", "last_error").splitlines())
    assert (facts["id"], facts["state"], facts["contract"]) == (job_id, "FAILED", contract["number"])
    assert (facts["last_error"], facts["faults"], facts["about"][:6]) == ("MailRefused", "0", "email ")
    assert contract["customer"]["email"] not in shown + listed.stdout
    # When it is not said which
    for arguments in (["retry"], ["retry", job_id, "--all"]):
        refused = command(refusing, *arguments)
        assert (refused.returncode, refused.stderr) == (2, "ersatzwagen: name jobs, or say --all or --kind\n")
    unknown = command(refusing, "show", str(uuid4()))
    assert (unknown.returncode, "there is no job" in unknown.stderr) == (2, True)
    assert len(flagged(refusing)) == 1
    # When
    refusing.server.smtp("ok")
    again = command(refusing, "retry", job_id)
    # Then
    assert (again.returncode, again.stdout) == (0, "Set going again: 1\n"), again.stderr
    refusing.server.settle()
    (mail,) = refusing.server.mails(contract["customer"]["email"])
    assert (mail["template"], flagged(refusing)) == ("BOOKING_CONFIRMATION", [])
    assert command(refusing, "retry", "--kind", "SEND_EMAIL").stdout == "Set going again: 0\n"
    assert command(refusing, "list", "--kind", "BILL").stdout == "No job is FAILED.\n"
    assert "SEND_EMAIL" not in command(refusing, "list", "--state", "WAITING", "--kind", "OVERDUE").stdout
    gone = command(refusing, "dismiss", job_id)
    assert (gone.returncode, "that was given up" in gone.stderr) == (2, True)
