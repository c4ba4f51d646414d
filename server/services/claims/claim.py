"""Claiming a damage that people have decided the customer pays: a document, a mail, then the money.

Never without an amount and both protocols (domain 3.11); every charge is preceded by the document and the mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.errors import ProblemCode, Refused, Sentence
from server.models import Contract, Damage, DamageEvidence, Document, EvidenceFile, Station, Vehicle, VehicleGroup
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.damage import DamageLiability
from server.paper.views import PaymentPart, PaymentWay
from server.services import validation
from server.services.acting import OVERRIDERS, Acting
from server.services.billing import documents, open_items, settlements
from server.services.claims import bundle, cases, collection, mails, paper
from server.services.claims.bundle import Proof
from server.services.claims.cases import Case
from server.services.claims.deadlines import deadline_of
from server.services.claims.mails import Bundle, Issued
from server.services.claims.paper import Claim
from server.services.claims.plan import Plan
from server.services.claims.wording import dated
from server.services.contract import history
from server.services.fleet import company_data, stations
from server.services.mail import parts
from server.services.outside import Outside
from server.services.payments import deposits

_OVERRIDE = ("override_reason",)
_AMOUNT = Sentence("an amount (`estimateNet` or `finalNet`)", "ein Betrag (`estimateNet` oder `finalNet`)")
_OUT = Sentence("the printed check-out protocol", "das gedruckte Übergabeprotokoll")
_BACK = Sentence("the printed check-in protocol", "das gedruckte Rückgabeprotokoll")
_STILL_OUT = Sentence(
    "The rental still goes on: the damage can be claimed when it is over.",
    "Die Miete läuft noch: Der Schaden lässt sich fordern, wenn sie zu Ende ist.",
)
_NOT_BILLED = Sentence(
    "The rental is not billed yet: settle it first, then claim the damage.",
    "Die Miete ist noch nicht abgerechnet: bitte zuerst abrechnen, dann den Schaden fordern.",
)
_ONLY_MANAGERS = Sentence(
    "Only a manager may override the deadline or the deductible.",
    "Nur die Stationsleitung darf sich über Frist oder Selbstbeteiligung hinwegsetzen.",
)
_TOO_LATE = Sentence(
    "Claims lapse six months after the return (§ 548 BGB): the last day was {day}. A manager may claim it all the same,"
    " with `overrideReason`.",
    "Ersatzansprüche verjähren sechs Monate nach der Rückgabe (§ 548 BGB): Der letzte Tag war der {day}. Die"
    " Stationsleitung darf mit `overrideReason` trotzdem fordern.",
)
_NOTHING = Sentence(
    "The contract's deductible is zero: there is nothing to claim.",
    "Die Selbstbeteiligung des Vertrags ist null: Es gibt nichts zu fordern.",
)


@dataclass(frozen=True)
class ClaimRequest:
    """Which damage is claimed, as it was read, with which uploaded PDFs (by hash). A manager's `override_reason` says
    why it is claimed after its deadline, or in time why the deductible does not limit it.
    """

    damage_id: UUID | None
    version: int
    evidence: tuple[str, ...] = ()
    override_reason: str | None = None


async def claim(outside: Outside, acting: Acting, wanted: ClaimRequest) -> UUID:
    """Issues the claim with its mail, and has the money moved by a job; returns the damage's id. Raises NotFound,
    InvalidInput, VersionConflict, InvalidTransition; BILLING_BLOCKED names what is missing, NOT_ALLOWED what only a
    manager may do.
    """
    reason = validation.optional_text(wanted.override_reason, _OVERRIDE, longest=500, multiline=True)
    if reason is not None and acting.person.role not in OVERRIDERS:
        raise Refused(ProblemCode.NOT_ALLOWED, _ONLY_MANAGERS, field=_OVERRIDE)
    files = await bundle.uploaded(outside, acting, wanted.evidence)
    gathered = await bundle.gather(outside, acting, wanted.damage_id, files)
    async with cases.handling(outside, acting, wanted.damage_id, wanted.version) as (session, case):
        case.require(DamageLiability.CLAIMED)
        station = await stations.get(session, case.of.station_id)
        found = await _claim_of(session, case, station, acting.because(reason))
        await _issue(session, case, found, gathered, station, acting.because(reason))
        await _keep_evidence(session, case.damage, files)
    await documents.print_unprinted(outside, case.of.id)
    return case.damage.id


async def _keep_evidence(session: Session, damage: Damage, files: Sequence[EvidenceFile]) -> None:
    """Writes down what goes with the claim; of one that is claimed anew, what had not gone with the claim before."""
    kept = await session.all(select(DamageEvidence.evidence_file_id).where(col(DamageEvidence.damage_id) == damage.id))
    new = enumerate((one for one in files if one.id not in kept), len(kept))
    await session.store(*(DamageEvidence(damage_id=damage.id, evidence_file_id=one.id, position=at) for at, one in new))


async def _claim_of(session: Session, case: Case, station: Station, acting: Acting) -> Claim:
    """What may be claimed; refuses what must not be."""
    contract, damage = case.of, case.damage
    if contract.state in deposits.LIVE:
        raise Refused(ProblemCode.NOT_ALLOWED, _STILL_OUT, field=("damage_id",))
    if contract.state is ContractState.RETURNED:  # one capture pays for both
        raise Refused(ProblemCode.BILLING_BLOCKED, _NOT_BILLED, field=("damage_id",))
    net = damage.estimate_net_cents if damage.final_net_cents is None else damage.final_net_cents
    _refuse_incomplete(net, await bundle.proof_of(session, damage))
    deadline = damage.claim_deadline or deadline_of(damage.seen_at.astimezone(station.zone).date())
    is_late = station.day_of(acting.now) > deadline
    if is_late and not acting.overrides:
        raise Refused(ProblemCode.NOT_ALLOWED, dated(_TOO_LATE, deadline), field=_OVERRIDE)
    cost = net or 0
    if acting.overrides and not is_late:
        return Claim(cost, damage.final_net_cents is not None, cost, _why_lifted(contract, cost, acting))
    amount = min(cost, contract.deductible_cents)
    if amount == 0:
        raise Refused(ProblemCode.NOT_ALLOWED, _NOTHING, field=("damage_id",))
    return Claim(cost, damage.final_net_cents is not None, amount)


def _why_lifted(contract: Contract, cost: int, acting: Acting) -> str | None:
    return acting.why if cost > contract.deductible_cents else None


def _refuse_incomplete(net: int | None, proof: Proof) -> None:
    found = ((net, _AMOUNT), (proof.out, _OUT), (proof.back, _BACK))
    missing = [name for thing, name in found if thing is None]
    if missing:
        words = Sentence(", ".join(one.en for one in missing), ", ".join(one.de for one in missing))
        message = Sentence(f"The claim lacks: {words.en}.", f"Der Forderung fehlt: {words.de}.")
        raise Refused(ProblemCode.BILLING_BLOCKED, message, field=("damage_id",))


async def _issue(
    session: Session, case: Case, claim: Claim, gathered: Bundle, station: Station, acting: Acting
) -> Document:
    """Document, mail and the job that moves the money, in one transaction."""
    contract, damage = case.of, case.damage
    company = await company_data.require(session)
    vehicle = await session.by_id(Vehicle, damage.vehicle_id)
    if vehicle is None:
        raise LookupError(f"the car of damage {damage.id}")
    await cases.enter(session, damage, DamageLiability.CLAIMED)
    plan = await collection.foresee(session, contract, acting.now, claim.amount_cents)
    ways = await _ways(session, contract, claim, plan, station, acting)
    draft = paper.draft(contract, damage, vehicle, claim, ways, station, company)
    spot = paper.damage_at(damage, await session.by_id(VehicleGroup, vehicle.group_id))
    draft = replace(draft, remarks=paper.remark(plan, parts.wording(contract.language)), damage_at=spot)
    document = await documents.issue(session, contract, draft, company, station, now=acting.now)
    damage.claim_document_id = document.id
    await session.store(damage)
    issued = Issued(document, ways, plan, gathered)
    await mails.claimed(session, contract, damage, issued, now=acting.now)
    await history.record(session, contract, HistoryAction.DAMAGE_CLAIMED, acting, after=document.number)
    await collection.set_going(session, contract, damage, acting.now)
    return document


async def _ways(
    session: Session, contract: Contract, claim: Claim, plan: Plan, station: Station, acting: Acting
) -> list[PaymentPart]:
    rest = claim.amount_cents - plan.new_claim_cents
    if await settlements.has_card(session, contract):
        by_card = PaymentPart(way=PaymentWay.TO_BE_CHARGED, amount_cents=rest)
        return paper.ways(plan.new_claim_cents, by_card)
    due_on = open_items.due_on(station, acting.now)
    transfer = PaymentPart(way=PaymentWay.TRANSFER, amount_cents=rest, due_on=due_on)
    return paper.ways(plan.new_claim_cents, transfer)
