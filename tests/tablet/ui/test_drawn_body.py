"""The tablet draws a car in the shape that its paper will have: the server says it, and the device keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kivy.core.image import Image as CoreImage
from kivy.graphics import Rectangle

from mobile_kivy.car_pictures import BODIES, picture
from mobile_kivy.store import Store
from mobile_kivy.store.sealing import about
from mobile_kivy.widgets.car_drawing import SIDES, CarDrawing
from tests.tablet.ui import work
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.yard_day import YardDay

Start = Callable[..., Finger]
GROUP = "mutation($g:ID!,$v:Int!,$i:VehicleGroupUpdate!){updateVehicleGroup(id:$g,version:$v,input:$i){__typename}}"
BODY = "query($v:ID!){vehicle(id:$v){body}}"


def is_drawn_as(drawing: Any, body: str) -> bool:
    """Whether the pictures on its canvas are this shape's from all sides, and no other's. Kivy keeps one texture for
    each file.
    """
    files = {picture(side, shape) for side in SIDES for shape in BODIES}
    textures = {file: CoreImage(str(file), mipmap=True).texture for file in files}
    lying = [instruction.texture for instruction in drawing.canvas.children if isinstance(instruction, Rectangle)]
    found = [file for shown in lying for file, texture in textures.items() if shown is texture]
    return found == [picture(side, body) for side in SIDES]


def call_it(yard_day: YardDay, acriss: str) -> None:
    """An administrator gives the cars' group its code."""
    group = yard_day.dealership.group["id"]
    result = yard_day.dealership.admin(GROUP, g=group, v=1, i={"acriss": acriss})
    assert result["__typename"] == "VehicleGroup", result


def enter_day(folder: Path, yard_day: YardDay) -> Store:
    store = Store(folder, yard_day.clock)
    yard_day.enter(store)
    return store


def look_at_damages(finger: Finger, yard_day: YardDay) -> Any:
    """The drawing of the car that goes out."""
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10012")
    for step in ("care", "damages"):
        work.go_on(finger, step)
    return finger.screen.step.ids.drawing


@pytest.mark.parametrize("body", BODIES)
def test_the_widget_draws_each_shape_and_marks_lie_in_the_same_place(body: str, open_app: Start) -> None:
    open_app()
    drawing, other = CarDrawing(size=(880, 620), body=body), CarDrawing(size=(880, 620))
    assert drawing.place("REAR", 0.2, 0.7) == other.place("REAR", 0.2, 0.7)
    other.body = body
    assert is_drawn_as(drawing, body)
    assert is_drawn_as(other, body)
    assert not is_drawn_as(drawing, next(one for one in BODIES if one != body))


def test_a_van_is_drawn_as_a_van_without_a_network_and_its_outlines_too(
    open_app: Start, tmp_path: Path, yard_day: YardDay
) -> None:
    # given a group of vans, and a device that has fetched the day and lost the network since
    call_it(yard_day, "SVMR")
    enter_day(tmp_path / "device", yard_day).close()
    finger = open_app(now=yard_day.clock)

    # when somebody comes to the damages
    drawing = look_at_damages(finger, yard_day)

    # then the car has the shape that the server has told
    assert yard_day.dealership.clerk(BODY, v=yard_day.out["vehicle"]["id"]) == {"body": "VAN"}
    assert drawing.body == "VAN"
    assert is_drawn_as(drawing, "VAN")
    work.go_on(finger, "photos")
    assert [finger.screen.step.outline(slot) for slot in ("REAR", "FRONT_LEFT")] == [
        str(picture("REAR", "VAN")),
        str(picture("FRONT_LEFT", "VAN")),
    ]


def test_a_day_that_an_earlier_app_has_kept_is_drawn_as_the_most_common_shape(
    open_app: Start, tmp_path: Path, yard_day: YardDay
) -> None:
    # given a device whose days were fetched before the server told shapes
    call_it(yard_day, "SVMR")
    store = enter_day(tmp_path / "device", yard_day)
    for row in store._database.rows("SELECT * FROM day"):
        place = about("day", row["station_id"], row["date"])
        day = json.loads(store._database.texts.said(place, row["payload"]))
        cars = [contract["vehicle"] for name in ("checkOuts", "checkIns", "overdue") for contract in day[name]]
        for car in [*cars, *day["spareVehicles"]]:
            assert car.pop("body") == "VAN"
        sealed = store._database.texts.seal(place, json.dumps(day))
        store._database.execute("UPDATE day SET payload = ? WHERE date = ?", (sealed, row["date"]))
    store.close()
    finger = open_app(now=yard_day.clock)

    # when somebody comes to the damages, then all works, and the car is a hatchback
    drawing = look_at_damages(finger, yard_day)
    assert drawing.body == "HATCHBACK"
    assert is_drawn_as(drawing, "HATCHBACK")
