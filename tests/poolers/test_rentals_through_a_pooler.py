"""A server whose database is behind PgBouncer: it books, does its jobs, listens, and outlives the pooler's death."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from server.database.embedded import SUPERUSER, Cluster
from server.start_errors import OF_SERVE, advice
from tests.calendar import DAY, local, next_weekday
from tests.commands import invoke
from tests.dealership import open_dealership
from tests.driving import SandboxServer, running
from tests.poolers.pooler import Pooler, needs_pgbouncer

pytestmark = needs_pgbouncer
Pooled = Callable[..., Pooler]
Restart = Callable[[Pooler, Cluster], Iterator[None]]


@pytest.fixture(scope="module")
def pooler(folder: Path, cluster: Cluster) -> Iterator[Pooler]:
    made = Pooler(folder, cluster).start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def server(pooler: Pooler, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    environment = {"ERSATZWAGEN_DATABASE_URL": pooler.url()}
    with running(tmp_path_factory.mktemp("pooled") / "data", environment=environment) as server:
        yield server


def test_a_rental_from_the_booking_to_the_invoice(server: SandboxServer, cluster: Cluster) -> None:
    dealership = open_dealership(server)
    day = next_weekday(server, 0)
    contract = dealership.rent(local(day, 8), local(day + DAY, 8), km=90)
    assert (contract["state"], contract["settlementState"]) == ("BILLED", "PAID")
    query = "query($n:String){contract(number:$n){documents{pdfUrl}}}"
    papers = dealership.admin(query, n=contract["number"])["documents"]
    assert {server.http.get(paper["pdfUrl"]).content[:4] for paper in papers} == {b"%PDF"}
    with psycopg.connect(cluster.url(SUPERUSER)) as owner:
        listening = owner.execute("select count(*) from pg_stat_activity where query = 'listen \"job\"'").fetchone()
        open_now = owner.execute(
            "select count(*) from pg_stat_activity where usename = 'ersatzwagen_app' and pid <> pg_backend_pid()"
        ).fetchone()
    assert listening == (1,)
    assert open_now is not None
    assert 1 < open_now[0] <= OF_SERVE
    assert server.logged("unexpected_error", "database.listen_failed", "job.failed", "database.away") == []


def restart_pooler(pooler: Pooler, cluster: Cluster) -> Iterator[None]:
    pooler.kill()
    yield
    pooler.start()


def restart_postgres(pooler: Pooler, cluster: Cluster) -> Iterator[None]:
    cluster._run("pg_ctl", "-D", str(cluster._data), "-m", "immediate", "-w", "stop")
    yield
    cluster._run("pg_ctl", "-D", str(cluster._data), "-w", "-l", str(cluster._data / "server.log"), "start")


@pytest.mark.parametrize("restart", [restart_pooler, restart_postgres])
def test_who_dies_and_comes_back(server: SandboxServer, pooler: Pooler, cluster: Cluster, restart: Restart) -> None:
    # Given
    token = {"authorization": f"Bearer {server.admin().token}"}
    with psycopg.connect(cluster.url(SUPERUSER), autocommit=True) as owner:
        owner.execute("checkpoint")  # the clusters of tests do not wait for the disk

    def asked() -> tuple[int, str | None]:
        answer = server.http.post("/graphql", json={"query": "{stations{code}}"}, headers=token)
        return answer.status_code, answer.headers.get("retry-after")

    assert asked() == (200, None)
    server.log.write_text("")
    # When
    outage = restart(pooler, cluster)
    next(outage)
    # Then
    assert {asked() for _ in range(5)} == {(503, "2")}
    # When
    next(outage, None)
    # Then
    deadline = time.monotonic() + 120
    while asked()[0] != 200 or not server.logged("database.back"):
        assert time.monotonic() < deadline, "the server does not find its database again"
        time.sleep(0.2)
    wrong = ("unexpected_error", "worker.round_failed", "database.listen_failed")
    said = [entry["event"] for entry in server.logged("database.away", "database.back", *wrong)]
    assert said == ["database.away", "database.back"]


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("worker",), ("jobs", "list"), ("db", "upgrade")])
@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_of_transactions_is_refused(
    pooled: Pooled, command: tuple[str, ...], mode: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ERSATZWAGEN_DATABASE_URL", pooled(pool_mode=mode).url())
    refused = invoke(*command)
    assert refused.exception is not None
    assert advice(refused.exception) == (
        "a pooler stands before the database and pools transactions: set its pool_mode to session, or name PostgreSQL"
        " itself in ERSATZWAGEN_DATABASE_URL"
    )


@pytest.mark.parametrize(
    ("mode", "line"),
    [
        ("session", "ok      database        PostgreSQL "),
        ("transaction", "NOT OK  database        a pooler stands before "),
    ],
)
def test_the_check_tells_which_it_is(
    pooled: Pooled, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: str, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ERSATZWAGEN_DATABASE_URL", pooled(pool_mode=mode).url())
    lines = invoke("check").stdout.splitlines()
    assert next(one for one in lines if one[8:24].strip() == "database").startswith(line)
