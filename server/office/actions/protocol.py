"""What can be done with a protocol: correct what was read wrongly, take the last one back."""

from __future__ import annotations

from server.office.actions import contract as contracts
from server.office.actions.action import Action, Known, Subject
from server.office.actions.contract import person
from server.office.actions.steps import Steps
from server.office.desk import Desk
from server.office.door import NotFound
from server.office.operations import Answer


async def read(desk: Desk, key: str) -> Answer:
    """A protocol by its contract's number and its own id, with a stop between them."""
    number, _, protocol_id = key.partition(".")
    contract = await contracts.read(desk, number)
    protocol = next((one for one in contract["protocols"] if one["id"] == protocol_id), None)
    if protocol is None:
        raise NotFound
    return {**protocol, "contract": contract}


def _protocol_id(protocol: Answer) -> Known:
    return {"protocolId": protocol["id"]}


def _reading(protocol: Answer) -> Known:
    return {"reading": protocol["condition"]}


def _counts(protocol: Answer) -> bool:
    return not protocol["voided"]


ACTIONS = (
    Action("correct", "CorrectReading", "correctReading", _counts, _reading, _protocol_id),
    Action("undo", "UndoProtocol", "undoProtocol", _counts, fixed=_protocol_id, is_grave=True),
)
STEPS = Steps(
    Subject(
        read,
        title=lambda protocol: f"{protocol['vehicle']['plate']} · {person(protocol['contract']['customer'])}",
        page=lambda protocol: f"/office/contracts/{protocol['contract']['number']}",
        key=lambda protocol: f"{protocol['contract']['number']}.{protocol['id']}",
    ),
    {action.name: action for action in ACTIONS},
)
