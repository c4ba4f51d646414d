"""The rows of a day's work as the tablet gets them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from benchmarks.floor.values import amount, day, instant, period
from server.models.vehicle_body import body_of

LARGE_CENTS = 25_000
"""Above this an invoice needs an address."""


def station(row: Any) -> dict[str, Any]:
    """The station itself."""
    return {
        **_label(row),
        "phone": row.phone,
        "email": row.email,
        "timeZone": row.time_zone,
        "afterHoursReturn": row.after_hours_return,
        "address": {"street": row.street, "postcode": row.postcode, "city": row.city, "country": row.country},
    }


def _label(row: Any) -> dict[str, Any]:
    return {"id": str(row.id), "code": row.code, "name": row.name}


@dataclass
class Known:
    """What contracts and cars point at."""

    now: datetime
    zone: ZoneInfo
    stations: dict[UUID, Any]
    groups: dict[UUID, Any]
    cars: dict[UUID, Any]
    deposits: dict[UUID, Any]
    customers: dict[UUID, Any]
    drivers: dict[UUID, list[Any]]
    protocols: dict[UUID, list[Any]]
    notes: dict[UUID, list[Any]]
    damages: dict[UUID, list[Any]]
    at_risk: set[UUID]

    def contract(self, row: Any) -> dict[str, Any]:
        """One rental."""
        group = self.groups[row.group_id]
        return {
            "id": str(row.id),
            "number": row.number,
            "kind": row.kind,
            "state": row.state,
            "version": row.version,
            "language": row.language,
            "billingBlock": row.billing_block,
            "addressMissing": row.payer is None and row.street is None and row.total_cents > LARGE_CENTS,
            "flags": self._flags(row),
            "period": period(row, self.zone),
            "station": _label(self.stations[row.station_id]),
            "returnStation": _label(self.stations[row.return_station_id]),
            "group": {**_label(group), "energy": group.energy, "minimumAge": group.minimum_age},
            "deposit": self._deposit(row.id),
            "customer": _customer(self.customers[row.customer_id]),
            "drivers": [self._driver(one) for one in self.drivers.get(row.id, ())],
            "extras": row.extras,
            "workshop": None,
            "vehicle": self.vehicle(self.cars[row.vehicle_id]),
            "protocols": [self._protocol(one) for one in self.protocols.get(row.id, ())],
            "notes": [
                {"text": one.text, "author": one.author, "createdAt": instant(one.created_at, self.zone)}
                for one in self.notes.get(row.id, ())
            ],
        }

    def vehicle(self, row: Any) -> dict[str, Any]:
        """One car."""
        group = self.groups[row.group_id]
        return {
            "id": str(row.id),
            "plate": row.plate,
            "vin": row.vin,
            "make": row.make,
            "model": row.model,
            "colour": row.colour,
            "body": body_of(group.acriss).value,
            "odometerKm": row.odometer_km,
            "fuelEighths": row.fuel_eighths,
            "stateOfChargePercent": row.state_of_charge_percent,
            "cleanliness": row.cleanliness,
            "inspectionDue": day(row.inspection_due),
            "status": row.status,
            "version": row.version,
            "group": {**_label(group), "energy": group.energy},
            "accessories": row.accessories,
            "damages": [self._damage(one) for one in self.damages.get(row.id, ())],
        }

    def _flags(self, row: Any) -> list[str]:
        deposit = self.deposits.get(row.id)
        expires = deposit.expires_at if deposit and deposit.state == "ACTIVE" else None
        late = row.state == "CHECKED_OUT" and row.ends_at + timedelta(minutes=row.grace_minutes) <= self.now
        found = {
            "AT_RISK": row.id in self.at_risk,
            "OVERDUE": late,
            "BILLING_BLOCKED": row.billing_block is not None,
            "CUSTOMER_REVIEW": row.customer_review,
            "DEPOSIT_EXPIRING": expires is not None and expires < self.now + timedelta(days=2),
            "DEPOSIT_MISSING": bool(deposit and deposit.state in ("FAILED", "EXPIRED") and deposit.amount_cents),
            "PROTOCOL_CONFLICT": row.protocol_conflict,
            "EFFECTS_FAILED": row.effects_failed,
            "PAYMENT_OVERDUE": row.payment_overdue,
        }
        return [name for name, is_set in found.items() if is_set]

    def _deposit(self, contract_id: UUID) -> dict[str, Any] | None:
        row = self.deposits.get(contract_id)
        if row is None:
            return None
        money = {**amount(row.amount_cents), "currency": "EUR"}
        return {"state": row.state, "amount": money, "expiresAt": instant(row.expires_at, self.zone)}

    def _driver(self, row: Any) -> dict[str, Any]:
        return {
            "id": str(row.id),
            "role": row.role,
            "firstName": row.first_name,
            "lastName": row.last_name,
            "birthDate": day(row.birth_date),
            "licenceNumber": row.licence_number,
            "licenceClass": row.licence_class,
            "licenceIssued": day(row.licence_issued),
            "licenceValidUntil": day(row.licence_valid_until),
            "checkedAt": instant(row.checked_at, self.zone),
            "checkedBy": row.checked_by,
        }

    def _protocol(self, row: Any) -> dict[str, Any]:
        return {
            "id": str(row.id),
            "type": row.type,
            "voided": row.voided,
            "occurredAt": instant(row.occurred_at, self.zone),
            "staff": row.staff,
            "remarks": row.remarks,
            "signedByCustomer": row.signature_sha256 is not None,
            "condition": {
                "odometerKm": row.odometer_km,
                "fuelEighths": row.fuel_eighths,
                "stateOfChargePercent": row.state_of_charge_percent,
                "cleanlinessInside": row.cleanliness_inside,
                "cleanlinessOutside": row.cleanliness_outside,
            },
            "accessories": row.accessories,
        }

    def _damage(self, row: Any) -> dict[str, Any]:
        return {
            "id": str(row.id),
            "kind": row.kind,
            "sizeMm": row.size_mm,
            "description": row.description,
            "seenAt": instant(row.seen_at, self.zone),
            "liability": row.liability,
            "position": {"view": row.view, "x": row.x, "y": row.y},
            "photos": [],
        }


def _customer(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "kind": row.kind,
        "salutation": row.salutation,
        "firstName": row.first_name,
        "lastName": row.last_name,
        "company": row.company,
        "email": row.email,
        "phone": row.phone,
        "language": row.language,
        "status": row.status,
    }
