"""What types show as plain values wherever they stand, as SQL by the alias of their table: for lists that PostgreSQL
writes (`json_text.py`). What needs a time zone, or depends on who asks, is the list's own.
"""

from __future__ import annotations

from server.services.lists.json_text import Needs, Part, Shape, name, value


def vehicle_group(g: str) -> Shape:
    """A vehicle group."""
    return Shape(
        "VehicleGroup",
        {
            "id": name(f"{g}.id"),
            "code": value(f"{g}.code"),
            "name": value(f"{g}.name"),
            "acriss": value(f"{g}.acriss"),
            "minimumAge": value(f"{g}.minimum_age"),
            "minimumLicenceMonths": value(f"{g}.minimum_licence_months"),
            "energy": name(f"{g}.energy"),
            "version": value(f"{g}.version"),
        },
    )


def vehicle(v: str, group: Part) -> Shape:
    """A vehicle, with how its group is shown."""
    return Shape(
        "Vehicle",
        {
            "id": name(f"{v}.id"),
            "plate": value(f"{v}.plate"),
            "vin": value(f"{v}.vin"),
            "make": value(f"{v}.make"),
            "model": value(f"{v}.model"),
            "colour": value(f"{v}.colour"),
            "odometerKm": value(f"{v}.odometer_km"),
            "fuelEighths": value(f"{v}.fuel_eighths"),
            "stateOfChargePercent": value(f"{v}.state_of_charge_percent"),
            "tankLitres": value(f"{v}.tank_litres"),
            "batteryWh": value(f"{v}.battery_wh"),
            "cleanliness": name(f"{v}.cleanliness"),
            "firstRegistration": value(f"{v}.first_registration"),
            "inspectionDue": value(f"{v}.inspection_due"),
            "registeredAsRental": value(f"{v}.registered_as_rental"),
            "status": name(f"{v}.status"),
            "version": value(f"{v}.version"),
        },
        {"group": group},
    )


CONTRACT = {
    "id": name("c.id"),
    "number": value("c.number"),
    "kind": name("c.kind"),
    "state": name("c.state"),
    "settlementState": name("c.settlement_state"),
    "version": value("c.version"),
    "language": name("c.language"),
    "source": name("c.source"),
}
"""A contract `c`."""
STORED_CUSTOMER = "left join customer k on k.id = c.customer_id and not c.customer_review and k.restricted_at is null"


def customer(*, stored: bool) -> Part:
    """The customer of a contract `c`, as `schema/contract.py` shows it: what is stored (`k`), unless it says nothing to
    this contract; else the contract's copy. `stored`: whether the caller may be shown anything else than the copy.
    """

    def of(column: str, k: str = "") -> str:
        copy = f"c.customer_copy ->> '{column}'"
        return f"case when k.id is null then {copy} else {k or f'k.{column}'} end" if stored else f"({copy})"

    def known(column: str, otherwise: str) -> str:
        return f"case when k.id is null then {otherwise} else k.{column} end" if stored else otherwise

    shape = Shape(
        "Customer",
        {
            "id": name("c.customer_id"),
            "kind": name(of("kind")),
            "salutation": value(of("salutation")),
            "firstName": value(of("first_name")),
            "lastName": value(of("last_name")),
            "company": value(of("company")),
            "vatId": value(of("vat_id")),
            "buyerReference": value(of("buyer_reference")),
            "email": value(of("email")),
            "phone": value(of("phone")),
            "birthDate": value(of("birth_date", "k.birth_date::text")),
            "language": name(of("language")),
            "status": name(known("status", "'NORMAL'")),
            "version": value(known("version", "1")),
            "reviewNeeded": value(known("review_needed", "c.customer_review") if stored else "false"),
        },
    )
    return Part(shape, needs=Needs((STORED_CUSTOMER,) if stored else ()))
