"""What can be done with a customer."""

from __future__ import annotations

from server.office.actions.action import Action, Known, Subject
from server.office.actions.contract import person
from server.office.actions.steps import Steps
from server.office.desk import Desk
from server.office.door import NotFound
from server.office.operations import Answer


async def read(desk: Desk, key: str) -> Answer:
    """A customer by id."""
    found = (await desk.ask("Customer", id=key))["customer"]
    if found is None:
        raise NotFound
    customer: Answer = found
    return customer


def _input(customer: Answer) -> Known:
    return {"version": customer["version"], "input": customer}


def _version(customer: Answer) -> Known:
    return {"version": customer["version"]}


def _id(customer: Answer) -> Known:
    return {"id": customer["id"]}


def _is_known(customer: Answer) -> bool:
    return customer["restrictedAt"] is None


ACTIONS = (
    Action("edit", "UpdateCustomer", "updateCustomer", _is_known, _input, _id, only_changes=True),
    Action("erase", "EraseCustomer", "eraseCustomer", _is_known, _version, _id, is_grave=True),
)

STEPS = Steps(
    Subject(read, title=person, page=lambda customer: f"/office/customers/{customer['id']}"),
    {action.name: action for action in ACTIONS},
)
