"""What may change in the API: more may come, what goes was deprecated with a day."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema

from tests.tools.schema_changes import PROMISE, changes, deprecated

SCHEMA = Path(__file__).resolve().parent.parent / "server" / "schema"
RELEASED = """
type Query { station(id: ID!): Station }
type Station { code: String! name: String! label: String @deprecated(reason: "Use `name`. It stays until 2027-12-01.")
  old: String @deprecated(reason: "Do not use it.") }
enum State { OPEN CLOSED @deprecated(reason: "Never given any more; it stays until 2027-12-01.") }
"""


def found(change: tuple[str, str]) -> tuple[list[str], list[str], list[str]]:
    before, after = change
    assert before in RELEASED
    return changes(build_schema(RELEASED), build_schema(RELEASED.replace(before, after)))


@pytest.mark.parametrize(
    ("change", "about"),
    [
        (("code: String!", ""), "Station.code was removed"),
        (("code: String!", "code: ID!"), "Station.code changed type from String! to ID!"),
        (("id: ID!", "id: ID!, day: Int!"), "day"),
        (("OPEN ", ""), "OPEN was removed"),
        (('old: String @deprecated(reason: "Do not use it.")', ""), "Station.old was removed"),
    ],
)
def test_what_breaks_a_caller_is_refused(change: tuple[str, str], about: str) -> None:
    (refused,), _dangerous, _new = found(change)
    assert about in refused


@pytest.mark.parametrize(
    "change",
    [
        ('label: String @deprecated(reason: "Use `name`. It stays until 2027-12-01.")', ""),
        ('CLOSED @deprecated(reason: "Never given any more; it stays until 2027-12-01.")', ""),
    ],
)
def test_what_was_deprecated_with_a_day_may_go(change: tuple[str, str]) -> None:
    assert found(change)[0] == []


def test_what_is_new_and_what_may_surprise_is_told() -> None:
    assert found(("name: String!", "name: String! phone: String")) == ([], [], ["Field Station.phone was added."])
    breaking, dangerous, new = found(("OPEN ", "OPEN RESTING "))
    assert (breaking, len(dangerous), new) == ([], 1, [])


def test_every_deprecation_says_until_when_it_stays() -> None:
    now = build_schema((SCHEMA / "schema.graphql").read_text("utf-8"))
    assert [(what, reason) for what, reason in deprecated(now) if reason and not PROMISE.search(reason)] == []


def test_nothing_of_the_last_release_is_broken() -> None:
    released, now = (build_schema((SCHEMA / f"{name}.graphql").read_text("utf-8")) for name in ("released", "schema"))
    assert changes(released, now)[0] == []
