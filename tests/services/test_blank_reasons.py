"""A reason in which nothing can be seen is none: what needs one is refused, and nothing changes."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import DomainError
from server.models import Protocol, Vehicle, VehicleLeg
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_out
from tests.builders.rows import open_shop
from tests.services.samples import at

START, END = at("2026-09-08 09:00"), at("2026-09-09 09:00")


@pytest.mark.parametrize("blank", ["\u200b", "\u3164\u2800", " \u00ad "])
@pytest.mark.parametrize(
    ("name", "more", "code", "field"),
    [
        ("override_reason", {"km": 9_000}, "ODOMETER_IMPLAUSIBLE", ["input", "condition", "odometer_km"]),
        ("signature_missing_reason", {}, "INVALID_INPUT", ["input", "signature"]),
    ],
)
async def test_a_check_out_needs_a_reason_that_can_be_read(
    bench: Bench, blank: str, name: str, more: dict[str, Any], code: str, field: list[str]
) -> None:
    # Given
    shop = await open_shop(bench, group_with={"deposit_cents": 0})
    contract = await book(shop, START, END)
    bench.clock.move_to(START)

    # When
    with pytest.raises(DomainError) as said:
        await check_out(shop, contract, **{**more, name: blank})

    # Then
    assert (said.value.code.value, said.value.field) == (code, field)
    assert await bench.counts(Protocol, VehicleLeg) == [0, 0]
    assert [car.odometer_km for car in await bench.all(Vehicle)] == [10_000]
    assert (await bench.contract(contract.id)).state.value == "RESERVED"


async def test_remarks_without_anything_to_be_seen_are_not_kept(bench: Bench) -> None:
    shop = await open_shop(bench, group_with={"deposit_cents": 0})
    contract = await book(shop, START, END)
    bench.clock.move_to(START)

    await check_out(shop, contract, remarks="\u200b", override_reason="\u2800")

    assert [(row.remarks, row.override_reason) for row in await bench.all(Protocol)] == [(None, None)]
