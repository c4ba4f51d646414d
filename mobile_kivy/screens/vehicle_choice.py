"""Chooses one of the cars that are free."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from kivy.lang import Builder
from kivy.properties import StringProperty
from kivy.uix.modalview import ModalView

from mobile_kivy.state.day import Vehicle
from mobile_kivy.widgets.basics import Btn


class VehicleChoice(ModalView):
    """A list with a search over plate and model."""

    search = StringProperty("")

    def __init__(self, vehicles: Sequence[Vehicle], chosen: Callable[[Vehicle], None], **kwargs: object) -> None:
        self._vehicles, self._chosen = vehicles, chosen
        super().__init__(**kwargs)
        self.fill()

    def on_search(self, *_: object) -> None:
        """A letter was typed."""
        self.fill()

    def fill(self) -> None:
        """Those that match."""
        rows = self.ids.rows
        rows.clear_widgets()
        wanted = self.search.casefold().replace(" ", "")
        for vehicle in self._vehicles:
            label = f"{vehicle.plate}  ·  {vehicle.name}  ·  {vehicle.group}"
            if wanted in label.casefold().replace(" ", ""):
                button = Btn(label=label, kind="plain", least_height=64)
                button.bind(on_tap=lambda _button, vehicle=vehicle: self._take(vehicle))
                rows.add_widget(button)
        self.ids.none.opacity = 0 if rows.children else 1

    def _take(self, vehicle: Vehicle) -> None:
        self.dismiss(animation=False)
        self._chosen(vehicle)


def choose_vehicle(vehicles: Sequence[Vehicle], chosen: Callable[[Vehicle], None]) -> None:
    """Opens the list."""
    VehicleChoice(vehicles, chosen).open(animation=False)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
