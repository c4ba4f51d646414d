"""The lanes of a planning board as JSON text: what a board mostly asks for, made by PostgreSQL in one statement."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from server.database import Session
from server.engine.wanted import Wanted
from server.services.fleet.board import HERE, ORDER, USES, Board, require_few
from server.services.lists.json_text import (
    TYPE_NAME,
    Needs,
    Part,
    Shape,
    Written,
    array,
    constant,
    instant,
    name,
    object_of,
    value,
    written,
)
from server.services.lists.shown import CONTRACT, customer, vehicle, vehicle_group

Lanes = Callable[[Session, Board], Awaitable[str]]

_VEHICLE = vehicle("v", Part(vehicle_group("g")))
_CONTRACT = Shape("Contract", CONTRACT, {"customer": customer(stored=True)})
_BLOCK = Shape("VehicleBlock", {"id": name("b.id"), "reason": name("b.reason"), "note": value("b.note")})
_PERIOD = Shape("Period", {"start": instant("o.starts_at"), "end": instant("o.shown_end")})
_OCCUPANCY = Shape(
    "Occupancy",
    {"kind": name("o.kind"), "heldUntil": instant("o.held_until")},
    {
        "period": Part(_PERIOD),
        "contract": Part(_CONTRACT, "c.id is null", Needs(("left join contract c on c.id = o.contract_id",))),
        "block": Part(_BLOCK, "b.id is null", Needs(("left join vehicle_block b on b.id = o.block_id",))),
    },
)
# The end as `occupancies.shown_end` says it.
_CARS = f"car as materialized (select v.* from vehicle v where {HERE})"  # noqa: S608  # our own text
_USED = f"""
used as materialized (
  select o.*, case when v.out_contract_id = o.contract_id and o.ends_at >= v.out_until
    then greatest(o.ends_at, cast(:now as timestamptz)) else o.ends_at end as shown_end
  from ({USES.format(columns="o.*")}) o join car v on v.id = o.vehicle_id
)"""  # noqa: S608  # our own text


def lanes(wanted: Sequence[Wanted]) -> Lanes | None:
    """What finds the lanes of a board as the JSON text of what is selected of them; None if only the general way can.
    InvalidInput where there are too many.
    """
    statement = _statement(wanted)
    if statement is None:
        return None

    async def found(session: Session, board: Board) -> str:
        named = {**board.named, "zone": board.station.time_zone}
        (row,) = await session.rows(statement, named, plan_anew=True)  # how much of time is shown decides how
        require_few(row.cars, row.uses)
        return str(row.lanes)

    return found


def _statement(wanted: Sequence[Wanted]) -> str | None:
    members: list[tuple[str, str]] = []
    uses: list[Written] = []
    for field in wanted:
        if field.name == TYPE_NAME:
            members.append((field.key, constant("BoardLane")))
            continue
        shape = {"vehicle": _VEHICLE, "occupancy": _OCCUPANCY}.get(field.name)
        found = None if shape is None else written(shape, field.within)
        if found is None:
            return None
        if shape is _VEHICLE:
            members.append((field.key, found.text))
        else:
            members.append((field.key, f"coalesce(u.u{len(uses)}, '[]')"))
            uses.append(found)
    return _with_uses(uses, array(object_of(members), ORDER))


def _with_uses(uses: Sequence[Written], lanes: str) -> str:
    columns = "".join(f", {array(one.text, 'o.starts_at')} as u{place}" for place, one in enumerate(uses))
    joins = " ".join(dict.fromkeys(join for one in uses for join in one.needs.joins))
    of_cars = f"uses as (select o.vehicle_id{columns} from used o {joins} group by 1)"  # noqa: S608  # our own text
    beforehand = ", ".join([_CARS, _USED, of_cars] if uses else [_CARS])
    of_each, how_many = ("left join uses u on u.vehicle_id = v.id", "from used") if uses else ("", "where false")
    return (
        f"with {beforehand} select count(*) as cars, (select count(*) {how_many}) as uses, {lanes} as lanes"  # noqa: S608  # our own text
        f" from (select v.* from car v join vehicle_group g on g.id = v.group_id"
        f" order by {ORDER} limit :most) v join vehicle_group g on g.id = v.group_id {of_each}"
    )
