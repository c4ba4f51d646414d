"""The shape of a car, as its drawings show it."""

from enum import StrEnum


class VehicleBody(StrEnum):
    """The shape in which a car is drawn, on protocols and on the tablet."""

    SALOON = "SALOON"
    """Three boxes, with a boot of its own behind the rear window; coupés and open cars are drawn like it."""
    HATCHBACK = "HATCHBACK"
    """Two boxes with a short, sloping tail whose window opens with it."""
    ESTATE = "ESTATE"
    """Two boxes with the roof drawn out to the rear, and a third window at the side."""
    SUV = "SUV"
    """A high body on large wheels; pick-ups are drawn like it."""
    VAN = "VAN"
    """One high box with a sliding door and two doors at the rear: minibus, panel van, camper."""


DEFAULT_BODY = VehicleBody.HATCHBACK
"""Where nobody says it: what dealerships lend most is small and compact, and those are hatchbacks."""
_BY_LETTER = {
    VehicleBody.HATCHBACK: "BCDM",
    VehicleBody.ESTATE: "W",
    VehicleBody.SUV: "FGJPQ",
    VehicleBody.VAN: "VKHR",
    VehicleBody.SALOON: "LESTN",
}
_BODIES = {letter: body for body, letters in _BY_LETTER.items() for letter in letters}


def body_of(acriss: str | None) -> VehicleBody:
    """The shape that an ACRISS code stands for: its second letter is the type of the vehicle.

    By the "expanded matrix" of the Association of Car Rental Industry Systems and Standards
    (https://www.acriss.org/car-codes/): B 2-3 doors, C 2/4 doors, D 4-5 doors, M monospace; W wagon; F SUV,
    G crossover, J open-air all terrain, P and Q pick-ups; V passenger van, K commercial van, H motor home,
    R recreational vehicle; L limousine or sedan, E coupé, S sport, T convertible, N roadster. B, C and D count doors,
    and in Europe such cars have a tailgate (the standard's own example of CCMN is a Focus or an Astra): a saloon is
    one where the code says L. X (special), Z (special offer), Y (two wheels), a letter that the matrix does not have
    and no code say nothing of the shape: `DEFAULT_BODY`.
    """
    return _BODIES.get((acriss or "")[1:2].upper(), DEFAULT_BODY)
