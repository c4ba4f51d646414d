"""What a website may book: the policy of its API client. Staff are bound by none of it."""

from __future__ import annotations

from datetime import datetime

from server.database import Session
from server.errors import InvalidInput, ProblemCode, Refused, Sentence
from server.models import ApiClient, Contract
from server.models.api_client import ClientPolicy
from server.models.blank import is_blank
from server.models.contract import ContractKind
from server.models.recipient import Recipient
from server.models.staff import Role
from server.security import Principal


async def policy_of(session: Session, principal: Principal) -> ClientPolicy | None:
    """What a website may do, as it is stored now; None for staff."""
    if principal.role is not Role.WEB:
        return None
    client = await session.by_id(ApiClient, principal.client_id)
    return client.policy if client else ClientPolicy()


def refusal_of_kind(policy: ClientPolicy | None, kind: ContractKind) -> Refused | None:
    """Why a website may not book such a contract; None if it may."""
    if policy is None or kind in policy.kinds:
        return None
    names = ", ".join(policy.kinds)
    message = Sentence(f"This website may book only: {names}.", f"Diese Website darf nur buchen: {names}.")
    return Refused(ProblemCode.NOT_ALLOWED, message, field=["input", "kind"])


def check(policy: ClientPolicy | None, kind: ContractKind, order_number: str | None, payer: Recipient | None) -> None:
    """Refuses what a website may not book at all: a kind of contract, a courtesy car without its repair, a payer."""
    if policy is None:
        return
    if refusal := refusal_of_kind(policy, kind):
        raise refusal
    if kind is ContractKind.COURTESY and is_blank(order_number):
        # A courtesy car is free: the repair that it belongs to is what says that it is owed.
        message = Sentence(
            "A courtesy car that is booked online needs the number of its workshop order.",
            "Ein Ersatzwagen, der online gebucht wird, braucht die Nummer seines Werkstattauftrags.",
        )
        raise InvalidInput(message, field=["input", "workshop", "order_number"])
    if payer is not None and not policy.may_name_payer:
        message = Sentence(
            "This website may not name another payer: the customer pays.",
            "Diese Website darf niemand anderen als Zahler nennen: es zahlt der Kunde.",
        )
        raise Refused(ProblemCode.NOT_ALLOWED, message, field=["input", "payer"])


def check_drivers(policy: ClientPolicy | None, count: int) -> None:
    """Refuses more people than a website may name in one booking."""
    if policy is not None and count > policy.drivers:
        message = Sentence(
            f"A booking on this website has at most {policy.drivers} drivers, the renter included.",
            f"Eine Buchung auf dieser Website hat höchstens {policy.drivers} Fahrer, den Mieter eingeschlossen.",
        )
        raise InvalidInput(message, field=["input", "drivers"])


async def check_holds(session: Session, policy: ClientPolicy | None, contract: Contract, now: datetime) -> None:
    """Refuses a car that is held beyond what the website may keep at a time, `contract` counted.

    Bookings of one website come one after another from here to their commit, so that none of them is overlooked. Needs
    the system's scope. A customer is who has the e-mail address (`customers.match`).
    """
    if policy is None:
        return
    key = f"holds:{contract.client_id}"
    await session.rows("select pg_advisory_xact_lock(hashtextextended(:key, 0))", {"key": key})
    (held,) = await session.rows(
        "select count(*) as all, count(*) filter (where customer_id = :customer) as of_customer from contract"
        " where client_id = :client and state = 'HELD' and held_until > :now",
        {"client": contract.client_id, "customer": contract.customer_id, "now": now},
    )
    if held.of_customer > policy.open_holds_per_customer:
        message = Sentence(
            "Too many bookings of this address are waiting for their payment. Pay one of them, or wait 15 minutes.",
            "Zu viele Buchungen unter dieser Adresse warten auf ihre Zahlung. Bitte eine davon bezahlen"
            " oder 15 Minuten warten.",
        )
        raise Refused(ProblemCode.NOT_ALLOWED, message, field=["input", "customer", "email"])
    if held.all > policy.open_holds:
        message = Sentence(
            "Too many bookings of this website are waiting for their payment. Please try again in some minutes.",
            "Zu viele Buchungen dieser Website warten auf ihre Zahlung. Bitte in einigen Minuten wieder versuchen.",
        )
        raise Refused(ProblemCode.NOT_ALLOWED, message)
