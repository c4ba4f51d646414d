"""A production server: what it refuses, what it does not have, and how its first administrator comes to be."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from server.database.embedded import Cluster
from tests.driving import ROOT, Api, free_port

SIGN_IN = """mutation($e:String!,$p:String!){signIn(email:$e,password:$p){__typename
  ...on Session{accessToken viewer{role}} ...on Problem{problemCode}}}"""
CREATE_STATION = "mutation($input:StationInput!){createStation(input:$input){__typename ...on Problem{message}}}"
FIRST = {"ERSATZWAGEN_ADMIN_EMAIL": "first@example.com", "ERSATZWAGEN_ADMIN_PASSWORD": "first-password"}
PRODUCTION = {
    "ERSATZWAGEN_ENVIRONMENT": "production",
    "ERSATZWAGEN_SECRET_KEY": "a-key-of-our-own" * 2,
    "ERSATZWAGEN_PRIVATE_CLUSTER": "true",
}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ERSATZWAGEN_")}
    return subprocess.run(
        [sys.executable, "-m", "server", *arguments],
        cwd=ROOT,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@dataclass
class Production:
    """A server without a sandbox, with a data directory of its own."""

    http: httpx2.Client
    data_dir: Path

    def sign_in(self, email: str, password: str) -> dict[str, object]:
        answer: dict[str, object] = Api("", self.http)(SIGN_IN, e=email, p=password)
        return answer


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    data_dir, port = tmp_path_factory.mktemp("production") / "data", free_port()
    log = data_dir.with_suffix(".log")
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "serve", "--data-dir", str(data_dir), "--port", str(port)],
            cwd=ROOT,
            env={**os.environ, **PRODUCTION, **FIRST},
            stdout=out,
            stderr=out,
        )
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as http:
        try:
            _until_ready(http, process, log)
            yield Production(http, data_dir)
        finally:
            process.terminate()
            process.wait(60)


def _until_ready(http: httpx2.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if http.get("/readyz", timeout=2).status_code == 200:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def test_production_refuses_to_start_a_sandbox(tmp_path: Path) -> None:
    done = run("serve", "--sandbox", "--data-dir", str(tmp_path / "data"), **PRODUCTION)

    assert done.returncode == 2
    assert "the sandbox refuses to start when ENVIRONMENT=production" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_production_needs_a_key_to_sign_links_with(tmp_path: Path) -> None:
    done = run("serve", "--data-dir", str(tmp_path / "data"), ERSATZWAGEN_ENVIRONMENT="production")

    assert done.returncode == 2
    assert "ERSATZWAGEN_SECRET_KEY is required in production" in done.stderr
    assert not (tmp_path / "data").exists()


def test_nor_a_short_one(tmp_path: Path) -> None:
    short = {**PRODUCTION, "ERSATZWAGEN_SECRET_KEY": "x" * 31}

    done = run("serve", "--data-dir", str(tmp_path / "data"), **short)

    assert done.returncode == 2
    assert "ERSATZWAGEN_SECRET_KEY needs at least 32 bytes in production: openssl rand -hex 32" in done.stderr
    assert "x" * 31 not in done.stderr
    assert not (tmp_path / "data").exists()


def test_the_first_administrator_comes_from_the_environment(production: Production) -> None:
    session = production.sign_in("first@example.com", "first-password")

    assert (session["__typename"], session["viewer"]) == ("Session", {"role": "ADMIN"})
    assert production.sign_in("admin@autohaus-sonnenfeld.example", "sandbox-password")["problemCode"] == "NOT_ALLOWED"


def test_another_one_comes_from_the_command_line(production: Production) -> None:
    # When the command runs beside the server, with the password in the environment
    who = ("--email", "second@example.com", "--name", "Second", "--role", "ADMIN")
    where = ("--data-dir", str(production.data_dir))
    done = run("user", "create", *who, *where, ERSATZWAGEN_PASSWORD="second-password")

    # Then it says whom it made, not with which password, and the person can sign in
    assert (done.returncode, done.stdout) == (0, "Created: second@example.com (ADMIN)\n")
    assert "second-password" not in done.stdout + done.stderr
    session = production.sign_in("second@example.com", "second-password")
    assert (session["__typename"], session["viewer"]) == ("Session", {"role": "ADMIN"})


def test_the_command_line_refuses_in_one_line(production: Production) -> None:
    who = ("--email", "third@example.com", "--name", "Third", "--role", "CLERK")
    where = ("--data-dir", str(production.data_dir))

    done = run("user", "create", *who, *where, ERSATZWAGEN_PASSWORD="short")

    assert done.returncode == 2
    assert done.stderr == "ersatzwagen: A password has 10 to 128 characters.\n"
    assert production.sign_in("third@example.com", "short")["__typename"] == "Rejection"
    assert Cluster(production.data_dir).root.exists()


def test_a_website_may_do_what_the_command_line_says(production: Production) -> None:
    # Given: a station
    session = production.sign_in("first@example.com", "first-password")
    admin = Api("", production.http, str(session["accessToken"]))
    address = {"street": "Am Markt 1", "postcode": "13581", "city": "Berlin"}
    station = {"code": "SPA", "name": "Spandau", "address": address, "email": "spa@example.com", "openingHours": []}
    assert admin(CREATE_STATION, input=station)["__typename"] == "Station"
    # When
    what = ("--name", "Werkstatt", "--station", "SPA", "--kind", "RENTAL", "--kind", "COURTESY", "--holds", "3")
    done = run("client", "create", *what, "--data-dir", str(production.data_dir))
    # Then
    assert done.returncode == 0, done.stderr
    website = Api("", production.http, done.stdout.strip())
    asked = "query{viewer{client{name policy{kinds mayNamePayer openHolds drivers}}}}"
    assert website(asked)["client"] == {
        "name": "Werkstatt",
        "policy": {"kinds": ["RENTAL", "COURTESY"], "mayNamePayer": False, "openHolds": 3, "drivers": 10},
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sandbox/clock"),
        ("PUT", "/sandbox/clock"),
        ("POST", "/sandbox/settle"),
        ("GET", "/sandbox/mails"),
        ("POST", "/sandbox/smtp"),
        ("GET", "/sandbox/telecash/ledger"),
        ("POST", "/sandbox/telecash/ipgapi/services"),
    ],
)
def test_production_has_no_sandbox_routes(production: Production, method: str, path: str) -> None:
    assert production.http.request(method, path).status_code == 404


def test_production_asks_for_a_sign_in_before_graphiql(production: Production) -> None:
    page = production.http.get("/graphql", headers={"accept": "text/html"}, follow_redirects=True)

    assert page.url.path == "/office/sign-in"
    assert page.url.params["next"] == "/office/graphiql"


def test_production_answers_no_stranger(production: Production) -> None:
    for query in ("{viewer{role}}", "{__schema{queryType{name}}}", "{__typename}", "{nonsense}"):
        answer = production.http.post("/graphql", json={"query": query}).json()
        assert answer == {"errors": [{"message": "Sign in first.", "extensions": {"code": "UNAUTHENTICATED"}}]}, query
