"""One search over contracts, cars, customers and documents."""

from __future__ import annotations

from starlette.responses import Response

from server.office.desk import Desk
from server.office.operations import Answer

SHORTEST = 2
_MOST = 40


async def show(desk: Desk) -> Response:
    """What was found for the words in the address; straight to the page if it is but one thing."""
    words = desk.request.query_params.get("q", "").strip()[:100]
    hits: list[Answer] = []
    if len(words) >= SHORTEST:
        hits = (await desk.ask("Search", text=words, first=_MOST))["search"]
        if len(hits) == 1:
            return desk.go(address_of(hits[0]))
    return desk.show("search.html", words=words, hits=[(hit, address_of(hit)) for hit in hits], shortest=SHORTEST)


def address_of(hit: Answer) -> str:
    """The page of what was found."""
    if hit["contract"]:
        return f"/office/contracts/{hit['contract']['number']}"
    if hit["vehicle"]:
        return f"/office/vehicles/{hit['vehicle']['id']}"
    if hit["customer"]:
        return f"/office/customers/{hit['customer']['id']}"
    return f"/office/documents/{hit['document']['number']}"
