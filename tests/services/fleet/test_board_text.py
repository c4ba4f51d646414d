"""The lanes of a planning board are the same, byte by byte, whether PostgreSQL has written them or our engine or
graphql-core, whatever is selected.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import orjson
import pytest

from server.edge.documents import Documents
from server.engine.wanted import Wanted
from server.models.staff import Role
from server.services.fleet import board, board_text
from tests.builders.bench import Bench
from tests.builders.rows import open_shop
from tests.services.booking.lateness import DAY, END, HOUR, START
from tests.services.fleet.boards import Furnished, answer, both_engines, furnished
from tests.services.samples import at

Engines = tuple[Documents, Documents]
SHAPES = {
    "BoardLane": {"vehicle": "Vehicle", "occupancy": "Occupancy"},
    "Vehicle": {"group": "VehicleGroup"},
    "Occupancy": {"period": "Period", "contract": "Contract", "block": "VehicleBlock"},
    "Contract": {"customer": "Customer"},
}
PLAIN = {
    "BoardLane": [],
    "Vehicle": [
        "id",
        "plate",
        "vin",
        "make",
        "model",
        "colour",
        "odometerKm",
        "fuelEighths",
        "stateOfChargePercent",
        "tankLitres",
        "batteryWh",
        "cleanliness",
        "firstRegistration",
        "inspectionDue",
        "registeredAsRental",
        "status",
        "version",
    ],
    "VehicleGroup": ["id", "code", "name", "acriss", "minimumAge", "minimumLicenceMonths", "energy", "version"],
    "Occupancy": ["kind", "heldUntil"],
    "Period": ["start", "end"],
    "Contract": ["id", "number", "kind", "state", "settlementState", "version", "language", "source"],
    "Customer": ["id", "kind", "salutation", "firstName", "lastName", "company"],
    "VehicleBlock": ["id", "reason", "note"],
}
BOARD = """query($s:ID!,$p:PeriodInput!,$g:ID){planningBoard(stationId:$s,period:$p,groupId:$g){
  station{code} lanes%s unassigned{number period{start}}}}"""


@pytest.fixture(scope="module")
def engines() -> Engines:
    return both_engines()


def everything(of: str) -> str:
    """All fields that are known."""
    inner = "".join(f" {name} {everything(kind)}" for name, kind in SHAPES.get(of, {}).items())
    return "{ __typename " + " ".join(PLAIN[of]) + inner + " }"


def some(of: str, dice: random.Random) -> str:
    """Some fields, in any order and under any keys; now and then one twice."""
    names = [*PLAIN[of], *SHAPES.get(of, {}), "__typename"]
    chosen = [dice.choice(names) for _ in range(dice.randint(1, 6))]
    fields = []
    for place, name in enumerate(chosen):
        kind = SHAPES.get(of, {}).get(name)
        fields.append(f"k{place}: {name} {some(kind, dice) if kind else ''}")
    return "{ " + " ".join(fields) + " }"


def period(start: datetime, end: datetime) -> dict[str, str]:
    return {"start": start.isoformat(), "end": end.isoformat()}


async def same(
    bench: Bench, engines: Engines, here: Furnished, selected: str, asked: dict[str, str], group: str | None = None
) -> bytes:
    """What all three ways say. The text knows nothing of damages: whoever selects them gets rows."""
    who, station = here.shop.somebody(Role.MANAGER), str(here.shop.station.id)
    text = BOARD % selected
    ours, core = [await answer(bench, who, by, text, s=station, p=asked, g=group) for by in engines]
    assert ours == core
    general = BOARD % selected.replace("{", "{ general: vehicle { damages { id } } ", 1)
    rows = orjson.loads(await answer(bench, who, engines[0], general, s=station, p=asked, g=group))
    for lane in rows["data"]["planningBoard"]["lanes"]:
        lane.pop("general")
    assert orjson.dumps(rows) == ours
    return ours


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "UTC", "Asia/Kathmandu"])
async def test_everything_of_everything(bench: Bench, engines: Engines, zone: str) -> None:
    here = await furnished(bench, time_zone=zone)
    found = orjson.loads(await same(bench, engines, here, everything("BoardLane"), period(START - DAY, END + 60 * DAY)))
    lanes = found["data"]["planningBoard"]["lanes"]
    assert [len(lane["occupancy"]) for lane in lanes] == [2, 1, 2, 0, 2, 0]
    assert lanes[0]["occupancy"][0]["contract"]["state"] == "CHECKED_OUT"


async def test_selections_at_random(bench: Bench, engines: Engines) -> None:
    # Given: the last Sunday of October lies in between
    here = await furnished(bench)
    dice = random.Random(20260908)
    for _ in range(60):
        start = START - 2 * DAY + dice.randint(0, 60) * DAY + timedelta(seconds=dice.randint(0, 10**5))
        asked = period(start, start + dice.randint(1, 92 * 24) * HOUR)
        group = dice.choice([None, None, str(here.shop.group.id), str(here.other_group.id)])
        await same(bench, engines, here, some("BoardLane", dice), asked, group)


async def test_a_car_that_is_late_is_there_weeks_after(bench: Bench, engines: Engines) -> None:
    here = await furnished(bench)
    bench.clock.move_to(END + 50 * DAY)
    selected = "{ vehicle { id } occupancy { period { start end } contract { number } } }"
    found = orjson.loads(await same(bench, engines, here, selected, period(END + 40 * DAY, END + 41 * DAY)))
    (late,) = [
        use
        for lane in found["data"]["planningBoard"]["lanes"]
        for use in lane["occupancy"]
        if use["contract"]["number"] == here.late.number
    ]
    assert datetime.fromisoformat(late["period"]["end"]) == bench.now


async def test_another_station_sees_nothing_of_it(bench: Bench, engines: Engines) -> None:
    here = await furnished(bench)
    other = await open_shop(bench)
    who, asked = other.somebody(Role.MANAGER), period(START, END)
    said = [
        await answer(bench, who, by, BOARD % "{ vehicle { id } }", s=str(here.shop.station.id), p=asked)
        for by in engines
    ]
    assert said[0] == said[1]
    assert orjson.loads(said[0])["data"] is None


@pytest.mark.parametrize("path", ["text", "rows"])
async def test_a_station_with_too_many_cars_is_asked_for_a_group(
    bench: Bench, engines: Engines, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    here = await furnished(bench)
    monkeypatch.setattr(board, "MOST_CARS", 5)
    selected = "{ vehicle { id } }" if path == "text" else "{ vehicle { id damages { id } } }"
    who, asked = here.shop.somebody(), period(START, END)

    async def ask(group: str | None) -> bytes:
        return await answer(bench, who, engines[0], BOARD % selected, s=str(here.shop.station.id), p=asked, g=group)

    assert b"More than 5 cars stand here: ask for one vehicle group." in await ask(None)
    assert len(orjson.loads(await ask(str(here.shop.group.id)))["data"]["planningBoard"]["lanes"]) == 4


@pytest.mark.parametrize("path", ["text", "rows"])
async def test_a_period_with_too_many_uses_is_refused(
    bench: Bench, engines: Engines, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    here = await furnished(bench)
    monkeypatch.setattr(board, "MOST_USES", 5)
    inner = "kind" if path == "text" else "kind vehicle { id }"
    who, station = here.shop.somebody(), str(here.shop.station.id)

    async def ask(days: int, group: str | None = None) -> bytes:
        asked = period(END, END + days * DAY)
        text = BOARD % f"{{ occupancy {{ {inner} }} }}"
        return await answer(bench, who, engines[0], text, s=station, p=asked, g=group)

    assert b"The cars have more than 5 uses in this period: ask for a shorter one." in await ask(80)
    assert b'"errors":[]' in await ask(80, str(here.other_group.id))
    assert b'"errors":[]' in await ask(2)


def test_what_is_not_known_is_left_to_the_general_way() -> None:
    assert board_text.lanes([Wanted("v", "vehicle", (Wanted("d", "damages", (Wanted("id", "id"),)),))]) is None
    assert board_text.lanes([Wanted("o", "occupancy", (Wanted("v", "vehicle", (Wanted("id", "id"),)),))]) is None
    assert board_text.lanes([Wanted("x", "somethingNew")]) is None


def test_a_board_is_no_longer_than_ninety_two_days() -> None:
    assert at("2026-10-02 00:00") - at("2026-07-02 00:00") == board.LONGEST
