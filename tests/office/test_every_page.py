"""Every page that links lead to opens, for every role, in both languages; what is not for a role is not linked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest

from server.office.pages.rows import tag_text
from tests.calendar import soon
from tests.dealership import Dealership, open_dealership
from tests.driving import SandboxServer, picture
from tests.office.browser import Clerk
from tests.staff import put_staff

DAY = timedelta(days=1)
MOST_ALIKE = 3
"""Pages of one pattern that are looked at."""
DAMAGE = {"kind": "SCRATCH", "position": {"view": "LEFT", "x": 0.3, "y": 0.5}, "description": "Kratzer an der Tür"}


@pytest.fixture(scope="module")
def lived_in(server: SandboxServer) -> Dealership:
    """A dealership with a rental that is billed, a damage to decide, a car that is out, and a booking."""
    dealership = open_dealership(server, cars=3)
    start = soon(server)
    sha256 = dealership.yard.upload(picture())
    photos = [{"sha256": sha256, "slot": "FRONT"}]
    damage = {"id": "00000000-0000-4000-8000-0000000000d1", **DAMAGE, "photos": [sha256]}
    dealership.rent(start, start + DAY, out={"photos": photos}, back_with={"photos": photos, "damages": [damage]})
    later = soon(server)
    dealership.checked_out(later, later + 2 * DAY)
    dealership.booked(later + DAY, later + 2 * DAY)
    return dealership


@pytest.fixture(params=["YARD", "CLERK", "MANAGER", "ADMIN"])
def somebody(request: pytest.FixtureRequest, lived_in: Dealership, server: SandboxServer) -> Iterator[Clerk]:
    """A person of each role; every second one reads German."""
    email = f"pages.{request.param.lower()}@example.com"
    stations = [] if request.param == "ADMIN" else [lived_in.station["id"]]
    put_staff(server.owner, email, request.param, stations)
    with httpx2.Client(timeout=60) as http:
        clerk = Clerk(http, server.base, "de" if request.param in {"CLERK", "ADMIN"} else "en")
        clerk.sign_in(email)
        yield clerk


def test_every_link_leads_to_a_page(somebody: Clerk, lived_in: Dealership) -> None:
    code = lived_in.station["code"]
    todo, seen, alike = [f"/office/?station={code}"], set[str](), dict[str, int]()
    while todo:
        path = todo.pop(0)
        pattern = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|S\d+-[A-Z0-9-]+|\?.*", "…", path)
        if path in seen or alike.get(pattern, 0) >= MOST_ALIKE:
            continue
        seen.add(path)
        alike[pattern] = alike.get(pattern, 0) + 1
        answer = somebody.http.get(f"{somebody.base}{path}", headers=somebody.headers)
        assert answer.status_code == 200 or answer.is_redirect, (path, answer.status_code, answer.text[-600:])
        if "text/html" in answer.headers["content-type"]:
            somebody._read(answer)
            links = [str(link) for link in somebody.page.xpath("//a/@href")]
            todo += [link for link in links if link.startswith("/office/")]
            todo += [path.partition("?")[0] + link for link in links if link.startswith("?")]
    assert len(alike) > 15


def test_a_damage_stands_beside_the_photos_of_both_sides(lived_in: Dealership, stranger: Clerk) -> None:
    stranger.sign_in(f"clerk{lived_in.station['code'][1:]}@example.com")
    stranger.open("/office/damages")
    (damage,) = {link for link in stranger.links() if re.search(r"/damages/.+\..+", link)}
    stranger.open(damage)
    (row,) = stranger.page.xpath("//table[@class='photos']/tbody/tr")
    assert [len(cell.xpath(".//img")) for cell in row.xpath("td")] == [1, 1]
    assert len(stranger.page.xpath("//*[@class='mark']")) == 1

    # and it is decided and claimed with forms
    stranger.open(f"{damage}/decide")
    offered = [one.get("value") for one in stranger.page.xpath("//select[@name='liability']/option")]
    assert offered == ["", "REJECTED", "CONFIRMED"]
    stranger.send(liability="CONFIRMED", reason="Neu seit der Übergabe")
    stranger.open(f"{damage}/decide")
    stranger.send(liability="DECIDED_CUSTOMER", reason="Der Kunde war es", finalNet="250,00")
    assert stranger.path == f"{damage}?done=decide", stranger.alerts()
    assert "customer pays" in stranger.text()
    assert "250.00 EUR" in stranger.text()
    stranger.open(f"{damage}/claim")
    stranger.send()
    assert stranger.path == f"{damage}?done=claim", stranger.alerts()


def test_a_key_tag_says_what_the_tablet_looks_for(lived_in: Dealership, stranger: Clerk) -> None:
    stranger.sign_in(f"clerk{lived_in.station['code'][1:]}@example.com")
    car = lived_in.vehicles[0]
    stranger.open(f"/office/vehicles/{car['id']}/tag")
    assert stranger.page.xpath("//h1")[0].text == car["plate"]
    assert tag_text(car["plate"]) == f"EW1 {car['plate']}"
    assert len(stranger.page.xpath("//svg[@role='img']/path")) == 1
