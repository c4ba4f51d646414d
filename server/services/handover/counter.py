"""What the customer says at the counter while the car changes hands."""

from __future__ import annotations

from server.database import Session
from server.errors import InvalidInput, ProblemCode, Refused
from server.services.billing import addressee
from server.services.changes import customer_data
from server.services.handover.protocols import Handover
from server.services.handover.report import FIELD

_CUSTOMER = (*FIELD, "customer")


async def take_over(session: Session, handover: Handover) -> None:
    """Completes the contract's customer. InvalidInput for a wrong entry while the customer is still there; of a
    hand-over that was a while ago nothing is refused, and a clerk is asked to look instead.
    """
    contract, report, acting = handover.contract, handover.report, handover.acting
    if report.customer is None:
        return
    try:
        named = customer_data.checked(report.customer, handover.station, acting.now, _CUSTOMER)
    except InvalidInput:
        if report.is_live(acting.now):
            raise
        contract.customer_review = True
        return
    await customer_data.take_over(session, contract, named, acting)


def check_address(handover: Handover) -> None:
    """CUSTOMER_INCOMPLETE while the customer can still be asked for the address that the invoice will need."""
    if addressee.lacks_address(handover.contract) and handover.report.is_live(handover.acting.now):
        raise Refused(ProblemCode.CUSTOMER_INCOMPLETE, addressee.ADDRESS_MISSING, field=[*_CUSTOMER, "address"])
