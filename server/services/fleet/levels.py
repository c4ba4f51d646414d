"""What an odometer, a fuel gauge and a battery can show."""

from __future__ import annotations

from server.errors import Path
from server.services.validation import optional_number

HIGHEST_KM = 2_000_000


def check(
    field: Path, *, odometer_km: int | None, fuel_eighths: int | None, state_of_charge_percent: int | None
) -> None:
    """InvalidInput for what no instrument shows, naming the reading below `field`."""
    optional_number(odometer_km, (*field, "odometer_km"), lowest=0, highest=HIGHEST_KM)
    optional_number(fuel_eighths, (*field, "fuel_eighths"), lowest=0, highest=8)
    optional_number(state_of_charge_percent, (*field, "state_of_charge_percent"), lowest=0, highest=100)
