"""What a protocol makes of its car."""

from __future__ import annotations

from server.models import Protocol, Vehicle


def adopt(vehicle: Vehicle, protocol: Protocol, *, latest: bool) -> None:
    """Kilometres only grow; the rest is as the `latest` protocol found it."""
    vehicle.version += 1
    vehicle.odometer_km = max(vehicle.odometer_km, protocol.odometer_km)
    if not latest:
        return
    if protocol.fuel_eighths is not None:  # what was not read stays as it was
        vehicle.fuel_eighths = protocol.fuel_eighths
    if protocol.state_of_charge_percent is not None:
        vehicle.state_of_charge_percent = protocol.state_of_charge_percent
    vehicle.cleanliness = max(
        protocol.cleanliness_inside, protocol.cleanliness_outside, key=lambda cleanliness: cleanliness.rank
    )
