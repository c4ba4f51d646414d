"""Whose address a sign-in is counted for: only named proxies are believed about whom they speak for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from server.addresses import caller_behind, network
from server.app import create_app
from server.config import Settings
from server.runtime import Runtime
from server.services.people.sign_in_limits import keys_of
from server.worker import create_worker
from tests.builders.bench import Bench
from tests.driving import SandboxServer

from .conftest import SIGN_IN, execute
from .doors import ANNA, ELSEWHERE, HOME, OFFICE, Door
from .test_ways_in import run

PROXY, INNER = "10.0.0.7", "10.1.2.3"


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ERSATZWAGEN_TRUSTED_PROXIES", f" {PROXY}, 10.1.0.0/16,2001:db8:ffff::/48 ")
    return Settings(_env_file=None)


def served(bench: Bench, settings: Settings, peer: str = PROXY) -> httpx2.AsyncClient:
    """A client of the whole application, calling from an address."""
    app = create_app(Runtime(settings, bench.outside, create_worker(bench.outside), None))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app, client=(peer, 4711)), base_url="http://rental")


@pytest.fixture
async def behind(bench: Bench, trusting: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    async with served(bench, trusting) as client:
        yield client


async def counted_for(bench: Bench, client: httpx2.AsyncClient, *headers: tuple[str, str]) -> str:
    """The address that a failed sign-in is counted for."""
    body = {"query": SIGN_IN, "variables": {"e": ANNA, "p": "wrong-password"}}
    answer = await client.post("/graphql", json=body, headers=list(headers))
    assert answer.json()["data"]["signIn"]["problemCode"] == "NOT_ALLOWED"
    stored = {key for key, *_ in await Door(bench).stored()}
    asked = (PROXY, INNER, OFFICE, HOME, ELSEWHERE, "2001:db8:1::", "6.6.6.6")
    (found,) = [one for one in asked if keys_of(bench.outside.sealer, ANNA, one).address in stored]
    return found


class TestWithoutTheSetting:
    @pytest.mark.parametrize(
        "header",
        [
            ("x-forwarded-for", ELSEWHERE),
            ("forwarded", f"for={ELSEWHERE}"),
            ("x-real-ip", ELSEWHERE),
            ("x-forwarded-for", f"{ELSEWHERE}, 127.0.0.1"),
        ],
    )
    async def test_nobody_is_believed(self, bench: Bench, header: tuple[str, str]) -> None:
        async with served(bench, Settings(_env_file=None), OFFICE) as client:
            assert await counted_for(bench, client, header) == OFFICE

    @pytest.mark.usefixtures("patience")
    def test_the_server_does_not_believe_its_own_machine(self, server: SandboxServer, owner: str) -> None:
        # When somebody on the server's own machine, whom uvicorn believes by default, says to be ever another
        for number in range(11):
            said = server.http.post(
                "/graphql",
                json={"query": SIGN_IN, "variables": {"e": "spoofed@example.com", "p": "wrong-password"}},
                headers={"x-forwarded-for": f"203.0.113.{number}", "forwarded": f"for=203.0.113.{number}"},
            ).json()["data"]["signIn"]["problemCode"]

        # Then it is one address
        assert said == "TOO_MANY_ATTEMPTS"
        buckets = "select split_part(key, ':', 1), failures from sign_in_bucket order by 1"
        assert execute(owner, buckets) == [("account", 10), ("address", 10), ("pair", 10)]

    def test_what_is_for_this_machine_is_not_for_whom_a_proxy_speaks_for(self, server: SandboxServer) -> None:
        assert server.http.get("/sandbox/clock").status_code == 200
        for name in ("x-forwarded-for", "forwarded", "x-real-ip"):
            assert server.http.get("/sandbox/clock", headers={name: "127.0.0.1"}).status_code == 404
        assert server.http.get("/sandbox/telecash/ledger", headers={"forwarded": "for=x"}).status_code == 404


class TestWithTheSetting:
    @pytest.mark.parametrize(
        ("forwarded_for", "caller"),
        [
            (HOME, HOME),
            (f"{ELSEWHERE}, {HOME}", HOME),
            (f"6.6.6.6, {ELSEWHERE},  {HOME} , {INNER}", HOME),
            (f"{HOME}:51234", HOME),
            (f"::ffff:{HOME}", HOME),
            ("[2001:db8:1::5]:51234", "2001:db8:1::"),
            (f"{HOME}, 2001:db8:ffff::1, {INNER}", HOME),
            (f"{HOME}, unknown", PROXY),
            (f"{HOME}, unknown, {INNER}", INNER),
            ("", PROXY),
            (INNER, INNER),
        ],
    )
    async def test_the_rightmost_address_that_is_no_proxys_counts(
        self, bench: Bench, behind: httpx2.AsyncClient, forwarded_for: str, caller: str
    ) -> None:
        assert await counted_for(bench, behind, ("x-forwarded-for", forwarded_for)) == caller

    async def test_two_headers_are_one_list(self, bench: Bench, behind: httpx2.AsyncClient) -> None:
        headers = [("x-forwarded-for", ELSEWHERE), ("x-forwarded-for", HOME)]
        assert await counted_for(bench, behind, *headers) == HOME

    async def test_forwarded_is_what_the_caller_wrote(self, bench: Bench, behind: httpx2.AsyncClient) -> None:
        headers = [("forwarded", f"for={ELSEWHERE}"), ("x-forwarded-for", HOME)]
        assert await counted_for(bench, behind, *headers) == HOME

    async def test_who_is_no_proxy_is_not_believed(self, bench: Bench, trusting: Settings) -> None:
        async with served(bench, trusting, OFFICE) as client:
            assert await counted_for(bench, client, ("x-forwarded-for", HOME)) == OFFICE


class TestTheSetting:
    def test_it_reads_addresses_and_networks(self, trusting: Settings) -> None:
        said = [str(one) for one in trusting.trusted_proxies]
        assert said == [f"{PROXY}/32", "10.1.0.0/16", "2001:db8:ffff::/48"]
        assert Settings(_env_file=None, trusted_proxies=()).trusted_proxies == ()

    def test_what_is_unset_or_empty_trusts_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert Settings(_env_file=None).trusted_proxies == ()
        monkeypatch.setenv("ERSATZWAGEN_TRUSTED_PROXIES", "")
        assert Settings(_env_file=None).trusted_proxies == ()

    @pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.1/8", "10.0.0.0/33", "*"])
    def test_what_is_none_stops_the_start_with_one_line(self, tmp_path: Path, wrong: str) -> None:
        given = {"ERSATZWAGEN_TRUSTED_PROXIES": f"10.0.0.7,{wrong}"}
        done = run("serve", "--sandbox", "--data-dir", str(tmp_path / "data"), **given)

        assert done.returncode == 2
        assert done.stderr == (
            f"ersatzwagen: ERSATZWAGEN_TRUSTED_PROXIES: '{wrong}' is neither an address nor a network like 10.0.0.0/8\n"
        )
        assert not (tmp_path / "data").exists()

    def test_a_value_is_not_printed_by_other_settings(self, tmp_path: Path) -> None:
        done = run("serve", "--data-dir", str(tmp_path / "data"), ERSATZWAGEN_SANDBOX_BEGINS="secret-words")

        assert done.returncode == 2
        assert re.fullmatch(r"ersatzwagen: ERSATZWAGEN_SANDBOX_BEGINS: .*datetime.*\n", done.stderr)
        assert "secret-words" not in done.stderr


def test_a_caller_without_an_address_is_left_as_it_is() -> None:
    assert caller_behind("testclient", HOME, [network("0.0.0.0/0")]) == "testclient"
    assert caller_behind(PROXY, f"{HOME}%eth0", [network(PROXY)]) == PROXY
