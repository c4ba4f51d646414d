"""The database goes away under a running server and comes back: callers are told to wait, and the log says it once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psutil
import psycopg
import pytest

from server.database.embedded import Cluster
from tests.driving import SandboxServer, running

QUERY = {"query": "{stations{code}}"}
SIGN_IN = {"query": 'mutation{signIn(email:"a@b.de",password:"x"){__typename}}'}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SandboxServer]:
    with running(tmp_path / "data", demo_data=True) as server:
        yield server


def asked(server: SandboxServer, token: str) -> httpx2.Response:
    return server.http.post("/graphql", json=QUERY, headers={"authorization": f"Bearer {token}"})


def test_a_database_that_goes_away_and_comes_back(server: SandboxServer) -> None:
    # Given: somebody who is signed in
    token = str(server.admin().token)
    assert asked(server, token).status_code == 200
    # The clusters of tests do not wait for the disk: without this the kill would take the sign-in with it.
    with psycopg.connect(server.owner, autocommit=True) as owner:
        owner.execute("checkpoint")
    # When PostgreSQL is killed
    cluster = Cluster(server.data_dir)
    cluster._run("pg_ctl", "-D", str(cluster._data), "-m", "immediate", "-w", "stop")
    answers = [asked(server, token) for _ in range(20)]
    # Then
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["retry-after"] for answer in answers} == {"2"}
    assert answers[0].json()["errors"][0]["extensions"] == {"code": "RATE_LIMITED"}
    assert server.http.get("/readyz").status_code == 503
    assert server.http.get("/healthz").status_code == 200
    # When PostgreSQL runs again
    cluster._run("pg_ctl", "-D", str(cluster._data), "-w", "-l", str(cluster._data / "server.log"), "start")
    deadline = time.monotonic() + 120
    while asked(server, token).status_code != 200:
        assert time.monotonic() < deadline, "the server does not find its database again"
        time.sleep(0.2)
    # Then: one line for the outage, with its cause, one for its end, and nothing else
    while not server.logged("database.back"):
        assert time.monotonic() < deadline, "nobody said that it is back"
        time.sleep(0.2)
    (away,) = server.logged("database.away")
    assert away["cause"]
    assert server.logged("unexpected_error") == server.logged("worker.round_failed") == []


def test_a_database_that_hangs_is_away(server: SandboxServer) -> None:
    """It is there, takes connections, and never answers: stopped, as by a disk that does not come back."""
    # Given
    token = {"authorization": f"Bearer {server.admin().token}"}
    photo = "/media/photos/0f8fad5b-d9cb-469f-a165-70867728950e"
    requests: dict[str, Callable[[], httpx2.Response]] = {
        "operation": lambda: server.http.post("/graphql", json=QUERY, headers=token, timeout=60),
        "signing in": lambda: server.http.post("/graphql", json=SIGN_IN, timeout=60),
        "photo": lambda: server.http.get(photo, headers=token, timeout=60),
        "return": lambda: server.http.post("/payment/return", data={"oid": "abc"}, timeout=60),
        "notification": lambda: server.http.post("/payment/notification", data={"oid": "abc"}, timeout=60),
        "readiness": lambda: server.http.get("/readyz", timeout=60),
    }
    postmaster = psutil.Process(int((Cluster(server.data_dir)._data / "postmaster.pid").read_text().splitlines()[0]))
    stopped = [postmaster, *postmaster.children()]
    # When
    for process in stopped:
        process.suspend()
    try:
        with ThreadPoolExecutor(len(requests) + 1) as pool:
            figures = pool.submit(server.figures, "^ersatzwagen_database_up 0.0")
            answers = dict(zip(requests, pool.map(lambda ask: ask(), requests.values()), strict=True))
    finally:
        for process in reversed(stopped):
            process.resume()
    # Then: whoever watches is told, and asks nobody who hangs again and again
    assert "ersatzwagen_jobs_waiting" in figures.result()
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(requests, 503)
    assert {name for name, answer in answers.items() if answer.headers.get("retry-after") != "2"} <= {"readiness"}
    # When it goes on, Then so does the server
    deadline = time.monotonic() + 120
    while server.http.post("/graphql", json=QUERY, headers=token).status_code != 200:
        assert time.monotonic() < deadline, "the server does not find its database again"
        time.sleep(0.2)
