"""What would be refused at the end of a check-out, said before somebody walks to the car. The server decides."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from mobile_kivy.forms.contract import Contract
from mobile_kivy.forms.day import CHECK_OUT, Job

HOLDS, WAIVED = "ACTIVE", "WAIVED"
"""States of a deposit with which a car goes out."""
FLAGS = ("AT_RISK", "BILLING_BLOCKED", "CUSTOMER_REVIEW", "EFFECTS_FAILED", "PROTOCOL_CONFLICT")
"""Flags of a contract about which somebody in the office has to know."""


@dataclass(frozen=True)
class Obstacle:
    """A text's key (with who can help in it) and its figures; with `stops` the server will refuse the check-out."""

    key: str
    stops: bool = True
    figures: dict[str, object] = field(default_factory=dict)


def obstacles(job: Job, out: Collection[str], now: datetime) -> list[Obstacle]:
    """What stands against this job, the worst first. `out` are the ids of cars that are not back yet."""
    found = list(_of_check_out(job.contract, out, now)) if job.kind == CHECK_OUT else []
    found += [Obstacle(f"obstacle_flag_{flag}", stops=False) for flag in FLAGS if flag in job.contract.flags]
    return sorted(found, key=lambda obstacle: not obstacle.stops)


def _of_check_out(contract: Contract, out: Collection[str], now: datetime) -> Iterator[Obstacle]:
    if contract.vehicle is None:
        yield Obstacle("obstacle_no_vehicle")
    elif contract.vehicle.id in out:
        yield Obstacle("obstacle_car_out", figures={"plate": contract.vehicle.plate})
    deposit = contract.deposit
    if deposit is not None and deposit.needed and deposit.state != WAIVED:
        if deposit.state != HOLDS or (deposit.expires_at is not None and deposit.expires_at <= now):
            yield Obstacle("obstacle_deposit")
        elif deposit.expires_at is not None and deposit.expires_at < contract.ends_at:
            yield Obstacle("obstacle_deposit_expires", stops=False)
    if not contract.drivers:
        yield Obstacle("no_driver")
    for driver in contract.drivers:
        if contract.minimum_age and not driver.birth_date:
            yield Obstacle("obstacle_birth_date", figures={"name": driver.name})
    if contract.address_missing:
        yield Obstacle("obstacle_address", stops=False)
