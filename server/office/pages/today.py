"""What is to be done at a station today, and what waits for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from server.errors import Sentence
from server.office.desk import Desk
from server.office.typed import day_in

KINDS = (
    ("atRisk", Sentence("At risk", "Gefährdet"), ("reassign", "reassignVehicles")),
    ("blocked", Sentence("Billing blocked", "Abrechnung gesperrt"), ("settle", "settleContract")),
    (
        "failed",
        Sentence("Mail, paper or money failed", "Mail, Beleg oder Geld fehlgeschlagen"),
        ("retry", "retryEffects"),
    ),
    ("unpaid", Sentence("Payment overdue", "Zahlung überfällig"), None),
    ("deposits", Sentence("Deposit expiring or missing", "Kaution läuft ab oder fehlt"), ("deposit", "placeDeposit")),
    ("review", Sentence("Check who the customer is", "Kunde prüfen"), ("customer-review", "resolveCustomerReview")),
)
"""What waits: its field in `Attention.graphql`, its title, the form that mends it and the root field that it needs."""


@dataclass(frozen=True)
class Waiting:
    """One kind of what waits for somebody."""

    key: str
    title: Sentence
    action: str | None
    contracts: list[dict[str, Any]]
    count: int


async def show(desk: Desk) -> Response:
    """The day list of a station, with what waits for somebody. Printed, it is the list for the yard."""
    station = desk.station
    if station is None:
        return desk.show("today/no_station.html")
    today = desk.now.astimezone(ZoneInfo(station["timeZone"])).date()
    day = day_in(desk.request.query_params.get("day", "")) or today
    found = await desk.ask("Today", stationId=station["id"], date=day.isoformat())
    waiting, damages = await _waiting(desk, station["id"])
    count = len(found["handoverDay"]["overdue"]) + sum(one.count for one in waiting) + damages["totalCount"]
    return desk.show(
        "today/today.html",
        station=station,
        day=day,
        today=today,
        hand_over=found["handoverDay"],
        not_ready=[one["number"] for one in found["handoverDay"]["checkOuts"] if not _is_ready(one)],
        waiting=waiting,
        damages=damages,
        count=count,
    )


def _is_ready(contract: dict[str, Any]) -> bool:
    """Whether the car that is to go out is there, may go out, and is clean."""
    car = contract["vehicle"]
    return car is not None and car["status"] == "ACTIVE" and car["cleanliness"] not in {"HEAVY", "SPECIAL"}


async def _waiting(desk: Desk, station_id: str) -> tuple[list[Waiting], dict[str, Any]]:
    found = await desk.ask("Attention", stationId=station_id)
    waiting = [
        Waiting(
            key,
            title,
            action[0] if action and desk.may(action[1]) else None,
            found[key]["nodes"],
            found[key]["totalCount"],
        )
        for key, title, action in KINDS
    ]
    return [one for one in waiting if one.count], found["damages"]
