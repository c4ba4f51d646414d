"""Callers are answered in the language that they read."""

from __future__ import annotations

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.edge.language import language_of


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-AT", "de"),
        ("DE-de,de;q=0.9,en;q=0.8", "de"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("fr,de;q=0.5,en;q=0.1", "de"),
        ("en;q=0.4, de;q=0.7", "de"),
        ("de, en", "de"),
        ("en, de", "en"),
        ("de;q=0, en;q=0.1", "en"),
        ("de;q=0", "en"),
        ("fr, pl", "en"),
        ("*", "en"),
        ("deutsch", "en"),
        ("de;q=much", "en"),
        ("de;q=nan", "en"),
        ("de;q=2, en;q=0.1", "en"),
        ("de;level=1, en;q=0.1", "en"),
        ("de;q=0.1, de;q=0.9, en;q=0.5", "de"),
        ("de;Q=0.1, en;q=0.5", "en"),
        (",".join(["fr"] * 19 + ["de"]), "de"),
        (",".join(["fr"] * 20 + ["de"]), "en"),
    ],
)
def test_the_language_of_a_header(header: str | None, language: str) -> None:
    assert language_of(header) == language


@given(st.text(max_size=200))
def test_no_header_is_too_odd(header: str) -> None:
    assert language_of(header) in {"de", "en"}


@pytest.mark.parametrize(("wanted", "said"), [("de", "Unerwarteter Fehler."), ("en", "Unexpected error.")])
async def test_a_masked_fault_is_told_in_the_callers_language(
    client: httpx2.AsyncClient, wanted: str, said: str
) -> None:
    answer = await client.post("/graphql", json={"query": "{fail}"}, headers={"accept-language": wanted})

    assert [error["message"] for error in answer.json()["errors"]] == [said]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [("de-DE", "Das Ende muss nach dem Beginn liegen."), ("fr", "The end must be after the start.")],
)
async def test_a_refusal_outside_the_data_too(client: httpx2.AsyncClient, wanted: str, said: str) -> None:
    answer = await client.post("/graphql", json={"query": "{refused}"}, headers={"accept-language": wanted})

    (error,) = answer.json()["errors"]
    assert (error["message"], error["extensions"]["problemCode"]) == (said, "INVALID_INPUT")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (
            "de",
            "Token oder API-Schlüssel sind ungültig oder abgelaufen: bitte neu anmelden oder einen gültigen Schlüssel nehmen.",
        ),
        ("en", "The token or API key is not valid, or not any more: sign in again, or use a valid key."),
    ],
)
async def test_who_has_not_signed_in_reads_it_too(client: httpx2.AsyncClient, wanted: str, said: str) -> None:
    headers = {"accept-language": wanted, "authorization": "Bearer ew_access_nothing"}
    answer = await client.post("/graphql", json={"query": "{fail}"}, headers=headers)

    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (401, said)
