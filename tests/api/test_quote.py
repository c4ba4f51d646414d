"""Quotes through the API: the prices of domain 4.7 on the days when the clocks change, and what is due when."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.calendar import local, next_weekday
from tests.dealership import Dealership

DAY = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
QUOTE = """query($i:QuoteInput!){quote(input:$i){available dueNow{amount} deposit{amount}
  price{total{amount} net{amount} vat{amount} lines{text explanation}}}}"""


def quote(dealership: Dealership, start: datetime, end: datetime) -> dict[str, Any]:
    period = {"start": start.isoformat(), "end": end.isoformat()}
    given = {"stationId": dealership.station["id"], "groupId": dealership.group["id"], "period": period}
    answer: dict[str, Any] = dealership.website(QUOTE, i=given)
    return answer


def change_of_clocks(after: datetime, hours: int) -> date:
    """The next day in Berlin that has so many hours."""
    day = after.astimezone(BERLIN).date() + 2 * DAY
    while local(day + DAY, 0) - local(day, 0) != timedelta(hours=hours):
        day += DAY
    return day


@pytest.mark.parametrize(("name", "hours", "elapsed"), [("E04b", 23, 24), ("E05b", 25, 26)])
def test_a_day_and_the_grace_are_counted_in_station_time(
    dealership: Dealership, name: str, hours: int, elapsed: int
) -> None:
    sunday = change_of_clocks(dealership.server.now(), hours)
    start, end = local(sunday - DAY, 10), local(sunday, 11)
    assert end - start == timedelta(hours=elapsed)

    within = quote(dealership, start, end)
    beyond = quote(dealership, start, end + timedelta(minutes=1))

    assert within["price"]["total"]["amount"] == "59.00", name
    assert beyond["price"]["total"]["amount"] == "118.00", name


@pytest.mark.parametrize(
    ("weekday", "days", "total", "net", "vat"),
    [
        (0, 1, "59.00", "49.58", "9.42"),
        (0, 3, "177.00", "148.74", "28.26"),
        (0, 6, "319.00", "268.07", "50.93"),
        (0, 8, "378.00", "317.65", "60.35"),
    ],
)
def test_the_cheapest_packages_explain_themselves(
    dealership: Dealership, weekday: int, days: int, total: str, net: str, vat: str
) -> None:
    start = local(next_weekday(dealership.server, weekday, weeks=1), 8)

    answer = quote(dealership, start, start + days * DAY)

    price = answer["price"]
    assert (price["total"]["amount"], price["net"]["amount"], price["vat"]["amount"]) == (total, net, vat)
    assert answer["dueNow"]["amount"] == "59.00"
    if days == 8:
        assert "1 week 319.00" in price["lines"][0]["explanation"]
        assert "1 day 59.00" in price["lines"][0]["explanation"]


def test_the_hours_of_the_weekend_window(dealership: Dealership) -> None:
    # E14a: Friday 17:00 to Monday 8:30
    friday = next_weekday(dealership.server, 4, weeks=1)

    answer = quote(dealership, local(friday, 17), local(friday + 3 * DAY, 8, 30))

    assert answer["price"]["total"]["amount"] == "129.00"
    assert answer["price"]["net"]["amount"] == "108.40"
