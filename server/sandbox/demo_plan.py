"""A few weeks of contracts, relative to the day on which the sandbox opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from server.models.contract import ContractKind
from server.models.fleet import Cleanliness
from server.models.local_time import wall_clock
from server.sandbox.demo_company import BER, ELEKTRO, HVL, KLEIN, KOMBI, KOMPAKT, POT
from server.services.fleet.opening import OpeningRules


class Stage(StrEnum):
    """How far a contract has come when the sandbox opens."""

    RESERVED = "RESERVED"
    OUT = "OUT"
    OVERDUE = "OVERDUE"
    """Out, and due back before now."""
    BILLED = "BILLED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Use:
    """What a returned car shows. Levels and states that are not given are as they were handed out."""

    driven_km: int
    missing_eighths: int = 0
    missing_percent: int = 0
    inside: Cleanliness = Cleanliness.NORMAL
    outside: Cleanliness = Cleanliness.NORMAL
    scratch: bool = False
    """A new scratch was found: the damage is suspected, the deposit stays."""


@dataclass(frozen=True)
class DemoContract:
    """A contract relative to today: `start_day` 0 is today; the times move to the station's opening hours."""

    customer: int
    station: str
    group: str
    stage: Stage
    start_day: int
    start_time: time
    days: int
    kind: ContractKind = ContractKind.RENTAL
    return_station: str | None = None
    extras: tuple[tuple[str, int], ...] = ()
    co_driver: int | None = None
    workshop_order: str | None = None
    use: Use | None = None
    note: str | None = None


_MORNING, _NOON, _EVENING = time(8), time(12), time(16, 30)
_COURTESY = ContractKind.COURTESY
PLAN: tuple[DemoContract, ...] = (
    # back and billed
    DemoContract(0, BER, KOMPAKT, Stage.BILLED, -30, _MORNING, 1, use=Use(120)),
    DemoContract(1, BER, KOMBI, Stage.BILLED, -28, _MORNING, 7, use=Use(1622), co_driver=4),
    DemoContract(2, POT, ELEKTRO, Stage.BILLED, -27, _NOON, 3, use=Use(402, missing_percent=25)),
    DemoContract(3, HVL, KLEIN, Stage.BILLED, -25, _MORNING, 2, use=Use(188, missing_eighths=1)),
    DemoContract(4, BER, KLEIN, Stage.BILLED, -24, _EVENING, 3, use=Use(377)),
    DemoContract(5, POT, KOMPAKT, Stage.BILLED, -22, _MORNING, 6, use=Use(911)),
    DemoContract(8, BER, KOMBI, Stage.BILLED, -21, _MORNING, 10, use=Use(1204, inside=Cleanliness.HEAVY)),
    DemoContract(
        6, HVL, KOMPAKT, Stage.BILLED, -20, _MORNING, 1, kind=_COURTESY, workshop_order="W-26-4471", use=Use(64)
    ),
    DemoContract(9, POT, KLEIN, Stage.BILLED, -18, _MORNING, 5, use=Use(512)),
    DemoContract(11, BER, ELEKTRO, Stage.BILLED, -17, _NOON, 4, use=Use(688, missing_percent=12)),
    DemoContract(
        7, BER, KLEIN, Stage.BILLED, -14, _MORNING, 2, kind=_COURTESY, workshop_order="W-26-4498", use=Use(341)
    ),
    DemoContract(10, BER, KOMPAKT, Stage.BILLED, -12, _NOON, 3, use=Use(612), return_station=POT),
    DemoContract(0, BER, KOMPAKT, Stage.BILLED, -10, _EVENING, 4, use=Use(430, missing_eighths=2)),
    DemoContract(3, HVL, KOMBI, Stage.BILLED, -9, _MORNING, 3, use=Use(540, scratch=True), extras=(("CHILD_SEAT", 2),)),
    DemoContract(
        2, POT, KOMPAKT, Stage.BILLED, -7, _MORNING, 1, kind=_COURTESY, workshop_order="W-26-4533", use=Use(88)
    ),
    DemoContract(5, POT, KLEIN, Stage.BILLED, -5, _MORNING, 3, use=Use(250)),
    # with the customer
    DemoContract(1, BER, KLEIN, Stage.OUT, -5, _MORNING, 7),
    DemoContract(4, BER, KOMPAKT, Stage.OUT, -3, _MORNING, 4, co_driver=0),
    DemoContract(8, BER, KOMBI, Stage.OUT, -12, _MORNING, 30, note="Langzeitmiete für die Baustelle in Nauen"),
    DemoContract(
        7, BER, KOMPAKT, Stage.OUT, -1, _MORNING, 2, kind=_COURTESY, workshop_order="W-26-4560", note="Getriebeschaden"
    ),
    DemoContract(11, BER, ELEKTRO, Stage.OUT, -2, _NOON, 6),
    DemoContract(2, POT, ELEKTRO, Stage.OUT, -1, _MORNING, 3),
    DemoContract(9, POT, KLEIN, Stage.OUT, -8, _MORNING, 14),
    DemoContract(5, POT, KOMBI, Stage.OUT, -2, _EVENING, 5, return_station=BER),
    DemoContract(6, HVL, KLEIN, Stage.OUT, -1, _MORNING, 1, kind=_COURTESY, workshop_order="W-26-4562"),
    DemoContract(3, HVL, KOMPAKT, Stage.OUT, -3, _MORNING, 5),
    DemoContract(10, BER, KLEIN, Stage.OVERDUE, -6, _NOON, 4, note="Kunde meldet sich nicht, Mailbox"),
    # booked
    DemoContract(0, BER, KOMPAKT, Stage.RESERVED, 0, _NOON, 2),
    DemoContract(
        6, BER, KLEIN, Stage.RESERVED, 0, _EVENING, 1, kind=_COURTESY, workshop_order="W-26-4571", note="Inspektion"
    ),
    DemoContract(2, POT, KOMPAKT, Stage.RESERVED, 0, _EVENING, 3),
    DemoContract(3, HVL, ELEKTRO, Stage.RESERVED, 0, _NOON, 1, kind=ContractKind.TEST_DRIVE),
    DemoContract(1, BER, KOMBI, Stage.RESERVED, 1, _MORNING, 5, extras=(("ROOF_BOX", 1), ("CHILD_SEAT", 1))),
    DemoContract(4, BER, ELEKTRO, Stage.RESERVED, 1, _MORNING, 3),
    DemoContract(7, BER, KOMPAKT, Stage.RESERVED, 2, _MORNING, 7, co_driver=1),
    DemoContract(9, POT, KLEIN, Stage.RESERVED, 2, _MORNING, 2, kind=_COURTESY, workshop_order="W-26-4580"),
    DemoContract(5, POT, KOMBI, Stage.RESERVED, 3, _MORNING, 10, extras=(("SNOW_CHAINS", 1),)),
    DemoContract(6, HVL, KLEIN, Stage.RESERVED, 3, _MORNING, 4),
    DemoContract(11, BER, KOMPAKT, Stage.RESERVED, 5, _NOON, 8, return_station=POT),
    DemoContract(8, BER, KLEIN, Stage.RESERVED, 6, _MORNING, 12),
    DemoContract(10, POT, ELEKTRO, Stage.RESERVED, 9, _NOON, 4),
    DemoContract(3, HVL, KOMBI, Stage.RESERVED, 12, _MORNING, 14, extras=(("ROOF_BOX", 1),)),
    DemoContract(0, BER, KLEIN, Stage.RESERVED, 20, _MORNING, 3),
    # cancelled
    DemoContract(4, BER, KOMPAKT, Stage.CANCELLED, 4, _MORNING, 3, note="Urlaub verschoben"),
    DemoContract(9, POT, KOMPAKT, Stage.CANCELLED, 8, _MORNING, 7, note="Doppelt gebucht"),
    DemoContract(6, HVL, KOMPAKT, Stage.CANCELLED, 2, _NOON, 1, note="Werkstatttermin abgesagt"),
)


def period(
    contract: DemoContract, now: datetime, pick_up: OpeningRules, drop_off: OpeningRules
) -> tuple[datetime, datetime]:
    """When a contract starts and ends: planned times, moved to where the stations are open and to its stage.

    What has happened moves back, what is to come moves on; so it fits on any day and at any hour.
    """
    today = now.astimezone(pick_up.zone).date()
    first = today + timedelta(days=contract.start_day)
    start = wall_clock(first, contract.start_time, pick_up.zone)
    end = wall_clock(first + timedelta(days=contract.days), contract.start_time, drop_off.zone)
    if contract.stage in (Stage.RESERVED, Stage.CANCELLED):
        start = _open_from(pick_up, max(start, now + timedelta(hours=1)))
        return start, _open_from(drop_off, max(end, start + timedelta(hours=4)))
    if contract.stage is Stage.OUT:
        start = _open_until(pick_up, min(start, now - timedelta(hours=2)))
        return start, _open_from(drop_off, max(end, now + timedelta(hours=2)))
    end = _open_until(drop_off, min(end, now - timedelta(hours=2)))
    return _open_until(pick_up, min(start, end - timedelta(hours=4))), end


def _open_from(rules: OpeningRules, instant: datetime) -> datetime:
    return rules.next_open(instant) or instant


def _open_until(rules: OpeningRules, instant: datetime) -> datetime:
    """The last instant up to this one at which the station is open."""
    if rules.is_open(instant):
        return instant
    last = instant.astimezone(rules.zone).date()
    closings = (
        closes
        for back in range(31)
        for _opens, closes in reversed(rules.windows_on(last - timedelta(days=back)))
        if closes <= instant
    )
    return next(closings, instant)
