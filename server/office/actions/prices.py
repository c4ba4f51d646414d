"""What can be done with tariffs."""

from __future__ import annotations

from server.office.actions.action import Action, Known, Subject
from server.office.actions.fleet import nothing, places
from server.office.actions.steps import Steps
from server.office.desk import Desk
from server.office.door import NotFound
from server.office.operations import Answer


async def read(desk: Desk, key: str) -> Answer:
    """A tariff by id."""
    tariffs = (await desk.ask("Tariffs"))["tariffs"]
    tariff = next((one for one in tariffs if one["id"] == key), None)
    if tariff is None:
        raise NotFound
    found: Answer = tariff
    return found


def _input(tariff: Answer) -> Known:
    return {"version": tariff["version"], "input": tariff | {"groupId": tariff["group"]["id"]}}


def _version(tariff: Answer) -> Known:
    return {"version": tariff["version"], "validUntil": tariff["validUntil"]}


def _id(tariff: Answer) -> Known:
    return {"id": tariff["id"]}


def _runs(tariff: Answer) -> bool:
    return tariff["endedAt"] is None


ACTIONS = (
    Action("edit", "UpdateTariff", "updateTariff", _runs, _input, _id, places, preview="TariffPreview"),
    Action("end", "EndTariff", "endTariff", _runs, _version, _id, is_grave=True),
)
TARIFF = Subject(
    read,
    title=lambda tariff: f"{tariff['code']} · {tariff['name']}",
    page=lambda tariff: f"/office/tariffs/{tariff['id']}",
)
STEPS = Steps(TARIFF, {action.name: action for action in ACTIONS})
NEW = Steps(
    Subject(nothing, title=lambda _row: "", page=lambda _row: "/office/tariffs", key=lambda _row: "new"),
    {"create": Action("create", "CreateTariff", "createTariff", choices=places)},
)
