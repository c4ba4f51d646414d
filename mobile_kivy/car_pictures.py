"""Where the drawings of a car are. `python -m tests.tools.car_pictures --write` makes them from the protocol's."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PICTURES = Path(__file__).parent / "assets" / "car"
BODIES: Final = ("SALOON", "HATCHBACK", "ESTATE", "SUV", "VAN")
"""The shapes in which cars are drawn, named like the API's VehicleBody."""
DEFAULT_BODY: Final = "HATCHBACK"
"""For a car of which nobody says it, as the server does for a group without a code."""


def picture(view: str, body: str) -> Path:
    """The drawing of a side or a corner of this shape, or of the inside, which is the same for all. The file may not be
    there: not all that is photographed is drawn.
    """
    folder = PICTURES if view == "INTERIOR" else PICTURES / body.lower()
    return folder / f"{view.lower()}.png"
