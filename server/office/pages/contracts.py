"""Lists of contracts, by state, flag, station and words."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from server.office.desk import Desk
from server.office.typed import Choice
from server.office.words.catalogue import value_words

_NEWEST = {"", "BILLED", "CANCELLED", "NO_SHOW"}
"""States of which the latest are wanted first."""


async def show(desk: Desk) -> Response:
    """A page of contracts that fit the filter in the address."""
    asked = desk.request.query_params
    state, flag, words = asked.get("state", ""), asked.get("flag", ""), asked.get("q", "").strip()[:100]
    filter_: dict[str, Any] = {}
    if state in value_words("ContractState"):
        filter_["states"] = [state]
    if flag in value_words("ContractFlag"):
        filter_["flags"] = [flag]
    if words:
        filter_["search"] = words
    here = next((one for one in desk.stations if one["code"] == asked.get("station")), None)
    if here:
        filter_["stationId"] = here["id"]
    order = "START_DESC" if state in _NEWEST else "START_ASC"
    found = await desk.ask("Contracts", filter=filter_, orderBy=order, after=asked.get("after"))
    return desk.show(
        "contracts/list.html",
        found=found["contracts"],
        state=state,
        flag=flag,
        words=words,
        here=here["code"] if here else "",
        states=_choices(desk, "ContractState"),
        flags_of=_choices(desk, "ContractFlag"),
    )


def _choices(desk: Desk, enum: str) -> list[Choice]:
    return [Choice("", "–"), *(Choice(key, word.within(desk.language)) for key, word in value_words(enum).items())]
