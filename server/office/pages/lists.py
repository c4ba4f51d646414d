"""Lists with filters: contracts, customers, cars, damages, documents, open items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from server.office.desk import Desk
from server.office.typed import Choice
from server.office.words.catalogue import value_words

_NEWEST = frozenset({"", "BILLED", "CANCELLED", "NO_SHOW"})
"""States of which the latest are wanted first."""
_TO_DECIDE = ["SUSPECTED", "CONFIRMED"]


async def contracts(desk: Desk) -> Response:
    """Contracts by state, flag, station and words: the latest first, but those that are still to come."""
    asked, words = desk.request.query_params, _words(desk)
    state, flag = asked.get("state", ""), asked.get("flag", "")
    filter_ = _station(desk)
    if state in value_words("ContractState"):
        filter_["states"] = [state]
    if flag in value_words("ContractFlag"):
        filter_["flags"] = [flag]
    if words:
        filter_["search"] = words
    order = "START_DESC" if state in _NEWEST else "START_ASC"
    found = await desk.ask("Contracts", filter=filter_, orderBy=order, after=_after(desk))
    return desk.show(
        "contracts/list.html",
        found=found["contracts"],
        words=words,
        chosen=asked,
        states=choices(desk, "ContractState"),
        flags_of=choices(desk, "ContractFlag"),
    )


async def customers(desk: Desk) -> Response:
    """Customers by name, company, phone or mail address."""
    words = _words(desk)
    found = await desk.ask("Customers", search=words or None, after=_after(desk))
    return desk.show("people/customers.html", found=found["customers"], words=words)


async def vehicles(desk: Desk) -> Response:
    """Cars by plate, make, model, station, group and status."""
    asked, words = desk.request.query_params, _words(desk)
    filter_: dict[str, Any] = {"search": words} if words else {}
    if asked.get("group"):
        filter_["groupId"] = asked["group"]
    if asked.get("status") in value_words("VehicleStatus"):
        filter_["status"] = asked["status"]
    filter_ |= _station(desk)
    found = await desk.ask("Vehicles", filter=filter_, after=_after(desk))
    groups = [Choice("", "–"), *(Choice(one["id"], one["name"]) for one in found["vehicleGroups"])]
    return desk.show(
        "fleet/vehicles.html",
        found=found["vehicles"],
        words=words,
        groups=groups,
        chosen=asked,
        statuses=choices(desk, "VehicleStatus"),
    )


async def damages(desk: Desk) -> Response:
    """Damages, those that wait for a decision unless others are asked for."""
    asked = desk.request.query_params
    wanted = asked.get("liability", "open")
    filter_ = _station(desk)
    if wanted == "open":
        filter_["liability"] = _TO_DECIDE
    elif wanted in value_words("DamageLiability"):
        filter_["liability"] = [wanted]
    found = await desk.ask("Damages", filter=filter_, after=_after(desk))
    first = Choice("open", desk.say_in("to decide", "zu entscheiden"))
    return desk.show(
        "claims/damages.html",
        found=found["damages"],
        wanted=wanted,
        chosen=asked,
        liabilities=[first, *choices(desk, "DamageLiability", desk.say_in("all", "alle"))],
    )


async def documents(desk: Desk) -> Response:
    """Documents by number, recipient, kind and station."""
    asked, words = desk.request.query_params, _words(desk)
    filter_ = _station(desk)
    if words:
        filter_["search"] = words
    if asked.get("type") in value_words("DocumentType"):
        filter_["types"] = [asked["type"]]
    found = await desk.ask("Documents", filter=filter_, after=_after(desk))
    return desk.show(
        "money/documents.html",
        found=found["documents"],
        words=words,
        chosen=asked,
        types=choices(desk, "DocumentType"),
    )


async def open_items(desk: Desk) -> Response:
    """What is still owed, the oldest first."""
    station = _station(desk).get("stationId")
    found = await desk.ask("OpenItems", stationId=station, after=_after(desk))
    return desk.show("money/open_items.html", found=found["openItems"], chosen=desk.request.query_params)


def choices(desk: Desk, enum: str, nothing: str = "–") -> list[Choice]:
    """The values of an enum to pick from, in a filter."""
    words = value_words(enum)
    return [Choice("", nothing), *(Choice(key, word.within(desk.language)) for key, word in words.items())]


def _words(desk: Desk) -> str:
    return desk.request.query_params.get("q", "").strip()[:100]


def _after(desk: Desk) -> str | None:
    return desk.request.query_params.get("after") or None


def _station(desk: Desk) -> dict[str, Any]:
    asked: Mapping[str, str] = desk.request.query_params
    here = next((one for one in desk.stations if one["code"] == asked.get("station")), None)
    return {"stationId": here["id"]} if here else {}
