"""What can be done with a mail."""

from __future__ import annotations

from server.office.actions.action import Action, Known, Subject
from server.office.actions.contract import person
from server.office.actions.steps import Steps
from server.office.desk import Desk
from server.office.door import NotFound
from server.office.operations import Answer


async def read(desk: Desk, key: str) -> Answer:
    """A mail by its contract's number and its own id, with a stop between them."""
    number, _, email_id = key.partition(".")
    contract = (await desk.ask("Email", number=number))["contract"]
    email = next((one for one in (contract or {}).get("emails", ()) if one["id"] == email_id), None)
    if email is None:
        raise NotFound
    return {**email, "contract": contract}


def key_of(number: str, email_id: str) -> str:
    """How a mail is named in an address."""
    return f"{number}.{email_id}"


def _to(email: Answer) -> Known:
    return {"to": email["to"]}


ACTIONS = (Action("resend", "ResendEmail", "resendEmail", values=_to, fixed=lambda email: {"emailId": email["id"]}),)

STEPS = Steps(
    Subject(
        read,
        title=lambda email: f"{email['subject']} · {person(email['contract']['customer'])}",
        page=lambda email: f"/office/contracts/{email['contract']['number']}",
        key=lambda email: key_of(email["contract"]["number"], email["id"]),
    ),
    {action.name: action for action in ACTIONS},
)
