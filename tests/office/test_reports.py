"""The report's page, and its tables as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import httpx2
import pytest

from server.office.pages.reports import _cell
from tests.dealership import Dealership
from tests.office.browser import Clerk
from tests.staff import put_staff


@pytest.fixture
def manager(dealership: Dealership) -> Iterator[Clerk]:
    email = f"manager.{dealership.station['code'].lower()}@example.com"
    put_staff(dealership.server.owner, email, "MANAGER", [dealership.station["id"]])
    with httpx2.Client(timeout=60) as http:
        clerk = Clerk(http, dealership.server.base, "de")
        clerk.sign_in(email)
        yield clerk


def test_the_report_shows_charts_with_their_figures_as_tables(manager: Clerk, dealership: Dealership) -> None:
    manager.open("/office/reports")
    assert [one.get("aria-label") for one in manager.page.xpath("//figure//svg")] == [
        "Auslastung je Gruppe",
        "Nettoumsatz je Gruppe",
        "Offene Posten nach Alter",
    ]
    plates = [one.text for one in manager.page.xpath("//section[@aria-labelledby='r-c']//a[@class='plate']")]
    assert sorted(plates) == sorted(one["plate"] for one in dealership.vehicles)


@pytest.mark.parametrize("table", ["cars", "reductions", "handovers", "open-items"])
def test_every_table_is_a_file_that_german_table_programs_read(manager: Clerk, table: str) -> None:
    manager.open("/office/reports")
    (link,) = [one for one in manager.links() if f"/{table}.csv?" in one]
    answer = manager.http.get(f"{manager.base}{link}", headers=manager.headers)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].endswith(f'-{table}.csv"')
    assert answer.text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(answer.text[1:]), delimiter=";"))
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-5", "@x", "\tx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert _cell(text, "de") == f"'{text}"


def test_a_clerk_has_no_report(clerk: Clerk) -> None:
    clerk.open("/office/reports")
    assert clerk.status == 404
    assert "/office/reports" not in clerk.links("//nav")
