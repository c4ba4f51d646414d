"""What can be done with cars, their groups and their blocks."""

from __future__ import annotations

from datetime import timedelta

from server.office.actions.action import Action, Choices, Known, Subject
from server.office.actions.steps import Steps
from server.office.desk import Desk
from server.office.door import NotFound
from server.office.operations import Answer
from server.office.typed import Choice

DAYS_SHOWN = 60
"""How far a car's page looks ahead."""


async def read(desk: Desk, key: str) -> Answer:
    """A car by id, with its uses from yesterday on."""
    start = desk.now - timedelta(days=1)
    period = {"start": start.isoformat(), "end": (start + timedelta(days=DAYS_SHOWN)).isoformat()}
    found = (await desk.ask("Vehicle", id=key, period=period))["vehicle"]
    if found is None:
        raise NotFound
    vehicle: Answer = found
    return vehicle


async def nothing(_desk: Desk, _key: str) -> Answer:
    """What does not exist yet."""
    return {}


async def places(desk: Desk, _row: Answer) -> Choices:
    """Stations and groups to pick from."""
    groups = (await desk.ask("Groups"))["vehicleGroups"]
    return {
        "stationId": [Choice(one["id"], one["name"]) for one in desk.stations],
        "groupId": [Choice(one["id"], f"{one['code']} · {one['name']}") for one in groups],
    }


def _input(vehicle: Answer) -> Known:
    known = vehicle | {"groupId": vehicle["group"]["id"], "stationId": vehicle["station"]["id"]}
    return {"version": vehicle["version"], "input": known}


def _id(row: Answer) -> Known:
    return {"id": row["id"]}


def _vehicle_id(vehicle: Answer) -> Known:
    return {"vehicleId": vehicle["id"]}


def _window(vehicle: Answer) -> Known:
    return {"period": {"start": vehicle.get("from"), "end": vehicle.get("until")}}


ACTIONS = (
    Action("edit", "UpdateVehicle", "updateVehicle", values=_input, fixed=_id, choices=places, only_changes=True),
    Action("block", "BlockVehicle", "blockVehicle", values=_window, fixed=_vehicle_id),
)
VEHICLE = Subject(
    read,
    title=lambda vehicle: f"{vehicle['plate']} · {vehicle['make']} {vehicle['model']}",
    page=lambda vehicle: f"/office/vehicles/{vehicle['id']}",
    zone=lambda vehicle: str(vehicle["station"]["timeZone"]),
)
STEPS = Steps(VEHICLE, {action.name: action for action in ACTIONS})

NEW = Steps(
    Subject(nothing, title=lambda _row: "", page=lambda _row: "/office/vehicles", key=lambda _row: "new"),
    {"create": Action("create", "CreateVehicle", "createVehicle", choices=places)},
)


async def read_block(desk: Desk, key: str) -> Answer:
    """A block of a car, by the ids of both with a stop between them."""
    vehicle_id, _, block_id = key.partition(".")
    vehicle = await read(desk, vehicle_id)
    block = next((one for one in vehicle["blocks"] if one["id"] == block_id), None)
    if block is None:
        raise NotFound
    return {**block, "vehicle": vehicle}


BLOCKS = Steps(
    Subject(
        read_block,
        title=lambda block: str(block["vehicle"]["plate"]),
        page=lambda block: f"/office/vehicles/{block['vehicle']['id']}",
    ),
    {"end": Action("end", "UnblockVehicle", "unblockVehicle", fixed=lambda block: {"blockId": block["id"]})},
)


async def read_group(desk: Desk, key: str) -> Answer:
    """A vehicle group by id."""
    groups = (await desk.ask("Groups"))["vehicleGroups"]
    group = next((one for one in groups if one["id"] == key), None)
    if group is None:
        raise NotFound
    found: Answer = group
    return found


GROUPS = Steps(
    Subject(read_group, title=lambda group: str(group["name"]), page=lambda _row: "/office/settings"),
    {
        "edit": Action(
            "edit", "UpdateVehicleGroup", "updateVehicleGroup", fixed=_id, only_changes=True,
            values=lambda group: {"version": group["version"], "input": group},
        )
    },
)  # fmt: skip
NEW_GROUP = Steps(
    Subject(nothing, title=lambda _row: "", page=lambda _row: "/office/settings", key=lambda _row: "new"),
    {"create": Action("create", "CreateVehicleGroup", "createVehicleGroup")},
)
