"""What can be done with a contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.office.actions.action import Action, Choices, Known, Subject
from server.office.actions.steps import Steps
from server.office.desk import Desk
from server.office.door import NotFound
from server.office.operations import Answer
from server.office.typed import Choice

_RESERVED = frozenset({"RESERVED"})
_RUNNING = frozenset({"RESERVED", "CHECKED_OUT"})
_UNBILLED = frozenset({"RESERVED", "CHECKED_OUT", "RETURNED"})


async def read(desk: Desk, number: str) -> Answer:
    """A contract by its number, with all that its page shows."""
    found = (await desk.ask("Contract", number=number))["contract"]
    if found is None:
        raise NotFound
    contract: Answer = found | {"zone": desk.zone_at(found["station"], found["returnStation"])}
    return contract


def person(row: Answer) -> str:
    """A customer's or driver's name."""
    name = " ".join(part for part in (row.get("firstName"), row.get("lastName")) if part)
    return str(row.get("company") or name)


def _in(states: frozenset[str]) -> Callable[[Answer], bool]:
    return lambda contract: contract["state"] in states


def _at(contract: Answer) -> Known:
    return {"contractId": contract["id"]}


def _version(contract: Answer) -> Known:
    return {"version": contract["version"]}


def _period(contract: Answer) -> Known:
    own = contract["vehicle"]["id"] if contract["vehicle"] else ""
    return {"version": contract["version"], "period": contract["period"], "vehicleId": own}


def _payer(contract: Answer) -> Known:
    return {"version": contract["version"], "payer": contract["payer"] or {}}


def _at_station(contract: Answer) -> Known:
    return {"stationId": contract["station"]["id"], "contractIds": [contract["id"]]}


def _counter(contract: Answer) -> Known:
    customer = contract["customer"]
    known = {name: customer[name] for name in ("email", "phone", "birthDate")}
    return {"version": contract["version"], "customer": known | {"address": customer["address"] or {}}}


async def _drivers(_desk: Desk, contract: Answer) -> Choices:
    return {"driverId": [Choice(one["id"], person(one)) for one in contract["drivers"] if one["role"] == "DRIVER"]}


def _removable(contract: Answer) -> bool:
    return contract["state"] in _RUNNING and any(one["role"] == "DRIVER" for one in contract["drivers"])


def _unchecked(contract: Answer) -> list[Answer]:
    return [one for one in contract["drivers"] if one["checkedAt"] is None]


def _has_unseen(contract: Answer) -> bool:
    return contract["state"] in _RUNNING and bool(_unchecked(contract))


async def _unseen(_desk: Desk, contract: Answer) -> Choices:
    return {"driverId": [Choice(one["id"], person(one)) for one in _unchecked(contract)]}


async def _cars(desk: Desk, contract: Answer) -> Choices:
    """The contract's own car, and those that are free for it now."""
    found = (await desk.ask("FreeVehicles", number=contract["number"]))["contract"]["freeVehicles"]
    own = [contract["vehicle"]] if contract["vehicle"] else []
    cars = {one["id"]: f"{one['plate']} · {one['make']} {one['model']}" for one in [*own, *found]}
    wanted = desk.request.query_params.get("vehicleId", "")
    if wanted and wanted not in cars:
        vehicle = (await desk.ask("VehiclePlate", id=wanted))["vehicle"]
        cars |= {wanted: vehicle["plate"]} if vehicle else {}
    return {"vehicleId": [Choice(key, text) for key, text in cars.items()]}


def _move(variables: Known) -> Known:
    return {"move": {"period": variables["period"], "vehicleId": variables["vehicleId"]}}


def _flagged(flag: str) -> Callable[[Answer], bool]:
    return lambda contract: flag in contract["flags"]


def _is_blocked(contract: Answer) -> bool:
    return contract["billingBlockReason"] is not None


def _as(name: str, variable: str | None = None) -> Callable[[Known], Known]:
    def change(variables: Known) -> dict[str, Any]:
        return {name: True if variable is None else variables[variable]}

    return change


ACTIONS = (
    Action("change-period", "ChangePeriod", "changePeriod", _in(_RUNNING), _period, _at,
           change=_as("period", "period")),
    Action("move", "MoveContract", "changePeriod", _in(_RESERVED), _period, _at, _cars, change=_move),
    Action("take-car", "TakeCar", "changePeriod", _in(_RUNNING), _period, _at, is_grave=True, only_managers=True),
    Action("add-driver", "AddDriver", "addDriver", _in(_RUNNING), _version, _at, change=_as("driver", "driver"),
           without=frozenset({"role"})),
    Action("licence", "SeeLicence", "seeLicence", _has_unseen, _version, _at, _unseen),
    Action("remove-driver", "RemoveDriver", "removeDriver", _removable, _version, _at, _drivers,
           change=_as("removeDriverId", "driverId")),
    Action("edit-tariff", "EditTariff", "editTariff", _in(_UNBILLED), _version, _at, change=_as("tariff", "input")),
    Action("change-payer", "ChangePayer", "changePayer", _in(_UNBILLED), _payer, _at),
    Action("complete-customer", "CompleteCustomer", "completeCustomer", _in(_UNBILLED), _counter, _at),
    Action("note", "AddNote", "addNote", fixed=_at),
    Action("customer-review", "ResolveCustomerReview", "resolveCustomerReview", _flagged("CUSTOMER_REVIEW"), _version,
           _at),
    Action("reassign", "ReassignVehicles", "reassignVehicles", _flagged("AT_RISK"), fixed=_at_station),
    Action("settle", "SettleContract", "settleContract", _is_blocked, _version, _at),
    Action("retry", "RetryEffects", "retryEffects", _flagged("EFFECTS_FAILED"), fixed=_at),
    Action("deposit", "PlaceDeposit", "placeDeposit", _flagged("DEPOSIT_MISSING"), _version, _at),
    Action("cancel", "CancelContract", "cancelContract", _in(_RESERVED), _version, _at, change=_as("cancel"),
           is_grave=True),
    Action("no-show", "MarkNoShow", "markNoShow", _in(_RESERVED), _version, _at, is_grave=True),
    Action("undo-no-show", "UndoNoShow", "undoNoShow", _in(frozenset({"NO_SHOW"})), _version, _at),
)  # fmt: skip

CONTRACT = Subject(
    read,
    title=lambda contract: f"{contract['number']} · {person(contract['customer'])}",
    page=lambda contract: f"/office/contracts/{contract['number']}",
    zone=lambda contract: str(contract["zone"]),
    key=lambda contract: str(contract["number"]),
)
STEPS = Steps(CONTRACT, {action.name: action for action in ACTIONS})
