"""The car is drawn in its group's shape, on protocols and on claims; what is printed stays as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.models import Protocol, VehicleGroup
from server.services.handover import paper
from tests.builders.bench import Bench
from tests.builders.rentals import rented
from tests.builders.rows import open_shop
from tests.rendering.car_drawings import drawn
from tests.services.claims.damaged import claim_it, claims, collect, damaged, decided_for_customer
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)


async def as_kept(bench: Bench, protocol: Protocol) -> bytes:
    """The PDF that the row names."""
    (row,) = await bench.all(Protocol, id=protocol.id)
    pdf: bytes = await bench.outside.objects.get(row.pdf_key)
    return pdf


async def regroup(bench: Bench, acriss: str) -> None:
    """Somebody corrects the code of the only group."""
    (group,) = await bench.all(VehicleGroup)
    group.acriss = acriss
    await bench.put(group)


@pytest.mark.parametrize(
    ("acriss", "shape"),
    [
        ("IWMR", "estate"),
        ("SVMR", "van"),
        ("CFAR", "suv"),
        ("PLAR", "saloon"),
        ("EDMR", "hatchback"),
        (None, "hatchback"),
    ],
)
async def test_both_protocols_show_the_shape_that_the_groups_code_names(
    bench: Bench, acriss: str | None, shape: str
) -> None:
    # Given
    shop = await open_shop(bench, group_with={"acriss": acriss})
    contract = await rented(shop, START, START + DAY)
    protocols = await bench.all(Protocol, contract_id=contract.id)
    assert len(protocols) == 2

    # When they are printed
    for protocol in protocols:
        await paper.make(bench.outside, protocol.id)

    # Then
    expected = {f"{shape}/left": 2, f"{shape}/front": 1, f"{shape}/rear": 1, f"{shape}/top": 1, "interior": 1}
    assert [drawn(await as_kept(bench, protocol)) for protocol in protocols] == [expected, expected]


async def test_a_printed_protocol_stays_as_it_was_when_the_groups_code_is_corrected(bench: Bench) -> None:
    # Given a protocol that was printed as an estate
    shop = await open_shop(bench, group_with={"acriss": "IWMR"})
    contract = await rented(shop, START, START + DAY)
    out, back = await bench.all(Protocol, contract_id=contract.id)
    await paper.make(bench.outside, out.id)
    printed = await as_kept(bench, out)

    # When the code becomes a van's, and both are (again) to be printed
    await regroup(bench, "IVMR")
    for protocol in (out, back):
        await paper.make(bench.outside, protocol.id)

    # Then the first is the same to the byte, and only the one that was not printed yet is a van
    assert await as_kept(bench, out) == printed
    assert drawn(printed)["estate/left"] == 2
    assert drawn(await as_kept(bench, back))["van/left"] == 2


async def test_a_claim_shows_the_shape_of_the_damaged_car(bench: Bench) -> None:
    # Given a van that came back with a scratch at its left
    shop = await open_shop(bench, group_with={"acriss": "SVMR"})
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")

    # When it is claimed, and the group's code is corrected afterwards
    await claim_it(shop)
    await regroup(bench, "SWMR")
    await collect(bench, contract)

    # Then its document shows the van, and keeps it
    (claim,) = await claims(bench, contract)
    assert (claim.view or {})["damage_at"] == {"view": "LEFT", "x": 0.4, "y": 0.5, "body": "VAN"}
    assert drawn(await bench.outside.objects.get(claim.pdf_key or "")) == {"van/left": 1}
