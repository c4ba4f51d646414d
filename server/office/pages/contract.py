"""One contract: what happened, what it costs and why, who drives and pays, and what can be done."""

from __future__ import annotations

from starlette.responses import Response

from server.errors import Sentence
from server.office.actions.contract import ACTIONS, STEPS, read
from server.office.desk import Desk
from server.office.timeline import events

_TITLES = {action.name: action.title for action in ACTIONS} | {
    "booked": Sentence("Booked", "Gebucht"),
    "resend": Sentence("Mail sent again", "Mail erneut gesendet"),
}


async def show(desk: Desk) -> Response:
    """The contract's page."""
    contract = await read(desk, desk.request.path_params["number"])
    done = _TITLES.get(desk.request.query_params.get("done", ""))
    return desk.show(
        "contracts/contract.html",
        contract=contract,
        events=events(contract, desk.language, desk.may),
        offered=[(action, STEPS.address(contract, action)) for action in STEPS.offered(desk, contract)],
        done=done,
    )
