"""A manager approves, with a token of his own, what a colleague may not decide alone: no deposit, a driver's age.

The token is looked at here and kept nowhere: not in the protocol, not in its hash, not in a log.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from server.database import Database
from server.errors import DeviceRevoked, ProblemCode, Refused, Sentence
from server.models import Contract
from server.models.staff import Role
from server.security import Principal
from server.services.acting import OVERRIDERS, Acting
from server.services.handover.report import FIELD, HandoverReport
from server.services.people import callers


@dataclass(frozen=True)
class Approval:
    """Whose access token came with a protocol; `person` is None for one that is wrong or has ended."""

    person: Principal | None


async def shown(database: Database, token: str | None, *, now: datetime) -> Approval | None:
    """Whose token this is, by the machine's clock; None if none was sent. It need not be of the caller's device."""
    if token is None:
        return None
    try:
        return Approval(await callers.person_of(database, token, now=now))
    except DeviceRevoked:
        # It is the approver's device that was shut out: the caller's must not take it for its own.
        return Approval(None)


def approved(acting: Acting, approval: Approval | None, contract: Contract, report: HandoverReport) -> Acting:
    """The same with who approves. NOT_ALLOWED if that is nobody who may; of a hand-over that is over and signed nothing
    is refused, and it is judged as if nobody had approved.
    """
    if approval is None:
        return acting
    problem = _against(approval.person, contract)
    if problem is None:
        return replace(acting, approver=approval.person)
    if report.is_over(acting.now):
        return acting
    raise Refused(ProblemCode.NOT_ALLOWED, problem, field=[*FIELD, "approved_by"])


def _against(person: Principal | None, contract: Contract) -> Sentence | None:
    if person is None:
        return Sentence(
            "The approval's session has ended. The manager has to sign in again.",
            "Die Sitzung für die Freigabe ist beendet. Die Leitung muss sich neu anmelden.",
        )
    if person.role not in OVERRIDERS:
        return Sentence(f"{person.name} is no manager.", f"{person.name} gehört nicht zur Leitung.")
    if person.role is not Role.ADMIN and contract.station_id not in person.stations:
        return Sentence(f"{person.name} is no manager of this station.", f"{person.name} leitet diese Station nicht.")
    return None
