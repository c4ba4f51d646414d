"""Screens ask the desk that they were given, and nothing else: each can be built without the app."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from kivy.app import App

from mobile_kivy.app import YardApp
from mobile_kivy.desk import DayWork, Desk
from mobile_kivy.forms.day import CHECK_IN, CHECK_OUT
from mobile_kivy.forms.form import GUIDED_SLOTS, open_form
from mobile_kivy.forms.visit import STEPS, Visit
from mobile_kivy.screens.device import DeviceScreen
from mobile_kivy.screens.handover import BUILD, HandoverScreen
from mobile_kivy.screens.outbox import OutboxScreen
from mobile_kivy.screens.sign_in import SignInScreen
from mobile_kivy.screens.steps.condition import ConditionStep
from mobile_kivy.screens.steps.damages import DamagesStep
from mobile_kivy.screens.steps.photos import PhotosStep
from mobile_kivy.screens.today import TodayScreen
from mobile_kivy.store import Store
from mobile_kivy.work import Floor
from tests.driving import ROOT
from tests.tablet.store.kept import queue
from tests.tablet.test_forms import job
from tests.tablet.ui.small_desk import NOON, SmallDesk, is_a_desk
from tests.tablet.yard import draft_of

APP = ROOT / "mobile_kivy"


@pytest.fixture(autouse=True)
def _no_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(App, "_running_app", None)


@pytest.fixture
def desk(store: Store) -> SmallDesk:
    return SmallDesk(store)


def visit(kind: str = CHECK_OUT) -> Visit:
    todo = job(kind)
    form = open_form(todo, "u1", NOON)
    form.odometer = "10001"
    return Visit(form, todo, form.car())


def promised(*protocols: type) -> set[str]:
    """What a protocol's implementations have."""
    names = {name for protocol in protocols for name in {**vars(protocol), **protocol.__annotations__}}
    return {name for name in names if not name.startswith("_")}


def test_the_app_is_a_desk_and_the_floor_of_its_work(tmp_path: Path) -> None:
    # Kivy has no types, so mypy takes any app for a desk.
    app = YardApp(tmp_path / "device", "http://127.0.0.1:9", "sample")
    app._connect()
    assert {name for name in promised(Desk, Floor) if not hasattr(app, name)} == set()
    assert {name for name in promised(DayWork) if not hasattr(app.work, name)} == set()
    app.store.close()


def test_nobody_but_the_start_looks_for_the_running_app() -> None:
    askers = {file.name for file in APP.rglob("*.py") if "get_running_app" in file.read_text(encoding="utf-8")}
    assert askers <= {"app.py", "start.py"}


def rules() -> Iterator[tuple[str, str]]:
    for file in APP.rglob("*.kv"):
        yield file.name, file.read_text(encoding="utf-8")
    for file in APP.rglob("*.py"):
        if "Builder.load_string" in (text := file.read_text(encoding="utf-8")):
            yield file.name, text.partition("Builder.load_string")[2]


@pytest.mark.parametrize(("file", "text"), list(rules()), ids=lambda value: value if len(value) < 30 else "rules")
def test_rules_name_no_app_and_ask_the_desk_for_what_it_has(file: str, text: str) -> None:
    assert re.findall(r"\bapp\.\w+", text) == []
    assert set(re.findall(r"\bdesk\.(\w+)", text)) <= promised(Desk)


def test_every_screen_can_be_built_without_the_app(desk: SmallDesk) -> None:
    assert App.get_running_app() is None
    queue(desk.store)
    for build in (SignInScreen, TodayScreen, OutboxScreen, DeviceScreen):
        screen = build(desk=is_a_desk(desk))
        screen.on_pre_enter()
    assert HandoverScreen(desk=desk).desk is desk


@pytest.mark.parametrize("kind", [CHECK_OUT, CHECK_IN])
def test_every_step_can_be_built_without_the_app(kind: str, desk: SmallDesk) -> None:
    assert tuple(BUILD) == STEPS
    for build in BUILD.values():
        assert isinstance(build(desk, visit(kind)).complaints(), list)


def test_the_form_goes_through_its_steps_and_is_saved_at_each(desk: SmallDesk) -> None:
    screen = HandoverScreen(desk=desk)
    opened = visit()
    opened.form.odometer = ""
    screen.open(opened)
    assert screen.title == "Übergabe  ·  HH-ZU 101"
    screen.next()
    assert screen.error, "a form without a reading does not go on"
    opened.form.odometer = "10001"
    screen.next()
    assert opened.form.step == "care"
    assert draft_of(desk.store, "c1", CHECK_OUT) == opened.form.to_json()
    screen.leave()
    assert desk.asked == ["go today"]


def test_a_photo_that_comes_when_the_form_is_closed_disturbs_nobody(desk: SmallDesk) -> None:
    screen, opened = HandoverScreen(desk=desk), visit()
    opened.form.step = "photos"
    screen.open(opened)
    step = screen.step
    assert isinstance(step, PhotosStep)
    screen.leave()
    step.take("FRONT", lambda: None)
    assert screen.visit is None


def test_photos_are_asked_of_the_desk(desk: SmallDesk) -> None:
    opened = visit()
    around = PhotosStep(desk, opened)
    for slot in GUIDED_SLOTS:
        around.take(slot, lambda: None)
    assert around.complaints() == []
    damages = DamagesStep(desk, opened)
    damages.marked("LEFT", 0.2, 0.3)
    damages.take()
    assert damages.complaints() == []
    assert desk.asked == [f"photo {slot}" for slot in (*GUIDED_SLOTS, "DAMAGE")]


def test_a_leap_of_the_odometer_at_check_out_is_said_and_needs_a_reason(desk: SmallDesk) -> None:
    opened = visit()
    step = ConditionStep(desk, opened)
    step.ids.odometer.text = "12345"
    assert step.warning.startswith("2.345 km mehr")
    assert step.asks_reason
    assert [complaint.key for complaint in step.complaints()] == ["odometer_leap"]
    opened.form.override_reason = "Probefahrt vergessen"
    assert step.complaints() == []
    opened.form.override_reason = ""
    step.ids.odometer.text = "09999"
    assert step.asks_reason
    assert [complaint.key for complaint in step.complaints()] == ["odometer_low"]
