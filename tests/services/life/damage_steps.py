"""What people decide about damages: confirmed or not, who pays, claimed, disputed, written off, repaired."""

from __future__ import annotations

import random
from decimal import Decimal
from uuid import UUID

from server.errors import ProblemCode, Refused
from server.models import Contract, Damage, OpenItem
from server.models.damage import FOLLOWS, DamageLiability, RepairState
from server.models.document import DocumentType
from server.models.staff import Role
from server.security import Principal
from server.services.claims import claim, decisions, withdrawal
from server.services.claims.claim import ClaimRequest
from server.services.claims.decisions import Decision
from server.services.contract import keeping
from server.services.receivables import external
from server.services.receivables.external import ExternalPayment
from tests.services.life.edit_steps import MANAGERS, OFFICE
from tests.services.life.world import World, one_of

_DECISIONS = [
    one for one in DamageLiability if one is DamageLiability.REJECTED or "CONFIRMED" in one or "DECIDED" in one
]


def _of(world: World, dice: random.Random, *states: DamageLiability) -> Damage:
    """A damage in one of these states, once in a while in any."""
    fitting = [one for one in world.seen.damages if one.liability in states]
    return one_of(dice, world.seen.damages if dice.random() < 0.05 else fitting)


def _somebody(world: World, dice: random.Random, damage: Damage, *roles: Role) -> Principal:
    contract: Contract | None = world.seen.contract(damage.contract_id) if damage.contract_id else None
    return world.somebody(dice, *roles, sees=contract)


async def decide_about_a_damage(world: World, dice: random.Random) -> None:
    """What may follow, mostly; with an amount, mostly."""
    damage = _of(world, dice, DamageLiability.SUSPECTED, DamageLiability.CONFIRMED, DamageLiability.DECIDED_CUSTOMER)
    following = [one for one in FOLLOWS[damage.liability] if one in _DECISIONS]
    likely = [DamageLiability.DECIDED_CUSTOMER] * 4 if DamageLiability.DECIDED_CUSTOMER in following else []
    wanted = dice.choice(_DECISIONS if dice.random() < 0.1 or not following else [*following, *likely])
    net = Decimal(dice.choice(["0.01", "80", "120", "300", "620", "1500"])) if dice.random() < 0.8 else None
    said = Decision(wanted, "angesehen", net, net if dice.random() < 0.2 else None)
    acting = world.acting(_somebody(world, dice, damage, *OFFICE))
    await decisions.decide(world.bench.outside, acting, damage.id, damage.version, said)


async def claim_a_damage(world: World, dice: random.Random) -> None:
    """Sometimes a manager lifts the deductible."""
    damage = _of(world, dice, DamageLiability.DECIDED_CUSTOMER)
    who = _somebody(world, dice, damage, *OFFICE)
    why = "grob fahrlässig" if dice.random() < 0.2 else None
    wanted = ClaimRequest(damage.id, damage.version, override_reason=why)
    await claim.claim(world.bench.outside, world.acting(who), wanted)


async def dispute_a_claim(world: World, dice: random.Random) -> None:
    """The customer says no."""
    damage = _of(world, dice, DamageLiability.CLAIMED, DamageLiability.PAID)
    acting = world.acting(_somebody(world, dice, damage, *OFFICE))
    await decisions.dispute(world.bench.outside, acting, damage.id, damage.version, "war schon da")


async def write_off_a_claim(world: World, dice: random.Random) -> None:
    """A manager gives up what is open."""
    damage = _of(world, dice, DamageLiability.CLAIMED, DamageLiability.DISPUTED)
    acting = world.acting(_somebody(world, dice, damage, *MANAGERS))
    await decisions.write_off(world.bench.outside, acting, damage.id, damage.version, "nicht einbringlich")


async def take_a_claim_back(world: World, dice: random.Random) -> None:
    """A manager sees that it was wrong, however it stands."""
    claims = [one for one in world.seen.documents if one.type is DocumentType.DAMAGE_CLAIM]
    acting = world.acting(world.somebody(dice, *MANAGERS))
    await withdrawal.cancel_document(world.bench.outside, acting, one_of(dice, claims).id, "war schon da")


async def repair_a_damage(world: World, dice: random.Random) -> None:
    """Any of them."""
    damage: Damage = one_of(dice, world.seen.damages)
    acting = world.acting(_somebody(world, dice, damage, *OFFICE))
    state = dice.choice(list(RepairState))
    await decisions.repair(world.bench.outside, acting, damage.id, damage.version, state)


async def decide_about_every_damage(world: World, dice: random.Random) -> None:
    """Nothing is left undecided: each is rejected, somebody else's, or claimed, sometimes while an answer is lost; some
    claims are taken back.
    """
    boss = world.people[Role.MANAGER][0]
    for seen in (await world.look()).damages:
        if dice.random() < 0.3:
            world.bench.books.script(dice.choice(("capture", "sale")), dice.choice(("lost", "decline:05")))
        if seen.liability is DamageLiability.SUSPECTED:
            await _decided(world, boss, seen, dice.choice([DamageLiability.REJECTED, *[DamageLiability.CONFIRMED] * 3]))
        now = await _anew(world, seen)
        if now.liability is DamageLiability.CONFIRMED:
            others = [DamageLiability.DECIDED_OWN_COST, DamageLiability.DECIDED_INSURER]
            asked = [] if await _is_erased(world, now) else [DamageLiability.DECIDED_CUSTOMER] * 4
            await _decided(world, boss, now, dice.choice([*others, *asked]), "310.50")
        now = await _anew(world, seen)
        if now.liability is DamageLiability.DECIDED_CUSTOMER:
            await _claimed(world, boss, now)
        if dice.random() < 0.5:
            await world.work()
    await world.become_quiet()
    await _take_some_claims_back(world, dice, boss)


async def _take_some_claims_back(world: World, dice: random.Random, boss: Principal) -> None:
    """However they are paid, sometimes by transfer; then they are made anew, or the damage is the company's own."""
    for seen in (await world.look()).damages:
        if seen.claim_document_id is None or dice.random() < 0.5:
            continue
        await _pay_by_transfer(world, dice, boss, seen.claim_document_id)
        if dice.random() < 0.4:
            world.bench.books.script("refund", dice.choice(("lost", "decline:05")))
        acting = world.acting(boss)
        await withdrawal.cancel_document(world.bench.outside, acting, seen.claim_document_id, "war schon da")
        if dice.random() < 0.5:
            await world.work()
        if dice.random() < 0.5:
            await _claimed(world, boss, await _anew(world, seen))
        else:
            await _decided(world, boss, await _anew(world, seen), DamageLiability.DECIDED_OWN_COST)
        await world.become_quiet()


async def _pay_by_transfer(world: World, dice: random.Random, who: Principal, claim_id: UUID) -> None:
    """Half of what is open, or all."""
    for item in await world.bench.all(OpenItem, document_id=claim_id):
        if cents := item.open_cents // dice.choice([1, 2]):
            paid = ExternalPayment(cents, "T-9")
            await external.record(world.bench.outside, world.acting(who), claim_id, paid)
            await world.become_quiet()


async def _anew(world: World, damage: Damage) -> Damage:
    (found,) = await world.bench.all(Damage, id=damage.id)
    now: Damage = found
    return now


async def _is_erased(world: World, damage: Damage) -> bool:
    """Whether there is nobody who could be asked to pay."""
    return damage.contract_id is not None and keeping.is_erased(await world.bench.contract(damage.contract_id))


async def _decided(
    world: World, who: Principal, damage: Damage, wanted: DamageLiability, net: str | None = None
) -> None:
    said = Decision(wanted, "Ende", Decimal(net) if net else None)
    await decisions.decide(world.bench.outside, world.acting(who), damage.id, damage.version, said)


async def _claimed(world: World, who: Principal, damage: Damage) -> None:
    """What lacks something, such as a protocol that was taken back, is the company's own."""
    try:
        await claim.claim(world.bench.outside, world.acting(who), ClaimRequest(damage.id, damage.version))
    except Refused as refusal:
        if refusal.code is not ProblemCode.BILLING_BLOCKED:
            raise
        await _decided(world, who, damage, DamageLiability.DECIDED_OWN_COST)
