"""Vehicle groups and vehicles as they are entered."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import strawberry

from server.models.fleet import Energy, VehicleStatus
from server.schema.building import api_input
from server.schema.shared import maybe, maybe_id
from server.services.fleet.groups import NewGroup
from server.services.fleet.vehicles import NewVehicle, VehicleChange
from server.services.validation import as_uuid


@api_input
class VehicleGroupInput:
    """A new vehicle group."""

    code: str
    """Short code in capitals, digits and hyphens."""
    name: str
    """What customers call it."""
    acriss: str | None = None
    """The international code of four letters."""
    minimum_age: int = 18
    """Minimum age of every driver, in years."""
    minimum_licence_months: int = 0
    """For how many months every driver must have held the licence."""
    deposit: Decimal
    """What is blocked on the card."""
    deductible: Decimal
    """The most that a customer pays for one damage."""
    energy: Energy = Energy.COMBUSTION
    """How its vehicles are driven."""

    def given(self) -> NewGroup:
        """As the services take it."""
        return NewGroup(
            code=self.code,
            name=self.name,
            acriss=self.acriss,
            minimum_age=self.minimum_age,
            minimum_licence_months=self.minimum_licence_months,
            deposit=self.deposit,
            deductible=self.deductible,
            energy=self.energy,
        )


@api_input
class VehicleInput:
    """A new vehicle."""

    plate: str
    """Number plate; German ones are brought into their usual form."""
    vin: str | None = None
    """17 letters and digits, without I, O and Q."""
    make: str
    """Maker."""
    model: str
    """Model."""
    colour: str | None = None
    """Colour."""
    group_id: strawberry.ID
    """Its group."""
    station_id: strawberry.ID
    """Where it belongs."""
    odometer_km: int
    """The odometer, in kilometres."""
    fuel_eighths: int | None = None
    """Fuel level in eighths; full if not given."""
    state_of_charge_percent: int | None = None
    """State of charge in per cent; full if not given."""
    tank_litres: int | None = None
    """Size of the tank in litres; needed to bill missing fuel."""
    battery_wh: int | None = None
    """Size of the battery in watt-hours; needed to bill missing charge."""
    first_registration: date | None = None
    """First registration."""
    inspection_due: date | None = None
    """Until when the inspection (HU) is valid."""
    registered_as_rental: bool = True
    """Whether it is registered as a self-drive rental vehicle."""

    def given(self) -> NewVehicle:
        """As the services take it."""
        return NewVehicle(
            plate=self.plate,
            vin=self.vin,
            make=self.make,
            model=self.model,
            colour=self.colour,
            group_id=as_uuid(self.group_id),
            station_id=as_uuid(self.station_id),
            odometer_km=self.odometer_km,
            fuel_eighths=self.fuel_eighths,
            state_of_charge_percent=self.state_of_charge_percent,
            tank_litres=self.tank_litres,
            battery_wh=self.battery_wh,
            first_registration=self.first_registration,
            inspection_due=self.inspection_due,
            registered_as_rental=self.registered_as_rental,
        )


@api_input
class VehicleUpdate:
    """Give what changes. Another station is a transfer: the vehicle belongs there from then on."""

    plate: str | None = strawberry.UNSET
    """Number plate."""
    make: str | None = strawberry.UNSET
    """Maker."""
    model: str | None = strawberry.UNSET
    """Model."""
    colour: str | None = strawberry.UNSET
    """Colour."""
    group_id: strawberry.ID | None = strawberry.UNSET
    """Its group."""
    station_id: strawberry.ID | None = strawberry.UNSET
    """Where it belongs; refused while it is out or booked."""
    odometer_km: int | None = strawberry.UNSET
    """The odometer, in kilometres."""
    inspection_due: date | None = strawberry.UNSET
    """Until when the inspection (HU) is valid."""
    status: VehicleStatus | None = strawberry.UNSET
    """Whether it is in service."""

    def given(self) -> VehicleChange:
        """As the services take it."""
        return VehicleChange(
            plate=maybe(self.plate),
            make=maybe(self.make),
            model=maybe(self.model),
            colour=maybe(self.colour),
            group_id=maybe_id(self.group_id),
            station_id=maybe_id(self.station_id),
            odometer_km=maybe(self.odometer_km),
            inspection_due=maybe(self.inspection_due),
            status=maybe(self.status),
        )
