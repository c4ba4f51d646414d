"""The primary dies under load and a standby takes its place: whoever was told of a booking finds it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from server.database.embedded import SUPERUSER
from tests.machines import Machine, address_of
from tests.rolling.load import under_load
from tests.rolling.site import needs_nginx, site

SYNCHRONOUS = "alter system set synchronous_standby_names = 'ANY 1 (rental_standby_1, rental_standby_2)'"


@pytest.fixture
def machines() -> Iterator[tuple[Machine, Machine]]:
    """A primary whose commits wait for its standby."""
    primary, standby = Machine("primary"), Machine("rental_standby_1")
    try:
        primary.make_primary()
        standby.make_standby_of(primary)
        with psycopg.connect(primary.url(SUPERUSER), autocommit=True) as owner:
            owner.execute(SYNCHRONOUS)
            owner.execute("select pg_reload_conf()")
        yield primary, standby
    finally:
        standby.cluster.stop()
        primary.cluster.stop()


@needs_nginx
def test_a_standby_takes_the_place_of_a_primary_that_died(machines: tuple[Machine, Machine], tmp_path: Path) -> None:
    primary, standby = machines
    url = address_of(primary, standby, more="target_session_attrs=read-write")
    with site(tmp_path, url, owner=primary.url(SUPERUSER)) as running:
        dealership = running.open_dealership(cars=8)
        # Given a standby that follows, and is not to be promoted while its primary lives
        refused = standby.script("promote.sh")
        assert (refused.returncode, refused.stderr) == (1, "promote.sh: the old primary still answers: stop it first\n")
        with under_load(dealership, repeats=True) as load:
            load.until_more(60)
            # When the primary dies, and nobody is there for a while
            primary.kill()
            load.until_more(30)
            standby.promote()
            # Then the servers find the new one by themselves
            before, deadline = len(load.booked), time.monotonic() + 120
            while len(load.booked) < before + 30:
                assert time.monotonic() < deadline, load.statuses()
                time.sleep(0.1)
        charged = running.charged()
    # Then: callers were told to come back meanwhile, also those whose card was being charged, and nothing else
    refused_with = {(answer.status, answer.retry_after) for answer in load.failed() if "UNRESOLVED" not in answer.said}
    assert refused_with == {(503, "2")}
    # Then: what somebody was told of is there, once
    with psycopg.connect(standby.url(SUPERUSER)) as owner:
        numbers = [number for (number,) in owner.execute("select number from contract where state = 'RESERVED'")]
    assert sorted(numbers) == sorted(load.booked)
    assert sorted(charged) == sorted(load.booked)


def test_of_two_standbys_the_one_that_has_more_is_promoted(machines: tuple[Machine, Machine]) -> None:
    # Given a second standby, and something that only that one has heard of
    primary, first = machines
    second = Machine("rental_standby_2")
    try:
        second.make_standby_of(primary)
        first.cluster.stop()
        with psycopg.connect(primary.url(SUPERUSER), autocommit=True) as owner:
            owner.execute("create table slip as select 'answered' as text")
        primary.kill()
        first.cluster.start()
        # When, Then
        refused = first.script("promote.sh", f"{second.conninfo} dbname=postgres")
        assert (refused.returncode, refused.stderr.endswith("has more: promote that one\n")) == (1, True), (
            refused.stderr
        )
        second.promote(first)
        told = {
            "": "an argument is empty: name another standby, or none",
            f"{first.conninfo} dbname=postgres": f"{first.conninfo} dbname=postgres is this one",
            f"{second.conninfo} dbname=postgres": f"{second.conninfo} dbname=postgres is a primary already",
        }
        for argument, says in told.items():
            again = first.script("promote.sh", argument)
            assert (again.returncode, again.stderr) == (1, f"promote.sh: {says}\n")
        with psycopg.connect(second.url(SUPERUSER), autocommit=True) as owner:
            assert owner.execute("select text from slip").fetchall() == [("answered",)]
            owner.execute("insert into slip values ('and goes on')")  # nobody is waited for
    finally:
        second.cluster.stop()
