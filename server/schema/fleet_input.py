"""Vehicle groups and vehicles as they are entered."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import strawberry

from server.models.fleet import Energy, VehicleStatus
from server.schema.building import api_input
from server.schema.shared import maybe, maybe_id
from server.services.fleet.groups import GroupChange, NewGroup
from server.services.fleet.vehicles import NewVehicle, VehicleChange
from server.services.validation import as_uuid


@api_input
class VehicleGroupInput:
    """A vehicle group as it is created."""

    code: str
    """Short code of 1 to 32 capitals, digits and hyphens; every group has another."""
    name: str
    """What customers call the group, up to 200 characters."""
    acriss: str | None = None
    """International ACRISS code of four letters, for example CDMR; its second letter says how cars are drawn: W estate,
    F SUV, V van, L saloon, D hatchback.
    """
    minimum_age: int = 18
    """Minimum age of every driver, in years: 17 to 99."""
    minimum_licence_months: int = 0
    """For how many months every driver must have held the licence, 0 to 600."""
    deposit: Decimal
    """What is blocked on the customer's card, in euros; 0.00: no deposit is asked for."""
    deductible: Decimal
    """The most that a customer pays for one damage, in euros."""
    energy: Energy = Energy.COMBUSTION
    """How its cars are driven: it decides whether fuel or charge is recorded."""

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
class VehicleGroupUpdate:
    """What changes of a vehicle group, for bookings from now on; what is not given stays. Code and energy stay."""

    name: str | None = strawberry.UNSET
    """What customers call the group, up to 200 characters; cannot be emptied."""
    acriss: str | None = strawberry.UNSET
    """International ACRISS code of four letters, for example CDMR; null empties it."""
    minimum_age: int | None = strawberry.UNSET
    """Minimum age of every driver, in years: 17 to 99; looked at in hand-overs from now on, too."""
    minimum_licence_months: int | None = strawberry.UNSET
    """For how many months every driver must have held the licence, 0 to 600; looked at in hand-overs, too."""
    deposit: Decimal | None = strawberry.UNSET
    """What is blocked on the customer's card, in euros; contracts that exist keep theirs, quotes do not promise it."""
    deductible: Decimal | None = strawberry.UNSET
    """The most that a customer pays for one damage, in euros; contracts that exist keep theirs."""

    def given(self) -> GroupChange:
        """As the services take it."""
        return GroupChange(
            name=maybe(self.name),
            acriss=maybe(self.acriss),
            minimum_age=maybe(self.minimum_age),
            minimum_licence_months=maybe(self.minimum_licence_months),
            deposit=maybe(self.deposit),
            deductible=maybe(self.deductible),
        )


@api_input
class VehicleInput:
    """A vehicle as it is created."""

    plate: str
    """Number plate; German ones are brought into their usual form (`hh-zu101` becomes `HH-ZU 101`). A station has each
    one once, however it is spelt."""
    vin: str | None = None
    """Vehicle identification number: 17 letters and digits, without I, O and Q; once among all vehicles you can see."""
    make: str
    """Maker of the car, up to 60 characters."""
    model: str
    """Model of the car, up to 80 characters."""
    colour: str | None = None
    """Colour of the car, up to 60 characters."""
    group_id: strawberry.ID
    """The vehicle group as which it is rented."""
    station_id: strawberry.ID
    """Your station where it belongs, and where it stands."""
    odometer_km: int
    """Odometer in kilometres, 0 to 2,000,000."""
    fuel_eighths: int | None = None
    """Fuel level in eighths of the tank, 0 to 8; full if not given, unless the group is electric."""
    state_of_charge_percent: int | None = None
    """State of charge in per cent, 0 to 100; full if not given and the group's cars have a battery."""
    tank_litres: int | None = None
    """Size of the tank in litres, 1 to 300; needed to bill missing fuel."""
    battery_wh: int | None = None
    """Size of the battery in watt-hours, 500 to 500,000; needed to bill missing charge."""
    first_registration: date | None = None
    """Day of the first registration."""
    inspection_due: date | None = None
    """Last day on which the inspection (HU) is valid; not given: it is not looked at."""
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
    """What changes of a vehicle; what is not given stays. Another station is a transfer: the car belongs there then."""

    plate: str | None = strawberry.UNSET
    """Number plate; cannot be emptied. German ones are brought into their usual form."""
    make: str | None = strawberry.UNSET
    """Maker of the car, up to 60 characters; cannot be emptied."""
    model: str | None = strawberry.UNSET
    """Model of the car, up to 80 characters; cannot be emptied."""
    colour: str | None = strawberry.UNSET
    """Colour of the car, up to 60 characters; null empties it."""
    group_id: strawberry.ID | None = strawberry.UNSET
    """Another vehicle group; contracts that exist keep theirs."""
    station_id: strawberry.ID | None = strawberry.UNSET
    """Where it belongs and stands from now on; refused while it is out or booked."""
    odometer_km: int | None = strawberry.UNSET
    """Odometer in kilometres, 0 to 2,000,000; may be lower than before."""
    tank_litres: int | None = strawberry.UNSET
    """Size of the tank in litres, 1 to 300; null: not known, missing fuel then stops the billing."""
    battery_wh: int | None = strawberry.UNSET
    """Size of the battery in watt-hours, 500 to 500,000; null: not known, missing charge then stops the billing."""
    inspection_due: date | None = strawberry.UNSET
    """Last day on which the inspection (HU) is valid; null: it is not looked at."""
    status: VehicleStatus | None = strawberry.UNSET
    """Whether the car is in service: only an ACTIVE one can be rented."""

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
            tank_litres=maybe(self.tank_litres),
            battery_wh=maybe(self.battery_wh),
            inspection_due=maybe(self.inspection_due),
            status=maybe(self.status),
        )
