"""Reports: how a station's cars were used, what is owed, who gave what away; as charts, tables and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from starlette.responses import Response

from server.errors import Sentence
from server.office import charts
from server.office.charts import Chart
from server.office.desk import Desk
from server.office.door import NotFound
from server.office.operations import Answer
from server.office.typed import day_in

_MINUTES_A_DAY = 1440
AGE_WORDS = {
    None: Sentence("not due yet", "noch nicht fällig"),
    1: Sentence("1 to 30 days", "1 bis 30 Tage"),
    31: Sentence("31 to 60 days", "31 bis 60 Tage"),
    61: Sentence("61 to 90 days", "61 bis 90 Tage"),
    91: Sentence("over 90 days", "über 90 Tage"),
}


async def show(desk: Desk) -> Response:
    """The report of a station: the last thirty days unless others are asked for."""
    station = desk.station
    if station is None or not desk.may("stationReport"):
        raise NotFound
    first, last = _days(desk, station)
    report = await _report(desk, station, first, last)
    gaps = await desk.ask("NumberGaps", stationId=station["id"], year=last.year)
    return desk.show(
        "reports/report.html",
        station=station,
        first=first,
        last=last,
        report=report,
        gaps=gaps["documentAudit"],
        charts=_charts(desk, report),
        ages=[(desk.say(AGE_WORDS[one["fromDays"]]), one) for one in report["openItems"]],
    )


async def download(desk: Desk) -> Response:
    """One table of the report as CSV: semicolons and decimal commas for German readers, as their tables expect it."""
    station = desk.station
    if station is None or not desk.may("stationReport"):
        raise NotFound
    report = await _report(desk, station, *_days(desk, station))
    name = desk.request.path_params["table"]
    rows = _table(desk, report, name)
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";" if desk.language == "de" else ",")
    writer.writerows([[_cell(value, desk.language) for value in row] for row in rows])
    # With the mark that tells table programs that it is UTF-8.
    body = "\ufeff" + written.getvalue()
    disposition = f'attachment; filename="{station["code"]}-{name}.csv"'
    return Response(body, media_type="text/csv; charset=utf-8", headers={"content-disposition": disposition})


async def _report(desk: Desk, station: Answer, first: date, last: date) -> Answer:
    zone = ZoneInfo(station["timeZone"])
    ends = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    start, end = (end.isoformat() for end in ends)
    found: Answer = (await desk.ask("Report", stationId=station["id"], period={"start": start, "end": end}))[
        "stationReport"
    ]
    return found


def _days(desk: Desk, station: Answer) -> tuple[date, date]:
    today = desk.now.astimezone(ZoneInfo(station["timeZone"])).date()
    asked = desk.request.query_params
    first, last = day_in(asked.get("from", "")), day_in(asked.get("to", ""))
    return (first, last) if first and last else (today - timedelta(days=29), today)


def _charts(desk: Desk, report: Answer) -> list[Chart]:
    groups: dict[str, list[Answer]] = {}
    for car in report["cars"]:
        groups.setdefault(car["groupName"], []).append(car)
    use = [(name, sum(car["utilisation"] for car in cars) / len(cars)) for name, cars in groups.items()]
    net = [(name, sum(float(car["revenueNet"]["amount"]) for car in cars)) for name, cars in groups.items()]
    ages = [(desk.say(AGE_WORDS[one["fromDays"]]), float(one["open"]["amount"])) for one in report["openItems"]]
    euros = desk.office.pages.money
    return [
        charts.bars(
            desk.say_in("Utilisation by group", "Auslastung je Gruppe"),
            [(name, share, f"{share * 100:.0f} %") for name, share in use],
            full=1,
        ),
        charts.bars(
            desk.say_in("Net revenue by group", "Nettoumsatz je Gruppe"),
            [(name, amount, euros(amount, desk.language)) for name, amount in net],
        ),
        charts.bars(
            desk.say_in("Open items by age", "Offene Posten nach Alter"),
            [(name, amount, euros(amount, desk.language)) for name, amount in ages],
        ),
    ]


def _table(desk: Desk, report: Answer, name: str) -> list[Sequence[object]]:
    say = desk.say_in
    if name == "cars":
        titles = say(
            "plate|group|utilisation %|days with customers|blocked days|idle days|net revenue EUR",
            "Kennzeichen|Gruppe|Auslastung %|Tage vermietet|Tage gesperrt|Standtage|Nettoumsatz EUR",
        )
        rows = [_car(one) for one in report["cars"]]
    elif name == "reductions":
        titles = say(
            "contract|when|who|approved by|reason|before|after",
            "Vertrag|wann|wer|freigegeben von|Grund|vorher|nachher",
        )
        names = ("at", "actor", "approvedBy", "reason", "before", "after")
        rows = [[one["contract"]["number"], *(one[key] for key in names)] for one in report["reductions"]]
    elif name == "handovers":
        titles = say(
            "person|protocols|photos missing|not signed|overridden|median minutes",
            "Person|Protokolle|Fotos fehlen|nicht unterschrieben|mit Begründung übergangen|Minuten (Median)",
        )
        rows = [list(one.values()) for one in report["handovers"]]
    elif name == "open-items":
        titles = say("age|items|open EUR", "Alter|Posten|offen EUR")
        rows = [
            [desk.say(AGE_WORDS[one["fromDays"]]), one["items"], Decimal(one["open"]["amount"])]
            for one in report["openItems"]
        ]
    else:
        raise NotFound
    return [titles.split("|"), *rows]


def _car(car: Answer) -> list[object]:
    return [
        car["vehicle"]["plate"],
        car["groupName"],
        round(Decimal(car["utilisation"]) * 100, 1),
        round(Decimal(car["rentedMinutes"]) / _MINUTES_A_DAY, 2),
        round(Decimal(car["blockedMinutes"]) / _MINUTES_A_DAY, 2),
        car["idleDays"],
        Decimal(car["revenueNet"]["amount"]),
    ]


def _cell(value: object, language: str) -> str:
    """Numbers as the reader's table program takes them; text that would be a formula there is kept as text."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return str(value).replace(".", ",") if language == "de" else str(value)
    text = str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
