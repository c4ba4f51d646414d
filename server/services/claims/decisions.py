"""What people decide about damages; money and paper of a claim are elsewhere. Only they decide (domain 3.11)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from server.database import Session
from server.errors import InvalidInput, InvalidTransition, Path, ProblemCode, Refused, Sentence
from server.models import Damage, Document
from server.models.contract_parts import HistoryAction
from server.models.damage import DamageLiability, RepairState
from server.services import validation
from server.services.acting import Acting
from server.services.claims import cases, collection, mails
from server.services.claims.cases import Case
from server.services.contract import history
from server.services.outside import Outside
from server.services.pricing.tariff_history import euros
from server.services.receivables import write_off as receivables

LONGEST_REASON = 500
NOT_THE_CUSTOMER = frozenset(
    {
        DamageLiability.REJECTED,
        DamageLiability.DECIDED_INSURER,
        DamageLiability.DECIDED_THIRD_PARTY,
        DamageLiability.DECIDED_OWN_COST,
    }
)
"""The customer pays nothing for it."""
_BY_HAND = NOT_THE_CUSTOMER | {DamageLiability.CONFIRMED, DamageLiability.DECIDED_CUSTOMER}
_AMENDED = _BY_HAND - {DamageLiability.REJECTED}
_NOT_A_DECISION = Sentence(
    "A decision is REJECTED, CONFIRMED or one of DECIDED_…; what follows has operations of its own.",
    "Eine Entscheidung ist REJECTED, CONFIRMED oder eine von DECIDED_…; was danach kommt, hat eigene Operationen.",
)
_CLAIMED = Sentence(
    "This damage is claimed: `cancelDocument` takes the claim back, then it can be decided anew.",
    "Dieser Schaden ist gefordert: `cancelDocument` nimmt die Forderung zurück, dann lässt sich neu entscheiden.",
)
_NOTHING_OPEN = Sentence(
    "Nothing of this claim is open: there is nothing to write off.",
    "Von dieser Forderung ist nichts offen: Es gibt nichts auszubuchen.",
)


@dataclass(frozen=True)
class Decision:
    """What somebody decides about a damage and why, with the net cost of its repair as far as it is known."""

    liability: DamageLiability
    reason: str
    estimate_net: Decimal | None = None
    final_net: Decimal | None = None


async def decide(outside: Outside, acting: Acting, damage_id: UUID | None, version: int, decision: Decision) -> UUID:
    """Decides about a damage, or enters an amount of what is decided; returns its id. The customer hears of a damage
    that is confirmed, and of one that costs them nothing; nobody does if their data are erased, and then they cannot
    be asked to pay (NOT_ALLOWED). Raises NotFound, InvalidInput, VersionConflict, InvalidTransition.
    """
    wanted, acting = decision.liability, acting.because(_reason(decision.reason))
    estimate, final = _amount(decision.estimate_net, ("estimate_net",)), _amount(decision.final_net, ("final_net",))
    if wanted not in _BY_HAND:
        raise InvalidInput(_NOT_A_DECISION, field=("liability",))
    asks = wanted is DamageLiability.DECIDED_CUSTOMER
    async with cases.handling(outside, acting, damage_id, version, asks_customer=asks) as (session, case):
        damage = case.damage
        before = damage.liability
        amends = wanted is before and wanted in _AMENDED and (estimate, final) != (None, None)
        if not amends:
            _refuse_claimed(case)
            case.require(wanted)
        damage.estimate_net_cents = damage.estimate_net_cents if estimate is None else estimate
        damage.final_net_cents = damage.final_net_cents if final is None else final
        await cases.enter(session, damage, wanted)
        words = {"before": before.value, "after": said(damage)}
        entry = await history.record(session, case.of, HistoryAction.DAMAGE_DECIDED, acting, **words)
        if not amends:
            await _follow(session, case, entry.id, acting)
    return damage.id


def _refuse_claimed(case: Case) -> None:
    """A claim that stands is taken back with its document and its money, and not by a decision."""
    if case.damage.claim_document_id is not None:
        raise InvalidTransition(_CLAIMED, state=case.damage.liability, allowed=case.allowed)


async def _follow(session: Session, case: Case, cause_id: UUID, acting: Acting) -> None:
    contract, damage = case.of, case.damage
    if damage.liability is DamageLiability.CONFIRMED and not case.is_erased:
        await mails.confirmed(session, contract, damage, cause_id, now=acting.now)
    elif damage.liability in NOT_THE_CUSTOMER:
        if not case.is_erased:
            plan = await collection.foresee(session, contract, acting.now)
            await mails.cleared(session, contract, damage, cause_id, plan, now=acting.now)
        await collection.set_going(session, contract, damage, acting.now)


async def dispute(outside: Outside, acting: Acting, damage_id: UUID | None, version: int, reason: str) -> UUID:
    """Keeps that the customer disputes a claim. PAYMENT_UNRESOLVED while it is not known how it is paid."""
    acting = acting.because(_reason(reason))
    async with cases.handling(outside, acting, damage_id, version) as (session, case):
        case.require(DamageLiability.DISPUTED)
        await cases.open_item(session, case.damage)
        await cases.enter(session, case.damage, DamageLiability.DISPUTED)
        number = await _number(session, case.damage)
        await history.record(session, case.of, HistoryAction.DAMAGE_DISPUTED, acting, before=number)
    return case.damage.id


async def write_off(outside: Outside, acting: Acting, damage_id: UUID | None, version: int, reason: str) -> UUID:
    """Gives up what is still open of a claim: its open item is gone. NOT_ALLOWED where nothing is open."""
    acting = acting.because(_reason(reason))
    async with cases.handling(outside, acting, damage_id, version) as (session, case):
        case.require(DamageLiability.WRITTEN_OFF)
        item = await cases.open_item(session, case.damage)
        if item is None or item.open_cents == 0:
            raise Refused(ProblemCode.NOT_ALLOWED, _NOTHING_OPEN, field=("damage_id",))
        given_up = item.open_cents
        document = await session.by_id(Document, item.document_id)
        if document is None:
            raise LookupError(f"document {item.document_id}")
        await receivables.give_up(session, case.of, document, item, acting)
        await cases.enter(session, case.damage, DamageLiability.WRITTEN_OFF)
        words = {"before": document.number, "after": euros(given_up)}
        await history.record(session, case.of, HistoryAction.DAMAGE_WRITTEN_OFF, acting, **words)
    return case.damage.id


async def repair(outside: Outside, acting: Acting, damage_id: UUID | None, version: int, state: RepairState) -> UUID:
    """Keeps how far the repair is, whoever pays for it: of any car that the caller sees."""
    async with cases.handling(outside, acting, damage_id, version, with_contract=False, asks_customer=False) as (
        session,
        case,
    ):
        damage = case.damage
        before, damage.repair = damage.repair, state
        await cases.enter(session, damage, damage.liability)
        if case.contract is not None:
            words = {"before": before.value, "after": state.value}
            await history.record(session, case.contract, HistoryAction.DAMAGE_REPAIR, acting, **words)
    return damage.id


async def _number(session: Session, damage: Damage) -> str | None:
    document = await session.by_id(Document, damage.claim_document_id)
    return document.number if document else None


def _reason(reason: str) -> str:
    return validation.text(reason, ("reason",), longest=LONGEST_REASON, multiline=True)


def _amount(net: Decimal | None, field: Path) -> int | None:
    return None if net is None else validation.cents(net, field, lowest=1)


def said(damage: Damage) -> str:
    """How the history names where a damage stands, with its amounts."""
    amounts = (("estimate", damage.estimate_net_cents), ("final", damage.final_net_cents))
    return ", ".join([damage.liability.value, *(f"{name} {euros(cents)}" for name, cents in amounts if cents)])
