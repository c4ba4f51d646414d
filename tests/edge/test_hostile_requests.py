"""Hostile requests over a real socket: all refused or answered, none with an HTTP 500."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from . import hostile
from .hostile import Hostile
from .world import TOKEN, Demo


@pytest.fixture(scope="module")
def far(served: tuple[Demo, int]) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"http://127.0.0.1:{served[1]}") as client:
        yield client


@pytest.mark.parametrize("attack", hostile.ALL, ids=lambda attack: attack.name)
def test_refused(far: httpx2.Client, served: tuple[Demo, int], attack: Hostile) -> None:
    served[0].happened.mutations.clear()
    headers = {"authorization": f"Bearer {TOKEN}", **attack.headers}
    if attack.content_type is not None:
        headers["content-type"] = attack.content_type
    response = far.request(attack.method, attack.path, content=attack.body, headers=headers)
    assert response.status_code in attack.statuses
    assert response.headers["x-content-type-options"] == "nosniff"
    assert served[0].happened.mutations == []
    if attack.statuses != {200}:
        assert response.json()["errors"][0]["extensions"]["code"] in {"BAD_USER_INPUT", "TOO_EXPENSIVE"}
    elif attack.code:
        assert response.json()["errors"][0]["extensions"]["code"] == attack.code
        assert response.json().get("data") is None
    else:
        assert "errors" not in response.json()


def test_there_are_enough() -> None:
    assert len(hostile.ALL) >= 100
    assert len({attack.name for attack in hostile.ALL}) == len(hostile.ALL)


def test_still_well_afterwards(far: httpx2.Client) -> None:
    response = far.post("/graphql", json={"query": "{viewer}"}, headers={"authorization": f"Bearer {TOKEN}"})
    assert response.json() == {"data": {"viewer": "Somebody"}}
