"""The planning board."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import strawberry

from server.context import Context
from server.engine.ready import Ready
from server.engine.wanted import Wanted
from server.models import Contract as ContractRow
from server.schema.building import Info, row_type, shown_as
from server.schema.contract import Contract
from server.schema.fleet import Occupancy, Vehicle
from server.schema.shared import Period, row_of
from server.schema.station import Station
from server.services.fleet import board, board_text


@row_type(board.Lane)
class BoardLane:
    """One car on a planning board."""

    vehicle: Vehicle
    """The car whose uses these are; it stands at the board's station."""
    occupancy: list[Occupancy]
    """Who has it when, in the board's period, the earliest first, as in `Vehicle.occupancy`."""


def _as_text(wanted: Sequence[Wanted]) -> Callable[[Any, Any], Awaitable[str]] | None:
    found = board_text.lanes(wanted)
    if found is None:
        return None

    async def made(root: board.Board, context: Context) -> str:
        return await found(await context.session(), root)

    return made


async def _lanes(root: board.Board, info: Info) -> list[board.Lane]:
    return await board.lanes(await info.context.session(), root)


@row_type(board.Board)
class PlanningBoard:
    """A station's cars and who has them in a period."""

    station: Station
    """The station whose cars are shown."""

    @strawberry.field
    def period(self) -> Period:
        """What was asked for, in the station's time zone."""
        shown: board.Board = row_of(self)
        zone = shown.station.zone
        return Period(start=shown.start.astimezone(zone), end=shown.end.astimezone(zone))

    lanes = strawberry.field(resolver=_lanes, graphql_type=list[BoardLane], extensions=[Ready(_as_text)])
    """Every car that stands at the station, in service or not, by the code of its group, then by plate."""

    @shown_as(list[Contract])
    async def unassigned(self, info: Info) -> list[ContractRow]:
        """Reserved contracts of the station that have no car and touch the period, the earliest first, at most 500."""
        return await board.waiting(await info.context.session(), row_of(self))
