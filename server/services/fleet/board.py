"""The planning board: a station's cars in their lanes, who has them when, and who waits for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.database.plain import PlainRows
from server.errors import InvalidInput, Sentence
from server.models import Contract, Occupancy, Station, Vehicle
from server.models.contract import ContractState
from server.models.occupancy import LONGEST_ROW_DAYS
from server.services.fleet import groups, stations
from server.services.validation import as_uuid

LONGEST = timedelta(days=92)
"""How much of time one board shows."""
MOST_CARS, MOST_USES, MOST_WAITING = 1000, 5000, 500


@dataclass(frozen=True)
class Board:
    """What was asked for. Its lanes are found when they are wanted."""

    station: Station
    start: datetime
    end: datetime
    group_id: UUID | None
    now: datetime

    @property
    def named(self) -> dict[str, object]:
        """The parameters of the statements below."""
        return {
            "station": self.station.id,
            "start": self.start,
            "until": self.end,
            "latest": self.end + timedelta(days=LONGEST_ROW_DAYS),
            "group": self.group_id,
            "now": self.now,
            "most": MOST_CARS + 1,
            "most_uses": MOST_USES + 1,
        }


@dataclass(frozen=True)
class Lane:
    """A car, and its uses in the board's period, the earliest first."""

    vehicle: Vehicle
    occupancy: Sequence[Occupancy]


HERE = """
  v.station_id = :station and (cast(:group as uuid) is null or v.group_id = :group)
"""
# Through the station's index, where `occupancies.touching` would look at all that each car has ever done. The second
# part are cars that are late: busy until they are back, however long ago they should have been.
USES = f"""
select {{columns}} from occupancy o
where o.station_id = :station and o.active and o.starts_at < :until and o.ends_at > :start
  and o.busy_until > :start and o.busy_until < :latest
union all
select {{columns}} from vehicle v join occupancy o on o.vehicle_id = v.id and o.contract_id = v.out_contract_id
where {HERE} and v.out_until <= :now and o.active and o.starts_at < :until and o.ends_at <= :start
  and not exists (select 1 from occupancy n where n.contract_id = o.contract_id and n.vehicle_id = o.vehicle_id
    and n.active and n.starts_at > o.starts_at)
"""  # noqa: S608  # our own text
ORDER = "g.code, v.plate, v.id"
_VEHICLES, _OCCUPANCIES = PlainRows(Vehicle), PlainRows(Occupancy, without=["during"])


def _columns(rows: PlainRows[Vehicle] | PlainRows[Occupancy], alias: str) -> str:
    return ", ".join(f"{alias}.{column.name}" for column in rows.columns)


_LANES = (
    f"select {_columns(_VEHICLES, 'v')} from vehicle v join vehicle_group g on g.id = v.group_id"  # noqa: S608
    f" where {HERE} order by {ORDER} limit :most"
)
_ROWS = (
    f"select {_columns(_OCCUPANCIES, 'o')} from ({USES.format(columns='o.*')}) o"  # noqa: S608
    f" join vehicle v on v.id = o.vehicle_id where {HERE} order by o.starts_at limit :most_uses"
)


async def of(
    session: Session, station_id: UUID | None, start: datetime, end: datetime, group_id: str | None, now: datetime
) -> Board:
    """A station's board for a period. InvalidInput for one that is backwards or too long, NotFound for a station or a
    group that is not there.
    """
    if end <= start:
        message = Sentence("The end must lie after the start.", "Das Ende muss nach dem Beginn liegen.")
        raise InvalidInput(message, field=["period", "end"])
    if end - start > LONGEST:
        message = Sentence("A board shows at most 92 days.", "Eine Plantafel zeigt höchstens 92 Tage.")
        raise InvalidInput(message, field=["period", "end"])
    station = await stations.get(session, station_id, field=["station_id"])
    if group_id is None:
        return Board(station, start, end, None, now)
    group = await groups.get(session, as_uuid(group_id), field=["group_id"])
    return Board(station, start, end, group.id, now)


async def lanes(session: Session, board: Board) -> list[Lane]:
    """The lanes: all cars that stand at the station, by the code of their group, then by plate."""
    cars = _VEHICLES.of(await session.rows(_LANES, board.named))
    # How much of time is shown decides how it is best found.
    found = _OCCUPANCIES.of(await session.rows(_ROWS, board.named, plan_anew=True))
    require_few(len(cars), len(found))
    uses: dict[UUID, list[Occupancy]] = {car.id: [] for car in cars}
    for use in found:
        if use.vehicle_id in uses:
            uses[use.vehicle_id].append(use)
    return [Lane(car, uses[car.id]) for car in cars]


def require_few(cars: int, uses: int) -> None:
    """InvalidInput if a board has more lanes, or more in them, than are shown."""
    if cars > MOST_CARS:
        message = Sentence(
            f"More than {MOST_CARS} cars stand here: ask for one vehicle group.",
            f"Hier stehen mehr als {MOST_CARS} Fahrzeuge: bitte nach einer Fahrzeuggruppe fragen.",
        )
        raise InvalidInput(message, field=["group_id"])
    if uses > MOST_USES:
        message = Sentence(
            f"The cars have more than {MOST_USES} uses in this period: ask for a shorter one.",
            f"Die Fahrzeuge haben mehr als {MOST_USES} Belegungen in diesem Zeitraum: bitte einen kürzeren wählen.",
        )
        raise InvalidInput(message, field=["period", "end"])


async def waiting(session: Session, board: Board) -> list[Contract]:
    """Reserved contracts of the station that have no car and touch the period, the earliest first."""
    where = [
        col(Contract.station_id) == board.station.id,
        col(Contract.state) == ContractState.RESERVED,
        col(Contract.vehicle_id).is_(None),
        col(Contract.starts_at) < board.end,
        col(Contract.ends_at) > board.start,
    ]
    if board.group_id is not None:
        where.append(col(Contract.group_id) == board.group_id)
    statement = select(Contract).where(*where).order_by(col(Contract.starts_at), col(Contract.id))
    return await session.all(statement.limit(MOST_WAITING))
