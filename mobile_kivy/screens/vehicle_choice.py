"""Chooses one of the cars that are free."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kivy.lang import Builder
from kivy.properties import ObjectProperty, StringProperty
from kivy.uix.modalview import ModalView
from kivy.uix.recycleview import RecycleView
from kivy.uix.recycleview.views import RecycleDataViewBehavior

from mobile_kivy.desk import Desk
from mobile_kivy.forms.contract import Vehicle
from mobile_kivy.widgets.basics import Btn
from mobile_kivy.widgets.step_scroll import PromptTouch


class VehicleRow(RecycleDataViewBehavior, Btn):
    """One car that is free."""

    vehicle = ObjectProperty(None, allownone=True)
    choice = ObjectProperty(None, allownone=True)

    def on_tap(self) -> None:
        """This car is to be used instead."""
        self.choice.take(self.vehicle)


class VehicleList(PromptTouch, RecycleView):
    """As many rows as are in sight, however many cars are free."""


class VehicleChoice(ModalView):
    """A list with a search over plate and model."""

    desk: Desk = ObjectProperty()
    search = StringProperty("")

    def __init__(self, desk: Desk, chosen: Callable[[Vehicle], None], **kwargs: object) -> None:
        self._vehicles, self._chosen = desk.work.spare_vehicles(), chosen
        super().__init__(desk=desk, **kwargs)
        self.fill()

    def on_search(self, *_: object) -> None:
        """A letter was typed."""
        self.fill()

    def fill(self) -> None:
        """The cars whose plate, name or group has what was typed in it."""
        wanted = self.search.casefold().replace(" ", "")
        labels = ((vehicle, f"{vehicle.plate}  ·  {vehicle.name}  ·  {vehicle.group}") for vehicle in self._vehicles)
        self.ids.rows.data = [
            {"label": label, "vehicle": vehicle, "choice": self}
            for vehicle, label in labels
            if wanted in label.casefold().replace(" ", "")
        ]
        self.ids.none.opacity = 0 if self.ids.rows.data else 1

    def take(self, vehicle: Vehicle) -> None:
        """Closes the list and says which car was chosen."""
        self.dismiss(animation=False)
        self._chosen(vehicle)


def choose_vehicle(desk: Desk, chosen: Callable[[Vehicle], None]) -> None:
    """Opens the list; `chosen` is called unless somebody cancels."""
    VehicleChoice(desk, chosen).open(animation=False)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
