"""Cars are drawn in their own shape: on protocols, on claims, and on the tablet as on paper."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mobile_kivy.car_pictures import BODIES, DEFAULT_BODY, picture
from mobile_kivy.forms.form import GUIDED_SLOTS
from server.models import vehicle_body
from server.models.damage import VehicleView
from server.models.vehicle_body import VehicleBody
from server.paper.typesetter import print_invoice, render_protocol
from server.paper.views import DamageMark, DamageSpot, InvoiceView, ProtocolView
from tests.rendering import samples
from tests.rendering.car_drawings import DRAWINGS, drawn
from tests.tools import car_pictures

SHEET = {"left": "0 0 520 160", "front": "0 0 160 160", "rear": "0 0 160 160", "top": "240 180 520 200"}
"""The part of the plane that each side shows: the same for all shapes, so that a mark stays where it is."""


def of(body: VehicleBody, view: ProtocolView) -> ProtocolView:
    return replace(view, vehicle=replace(view.vehicle, body=body))


@pytest.mark.parametrize("body", VehicleBody)
def test_a_protocol_shows_all_six_views_of_its_cars_shape_and_of_no_other(body: VehicleBody) -> None:
    name = body.value.lower()
    found = drawn(render_protocol(of(body, samples.check_in())))
    assert found == {f"{name}/left": 2, f"{name}/front": 1, f"{name}/rear": 1, f"{name}/top": 1, "interior": 1}


@pytest.mark.parametrize("body", VehicleBody)
@pytest.mark.parametrize("side", SHEET)
def test_every_shape_is_drawn_on_the_same_sheet(body: VehicleBody, side: str) -> None:
    svg = (DRAWINGS / body.value.lower() / f"{side}.svg").read_text(encoding="utf-8")
    assert re.findall(r'viewBox="([^"]+)"', svg) == [SHEET[side]]


@pytest.mark.parametrize("body", VehicleBody)
def test_the_wheels_of_every_shape_stand_in_the_same_place(body: VehicleBody) -> None:
    """By them one finds a mark again that was made on another shape."""
    svg = (DRAWINGS / body.value.lower() / "left.svg").read_text(encoding="utf-8")
    assert set(re.findall(r'cx="(\d+)" cy="(\d+)"', svg)) == {("116", "114"), ("396", "114")}


def test_the_right_side_is_the_left_one_in_a_mirror() -> None:
    # given a mark at the very front of the right side, and one at its rear
    def page(x: float) -> bytes:
        mark = DamageMark(view="RIGHT", x=x, y=0.5, kind="DENT", is_new=True)
        return render_protocol(of(VehicleBody.VAN, samples.check_in(damages=(mark,))))

    # then they differ, and the drawing below is the left one each time
    assert page(0.9) != page(0.1)
    assert drawn(page(0.9))["van/left"] == 2


def test_a_claim_shows_the_shape_of_its_car() -> None:
    spot = DamageSpot(view="REAR", x=0.2, y=0.7, body=VehicleBody.ESTATE)
    assert drawn(print_invoice(samples.damage_claim(damage_at=spot)).pdf) == {"estate/rear": 1}


def test_a_claim_that_was_kept_before_there_were_shapes_is_printed_as_a_saloon() -> None:
    spot = DamageSpot(view="LEFT", x=0.2, y=0.7, body=VehicleBody.SUV)
    kept = samples.damage_claim(damage_at=spot).as_json()
    assert kept["damage_at"].pop("body") == "SUV"
    assert drawn(print_invoice(InvoiceView.of_json(kept)).pdf) == {"saloon/left": 1}


class TestTablet:
    def test_it_knows_the_shapes_of_the_server_and_takes_the_same_one_where_nobody_says_it(self) -> None:
        assert list(BODIES) == [body.value for body in VehicleBody]
        assert vehicle_body.DEFAULT_BODY.value == DEFAULT_BODY

    @pytest.mark.parametrize("body", BODIES)
    @pytest.mark.parametrize("view", [*(view.value for view in VehicleView), *GUIDED_SLOTS])
    def test_there_is_a_picture_of_each_view_and_corner_of_each_shape(self, view: str, body: str) -> None:
        assert picture(view, body).is_file()

    def test_its_pictures_are_what_the_protocols_drawings_say(self) -> None:
        assert car_pictures.differences() == []

    def test_a_drawing_that_has_changed_since_is_named_with_all_its_pictures(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # given a van that was drawn anew, on paper only
        paper = tmp_path / "car"
        shutil.copytree(DRAWINGS, paper)
        (paper / "van" / "left.svg").write_bytes((paper / "suv" / "left.svg").read_bytes())
        monkeypatch.setattr(car_pictures, "PAPER", paper)

        # when, then
        assert car_pictures.differences() == [f"mobile_kivy/assets/car/van/{side}.png" for side in ("left", "right")]
