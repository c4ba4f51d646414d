"""Statements are put into words once for each form of their conditions, and say the same with every value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import ColumnElement, Select
from sqlmodel import col, select

from server.database.text_sql import DriverSql
from server.database.wording import Wordings
from server.models import Contract
from server.models.contract import ContractState
from tests.services.samples import at

HELD, RESERVED = ContractState.HELD, ContractState.RESERVED
A, B = uuid4(), uuid4()


def words(kept: Wordings, *where: ColumnElement[bool]) -> tuple[DriverSql, dict[str, Any]]:
    built: list[Select[Any]] = [select(col(Contract.number)).where(*where)]
    return kept.of(len(where), where, built.pop)


def of(station: UUID, states: Sequence[ContractState]) -> tuple[ColumnElement[bool], ...]:
    return col(Contract.station_id) == station, col(Contract.state).in_(states)


def test_values_of_one_form_share_its_words() -> None:
    kept = Wordings()
    one, values = words(kept, *of(A, [HELD, RESERVED]))
    other, others = words(kept, *of(B, [RESERVED, HELD]))
    assert one is other
    assert values == {"station_id_1": A, "state_1_1": "HELD", "state_1_2": "RESERVED"}
    assert others == {"station_id_1": B, "state_1_1": "RESERVED", "state_1_2": "HELD"}


@pytest.mark.parametrize("states", [[], [HELD], [HELD, RESERVED, HELD]])
def test_lists_of_another_length_have_their_own(states: list[ContractState]) -> None:
    kept = Wordings()
    two, _ = words(kept, *of(A, [HELD, RESERVED]))
    sql, values = words(kept, *of(A, states))
    assert sql != two
    assert list(values.values()) == [A, *(state.value for state in states)]
    assert all(f"%({name})s" in sql for name in values)


def test_conditions_of_one_form_are_told_apart_by_what_they_ask() -> None:
    kept, now = Wordings(), at("2026-09-07 10:00")
    before, _ = words(kept, col(Contract.starts_at) < now)
    behind, _ = words(kept, col(Contract.starts_at) > now)
    ends, _ = words(kept, col(Contract.ends_at) < now)
    assert len({before, behind, ends}) == 3


def test_the_same_column_twice_keeps_both_values() -> None:
    _, values = words(Wordings(), col(Contract.station_id) == A, col(Contract.station_id) != B)
    assert values == {"station_id_1": A, "station_id_2": B}


def test_what_was_used_last_is_kept() -> None:
    kept = Wordings(most=2)
    one, _ = words(kept, *of(A, [HELD]))
    for states in ([], [HELD, HELD]):
        words(kept, *of(A, [HELD]))
        words(kept, *of(A, states))
    again, _ = words(kept, *of(B, [HELD]))
    assert again is one
    for states in ([], [HELD, HELD]):
        words(kept, *of(A, states))
    anew, _ = words(kept, *of(B, [HELD]))
    assert (anew == one, anew is one) == (True, False)
