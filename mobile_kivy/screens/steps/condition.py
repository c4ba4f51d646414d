"""What the instruments show, which car it is, and at a check-in when the key came back."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from mobile_kivy.desk import Desk
from mobile_kivy.forms import checks
from mobile_kivy.forms.checks import Complaint
from mobile_kivy.forms.contract import Vehicle
from mobile_kivy.forms.obstacles import obstacles
from mobile_kivy.forms.visit import Visit
from mobile_kivy.i18n import clock, day, number, text
from mobile_kivy.screens.vehicle_choice import choose_vehicle

QUARTER = timedelta(minutes=15)
PERCENT_A_STEP = 5


class ConditionStep(BoxLayout):
    """Odometer, level, car, key drop."""

    desk: Desk = ObjectProperty()
    visit: Visit = ObjectProperty()
    electric = BooleanProperty(False)
    last_reading = NumericProperty(0)
    level_text = StringProperty("")
    warning = StringProperty("")
    obstacles = StringProperty("")
    asks_reason = BooleanProperty(False)
    key_dropped = BooleanProperty(False)
    key_drop_text = StringProperty("")
    __events__ = ("on_changed",)

    def __init__(self, desk: Desk, visit: Visit, **kwargs: object) -> None:
        self._filling = True
        super().__init__(desk=desk, visit=visit, **kwargs)
        self.fill()

    def on_changed(self) -> None:
        """For the screen, which saves."""

    def fill(self) -> None:
        """From the form."""
        self._filling = True
        form, vehicle, out = self.visit.form, self.visit.vehicle, self.visit.job.contract.checked_out
        self.electric = bool(vehicle and vehicle.electric)
        cars_out = self.desk.work.cars_out(self.desk.work.job_states())
        found = obstacles(self.visit.job_with_car(), cars_out, self.desk.now())
        self.obstacles = "\n".join(text(self.desk.lang, each.key, **each.figures) for each in found)
        if vehicle is not None:
            self.last_reading = vehicle.odometer_km if form.checks_out or out is None else out.odometer_km
        self.ids.odometer.text = form.odometer
        self.ids.reason.text = form.override_reason
        self.ids.gauge.steps = 20 if self.electric else 8
        level = (form.charge_percent or 0) / PERCENT_A_STEP if self.electric else form.fuel_eighths or 0
        self.ids.gauge.value = round(level)
        self.ids.key.value = "drop" if form.key_drop_at else "here"
        self._filling = False
        self._show_level()
        self._show_key_drop()
        self._doubt()

    def typed(self, digits: str) -> None:
        """A key of the pad."""
        if not self._filling:
            self.visit.form.odometer = digits
            self._doubt()
            self.dispatch("on_changed")

    def gave_reason(self, reason: str) -> None:
        """Why a doubtful reading is right."""
        if not self._filling:
            self.visit.form.override_reason = reason
            self.dispatch("on_changed")

    def set_level(self, steps: float) -> None:
        """Eighths, or steps of five per cent."""
        if self._filling:
            return
        form = self.visit.form
        if self.electric:
            form.charge_percent = int(steps) * PERCENT_A_STEP
        else:
            form.fuel_eighths = int(steps)
        self._show_level()
        self.dispatch("on_changed")

    def nudge_charge(self, by: int) -> None:
        """The exact per cent, one by one."""
        form = self.visit.form
        form.charge_percent = max(0, min(100, (form.charge_percent or 0) + by))
        self._filling = True
        self.ids.gauge.value = round(form.charge_percent / PERCENT_A_STEP)
        self._filling = False
        self._show_level()
        self.dispatch("on_changed")

    def _show_level(self) -> None:
        form = self.visit.form
        level, unit = (form.charge_percent, " %") if self.electric else (form.fuel_eighths, "/8")
        self.level_text = "–" if level is None else f"{level}{unit}"

    def _doubt(self) -> None:
        visit = self.visit
        doubt = None
        if visit.vehicle is not None and len(visit.form.odometer) >= len(str(int(self.last_reading))):
            doubt = checks.implausible(visit.form, visit.job, visit.vehicle, self.desk.now())
        self._warn(doubt)
        self.asks_reason = doubt is not None

    def _warn(self, about: Complaint | None) -> None:
        self.warning = text(self.desk.lang, about.key, **about.figures) if about else ""

    def set_key(self, how: str) -> None:
        """Whether somebody is here, or the key lay in the box."""
        if self._filling:
            return
        form, now = self.visit.form, self.desk.now()
        form.key_drop_at = (form.key_drop_at or _quarter(now).isoformat()) if how == "drop" else None
        self._show_key_drop()
        self._doubt()
        self.dispatch("on_changed")

    def move_key_drop(self, minutes: int) -> None:
        """Earlier or later, never after now."""
        form, now = self.visit.form, self.desk.now()
        if form.key_drop_at is None:
            return
        at = datetime.fromisoformat(form.key_drop_at) + timedelta(minutes=minutes)
        form.key_drop_at = min(at, now).isoformat()
        self._show_key_drop()
        self._doubt()
        self.dispatch("on_changed")

    def _show_key_drop(self) -> None:
        form, lang = self.visit.form, self.desk.lang
        self.key_dropped = form.key_drop_at is not None
        if form.key_drop_at:
            at = datetime.fromisoformat(form.key_drop_at).astimezone(self.visit.job.due.tzinfo)
            self.key_drop_text = f"{day(lang, at)}  {clock(at)}"

    def other_car(self) -> None:
        """Another car than planned, for instance because of a flat tyre."""
        choose_vehicle(self.desk, self._use)

    def _use(self, vehicle: Vehicle) -> None:
        planned = self.visit.job.contract.vehicle
        self.visit.form.use_vehicle(vehicle, other=planned is None or planned.id != vehicle.id)
        self.visit.vehicle = vehicle
        self.fill()
        self.dispatch("on_changed")

    def complaints(self) -> list[Complaint]:
        """Odometer and key."""
        visit, now = self.visit, self.desk.now()
        found = checks.condition(visit.form, visit.job, visit.vehicle, now)
        doubted = bool(found) and found[0].key in {"odometer_low", "odometer_high", "odometer_leap"}
        if doubted:
            # The field for the reason stands below the warning.
            self._warn(found[0])
            self.asks_reason = True
        if not found and visit.vehicle and not checks.implausible(visit.form, visit.job, visit.vehicle, now):
            visit.form.override_reason = ""
        return found + checks.key_drop(visit.form, visit.job, now)

    def last_words(self, lang: str, reading: float) -> str:
        """The reading that this one is compared with."""
        return text(lang, "last_reading", km=number(lang, int(reading)))


def _quarter(instant: datetime) -> datetime:
    return instant - timedelta(minutes=instant.minute % 15, seconds=instant.second, microseconds=instant.microsecond)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
