"""What may change in the API: more may come, what goes was deprecated with a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from graphql import build_schema

from tests.tools.schema_changes import PROMISE, changes, deprecated

SCHEMA = Path(__file__).resolve().parent.parent / "server" / "schema"
RELEASED = """
type Query { station(id: ID!): Station below: Substation state: State odd: Odd }
type Station { code: String! name: String! label: String @deprecated(reason: "Use `name`. It stays until 2027-12-01.")
  old: String @deprecated(reason: "Do not use it.") }
type Substation { label: String labels: String count: Int }
type Odd { one: Int @deprecated(reason: "It stays until 2027-12-01.") two: Int @deprecated(reason: "until 2027-12-01") }
enum State { OPEN CLOSED CLOSED_FOR_GOOD SHUT @deprecated(reason: "Never given any more; it stays until 2027-12-01.") }
"""
LABEL = 'label: String @deprecated(reason: "Use `name`. It stays until 2027-12-01.")'
SHUT = 'SHUT @deprecated(reason: "Never given any more; it stays until 2027-12-01.")'
AFTERWARDS = date(2027, 12, 2)


def found(change: tuple[str, str], today: date = AFTERWARDS) -> tuple[list[str], list[str], list[str]]:
    before, after = change
    assert before in RELEASED
    return changes(build_schema(RELEASED), build_schema(RELEASED.replace(before, after)), today)


@pytest.mark.parametrize(
    ("change", "about"),
    [
        (("code: String!", ""), "Station.code was removed"),
        (("code: String!", "code: ID!"), "Station.code changed type from String! to ID!"),
        (("id: ID!", "id: ID!, day: Int!"), "day"),
        (("OPEN ", ""), "OPEN was removed"),
        (('old: String @deprecated(reason: "Do not use it.")', ""), "Station.old was removed"),
        (("label: String labels: String", "labels: String"), "Substation.label was removed"),
        (("label: String labels: String", "label: String"), "Substation.labels was removed"),
        (("CLOSED_FOR_GOOD", ""), "CLOSED_FOR_GOOD was removed"),
    ],
)
def test_what_breaks_a_caller_is_refused(change: tuple[str, str], about: str) -> None:
    (refused,), _dangerous, _new = found(change)
    assert about in refused


@pytest.mark.parametrize("change", [(LABEL, ""), (SHUT, "")])
def test_what_was_deprecated_goes_after_its_day_and_not_before(change: tuple[str, str]) -> None:
    assert found(change)[0] == []
    assert len(found(change, date(2027, 12, 1))[0]) == 1


def test_a_type_goes_with_the_last_of_its_fields() -> None:
    before = build_schema(RELEASED.replace("odd: Odd", 'odd: Odd @deprecated(reason: "until 2027-12-01")'))
    now = build_schema(
        "\n".join(line for line in RELEASED.splitlines() if "type Odd" not in line).replace("odd: Odd", "")
    )
    assert changes(before, now, AFTERWARDS)[0] == []
    assert len(changes(before, now, date(2027, 12, 1))[0]) == 2


def test_what_is_new_and_what_may_surprise_is_told() -> None:
    assert found(("name: String!", "name: String! phone: String")) == ([], [], ["Field Station.phone was added."])
    breaking, dangerous, new = found(("OPEN ", "OPEN RESTING "))
    assert (breaking, len(dangerous), new) == ([], 1, [])


def test_every_deprecation_says_until_when_it_stays() -> None:
    now = build_schema((SCHEMA / "schema.graphql").read_text("utf-8"))
    assert [(what, reason) for what, reason in deprecated(now) if reason and not PROMISE.search(reason)] == []


def test_nothing_of_the_last_release_is_broken() -> None:
    released, now = (build_schema((SCHEMA / f"{name}.graphql").read_text("utf-8")) for name in ("released", "schema"))
    assert changes(released, now, date.min)[0] == []
