"""One customer, one car, one document, one damage, one tariff; photos of hand-over and return side by side."""

from __future__ import annotations

from typing import Any

import segno
from starlette.responses import Response

from server.models.protocol import GUIDED_SLOTS
from server.office.actions import contract as contracts
from server.office.actions import customer, damage, fleet, money, prices
from server.office.actions.steps import Steps
from server.office.desk import Desk
from server.office.drawing import views
from server.office.operations import Answer


async def show_customer(desk: Desk) -> Response:
    """A customer with contracts and what was changed of the data."""
    return await _row(desk, customer.STEPS, "people/customer.html", "customer")


async def show_vehicle(desk: Desk) -> Response:
    """A car: data, uses, blocks, open damages on the drawing."""
    vehicle = await fleet.read(desk, desk.request.path_params["key"])
    drawn = views(vehicle["body"], vehicle["damages"])
    return await _row(desk, fleet.STEPS, "fleet/vehicle.html", "vehicle", vehicle, views=drawn)


async def show_document(desk: Desk) -> Response:
    """A document: lines, advances, what is open."""
    return await _row(desk, money.STEPS, "money/document.html", "document")


async def show_tariff(desk: Desk) -> Response:
    """A tariff with its history."""
    return await _row(desk, prices.STEPS, "prices/tariff.html", "tariff")


async def show_damage(desk: Desk) -> Response:
    """A damage beside the photos of hand-over and return."""
    row = await damage.read(desk, desk.request.path_params["key"])
    pairs = side_by_side(row["contract"]["protocols"], row["vehicle"]["plate"])
    drawn = views(row["vehicle"]["body"], [row])
    return await _row(desk, damage.STEPS, "claims/damage.html", "damage", row, pairs=pairs, views=drawn)


async def show_photos(desk: Desk) -> Response:
    """The photos of a contract's hand-over and return, side by side."""
    contract = await contracts.read(desk, desk.request.path_params["number"])
    plates = list(dict.fromkeys(one["vehicle"]["plate"] for one in contract["protocols"]))
    pairs = [(plate, side_by_side(contract["protocols"], plate)) for plate in plates]
    return desk.show("contracts/photos.html", contract=contract, pairs=pairs)


async def show_tag(desk: Desk) -> Response:
    """The key tag of a car, to be printed: its plate, and a QR code by which the tablet finds it."""
    vehicle = await fleet.read(desk, desk.request.path_params["key"])
    code = segno.make_qr(tag_text(vehicle["plate"]), error="m")
    size = code.symbol_size(border=0)[0]
    path = [(x, y) for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark]
    return desk.show("fleet/tag.html", vehicle=vehicle, size=size, modules=path)


def tag_text(plate: str) -> str:
    """What the code of a key tag says: its form's version, and the plate. It is a search word, and no secret."""
    return f"EW1 {plate}"


def side_by_side(protocols: list[Answer], plate: str) -> list[dict[str, Any]]:
    """The photos of a car by where they were taken: `out` and `back` of each place."""
    found: dict[str, dict[str, Any]] = {}
    for protocol in protocols:
        if protocol["vehicle"]["plate"] != plate or protocol["voided"]:
            continue
        side = "out" if protocol["type"] in {"CHECK_OUT", "SWAP_OUT"} else "back"
        for photo in protocol["photos"]:
            pair = found.setdefault(photo["slot"], {"slot": photo["slot"], "out": [], "back": []})
            pair[side].append(photo)
    order = {slot.value: place for place, slot in enumerate(GUIDED_SLOTS)}
    return sorted(found.values(), key=lambda pair: order.get(pair["slot"], len(order)))


async def _row(desk: Desk, steps: Steps, template: str, name: str, row: Answer | None = None, **more: Any) -> Response:
    row = row or await steps.subject.read(desk, desk.request.path_params["key"])
    done = steps.actions.get(desk.request.query_params.get("done", ""))
    offered = [(action, steps.address(row, action)) for action in steps.offered(desk, row)]
    shown = {name: row, "offered": offered, "done": done.title if done else None, **more}
    return desk.show(template, 200, **shown)
