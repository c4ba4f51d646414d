"""The office in Chromium: nothing from elsewhere, nothing on the console, nothing that axe finds serious; what is dragged
in the plan, and what another person changes, live.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.calendar import soon
from tests.dealership import Dealership, open_dealership
from tests.driving import SandboxServer
from tests.office.browser import email_of
from tests.office.chromium import CHROMIUM, Window, picture, window

DAY = timedelta(days=1)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here: apt-get install chromium")
MOST_BYTES = 200 * 1024
CANCEL = "mutation($id:ID!,$v:Int!){cancelContract(contractId:$id,version:$v){__typename}}"
CHANGE = """mutation($id:ID!,$v:Int!,$p:PeriodInput!){changePeriod(contractId:$id,version:$v,period:$p){__typename}}"""


@pytest.fixture(scope="module")
def office(server: SandboxServer) -> tuple[Dealership, dict[str, Any], datetime]:
    """A dealership with a booking, and its start."""
    dealership = open_dealership(server)
    start = soon(server)
    return dealership, dealership.booked(start, start + 2 * DAY), start


@pytest.fixture(scope="module")
def clerk(office: tuple[Dealership, dict[str, Any], datetime], server: SandboxServer) -> Iterator[Window]:
    with window(server.base) as shown:
        shown.sign_in(email_of(office[0]))
        yield shown


@pytest.fixture(params=["light", "dark", "narrow"])
def look(
    request: pytest.FixtureRequest, office: tuple[Dealership, dict[str, Any], datetime], server: SandboxServer
) -> Iterator[Window]:
    narrow, dark = request.param == "narrow", request.param == "dark"
    with window(server.base, width=390 if narrow else 1440, dark=dark) as shown:
        shown.sign_in(email_of(office[0]))
        yield shown


def test_every_page_is_our_own_quiet_accessible_and_small(
    look: Window, office: tuple[Dealership, dict[str, Any], datetime], tmp_path: Path
) -> None:
    _dealership, contract, start = office
    number, car = contract["number"], contract["vehicle"]["id"]
    paths = [
        "/office/",
        f"/office/?day={start.date()}",
        f"/office/plan?from={start.date()}&days=7",
        "/office/contracts",
        f"/office/contracts/{number}",
        f"/office/contracts/{number}/change-period?preview=yes",
        f"/office/contracts/{number}/edit-tariff",
        f"/office/contracts/{number}/photos",
        "/office/customers",
        f"/office/customers/{contract['customer']['id']}",
        "/office/vehicles",
        f"/office/vehicles/{car}",
        f"/office/vehicles/{car}/tag",
        f"/office/vehicles/{car}/block",
        "/office/damages",
        "/office/documents",
        "/office/open-items",
        "/office/tariffs",
        "/office/settings",
        "/office/book",
        "/office/search?q=Beispiel",
        "/office/password",
        "/office/parts",
        "/office/nothing-here",
    ]
    for path in paths:
        answer = look.page.goto(f"{look.base}{path}")
        assert answer is not None
        picture(look, tmp_path, path.strip("/").replace("/", "-").partition("?")[0] or "today")
        assert look.findings() == [], path
        assert not look.is_too_wide(), path
        assert len(answer.body()) < MOST_BYTES, path
    assert [line for line in look.told if "404" not in line] == []


def test_a_bar_that_is_dragged_longer_is_priced_and_saved(
    clerk: Window, office: tuple[Dealership, dict[str, Any], datetime]
) -> None:
    # given the plan of two weeks
    dealership, contract, start = office
    clerk.open(f"/office/plan?from={(start - DAY).date()}&days=14")
    bar = clerk.page.locator(f'.o[data-n="{contract["number"]}"]')
    box, lane = bar.bounding_box(), clerk.page.locator("td.lane").first.bounding_box()
    assert box
    assert lane

    # when the bar's end is dragged a day to the right
    clerk.page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 10)
    clerk.page.mouse.down()
    clerk.page.mouse.move(box["x"] + box["width"] - 3 + lane["width"] / 14, box["y"] + 10, steps=5)
    clerk.page.mouse.up()

    # then the server's own form says what it would cost, and nothing is changed yet
    dialog = clerk.page.locator("dialog[open]")
    dialog.locator(".sums").first.wait_for()
    assert "118,00\u00a0€" in dialog.inner_text()
    assert "177,00\u00a0€" in dialog.inner_text()
    assert dealership.contract(contract["id"])["version"] == contract["version"]

    # and its button saves, and leads back to the plan
    dialog.locator("button[value=save]").click()
    clerk.page.wait_for_url("**/office/plan?*")
    after = dealership.contract(contract["id"])
    assert datetime.fromisoformat(after["period"]["end"]) == start + 3 * DAY
    assert clerk.told == []


def test_an_empty_lane_that_is_drawn_on_becomes_a_block(
    clerk: Window, office: tuple[Dealership, dict[str, Any], datetime]
) -> None:
    _dealership, _contract, start = office
    clerk.open(f"/office/plan?from={(start - DAY).date()}&days=14")
    lane = clerk.page.locator("td.lane:not(:has(.o))").first.bounding_box()
    assert lane
    clerk.page.mouse.move(lane["x"] + lane["width"] / 2, lane["y"] + 12)
    clerk.page.mouse.down()
    clerk.page.mouse.move(lane["x"] + lane["width"] * 0.6, lane["y"] + 12, steps=5)
    clerk.page.mouse.up()
    dialog = clerk.page.locator("dialog[open]")
    dialog.locator("select").select_option("WORKSHOP")
    dialog.locator("button[value=save]").click()
    clerk.page.wait_for_url("**/office/plan?*")
    assert clerk.page.locator(".o.k-BLOCK").inner_text() == "Werkstatt"


def test_the_keyboard_goes_along_the_bars_and_changes_one(
    clerk: Window, office: tuple[Dealership, dict[str, Any], datetime]
) -> None:
    _dealership, contract, start = office
    clerk.open(f"/office/plan?from={(start - DAY).date()}&days=14")
    clerk.page.locator(f'.o[data-n="{contract["number"]}"]').focus()
    assert clerk.page.locator(".o[tabindex='0']").count() == 1
    clerk.page.keyboard.press("m")
    clerk.page.locator("dialog[open] .sums").first.wait_for()
    clerk.page.keyboard.press("Escape")
    clerk.page.locator("dialog").wait_for(state="hidden")


def test_what_somebody_else_changes_is_seen_without_a_hand(
    clerk: Window, office: tuple[Dealership, dict[str, Any], datetime]
) -> None:
    # given the plan and the day list, open in two windows
    dealership, contract, start = office
    clerk.open(f"/office/plan?from={(start - DAY).date()}&days=14")
    before = clerk.page.locator(f'.o[data-n="{contract["number"]}"]').get_attribute("data-e")
    today = clerk.page.context.new_page()
    today.goto(f"{clerk.base}/office/?day={start.date()}")
    listed = today.locator("#out td a", has_text=contract["number"])
    assert listed.is_visible()

    # when somebody else extends the contract through the API
    now = dealership.contract(contract["id"])
    period = {"start": now["period"]["start"], "end": (start + 4 * DAY).isoformat()}
    result = dealership.clerk(CHANGE, id=contract["id"], v=now["version"], p=period)
    assert result["__typename"] == "Contract"

    # then the bar grows by itself
    grown = "([number, before]) => document.querySelector(`.o[data-n='${number}']`).dataset.e !== before"
    clerk.page.wait_for_function(grown, arg=[contract["number"], before])

    # and when it is cancelled, it goes from the day list
    version = dealership.contract(contract["id"])["version"]
    assert dealership.clerk(CANCEL, id=contract["id"], v=version)["__typename"] == "Contract"
    listed.wait_for(state="detached")
    assert clerk.told == []
    today.close()
