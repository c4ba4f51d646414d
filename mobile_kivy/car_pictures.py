"""Where the drawings of a car are. `python -m tests.tools.car_pictures --write` makes them from the protocol's."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PICTURES = Path(__file__).parent / "assets" / "car"
SIDES: Final = frozenset({"LEFT", "RIGHT", "FRONT", "REAR", "TOP"})
"""What each shape has a drawing of its own of; that of anything else is the same for all."""
BODIES: Final = ("SALOON", "HATCHBACK", "ESTATE", "SUV", "VAN")
"""The shapes in which cars are drawn, named like the API's VehicleBody."""
DEFAULT_BODY: Final = "HATCHBACK"
"""For a car of which nobody says it, as the server does for a group without a code."""


def picture(view: str, body: str) -> Path:
    """The drawing of a side, a corner or the inside; the file may not be there, as not all that is photographed is."""
    folder = PICTURES / body.lower() if view in SIDES else PICTURES
    return folder / f"{view.lower()}.png"
