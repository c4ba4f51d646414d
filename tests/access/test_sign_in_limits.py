"""Guessing: how often, how fast, and what it tells."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.services.people.sign_in_limits import ADDRESS
from tests.dealership import Dealership, add_user
from tests.driving import PASSWORD, SandboxServer

from .conftest import SIGN_IN, execute

BUCKETS = "select split_part(key, ':', 1), failures from sign_in_bucket order by 1, 2"
pytestmark = pytest.mark.usefixtures("patience")


def test_a_stranger_has_one_attempt_in_a_document(server: SandboxServer, owner: str, dealership: Dealership) -> None:
    # When a stranger packs eleven guesses into one document
    guess = 'signIn(email:"aliased@example.com",password:"wrong-password"){__typename}'
    many = " ".join(f"a{number}: {guess}" for number in range(11))

    for document in ("mutation{" + many + "}", "mutation{" + f"{guess} b: {guess}" + "}"):
        answer = server.api().post(document)

        # Then none of them is tried
        assert answer["errors"][0]["extensions"]["code"] in {"TOO_EXPENSIVE", "UNAUTHENTICATED"}
        assert "data" not in answer
    assert execute(owner, "select count(*) from sign_in_bucket") == [(0,)]


def test_aliases_of_somebody_signed_in_count_one_by_one(
    server: SandboxServer, owner: str, dealership: Dealership
) -> None:
    # Given five aliases, which is what a document of somebody signed in may have
    guess = 'signIn(email:"aliased@example.com",password:"wrong-password"){...on Rejection{problemCode}}'
    document = "mutation{" + " ".join(f"a{number}: {guess}" for number in range(5)) + "}"

    # When it is sent three times
    codes = [answer["problemCode"] for _ in range(3) for answer in dealership.clerk.post(document)["data"].values()]

    # Then ten were checked and five were not
    assert codes == ["NOT_ALLOWED"] * 10 + ["TOO_MANY_ATTEMPTS"] * 5
    assert execute(owner, BUCKETS) == [("account", 10), ("address", 10), ("pair", 10)]


def test_ten_wrong_passwords_and_the_account_has_to_wait(server: SandboxServer, dealership: Dealership) -> None:
    email = "guessed@example.com"
    add_user(dealership.admin, email, "CLERK", [])

    def guess(number: int) -> str:
        with server.fresh_client() as http:
            answer = server.api_over(http)(SIGN_IN, e=email, p=f"wrong-password-{number}")
        return str(answer["problemCode"])

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(guess, range(24)))

    assert codes.count("NOT_ALLOWED") == 10
    assert codes.count("TOO_MANY_ATTEMPTS") == 14
    right = server.api()(SIGN_IN, e=email, p=PASSWORD)
    assert right["problemCode"] == "TOO_MANY_ATTEMPTS"
    add_user(dealership.admin, "unaffected@example.com", "CLERK", [])
    assert server.api()(SIGN_IN, e="unaffected@example.com", p=PASSWORD)["__typename"] == "Session"


def test_a_quarter_of_an_hour_later_there_are_ten_more(server: SandboxServer, owner: str) -> None:
    api = server.api()
    for _ in range(11):
        last = api(SIGN_IN, e="waiting@example.com", p="wrong-password")["problemCode"]
    assert last == "TOO_MANY_ATTEMPTS"

    execute(owner, "update sign_in_bucket set window_started_at = window_started_at - interval '15 minutes'")

    assert api(SIGN_IN, e="waiting@example.com", p="wrong-password")["problemCode"] == "NOT_ALLOWED"


def test_an_address_has_its_own_limit(server: SandboxServer, owner: str, dealership: Dealership) -> None:
    # Given an address from which almost everything was tried
    add_user(dealership.admin, "at-work@example.com", "CLERK", [])
    server.api()(SIGN_IN, e="someone@example.com", p="wrong-password")
    almost = ADDRESS.failures - 1
    execute(owner, f"update sign_in_bucket set failures = {almost} where key like 'address:%'")

    # When it tries accounts that nobody has tried
    codes = [
        server.api()(SIGN_IN, e=f"fresh-{number}@example.com", p="wrong-password")["problemCode"] for number in range(3)
    ]

    # Then one more is looked at, the others leave no trace, and who works there signs in
    assert codes == ["NOT_ALLOWED", "TOO_MANY_ATTEMPTS", "TOO_MANY_ATTEMPTS"]
    assert execute(owner, BUCKETS) == [("account", 1), ("account", 1), ("address", 60), ("pair", 1), ("pair", 1)]
    assert server.api()(SIGN_IN, e="at-work@example.com", p=PASSWORD)["__typename"] == "Session"


def test_a_right_password_forgives_the_account(server: SandboxServer, owner: str, dealership: Dealership) -> None:
    add_user(dealership.admin, "forgetful@example.com", "CLERK", [])
    for _ in range(9):
        server.api()(SIGN_IN, e="forgetful@example.com", p="wrong-password")

    assert server.api()(SIGN_IN, e="Forgetful@Example.com ", p=PASSWORD)["__typename"] == "Session"

    assert execute(owner, BUCKETS) == [("account", 0), ("address", 0)]


def test_a_password_that_is_too_long_is_refused_at_once(server: SandboxServer, dealership: Dealership) -> None:
    add_user(dealership.admin, "long@example.com", "CLERK", [])
    taken: dict[int, list[float]] = {length: [] for length in (128, 129, 12_000)}
    for _ in range(3):
        for length, times in taken.items():
            began = time.perf_counter()
            said = server.api()(SIGN_IN, e="long@example.com", p="x" * length)
            times.append(time.perf_counter() - began)
            assert said["problemCode"] == "NOT_ALLOWED"

    # One that could be a password costs a hash; nothing is hashed of those that cannot.
    could_be, *cannot_be = (min(times) for times in taken.values())
    assert max(cannot_be) < could_be


def test_nobody_can_hear_whether_an_account_exists(server: SandboxServer, owner: str, dealership: Dealership) -> None:
    # Given an account, and an address without one
    add_user(dealership.admin, "there@example.com", "CLERK", [])
    api, times = server.api(), {"there@example.com": list[float](), "not-there@example.com": list[float]()}

    # When both are tried in turn
    said = {}
    for _ in range(12):
        execute(owner, "delete from sign_in_bucket")
        for email, taken in times.items():
            began = time.perf_counter()
            said[email] = api(SIGN_IN, e=email, p="wrong-password")
            taken.append(time.perf_counter() - began)

    # Then the words are the same, and the time is (roughly: this machine has other things to do)
    assert said["there@example.com"] == said["not-there@example.com"]
    there, not_there = (statistics.median(taken) for taken in times.values())
    assert 0.4 < there / not_there < 2.5
